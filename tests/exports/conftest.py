"""One shop with a story, made once: what asha and lena bought, used, were given back and lost, over two months."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.ledgers import MovedClock
from support.sales import a_shop

from creditbook import Ledger
from creditbook.access import Principal, console
from creditbook.exports.datasets import AccountName, account_named
from creditbook.store.engine import Store


@dataclass
class Told:
    """The shop, its clock, and whoever runs commands in it."""

    ledger: Ledger
    clock: MovedClock
    who: Principal

    @property
    def store(self) -> Store:
        return self.ledger.core.store

    def account(self, name: str) -> AccountName:
        return account_named(self.store, self.who, name)

    def member(self, name: str) -> Principal:
        """Somebody who only has an account of her own."""
        return Principal(
            person_id=7,
            user_name=name,
            name=name.title(),
            role="user",
            org_id=self.who.org_id,
            org_slug=self.who.org_slug,
            org_name=self.who.org_name,
            zone=self.who.zone,
            account_id=self.account(name).account_id,
            account_name=name,
        )


def told(url: str) -> Told:
    clock = MovedClock(datetime(2026, 2, 26, 12, tzinfo=UTC))
    ledger = a_shop(url, clock)
    org = ledger.core.organization("acme")
    return Told(ledger, clock, console(org.org_id, org.slug, org.name, org.zone))


def a_story(one: Told) -> None:
    """February and March: two packs, a plan, forty usages, a refund, money back, an expiry, a text like a formula."""
    ledger, clock = one.ledger, one.clock
    ledger.open_account("acme/lena", plan="monthly")
    ledger.sell("acme/asha", "starter", reason="By hand", payment="p-1")
    big = ledger.sell("acme/asha", "big", reason="By hand", payment="p-2")
    for n in range(40):
        clock.forward(hours=19)
        ledger.spend(
            "acme/asha" if n % 4 else "acme/lena", action="work", tokens=10 + n % 3, agent="=srs" if n % 3 else "code",
            model="gpt-5" if n % 5 else "nobody-knows-it", project="=1+1" if n % 2 else "@रमेश", input_tokens=60 + n,
            output_tokens=40 + n,
        )  # fmt: skip
    for _ in range(3):
        ledger.spend("acme/asha", action="work", tokens=2, agent="code", model="gpt-5", input_tokens=5)
    done = ledger.spend("acme/asha", action="work", tokens=7)
    ledger.refund("acme/asha", done.transaction_id, reason="It failed")
    ledger.refund_purchase("acme/asha", big.purchase_id, amount_minor=10_000, reason="Half of it was enough")
    clock.forward(hours=3)


@pytest.fixture(scope="session")
def story(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The story, only to be read (an export writes nothing but its line of the audit log)."""
    path = tmp_path_factory.mktemp("exports") / "shop.db"
    path.write_bytes(sqlite_template.read_bytes())
    one = told(f"sqlite:///{path}")
    a_story(one)
    yield one
    one.ledger.close()


@pytest.fixture
def shop(database_url: str) -> Iterator[Told]:
    """A shop of this test's own, without a story; once on each database."""
    one = told(database_url)
    yield one
    one.ledger.close()


@pytest.fixture
def rows_of() -> Callable[[Path], list[dict[str, str]]]:
    """A CSV file as dictionaries."""
    import csv

    def read(path: Path) -> list[dict[str, str]]:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return read
