"""People for tests: an installation's organizations, accounts and members, and how they sign in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from creditbook import Ledger
from creditbook.access import Access, Principal, console
from creditbook.programs.loader import load_program
from creditbook.store import ids
from creditbook.store.engine import Store
from creditbook.store.tables.ledger import account, audit, organization

PASSWORD = "four unrelated words"


@dataclass
class Clock:
    """A clock that stands still until it is told to move."""

    now: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **much: float) -> None:
        self.now += timedelta(**much)


@dataclass
class House:
    """What a test works with. `pauses` are the seconds that answers were held back."""

    store: Store
    clock: Callable[[], datetime] = field(default_factory=Clock)
    pauses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.access = Access(self.store, self.clock, pause=self.pauses.append)

    def organization(self, slug: str, name: str, zone: str = "Asia/Kolkata") -> Principal:
        """A new organization; returns the console's principal for it."""
        with self.store.write() as connection:
            (org_id,) = ids.take(connection, 1)
        row = {"org_id": org_id, "slug": slug, "name": name, "zone": zone, "currency": "INR", "program_id": 1,
               "is_sample": False, "created_at": self.clock()}  # fmt: skip
        with self.store.write(org_id) as connection:
            connection.execute(sa.insert(organization).values(row))
        return console(org_id, slug, name, zone)

    def account(self, org: Principal, name: str) -> int:
        """An open account of that name."""
        with self.store.write(org.org_id) as connection:
            (account_id,) = ids.take(connection, 1)
            row = {"org_id": org.org_id, "account_id": account_id, "name": name, "kind": "member", "status": "active",
                   "plan": "free", "plan_anchor": date(2026, 3, 1), "plan_started_at": self.clock(),
                   "created_at": self.clock()}  # fmt: skip
            connection.execute(sa.insert(account).values(row))
            return account_id

    def move_in(self, ledger: Ledger, slug: str, people: Mapping[str, str], *, name: str = "") -> Principal:
        """An organization that runs the program of its name; user name → role, each with an account of her own."""
        made = ledger.create_organization(slug, load_program(slug), name=name, actor="console")
        org = console(made.org_id, made.slug, made.name, made.zone)
        for user_name, role in people.items():
            ledger.open_account(f"{slug}/{user_name}", actor="console")
            self.access.people.give_account(org, self.person(org, user_name, role), user_name, reason="test")
        return org

    def person(self, org: Principal, user_name: str, role: str = "user", **more: object) -> int:
        """A member with PASSWORD; returns her id."""
        terms = {"reason": "test", "password_rounds": 4} | more
        return self.access.people.add(org, user_name, user_name.title(), role, PASSWORD, **terms)  # type: ignore[arg-type]

    def sign_in(
        self, user_name: str, password: str = PASSWORD, *, address: str = "203.0.113.7", browser: str = "b"
    ) -> str:
        """Signs in and returns the session's token."""
        ticket = self.access.sessions.sign_in(user_name, password, address=address, browser=browser)
        token = self.access.sessions.redeem(ticket, browser=browser)
        assert token is not None
        return token

    def who(self, token: str) -> Principal | None:
        return self.access.sessions.principal(token)

    def principal(self, user_name: str) -> Principal:
        """The principal of somebody who signs in now."""
        found = self.who(self.sign_in(user_name))
        assert found is not None
        return found

    def principal_name(self, user_name: str, password: str) -> str:
        found = self.who(self.sign_in(user_name, password))
        assert found is not None
        return found.name

    def audit(self, org: Principal) -> list[sa.Row[tuple[object, ...]]]:
        with self.store.read(org.org_id) as connection:
            return list(
                connection.execute(sa.select(audit).where(audit.c.org_id == org.org_id).order_by(audit.c.audit_id))
            )
