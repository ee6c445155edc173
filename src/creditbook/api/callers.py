"""Who calls: a program with a key, or a browser with its session; and whose account it may speak of.

A key is looked up at most once a second: what is revoked elsewhere ends within that. A route names its scope by
`Needs`, and gets a `Caller` that has it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from creditbook.access import Access
from creditbook.access.api_keys import KeyPrincipal, KeyRefused, Scope, ScopeMissing, authenticate
from creditbook.access.cookies import session_cookie
from creditbook.access.values import Principal
from creditbook.api.here import Here
from creditbook.api.limits import ComesTooOften, rate_limit
from creditbook.api.session import is_same_site
from creditbook.domain.errors import NotFound, Refused
from creditbook.installation import Installation

log = logging.getLogger(__name__)
SECONDS_UNTIL_ASKED_AGAIN = 1.0
MOST_REMEMBERED = 10_000
LONGEST_KEY = 255
_BY_SESSION: frozenset[Scope] = frozenset({"read", "spend"})

bearer = HTTPBearer(auto_error=False, description="An API key: `cb_<organization>_<secret>`")


class NotSignedIn(Refused):
    """Neither a key nor a session came with the request."""

    def __init__(self, what: str = "Send an API key: Authorization: Bearer cb_… An administrator makes one.") -> None:
        super().__init__(what)


class OtherSite(Refused):
    """A browser's write that did not come from a page of ours."""

    def __init__(self) -> None:
        super().__init__("This did not come from a page of this site, so it was not done.")


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever calls. ``bound_to`` is the one account that it may speak of ('' is the pool), None for every account.

    ``actor`` is who the books say it was; ``key_id`` is None for a browser.
    """

    org_id: int
    org_slug: str
    zone: str
    scopes: frozenset[Scope]
    actor: str
    bound_to: str | None = None
    key_id: int | None = None

    def account(self, named: str | None = None) -> str:
        """The account as the ledger's verbs write it: the one named, else its own, else the pool.

        Raises NotFound for another organization's, or one that a bound key may not use; ScopeMissing's sibling
        `Refused` for a browser that names somebody else's.
        """
        if named is None:
            return self._written(self.bound_to or "")
        slug, slash, name = named.partition("/")
        name = name if slash else "" if slug == self.org_slug and not self.bound_to else slug
        if slash and slug != self.org_slug:
            raise NotFound(f"There is no account {named} here.")
        if self.bound_to is not None and name != self.bound_to:
            if self.key_id is None:
                raise Refused("Signed in people see their own account here. Use an API key for others.")
            raise NotFound(f"There is no account {named} that this API key may use.")
        return self._written(name)

    def whole_organization(self) -> str:
        """The organization's slug. Raises `Refused` for a key that is bound to one account."""
        if self.bound_to is not None:
            raise Refused("This API key is bound to one account. This needs one for the whole organization.")
        return self.org_slug

    def _written(self, name: str) -> str:
        return f"{self.org_slug}/{name}" if name else self.org_slug


