"""Keys with which programs come in: made, shown once, looked up by their digest, rotated, revoked.

A key reads ``cb_<organization>_<secret>``, so the organization is known before the lookup. Only the SHA-256 of the
whole text is kept: 256 random bits need no slow hash. What a key may do is decided anew at every call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar, get_args

from creditbook.access.people import authorize
from creditbook.access.tokens import hash_of, new_token
from creditbook.access.values import Clock, Principal
from creditbook.domain.errors import Conflict, InvalidRequest, NotFound, Refused
from creditbook.store import api_keys as rows
from creditbook.store import audit, directory, ids
from creditbook.store import people as people_rows
from creditbook.store.engine import Store
from creditbook.store.people import Connection

Scope = Literal["read", "spend", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
_INCLUDES: dict[Scope, frozenset[Scope]] = {
    "read": frozenset({"read"}), "spend": frozenset({"read", "spend"}), "admin": frozenset(SCOPES),
}  # fmt: skip
LONGEST_NAME = 60
SEEN_EVERY = timedelta(minutes=1)
"""The last use is written at most this often: a busy key must not write at every call."""
Result = TypeVar("Result")


class KeyRefused(Refused):
    """No such key, or one that has ended or was revoked: one wording for all of them."""

    def __init__(self) -> None:
        super().__init__("This API key is not valid. Check it, or ask an administrator for a new one.")


class ScopeMissing(Refused):
    """The key is valid but may not do this."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        super().__init__(f"This API key may not do that: it needs the scope {scope}.")


@dataclass(frozen=True, slots=True)
class KeyPrincipal:
    """Whoever called with a key: the organization, what it may do, and its one account (None: all of them)."""

    key_id: int
    name: str
    org_id: int
    org_slug: str
    zone: str
    scopes: frozenset[Scope]
    account_id: int | None = None
    account_name: str | None = None

    @property
    def actor(self) -> str:
        """Who the books say it was."""
        return f"key:{self.name}"

    def need(self, scope: Scope, account: str | None = None) -> None:
        """Refuse what the key may not do. ``account`` is written ``ORG/USERNAME``, or ``ORG`` for the pool.

        Raises:
            ScopeMissing: the scope is not among its own.
            NotFound: the account is not of its organization, or not the one that it is bound to.
        """
        if scope not in self.scopes:
            raise ScopeMissing(scope)
        if account is None:
            return
        slug, _, name = account.partition("/")
        if slug != self.org_slug or (self.account_id is not None and name != self.account_name):
            raise NotFound(f"There is no account {account} that this API key may use.")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as its organization's administrator sees it; ``shown`` are its first characters."""

    key_id: int
    name: str
    shown: str
    scopes: tuple[Scope, ...]
    account_id: int | None
    account: str | None
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    replaced_by: int | None

    def state(self, now: datetime) -> Literal["active", "ending", "expired", "revoked"]:
        """What it is good for now; ``ending`` is a rotated one whose overlap runs."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= now:
            return "expired"
        return "ending" if self.replaced_by is not None else "active"

    @property
    def scope(self) -> Scope:
        """The widest of its scopes, which names it."""
        return next(scope for scope in reversed(SCOPES) if scope in self.scopes)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made. ``text`` is the key itself: it is never to be had again."""

    key_id: int
    name: str
    text: str
    scopes: tuple[Scope, ...]
    expires_at: datetime | None


def authenticate(store: Store, text: str, now: datetime) -> KeyPrincipal:
    """Who calls with this key. Raises `KeyRefused` where it is unknown, expired or revoked."""
    parts = text.strip().split("_", 2)
    organization = directory.organization_by_slug(store, parts[1]) if len(parts) == 3 and parts[0] == "cb" else None
    if organization is None:
        raise KeyRefused
    with store.read(organization.org_id) as connection:
        row = rows.by_digest(connection, organization.org_id, hash_of(text.strip()))
    if row is None or (key := _key(row)).state(now) in ("revoked", "expired"):
        raise KeyRefused
    if key.last_used_at is None or now - key.last_used_at >= SEEN_EVERY:

        def touch() -> None:
            with store.write(organization.org_id) as connection:
                rows.touch(connection, organization.org_id, key.key_id, now)

        store.retrying(touch)
    return KeyPrincipal(key.key_id, key.name, organization.org_id, organization.slug, organization.zone,
                        frozenset(key.scopes), key.account_id, key.account)  # fmt: skip


