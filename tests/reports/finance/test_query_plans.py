"""No page of finance reads its organization's history to show a figure: SQLite says how it finds every row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from support.ledgers import MovedClock
from support.sales import a_shop

from creditbook import Ledger
from creditbook.access.values import Principal
from creditbook.reports.finance import (
    books,
    costs,
    earned,
    journal,
    liability,
    sales,
    subscriptions,
    usage,
    usage_sheet,
)
from creditbook.reports.finance.money import AS_BOOKED
from creditbook.reports.finance.periods import custom
from creditbook.reports.finance.wanted import NAMED, Wanted
from creditbook.store.engine import Store
from creditbook.store.finance import lines

LONG = {"ledger_transaction", "entry", "hold_entry", "debt_entry", "operation_key", "usage_account_day"}
"""What grows with every request. Of these, only rows that were asked for may be read."""
FIRST, LAST = date(2026, 1, 1), date(2026, 1, 31)
MONTH = Wanted(FIRST, LAST)
NARROW = replace(MONTH, models=("gpt-4o",), agents=("srs",))
ODD = Wanted(date(2026, 1, 10), date(2026, 1, 24))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """An organization that used, sold and paid back something; how rows are found is all one for how many there are."""
    clock = MovedClock()
    url = f"sqlite:///{tmp_path_factory.mktemp('plans') / 'creditbook.db'}"
    with a_shop(url, clock) as opened:
        pack = opened.sell("acme/asha", "starter", payment="r 1", reason="cash", actor="mary")
        opened.sell("acme/asha", "monthly", kind="plan", payment="r 2", reason="cash", actor="mary")
        used = opened.spend("acme/asha", action="work", tokens=70, agent="srs", model="gpt-4o", input_tokens=9)
        opened.refund("acme/asha", used.transaction_id, tokens=7, reason="partly wrong")
        opened.refund_purchase("acme/asha", pack.purchase_id, amount_minor=1_000, reason="a bit")
        yield opened


def a_lead(ledger: Ledger) -> Principal:
    org = ledger.core.organization("acme")
    return Principal(1, "fay", "Fay", "finance", org.org_id, "acme", org.name, org.zone, org_zone=org.zone)


def sheet(wanted: Wanted) -> Callable[[Store, Principal], object]:
    before = wanted.moved(date(2025, 12, 1), date(2025, 12, 31))
    return lambda store, who: usage_sheet.sheet(store, who, wanted, before, AS_BOOKED, movers_by="account")


def beneath(wanted: Wanted, **more: Any) -> Callable[[Store, Principal], object]:
    def ask(store: Store, who: Principal) -> object:
        with store.read(who.org_id) as connection:
            return lines.lines(connection, who.org_id, wanted, **more)

    return ask


def movements(line: str, currency: str) -> Callable[[Store, Principal], object]:
    march = date(2026, 3, 1), date(2026, 3, 31)  # where something moved: days on which nothing did are not asked for
    return lambda store, who: liability.moved(store, who, *march, line, currency=currency)


def of_costs(ask: Callable[[Store, Principal, costs.Costs], object]) -> Callable[[Store, Principal], object]:
    return lambda store, who: ask(store, who, costs.costs(store, who, MONTH, AS_BOOKED))


PAGES: dict[str, Callable[[Store, Principal], object]] = {
    "the days with usage": usage.days,
    "the names to filter by": usage.names,
    "usage of a month": sheet(MONTH),
    "usage of days within a month": sheet(ODD),
    "usage of some names": sheet(NARROW),
    "usage by accounting date": sheet(replace(MONTH, basis="accounting")),
    "usage of one account": lambda store, who: usage.by(store, who, ODD.only(1), "account", *NAMED[:3]),
    "hours of some names": lambda store, who: usage.by(store, who, NARROW, "weekday_hour"),
    "rows beneath a month": beneath(MONTH),
    "rows beneath some names": beneath(NARROW, after_id=7),
    "rows beneath an hour": beneath(ODD, hour=9, weekday=2),
    "rows beneath a month of the books": beneath(replace(MONTH, basis="accounting")),
    "costs by plan": of_costs(costs.by_plan),
    "costs by package": of_costs(costs.by_package),
    "costs by account": of_costs(costs.by_account),
    "costs by day": of_costs(costs.by_day),
    "earned": lambda store, who: earned.by_day(store, who, FIRST, LAST),
    "sold": lambda store, who: sales.sold(store, who, custom(FIRST, LAST)),
    "purchases": lambda store, who: list(sales.purchases(store, who, custom(FIRST, LAST))),
    "money back": lambda store, who: sales.money_back(store, who, custom(FIRST, LAST)),
    "lives of accounts": lambda store, who: subscriptions.lives(store, who, LAST),
    "books": lambda store, who: books.books(store, who, FIRST, LAST),
    "books by month": lambda store, who: books.books_by_month(store, who, FIRST, LAST),
    "months to close": lambda store, who: books.next_to_close(store, who, LAST),
    "journal": lambda store, who: journal.journal(store, who, FIRST, LAST),
    **{f"tokens {line}": movements(line, "") for line in liability.MOVED},
    **{f"money {line}": movements(line, "INR") for line in liability.MOVED},
    "grants outstanding": lambda store, who: liability.outstanding(store, who, LAST),
}


def statements(store: Store, work: Callable[[], object]) -> list[tuple[str, Any]]:
    """Every SELECT that the work sent, with its values."""
    said: list[tuple[str, Any]] = []

    def hear(_c: object, _cursor: object, statement: str, values: Any, _context: object, _many: bool) -> None:
        said.append((statement, values))

    sa.event.listen(store.engine, "before_cursor_execute", hear)
    work()
    sa.event.remove(store.engine, "before_cursor_execute", hear)
    return [(statement, values) for statement, values in said if statement.lstrip().startswith(("SELECT", "WITH"))]


def whole_histories(store: Store, statement: str, values: Any) -> list[str]:
    """The steps of a statement's plan that read all that an organization ever did."""
    names = {alias: table for table, alias in re.findall(r'(?:FROM|JOIN)\s+"?(\w+)"?\s+(?:AS\s+)?(\w+)', statement)}
    with store.driver() as connection:
        partial = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE sql LIKE '% WHERE %'")}
        steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()]
    found = []
    for step in steps:
        how, _, rest = step.partition(" ")
        name = rest.split(" ")[0]
        if how not in ("SCAN", "SEARCH") or not {name, names.get(name)} & LONG:
            continue
        narrowed = re.search(r"\(org_id=\? AND ", step) or any(index in step.split(" ") for index in partial)
        # In the order of the index itself, the first rows are all that is read.
        narrowed = narrowed or ("LIMIT" in statement and not any("TEMP B-TREE" in other for other in steps))
        if how == "SCAN" or not narrowed:
            found.append(step)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_a_page_reads_only_what_it_asks_for(shop: Ledger, page: str) -> None:
    store, who = shop.core.store, a_lead(shop)
    asked = statements(store, lambda: PAGES[page](store, who))
    assert asked or page == "money granted"
    read_whole = [
        (step, statement) for statement, values in asked for step in whole_histories(store, statement, values)
    ]
    assert not read_whole


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT COUNT(*) FROM ledger_transaction",
        "SELECT SUM(amount) FROM entry e WHERE e.org_id = ?",
        "SELECT SUM(t.charged) FROM ledger_transaction AS t WHERE t.org_id = ? AND t.event_at > 3",
    ],
)
def test_a_statement_that_reads_history_is_noticed(shop: Ledger, statement: str) -> None:
    assert whole_histories(shop.core.store, statement, (1,) * statement.count("?"))
