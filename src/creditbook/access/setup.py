"""The first administrator: no default password, but a one-time token printed where the server was started."""

from __future__ import annotations

from creditbook.access import passwords
from creditbook.access.names import display_name_of, email_of, user_name_of
from creditbook.access.sessions import Sessions
from creditbook.access.tokens import hash_of, new_token
from creditbook.access.values import LinkSpent
from creditbook.domain.errors import Conflict
from creditbook.store import audit, ids
from creditbook.store import people as people_rows
from creditbook.store import sessions as rows

SPENT = "This set-up link has been used or replaced. The newest one stands where `creditbook init` was run last."


class Setup:
    """Makes the first administrator, who is an operator, exactly once."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._store = sessions.store
        self._clock = sessions.clock

    def is_needed(self) -> bool:
        """Whether nobody is an operator yet."""
        with self._store.read() as connection:
            return people_rows.operators(connection) == 0

    def is_empty(self) -> bool:
        """Whether nobody at all could sign in, so that set-up is the only thing to do."""
        with self._store.read() as connection:
            return not people_rows.anybody(connection)

    def new_token(self) -> str | None:
        """A fresh setup token to print, replacing any earlier one; None when somebody is an operator already."""
        token = new_token()

        def once() -> str | None:
            with self._store.write() as connection:
                if people_rows.operators(connection):
                    return None
                rows.put_setup_token(connection, hash_of(token), self._clock())
                return token

        return self._store.retrying(once)

    def knows(self, token: str) -> bool:
        """Whether this token still opens the house."""
        with self._store.read() as connection:
            return rows.knows_setup_token(connection, hash_of(token))

    def has_organization(self) -> bool:
        """Whether there is an organization to work in; without one nobody can come in."""
        with self._store.read() as connection:
            return bool(people_rows.organizations(connection))

    def check(self, token: str, user_name: str, name: str, password: str) -> None:
        """Everything that can be refused before something is made.

        Raises:
            LinkSpent: the token was used or replaced.
            InvalidRequest: a name or the password breaks a rule.
        """
        user_name = user_name_of(user_name)
        display_name_of(name, otherwise=user_name)
        passwords.check_new(password, user_name)
        if not self.knows(token):
            raise LinkSpent(SPENT)

    def create_administrator(
        self, token: str, user_name: str, name: str, password: str, *, browser: str, email: str = ""
    ) -> str:
        """Make the first administrator and return a ticket for this browser. Of fifty at once, one succeeds.

        She is an operator, and a member of the organization that she lands in.

        Raises:
            LinkSpent: the token was used or replaced.
            Conflict: the user name is taken.
            InvalidRequest: a name or the password breaks a rule; the token stays good.
            NotAllowed: there is no organization to work in yet; nothing was made.
        """
        self.check(token, user_name, name, password)
        user_name = user_name_of(user_name)
        columns = {
            "user_name": user_name,
            "display_name": display_name_of(name, otherwise=user_name),
            "email": email_of(email),
            "password_hash": passwords.hash_new(password),
        }
        return self._store.retrying(lambda: self._create(token, columns, browser))

    def _create(self, token: str, columns: dict[str, str], browser: str) -> str:
        now, user_name = self._clock(), columns["user_name"]
        with self._store.write() as connection:
            if not rows.use_setup_token(connection, hash_of(token), now):
                raise LinkSpent(SPENT)
            if people_rows.person_by_name(connection, user_name) is not None:
                raise Conflict(f"The user name {user_name} is taken.")
            (person_id,) = ids.take(connection, 1)
            people_rows.add_person(
                connection, person_id=person_id, is_operator=True, created_at=now, password_changed_at=now, **columns
            )
            ticket = self._sessions.ticket_for(connection, person_id, browser)
            org_id = people_rows.organizations(connection)[0].org_id
            people_rows.see_as(connection, org_id, person_id)
            people_rows.add_membership(connection, org_id=org_id, person_id=person_id, role="admin", created_at=now)
            audit.record(
                connection, org_id, at=now, actor=user_name, act="operator.first", subject=user_name,
                reason="set-up token of the console", after={"role": "admin"},
            )  # fmt: skip
            return ticket
