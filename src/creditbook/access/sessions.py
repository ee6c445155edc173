"""Coming in, staying in, going out: tickets, sessions, and who is behind a cookie right now.

A right password earns a *ticket*, good for seconds, once, in the browser that asked. The /session route turns it into a
*session*: a cookie's opaque token, of which the database keeps the SHA-256. Everything about a person is read again
each time, so a sign-out, another role or a deactivation acts at the next rerun, in every tab and process.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from creditbook.access import passwords
from creditbook.access.throttle import Throttle
from creditbook.access.tokens import hash_of, new_token
from creditbook.access.values import Clock, NotAllowed, Principal, Seat, SignInRefused
from creditbook.store import people as people_rows
from creditbook.store import sessions as rows
from creditbook.store.engine import Store
from creditbook.store.people import Connection, Row

Result = TypeVar("Result")

TICKET_LIFE = timedelta(seconds=30)
IDLE_LIMIT = timedelta(hours=2)
ABSOLUTE_LIMIT = timedelta(hours=12)
KEEP_ALIVE_EVERY = timedelta(minutes=5)  # the idle limit moves in such steps, so that reading stays reading
FORGOTTEN_AFTER = timedelta(days=7)
WRONG = "The user name or the password is wrong."


class Sessions:
    """Sign-in and sessions over one store. `pause` is what waits when a name is under attack."""

    def __init__(self, store: Store, clock: Clock, pause: Callable[[float], None] = time.sleep) -> None:
        self.store = store
        self.clock = clock
        self._pause = pause

    def sign_in(self, user_name: str, password: str, *, address: str | None, browser: str) -> str:
        """Check a typed password and return a one-time ticket for this browser.

        `address` is the visitor's, None on the machine itself; `browser` the browser's own cookie.

        Raises:
            SignInRefused: wrong name or password, or a deactivated person; which, is not told.
            TooManyAttempts: this address has to wait.
            NotAllowed: the password is right, but no organization is left to work in.
        """
        user_name = user_name.strip().lower()
        throttle = Throttle(self.store, user_name, address or "here")
        self._pause(throttle.admit(self.clock()))
        with self.store.read() as connection:
            person = people_rows.person_by_name(connection, user_name)
        known = person if person is not None and person.is_active else None
        if not passwords.matches(user_name, password, known.password_hash if known is not None else None):
            raise SignInRefused(WRONG)
        assert known is not None
        person_id: int = known.person_id

        def right(connection: Connection) -> str:
            throttle.forgive(connection)
            rows.forget_before(connection, self.clock() - FORGOTTEN_AFTER)
            return self.ticket_for(connection, person_id, browser)

        return self._write(right, person_id)

    def ticket_for(self, connection: Connection, person_id: int, browser: str) -> str:
        """A ticket for somebody who has just proved who she is, in the caller's transaction.

        Raises:
            SignInRefused: she was deactivated meanwhile.
            NotAllowed: no organization is left to work in.
        """
        person = people_rows.person_by_id(connection, person_id)
        if person is None or not person.is_active:
            raise SignInRefused(WRONG)
        org_id = self._first_seat(connection, person)
        if org_id is None:
            raise NotAllowed("Your access has been taken back. Ask an administrator of your organization.")
        now, ticket = self.clock(), new_token()
        ends = now + TICKET_LIFE
        rows.add_session(connection, token_hash=hash_of(ticket), kind="ticket", person_id=person_id, org_id=org_id,
                         browser_hash=hash_of(browser), created_at=now, idle_until=ends, expires_at=ends)  # fmt: skip
        return ticket

    def redeem(self, ticket: str, *, browser: str) -> str | None:
        """Turn a ticket into a session's token for the cookie; None when it is spent, late or another browser's."""
        if not browser:
            return None
        now, token = self.clock(), new_token()

        def once(connection: Connection) -> str | None:
            spent = rows.use_ticket(connection, hash_of(ticket), hash_of(browser), now)
            if spent is None:
                return None
            rows.add_session(connection, token_hash=hash_of(token), kind="session", person_id=spent.person_id,
                             org_id=spent.org_id, created_at=now, idle_until=now + IDLE_LIMIT,
                             expires_at=now + ABSOLUTE_LIMIT)  # fmt: skip
            return token

        return self._write(once)

    def principal(self, token: str | None, *, active: bool = False) -> Principal | None:
        """Who is behind this cookie, as of now; None when nobody is. One read of two indexed rows.

        `active` says that a person did something, which moves the idle limit; a page that refreshes itself does not.
        """
        if not token:
            return None
        now, session_id = self.clock(), hash_of(token)
        with self.store.read() as connection:
            session = rows.open_session(connection, session_id, now)
            if session is None:
                return None
            seat = self._seat(connection, session.org_id, session)
        if active and session.idle_until - now < IDLE_LIMIT - KEEP_ALIVE_EVERY:
            self._write(lambda connection: rows.keep_alive(connection, session_id, now + IDLE_LIMIT))
        if seat is None:
            return self._move_on(session, session_id)
        return _principal(session, seat, session_id)

    def _seat(self, connection: Connection, org_id: int | None, person: Row) -> Row | None:
        """Her place in this organization, None when she has no business there."""
        if org_id is None:
            return None
        people_rows.see_as(connection, org_id, person.person_id)
        seat = people_rows.seat(connection, org_id, person.person_id)
        if seat is None or not (person.is_operator or seat.is_active):
            return None
        return seat

    def _move_on(self, session: Row, session_id: str) -> Principal | None:
        """Her place in the current organization is gone: go on in another one of hers, if there is one."""

        def move(connection: Connection) -> int | None:
            org_id = self._first_seat(connection, session)
            if org_id is not None:
                rows.work_in(connection, session_id, org_id)
            return org_id

        org_id = self._write(move, session.person_id)
        if org_id is None:
            return None
        with self.store.read() as connection:
            seat = self._seat(connection, org_id, session)
        return None if seat is None else _principal(session, seat, session_id)

    def _first_seat(self, connection: Connection, person: Row) -> int | None:
        seats = people_rows.seats_of(connection, person.person_id)
        if not seats and person.is_operator:
            seats = people_rows.organizations(connection)
        return seats[0].org_id if seats else None

    def seats(self, principal: Principal) -> list[Seat]:
        """The organizations she may switch to, this one included: an operator's are all."""
        with self.store.read(person_id=principal.person_id) as connection:
            if principal.is_operator:
                found = people_rows.organizations(connection)
                return [Seat(row.org_id, row.slug, row.name, "admin") for row in found]
            found = people_rows.seats_of(connection, principal.person_id)
            return [Seat(row.org_id, row.slug, row.name, row.role) for row in found]

    def switch(self, principal: Principal, org_id: int) -> None:
        """Go on in another organization, in every tab of this browser.

        Raises:
            NotAllowed: she is no member there.
        """
        if all(seat.org_id != org_id for seat in self.seats(principal)):
            raise NotAllowed("You are not a member of that organization.")
        self._write(lambda connection: rows.work_in(connection, principal.session_id, org_id))

    def sign_out(self, token: str) -> None:
        """End the session behind this cookie: in every tab, and for whoever copied the cookie."""
        now = self.clock()
        self._write(lambda connection: rows.revoke_session(connection, hash_of(token), now))

    def sign_out_everywhere(self, principal: Principal) -> None:
        """End every session of this person, on all her devices."""
        now = self.clock()
        self._write(lambda connection: rows.revoke_all(connection, principal.person_id, now))

    def _write(self, work: Callable[[Connection], Result], person_id: int | None = None) -> Result:
        def once() -> Result:
            with self.store.write(person_id=person_id) as connection:
                return work(connection)

        return self.store.retrying(once)


def _principal(session: Row, seat: Row, session_id: str) -> Principal:
    return Principal(
        person_id=session.person_id,
        user_name=session.user_name,
        name=session.display_name,
        email=session.email,
        is_operator=session.is_operator,
        role="admin" if session.is_operator else seat.role,
        org_id=seat.org_id,
        org_slug=seat.slug,
        org_name=seat.name,
        zone=seat.account_zone or seat.zone,
        org_zone=seat.zone,
        currency=seat.currency,
        is_sample=seat.is_sample,
        account_id=seat.account_id,
        account_name=seat.account_name,
        pool_id=seat.pool_id,
        session_id=session_id,
    )


def session_ends(now: datetime) -> datetime:
    """When a session that begins now ends at the latest: the cookie's own end."""
    return now + ABSOLUTE_LIMIT