class ApiKeys:
    """Administrative acts on the keys of one organization, each with a reason and a row in the audit log."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock

    def every(self, actor: Principal) -> list[ApiKey]:
        """All keys of the actor's organization, newest first, revoked and expired ones too."""
        with self.store.read(actor.org_id) as connection:
            return [_key(row) for row in rows.every(connection, actor.org_id)]

    def create(
        self,
        actor: Principal,
        name: str,
        scope: Scope,
        *,
        reason: str,
        account: str | None = None,
        expires_at: datetime | None = None,
        secret: str | None = None,
    ) -> NewKey:
        """Make a key; its text is in the answer and nowhere else. ``account`` (after the slash) binds it to one.

        ``secret`` is for sample data, whose keys are told again: a key that is there already is answered as it is.

        Raises:
            InvalidRequest: a name, scope or end is wrong.
            NotFound: no such account.
            NotAllowed: the actor is no administrator any more.
        """
        name = name.strip()
        if not name or len(name) > LONGEST_NAME:
            raise InvalidRequest(f"Give the key a name of at most {LONGEST_NAME} characters: what will use it?")
        if scope not in SCOPES:
            raise InvalidRequest(f"There is no scope “{scope}”. Choose one of {', '.join(SCOPES)}.")
        if expires_at is not None and expires_at <= self.clock():
            raise InvalidRequest("The key would have ended already. Choose a later day.")
        text = f"cb_{actor.org_slug}_{secret or new_token()}"

        def act(connection: Connection) -> NewKey:
            if secret is not None and (known := rows.by_digest(connection, actor.org_id, hash_of(text))) is not None:
                return NewKey(known.key_id, known.name, text, _key(known).scopes, known.expires_at)
            account_id = None
            if account is not None:
                account_id = people_rows.account_id_of(connection, actor.org_id, account)
                if account_id is None:
                    raise NotFound(f"There is no account {account} in this organization. Open it first.")
            made = self._add(connection, actor, text, name, sorted(_INCLUDES[scope]), account_id, expires_at)
            self._log(connection, actor, "key.create", name, reason, after={
                "key": made.key_id, "scopes": list(made.scopes), "account": account,
                "expires": expires_at.isoformat() if expires_at else None})  # fmt: skip
            return made

        return self._act(actor, act)

    def rotate(self, actor: Principal, key_id: int, *, overlap: timedelta, reason: str) -> NewKey:
        """Make a key that may do the same; the old one works on for ``overlap`` and ends by itself.

        Raises:
            NotFound: no such key.
            Conflict: it ended, was revoked, or is being replaced already.
        """

        def act(connection: Connection) -> NewKey:
            now, old = self.clock(), self._open(connection, actor, key_id)
            if old.replaced_by is not None:
                raise Conflict(f"The key “{old.name}” is being replaced already.")
            ends = now + overlap
            # The new one ends when the old one would have: rotating is no way to prolong a key.
            text = f"cb_{actor.org_slug}_{new_token()}"
            made = self._add(connection, actor, text, old.name, old.scopes, old.account_id, old.expires_at)
            ends = ends if old.expires_at is None else min(ends, old.expires_at)
            rows.change(connection, actor.org_id, key_id, expires_at=ends, replaced_by=made.key_id)
            self._log(connection, actor, "key.rotate", old.name, reason,
                      before={"key": key_id, "expires": old.expires_at.isoformat() if old.expires_at else None},
                      after={"key": made.key_id, "old key ends": ends.isoformat()})  # fmt: skip
            return made

        return self._act(actor, act)

    def revoke(self, actor: Principal, key_id: int, *, reason: str) -> None:
        """End a key at once and for good.

        Raises:
            NotFound: no such key.
            Conflict: it ended or was revoked before.
        """

        def act(connection: Connection) -> None:
            old = self._open(connection, actor, key_id)
            rows.change(connection, actor.org_id, key_id, revoked_at=self.clock())
            self._log(connection, actor, "key.revoke", old.name, reason,
                      before={"key": key_id, "active": True}, after={"active": False})  # fmt: skip

        self._act(actor, act)

    def _open(self, connection: Connection, actor: Principal, key_id: int) -> ApiKey:
        row = rows.by_id(connection, actor.org_id, key_id)
        if row is None:
            raise NotFound("There is no such API key in your organization. Load the page anew.")
        key = _key(row)
        if key.state(self.clock()) in ("revoked", "expired"):
            raise Conflict(f"The key “{key.name}” works no more. Make a new one.")
        return key

    def _add(self, connection: Connection, actor: Principal, text: str, name: str, scopes: Iterable[Scope],
             account_id: int | None, expires_at: datetime | None) -> NewKey:  # fmt: skip
        (key_id,) = ids.take(connection, 1)
        kept = tuple(sorted(scopes))
        shown = text[: len(f"cb_{actor.org_slug}_") + 6]
        rows.add(connection, org_id=actor.org_id, key_id=key_id, name=name, digest=hash_of(text), shown=shown,
                 scopes=" ".join(kept), account_id=account_id, created_at=self.clock(), created_by=actor.user_name,
                 expires_at=expires_at)  # fmt: skip
        return NewKey(key_id, name, text, kept, expires_at)

    def _log(self, connection: Connection, actor: Principal, act: str, subject: str, reason: str,
             *, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None) -> None:  # fmt: skip
        audit.record(connection, actor.org_id, at=self.clock(), actor=actor.user_name, act=act, subject=subject,
                     reason=reason, before=before, after=after)  # fmt: skip

    def _act(self, actor: Principal, work: Callable[[Connection], Result]) -> Result:
        def once() -> Result:
            with self.store.write(actor.org_id) as connection:
                authorize(connection, actor)
                return work(connection)

        return self.store.retrying(once)


def _key(row: Any) -> ApiKey:
    scopes = tuple(scope for scope in SCOPES if scope in row.scopes.split())
    return ApiKey(row.key_id, row.name, row.shown, scopes, row.account_id, row.account, row.created_at,
                  row.created_by, row.expires_at, row.revoked_at, row.last_used_at, row.replaced_by)  # fmt: skip
