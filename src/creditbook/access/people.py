"""An organization's administrator and her people: invite, role, deactivate, one-time links.

Each act is decided inside its own transaction by what is true there (the administrator may have lost her role since
the page was drawn), takes a reason and leaves a row in the organization's audit log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, TypeVar

from creditbook.access import passwords
from creditbook.access.names import display_name_of, email_of, user_name_of
from creditbook.access.tokens import hash_of, new_token
from creditbook.access.values import ROLES, Clock, Member, MemberState, NotAllowed, Principal, Role
from creditbook.domain.errors import Conflict, InvalidRequest, NotFound
from creditbook.store import audit, ids
from creditbook.store import people as rows
from creditbook.store import sessions as session_rows
from creditbook.store.engine import Store
from creditbook.store.people import Connection, Row

Result = TypeVar("Result")

LINK_LIFE = {"invitation": timedelta(days=7), "reset": timedelta(days=1)}
CONSOLE = 0  # the person id of whoever runs commands on the machine itself: no row, and nobody above her


@dataclass(frozen=True, slots=True)
class Invited:
    """What an invitation made. ``token`` is None for somebody who signs in already: she needs no link."""

    person_id: int
    user_name: str
    token: str | None


class People:
    """Administrative acts on the people of one organization, over one store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock

    def members(self, actor: Principal) -> list[Member]:
        """Everybody of the actor's organization, by name, deactivated people too."""
        with self.store.read(actor.org_id) as connection:
            return [_member(row) for row in rows.members(connection, actor.org_id)]

    def invite(
        self,
        actor: Principal,
        user_name: str,
        name: str,
        role: Role,
        *,
        reason: str,
        email: str = "",
        account_name: str | None = None,
    ) -> Invited:
        """Make room for a person and return the token of her one-time link.

        Somebody known elsewhere in the installation joins with her own password and needs no link. `account_name`
        names an open account (the part after the slash) that becomes hers.

        Raises:
            InvalidRequest: a name, address or role is wrong.
            NotFound: there is no such account.
            Conflict: she is a member already, or the account is somebody else's.
            NotAllowed: the actor is no administrator any more.
        """
        user_name, email = user_name_of(user_name), email_of(email)
        name = display_name_of(name, otherwise=user_name)
        _known_role(role)

        def act(connection: Connection) -> Invited:
            known = rows.person_by_name(connection, user_name)
            person_id: int = ids.take(connection, 1)[0] if known is None else known.person_id
            if rows.membership_of(connection, actor.org_id, person_id) is not None:
                raise Conflict(f"{user_name} is a member of this organization already.")
            now = self.clock()
            if known is None:
                rows.add_person(connection, person_id=person_id, user_name=user_name, display_name=name, email=email,
                                created_at=now)  # fmt: skip
            account_id = None if account_name is None else _free_account(connection, actor, account_name)
            rows.add_membership(connection, org_id=actor.org_id, person_id=person_id, role=role, account_id=account_id,
                                created_at=now)  # fmt: skip
            token = None
            if known is None or known.password_hash is None:
                token = self._new_link(connection, actor, person_id, "invitation")
            after = {"role": role} | ({"account": account_name} if account_name is not None else {})
            self._log(connection, actor, "member.invite", user_name, reason, after=after)
            return Invited(person_id, user_name, token)

        return self._act(actor, act)

    def add(self, actor: Principal, user_name: str, name: str, role: Role, password: str, *, reason: str,
            email: str = "", is_operator: bool = False, password_rounds: int | None = None) -> int:  # fmt: skip
        """Add a person with a password that somebody else chose: sample data and set-up scripts. Returns her id.

        Raises:
            Conflict: the user name is taken.
        """
        user_name, email = user_name_of(user_name), email_of(email)
        _known_role(role)
        password_hash = passwords.hash_new(password, password_rounds)

        def act(connection: Connection) -> int:
            if rows.person_by_name(connection, user_name) is not None:
                raise Conflict(f"The user name {user_name} is taken.")
            (person_id,) = ids.take(connection, 1)
            rows.add_person(connection, person_id=person_id, user_name=user_name, email=email, created_at=self.clock(),
                            display_name=display_name_of(name, otherwise=user_name), password_hash=password_hash,
                            is_operator=is_operator)  # fmt: skip
            rows.add_membership(connection, org_id=actor.org_id, person_id=person_id, role=role,
                                created_at=self.clock())  # fmt: skip
            self._log(connection, actor, "member.add", user_name, reason, after={"role": role})
            return person_id

        return self._act(actor, act)

    def give_account(self, actor: Principal, person_id: int, account_name: str, *, reason: str) -> None:
        """Make an open account the person's own. `account_name` is the part after the slash.

        Raises:
            NotFound: no such person or account here.
            Conflict: she has another account, or it is somebody else's.
        """

        def act(connection: Connection) -> None:
            person, place = self._whom(connection, actor, person_id)
            if place.account_id is not None and place.account_id == rows.account_id_of(
                connection, actor.org_id, account_name
            ):
                return
            if place.account_id is not None:
                raise Conflict(f"{person.display_name} has an account already.")
            account_id = _free_account(connection, actor, account_name)
            rows.change_membership(connection, actor.org_id, person_id, account_id=account_id)
            self._log(connection, actor, "member.account", person.user_name, reason, after={"account": account_name})

        self._act(actor, act)

    def change_role(self, actor: Principal, person_id: int, role: Role, *, reason: str) -> None:
        """Give a member another role. It acts at her next click, in every tab.

        Raises:
            NotAllowed: her own role, or an operator's.
        """
        _known_role(role)

        def act(connection: Connection) -> None:
            person, place = self._whom(connection, actor, person_id)
            if person_id == actor.person_id:
                raise NotAllowed("Nobody changes their own role. Ask another administrator.")
            if place.role != role:
                rows.change_membership(connection, actor.org_id, person_id, role=role)
                self._log(connection, actor, "member.role", person.user_name, reason,
                          before={"role": place.role}, after={"role": role})  # fmt: skip

        self._act(actor, act)

    def deactivate(self, actor: Principal, person_id: int, *, reason: str) -> None:
        """Take back a member's access to this organization, at once and in every tab. Her account stays as it is.

        Raises:
            NotAllowed: herself, or an operator.
        """
        self._switch(actor, person_id, is_active=False, act_name="member.deactivate", reason=reason)

    def reactivate(self, actor: Principal, person_id: int, *, reason: str) -> None:
        """Give a deactivated member her access back."""
        self._switch(actor, person_id, is_active=True, act_name="member.reactivate", reason=reason)

    def _switch(self, actor: Principal, person_id: int, *, is_active: bool, act_name: str, reason: str) -> None:
        def act(connection: Connection) -> None:
            person, place = self._whom(connection, actor, person_id)
            if person_id == actor.person_id:
                raise NotAllowed("Nobody takes back their own access. Ask another administrator.")
            if place.is_active != is_active:
                rows.change_membership(connection, actor.org_id, person_id, is_active=is_active)
                self._log(connection, actor, act_name, person.user_name, reason,
                          before={"active": place.is_active}, after={"active": is_active})  # fmt: skip

        self._act(actor, act)

    def new_link(self, actor: Principal, person_id: int, *, reason: str) -> str:
        """The token of a fresh one-time link: a reset for who has a password, else the invitation anew.

        It replaces every earlier link of that person. Whoever holds it can sign in as her, so an administrator gets
        one only for people who belong to her organization alone.

        Raises:
            NotAllowed: an operator, or a member of other organizations too.
            Conflict: a deactivated member.
        """

        def act(connection: Connection) -> str:
            person, place = self._whom(connection, actor, person_id)
            if not (place.is_active and person.is_active):
                raise Conflict(f"{person.display_name} is deactivated. Reactivate them first.")
            if not actor.is_operator and rows.memberships_elsewhere(connection, actor.org_id, person_id):
                raise NotAllowed(
                    f"{person.display_name} belongs to other organizations too: an operator has to reset it."
                )
            kind: Literal["invitation", "reset"] = "invitation" if person.password_hash is None else "reset"
            token = self._new_link(connection, actor, person_id, kind)
            self._log(connection, actor, f"member.{kind}_link", person.user_name, reason)
            return token

        return self._act(actor, act, person_id)

    def _new_link(self, connection: Connection, actor: Principal, person_id: int, kind: str) -> str:
        token, now = new_token(), self.clock()
        session_rows.add_link(
            connection,
            token_hash=hash_of(token),
            kind=kind,
            person_id=person_id,
            org_id=actor.org_id,
            created_by=actor.user_name,
            created_at=now,
            expires_at=now + LINK_LIFE[kind],
        )
        return token

    def _whom(self, connection: Connection, actor: Principal, person_id: int) -> tuple[Row, Row]:
        """The person and her place here. An operator is touched by operators only."""
        person = rows.person_by_id(connection, person_id)
        place = rows.membership_of(connection, actor.org_id, person_id)
        if person is None or place is None:
            raise NotFound("This person is no member of your organization. Load the page anew.")
        if person.is_operator and not actor.is_operator and person_id != actor.person_id:
            raise NotAllowed(
                f"{person.display_name} runs the whole installation. Only another operator may change that."
            )
        return person, place

    def _log(self, connection: Connection, actor: Principal, act: str, subject: str, reason: str,
             *, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None) -> None:  # fmt: skip
        audit.record(connection, actor.org_id, at=self.clock(), actor=actor.user_name, act=act, subject=subject,
                     reason=reason, before=before, after=after)  # fmt: skip

    def _act(self, actor: Principal, work: Callable[[Connection], Result], person_id: int | None = None) -> Result:
        def once() -> Result:
            with self.store.write(actor.org_id, person_id=person_id) as connection:
                authorize(connection, actor)
                return work(connection)

        return self.store.retrying(once)