class Keys:
    """Keys seen of late, so that a busy program does not cost two reads a call."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, str], tuple[float, KeyPrincipal]] = {}

    def at_hand(self, here: Installation, text: str) -> KeyPrincipal | None:
        """Who calls with this key, where that was asked within the last second."""
        seen = self._seen.get((id(here), text))
        return seen[1] if seen is not None and time.monotonic() - seen[0] < SECONDS_UNTIL_ASKED_AGAIN else None

    async def find(self, here: Installation, text: str) -> KeyPrincipal:
        """Who calls with this key. Raises `KeyRefused`."""
        if (known := self.at_hand(here, text)) is not None:
            return known
        slot, now = (id(here), text), time.monotonic()
        self._seen.pop(slot, None)
        found = await run_in_threadpool(authenticate, here.store, text, here.clock())
        if len(self._seen) >= MOST_REMEMBERED:
            self._seen.clear()
        self._seen[slot] = (now, found)
        return found


_keys = Keys()


async def caller(
    request: Request,
    here: Here,
    sent: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
) -> Caller:
    """The caller of a request. Raises `NotSignedIn`, `KeyRefused`, `OtherSite`, `ComesTooOften`, or `Unavailable`."""
    found = await _caller(request, here, sent)
    admit(request.scope["state"], here, found)
    return found


def admit(state: dict[str, Any], here: Installation, found: Caller) -> None:
    """Note who calls, and count the request, once. Raises `ComesTooOften`."""
    state["organization"], state["key_id"] = found.org_slug, found.key_id
    if here.settings.api_rate is None or "window" in state:
        return
    who = f"key {found.key_id}" if found.key_id is not None else f"person {found.actor}"
    window = state["window"] = rate_limit.hit(f"{id(here)} {who}", here.settings.api_rate)
    if not window.fits:
        raise ComesTooOften(window)


async def _caller(request: Request, here: Installation, sent: HTTPAuthorizationCredentials | None) -> Caller:
    if sent is not None:
        return _of_key(await _keys.find(here, sent.credentials))
    if "authorization" in request.headers:
        raise KeyRefused
    cookie = request.cookies.get(session_cookie(secure=here.settings.cookie_secure))
    who = await run_in_threadpool(_signed_in, here, cookie) if cookie else None
    if who is None:
        raise NotSignedIn
    if request.method not in ("GET", "HEAD") and not is_same_site(request):
        raise OtherSite
    return Caller(who.org_id, who.org_slug, who.zone, _BY_SESSION, who.user_name, who.account_name or "")


def _of_key(key: KeyPrincipal) -> Caller:
    return Caller(key.org_id, key.org_slug, key.zone, key.scopes, key.actor, key.account_name, key.key_id)


def at_hand(here: Installation, text: str) -> Caller | None:
    """Who calls with this key, where it was looked up within the last second."""
    key = _keys.at_hand(here, text)
    return None if key is None else _of_key(key)


async def may_still(request: Request, here: Installation, found: Caller) -> bool:
    """Whether a caller whose answer goes on may still have it: the key stands, or the person is signed in as before.

    A database that can't be asked does not end what was allowed; nor does this count as a person's doing something.
    """
    try:
        if found.key_id is not None:
            await _keys.find(here, request.headers["authorization"].partition(" ")[2].strip())
            return True
        cookie = request.cookies.get(session_cookie(secure=here.settings.cookie_secure))
        who = await run_in_threadpool(Access(here.store, here.clock).sessions.principal, cookie)
    except Refused:
        return False
    except Exception:  # whatever keeps us from the database
        log.warning("Whether a stream may go on could not be looked up.", exc_info=True)
        return True
    return who is not None and (who.org_id, who.user_name, who.account_name) == (
        found.org_id, found.actor, found.bound_to)  # fmt: skip


def _signed_in(here: Installation, cookie: str) -> Principal | None:
    who = Access(here.store, here.clock).sessions.principal(cookie, active=True)
    if who is not None and who.account_name is None:
        raise Refused("You have no account of your own in this organization. Use an API key.")
    return who


def needs(scope: Scope) -> Callable[[Caller], Awaitable[Caller]]:
    """A dependency: the caller, who has this scope. Raises `ScopeMissing`."""

    async def scoped(found: Annotated[Caller, Depends(caller)]) -> Caller:
        if scope not in found.scopes:
            raise ScopeMissing(scope)
        return found

    scoped.scope = scope  # type: ignore[attr-defined]
    return scoped


def program_with(scope: Scope) -> Callable[[Caller], Awaitable[Caller]]:
    """A dependency: a program with a key of this scope. People in a browser undo no charge and end no hold."""

    async def keyed(found: Annotated[Caller, Depends(caller)]) -> Caller:
        if scope not in found.scopes:
            raise ScopeMissing(scope)
        if found.key_id is None:
            raise Refused("This is done by the application with its API key, not from a browser.")
        return found

    keyed.scope = scope  # type: ignore[attr-defined]
    return keyed


Reader = Annotated[Caller, Depends(needs("read"))]
Spender = Annotated[Caller, Depends(needs("spend"))]
SpendingProgram = Annotated[Caller, Depends(program_with("spend"))]
Administrator = Annotated[Caller, Depends(needs("admin"))]


async def required_key(request: Request) -> str:
    """The `Idempotency-Key` that the ledger's verbs ask for. Raises a 400 without one."""
    key = request.headers.get("idempotency-key", "").strip()
    if not key or len(key) > LONGEST_KEY:
        raise HTTPException(
            HTTPStatus.BAD_REQUEST,
            f"Send an Idempotency-Key of at most {LONGEST_KEY} characters: the same again repeats the first answer.",
        )
    return key


IdempotencyKey = Annotated[str, Depends(required_key)]
