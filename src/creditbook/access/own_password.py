"""What a person does with her own password: set it by a one-time link, or change it while signed in."""

from __future__ import annotations

from creditbook.access import passwords
from creditbook.access.names import display_name_of
from creditbook.access.sessions import Sessions
from creditbook.access.throttle import Throttle
from creditbook.access.tokens import hash_of
from creditbook.access.values import Link, LinkSpent, Principal, SignInRefused
from creditbook.store import audit
from creditbook.store import people as people_rows
from creditbook.store import sessions as rows

SPENT = "This link has been used or has expired. Ask your administrator for a new one."


class OwnPassword:
    """Links and password changes, over the same store and clock as the sessions they begin and end."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._store = sessions.store
        self._clock = sessions.clock

    def look_at_link(self, token: str) -> Link | None:
        """What an unused link is for, without using it; None when it is spent, late or unknown."""
        with self._store.read() as connection:
            link = rows.look_at_link(connection, hash_of(token), self._clock())
            if link is None:
                return None
            people_rows.see_as(connection, link.org_id, link.person_id)
            seat = people_rows.seat(connection, link.org_id, link.person_id)
        org_name = seat.name if seat is not None else ""
        return Link(link.kind, link.person_id, link.user_name, link.display_name, org_name, link.expires_at)

    def accept_link(self, token: str, password: str, *, browser: str, name: str = "") -> str:
        """Set the password that the link is for, end every older session, and return a ticket for this browser.

        `name` replaces the display name of whoever accepts an invitation.

        Raises:
            LinkSpent: used, replaced, late or unknown.
            WeakPassword: the link stays good.
        """
        link = self.look_at_link(token)
        if link is None:
            raise LinkSpent(SPENT)
        passwords.check_new(password, link.user_name)
        columns: dict[str, object] = {"password_hash": passwords.hash_new(password)}
        if link.kind == "invitation":
            columns["display_name"] = display_name_of(name, otherwise=link.name)
        return self._store.retrying(lambda: self._accept(token, link, columns, browser))

    def _accept(self, token: str, link: Link, columns: dict[str, object], browser: str) -> str:
        now = self._clock()
        with self._store.write(person_id=link.person_id) as connection:
            used = rows.use_link(connection, hash_of(token), now)
            if used is None:
                raise LinkSpent(SPENT)
            people_rows.change_person(connection, link.person_id, password_changed_at=now, **columns)
            rows.revoke_all(connection, link.person_id, now)
            ticket = self._sessions.ticket_for(connection, link.person_id, browser)
            people_rows.see_as(connection, used.org_id, link.person_id)
            audit.record(connection, used.org_id, at=now, actor=link.user_name, act=f"member.{link.kind}_used",
                         subject=link.user_name, reason=f"one-time link made by {used.created_by}")  # fmt: skip
            return ticket

    def change(self, principal: Principal, old: str, new: str, *, address: str | None) -> None:
        """Change her own password; every other session of hers ends, this one goes on.

        Raises:
            SignInRefused: the old password is wrong. Counted like a failed sign-in.
            TooManyAttempts: this address has to wait.
            WeakPassword: the new one breaks a rule.
        """
        passwords.check_new(new, principal.user_name)
        throttle = Throttle(self._store, principal.user_name, address or "here")
        throttle.admit(self._clock())
        with self._store.read() as connection:
            person = people_rows.person_by_id(connection, principal.person_id)
        known = person.password_hash if person is not None and person.is_active else None
        if not passwords.matches(principal.user_name, old, known):
            raise SignInRefused("The password you have now is another one.")
        password_hash = passwords.hash_new(new)
        self._store.retrying(lambda: self._change(principal, throttle, password_hash))

    def _change(self, principal: Principal, throttle: Throttle, password_hash: str) -> None:
        now = self._clock()
        with self._store.write(principal.org_id) as connection:
            throttle.forgive(connection)
            people_rows.change_person(connection, principal.person_id, password_hash=password_hash,
                                      password_changed_at=now)  # fmt: skip
            rows.revoke_all(connection, principal.person_id, now, but=principal.session_id)
            audit.record(connection, principal.org_id, at=now, actor=principal.user_name, act="member.password",
                         subject=principal.user_name, reason="changed by its owner")  # fmt: skip