def authorize(connection: Connection, actor: Principal) -> None:
    """Refuse whoever is no administrator of her organization any more, as of this transaction.

    The administrators' rows stay locked to its end: of two who demote each other at once, the second is refused.

    Raises:
        NotAllowed: she may not, or not any more.
    """
    if actor.person_id == CONSOLE and actor.is_operator:
        return
    administrators = rows.lock_administrators(connection, actor.org_id)
    person = rows.person_by_id(connection, actor.person_id)
    if person is not None and person.is_active and (person.is_operator or actor.person_id in administrators):
        return
    raise NotAllowed("Only an administrator of this organization may do that.")


def console(org_id: int, org_slug: str = "", org_name: str = "", zone: str = "UTC") -> Principal:
    """Whoever runs `creditbook` commands on the machine itself: she may do all that an operator may."""
    return Principal(CONSOLE, "console", "Console", "admin", org_id, org_slug, org_name, zone, is_operator=True)


def _free_account(connection: Connection, actor: Principal, account_name: str) -> int:
    """The id of an open account of the organization that is nobody's yet."""
    account_id = rows.account_id_of(connection, actor.org_id, account_name)
    if account_id is None or not account_name:
        raise NotFound(f"There is no account {account_name} in this organization. Open it first.")
    if rows.holder_of(connection, actor.org_id, account_id) is not None:
        raise Conflict(f"The account {account_name} is somebody else's.")
    return account_id


def _known_role(role: str) -> None:
    if role not in ROLES:
        raise InvalidRequest(f"There is no role {role!r}. Choose one of {', '.join(ROLES)}.")


def _member(row: Row) -> Member:
    state: MemberState = "active"
    if not (row.is_active and row.person_is_active):
        state = "deactivated"
    elif not row.has_password:
        state = "invited"
    return Member(row.person_id, row.user_name, row.display_name, row.email, row.role, state, row.is_operator,
                  row.created_at, row.account_id, row.account_name, row.status, row.plan, row.pool_id)  # fmt: skip
