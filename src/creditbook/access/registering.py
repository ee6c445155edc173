"""People who come by themselves, where the organization's program lets them (`self_registration`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from creditbook.access import passwords
from creditbook.access.names import display_name_of, email_of, user_name_of
from creditbook.access.sessions import Sessions
from creditbook.access.values import NotAllowed, TooManyAttempts
from creditbook.domain.errors import Conflict, InvalidRequest, LedgerError, NotFound
from creditbook.domain.program import Program
from creditbook.store import audit, directory, ids
from creditbook.store import people as people_rows
from creditbook.store import sessions as rows
from creditbook.store.people import Connection

WINDOW = timedelta(minutes=15)
ATTEMPTS = 10
"""So many registrations one address may try in a window, right ones too: each opens an account with a welcome in it."""


class Books(Protocol):
    """What is asked of the ledger: an organization's program, and an account with what it opens at sign-up."""

    def program(self, slug: str) -> Program:
        """The program that an organization runs."""

    def open_account(self, account: str, *, referred_by: str | None, actor: str, idempotency_key: str) -> Any:
        """Open an account, `ORG/USERNAME`."""


@dataclass(frozen=True, slots=True)
class OpenHouse:
    """An organization that lets people in by themselves. ``refers``: whoever was sent by a friend may say by whom."""

    slug: str
    name: str
    refers: bool


class Registration:
    """Signs new people up: an account with what the program opens, a person, her place, and a way through the door."""

    def __init__(self, sessions: Sessions, ledger: Books) -> None:
        self._sessions, self._ledger = sessions, ledger
        self._store, self._clock = sessions.store, sessions.clock

    def open_to(self) -> list[OpenHouse]:
        """Every organization that lets people in by themselves, by name."""
        found = []
        for one in directory.organizations(self._store):
            try:
                program = self._ledger.program(one.slug)
            except LedgerError:  # a program that nobody can read lets nobody in, and must not keep the others out
                continue
            if program.self_registration:
                found.append(OpenHouse(one.slug, one.name, program.referral is not None))
        return sorted(found, key=lambda house: house.name)

    def register(
        self,
        slug: str,
        user_name: str,
        name: str,
        password: str,
        *,
        address: str,
        browser: str,
        email: str = "",
        referred_by: str = "",
    ) -> str:
        """Sign a new person up and return a ticket for this browser. ``referred_by`` is a friend's user name.

        Raises:
            NotAllowed: the organization lets nobody in by themselves.
            TooManyAttempts: this address has to wait.
            Conflict: the user name is taken.
            InvalidRequest, WeakPassword: with what to type instead.
        """
        user_name, email, name = user_name_of(user_name), email_of(email), display_name_of(name, otherwise=user_name)
        passwords.check_new(password, user_name)
        if all(house.slug != slug for house in self.open_to()):
            raise NotAllowed("This organization invites its people. Ask its administrator for an invitation.")
        self._store.retrying(lambda: self._admit(address))
        friend = referred_by.strip().lower()
        if friend == user_name:
            raise InvalidRequest("Nobody is sent by themselves. Leave the friend's user name empty.")
        password_hash = passwords.hash_new(password)
        self._refuse_taken(slug, user_name)
        # The key is the name's own: whoever was cut off before her person stood finds her account again.
        self._ledger.open_account(
            f"{slug}/{user_name}", referred_by=friend or None, actor=user_name, idempotency_key=_key(user_name)
        )
        return self._store.retrying(lambda: self._enter(slug, user_name, name, email, password_hash, browser))

    def _organization(self, slug: str) -> int:
        found = directory.organization_by_slug(self._store, slug)
        if found is None:
            raise NotFound("There is no such organization any more.")
        return found.org_id

    def _admit(self, address: str) -> None:
        now = self._clock()
        with self._store.write() as connection:
            attempts, ends = rows.count_attempt(connection, f"register {address[:64]}", now, WINDOW)
        if attempts > ATTEMPTS:
            raise TooManyAttempts(max(1, int((ends - now).total_seconds())))

    def _refuse_taken(self, slug: str, user_name: str) -> None:
        """A name that a person has, or an account that an administrator opened, is nobody's to take."""
        org_id = self._organization(slug)
        with self._store.read(org_id) as connection:
            taken = people_rows.person_by_name(connection, user_name) is not None
        there = directory.account_by_name(self._store, org_id, user_name) is not None
        if taken or (there and not directory.was_opened_by(self._store, org_id, _key(user_name))):
            raise Conflict(f"The user name {user_name} is taken. Choose another.")

    def _enter(self, slug: str, user_name: str, name: str, email: str, password_hash: str, browser: str) -> str:
        org_id, now = self._organization(slug), self._clock()
        with self._store.write(org_id) as connection:
            if people_rows.person_by_name(connection, user_name) is not None:
                raise Conflict(f"The user name {user_name} is taken. Choose another.")
            (person_id,) = ids.take(connection, 1)
            people_rows.add_person(connection, person_id=person_id, user_name=user_name, email=email, created_at=now,
                                   display_name=name, password_hash=password_hash, is_operator=False)  # fmt: skip
            people_rows.add_membership(connection, org_id=org_id, person_id=person_id, role="user", created_at=now)
            account_id = people_rows.account_id_of(connection, org_id, user_name)
            people_rows.change_membership(connection, org_id, person_id, account_id=account_id)
            audit.record(connection, org_id, at=now, actor=user_name, act="member.register", subject=user_name,
                         reason="came by themselves", after={"role": "user", "account": user_name})  # fmt: skip
            return self._ticket(connection, org_id, person_id, browser)

    def _ticket(self, connection: Connection, org_id: int, person_id: int, browser: str) -> str:
        people_rows.see_as(connection, org_id, person_id)
        return self._sessions.ticket_for(connection, person_id, browser)


def _key(user_name: str) -> str:
    return f"register/{user_name}"
