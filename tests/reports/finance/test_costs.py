"""Every figure of Costs & margin against the raw rows, added up in plain Python: over random days of a shop's year."""

from __future__ import annotations

import random
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from support.databases import PostgresServer
from support.ledgers import MovedClock
from support.revenues import lead
from support.sales import SHOP
from support.years import Year

from creditbook import Ledger, open_ledger
from creditbook.access import Principal
from creditbook.domain.money import half_even
from creditbook.domain.operations import Cost
from creditbook.reports.finance import books, cost_parts, costs, earned
from creditbook.reports.finance.costs import Costs, Margin
from creditbook.reports.finance.money import AS_BOOKED, Booking
from creditbook.reports.finance.wanted import Wanted
from creditbook.reports.finance.yardstick import Yardstick
from creditbook.reports.usage import Usage
from creditbook.store.finance import packs
from creditbook.store.prices import FxRow
from creditbook.store.tables.ledger import entry, ledger_transaction, purchase, token_grant

BOTH = [pytest.param("sqlite", id="sqlite"), pytest.param("postgresql", id="postgresql", marks=pytest.mark.postgres)]
FIRST, LAST = date(2026, 1, 1), date(2026, 6, 30)
t, e, g, p = ledger_transaction.c, entry.c, token_grant.c, purchase.c


@dataclass
class Raw:
    """All rows of the shop, as they are."""

    ledger: Ledger
    who: Principal
    txns: dict[int, Any]
    entries: list[Any]
    grants: dict[int, Any]
    purchases: list[Any]

    @cached_property
    def lines(self) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = defaultdict(list)
        for one in self.entries:
            found[one.txn_id].append(one)
        return found

    def of(self, txn_id: int) -> list[Any]:
        return self.lines.get(txn_id, [])

    def counted(self, first: date, last: date) -> list[Any]:
        """Usage and corrections that the books count on these days."""
        kinds = ("usage", "adjustment")
        known = [one for one in self.txns.values() if one.kind in kinds and first <= one.accounting_date <= last]
        return [one for one in known if one.kind == "usage" or one.cost_usd_nanos is not None]

    def shares(self, txn: Any) -> list[tuple[Any, int, int]]:
        """What each pack bore of a usage's cost, or of its correction's: (grant, nano-dollars, nano-rupees)."""
        usage = txn if txn.kind == "usage" else self.txns[txn.reverses_txn_id]
        found = []
        for one in self.of(usage.txn_id):
            grant = self.grants[one.grant_id]
            if grant.price_minor and usage.charged:
                both = [half_even(nanos * -one.amount, usage.charged) for nanos in _both(txn)]
                found.append((grant, *both))
        return found

    def package(self, grant: Any) -> str:
        """The package that a pack was sold as; of one that a refund opened, that of the pack it comes from."""
        while grant.source == "refund":
            back = next(one for one in self.of(grant.txn_id) if one.grant_id == grant.grant_id)
            came = next(one for one in self.entries if (one.txn_id, one.seq) == (back.returns_txn_id, back.returns_seq))
            grant = self.grants[came.grant_id]
        item: str = next(one.item for one in self.purchases if one.grant_id == grant.grant_id)
        return item


def _both(txn: Any) -> tuple[int, int]:
    return txn.cost_usd_nanos or 0, txn.cost_inr_nanos or 0


def _lived(url: str, months: int, steps: int) -> Raw:
    clock = MovedClock()
    ledger = open_ledger(url, clock=clock)
    ledger.create_organization("acme", SHOP)
    Year(ledger, clock, seed=7).live(months, steps, lambda: None)
    who = lead(ledger)
    with ledger.core.store.read(who.org_id) as connection:
        txns, entries, grants, purchases = (
            list(connection.execute(sa.select(table)).all())
            for table in (ledger_transaction, entry, token_grant, purchase)
        )
    return Raw(
        ledger, who, {one.txn_id: one for one in txns}, entries, {one.grant_id: one for one in grants}, purchases
    )  # fmt: skip


@pytest.fixture(scope="module", params=BOTH)
def raw(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Raw]:
    if request.param == "sqlite":
        file = shutil.copy(sqlite_template, tmp_path_factory.mktemp("costs") / "year.db")
        made = _lived(f"sqlite:///{file}", months=5, steps=90)
        yield made
        made.ledger.close()
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database(migrated=True) as url:
        made = _lived(url, months=3, steps=70)
        yield made
        made.ledger.close()


def spans(raw: Raw, number: int) -> list[tuple[date, date]]:
    """Random days, whole months among them; fewer on PostgreSQL, whose rules are the same."""
    number = number if raw.ledger.core.store.dialect == "sqlite" else 3
    chance = random.Random(number)
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    found = [(FIRST, LAST), (date(2026, 2, 1), date(2026, 2, 28)), (date(2026, 3, 9), date(2026, 3, 9))]
    while len(found) < number:
        first, last = sorted(chance.sample(days, 2))
        found.append((first, last))
    return found


def read(raw: Raw, first: date, last: date, booking: Booking = AS_BOOKED, **changes: Any) -> Costs:
    return costs.costs(raw.ledger.core.store, replace(raw.who, **changes), Wanted(first, last), booking)


def test_the_year_has_what_makes_it_hard(raw: Raw) -> None:
    """Corrections of cost in another month, packs opened by refunds, usage that a pack paid in part, money back."""
    whole = raw.counted(FIRST, LAST)
    assert any(one.kind == "adjustment" and one.accounting_date != one.org_date for one in whole)
    priced = [one for one in raw.grants.values() if one.price_minor]
    assert any(one.source == "refund" for one in priced)
    usages = [(one, raw.of(one.txn_id)) for one in whole if one.kind == "usage" and one.charged]
    assert any(len(lines) > 1 and any(raw.grants[x.grant_id].price_minor for x in lines) for _, lines in usages)
    assert any(one.kind == "purchase_refund" for one in raw.txns.values())
    assert any(one.kind != "package" and one.granted_at for one in raw.purchases)


def test_cost_is_the_sum_of_the_books_rows(raw: Raw) -> None:
    for first, last in spans(raw, 10):
        used = raw.counted(first, last)
        found = read(raw, first, last).total
        assert found.usage.cost_usd_nanos == sum(_both(one)[0] for one in used)
        assert found.cost_nanos == found.usage.cost_inr_nanos == sum(_both(one)[1] for one in used)
        assert found.usage.unpriced == sum(one.unpriced * (1 if one.kind == "usage" else -1) for one in used)


def test_revenue_is_what_the_entries_and_the_days_of_plans_earned(raw: Raw) -> None:
    store = raw.ledger.core.store
    for first, last in spans(raw, 10):
        on = {one.txn_id for one in raw.txns.values() if first <= one.accounting_date <= last}
        sold = {one.txn_id for one in raw.txns.values() if one.kind in ("purchase", "grant")}
        of_packs = -sum(one.deferred_minor for one in raw.entries if one.txn_id in on - sold)
        of_packs -= sum(back for day, back in _package_money_back(raw) if first <= day <= last)
        through = [sale.between(first, last) for sale in books.plan_sales(store, raw.who)]
        of_plans = sum(one.earned + one.breakage - one.reversed for one in through)
        found = read(raw, first, last)
        assert found.total.revenue.get("INR", 0) == of_packs + of_plans
        assert sum(line.minor for line in found.lines if not line.plan) == of_packs
        assert found.total.revenue_nanos == (of_packs + of_plans) * 10**7


def _package_money_back(raw: Raw) -> list[tuple[date, int]]:
    """What went back of packages, net of the tax in it, by accounting date."""
    by_id, told = {one.purchase_id: one for one in raw.purchases}, []
    so_far: dict[int, int] = defaultdict(int)
    for txn in sorted(raw.txns.values(), key=lambda one: one.txn_id):
        if txn.kind != "purchase_refund" or by_id[txn.metadata["purchase_id"]].kind != "package":
            continue
        sale, money = by_id[txn.metadata["purchase_id"]], txn.metadata["amount_minor"]
        before, after = so_far[sale.purchase_id], so_far[sale.purchase_id] + money
        so_far[sale.purchase_id] = after
        tax = [half_even(sale.tax_minor * one, sale.price_minor) for one in (before, after)]
        told.append((txn.accounting_date, money - (tax[1] - tax[0])))
    return told


def test_revenue_agrees_with_the_books(raw: Raw) -> None:
    for first, last in spans(raw, 8):
        told = books.books(raw.ledger.core.store, raw.who, first, last).revenue
        by_books = {currency: one.revenue_minor for currency, one in told.items() if one.revenue_minor}
        assert read(raw, first, last).total.revenue == by_books


def test_every_split_adds_up_to_the_total(raw: Raw) -> None:
    store = raw.ledger.core.store
    for first, last in spans(raw, 7):
        found = read(raw, first, last)
        for split in (costs.by_plan, costs.by_package, costs.by_account):
            rows = split(store, raw.who, found)
            assert sum(one.cost_nanos or 0 for one in rows) == found.total.cost_nanos
            assert sum(one.usage.cost_usd_nanos for one in rows) == found.total.usage.cost_usd_nanos
            assert sum(one.revenue_nanos or 0 for one in rows) == found.total.revenue_nanos
        days = costs.by_day(store, raw.who, found)
        assert [day for day, _ in days] == [first + timedelta(days=n) for n in range((last - first).days + 1)]
        assert sum(one.cost_nanos or 0 for _, one in days) == found.total.cost_nanos
        assert sum(one.revenue_nanos or 0 for _, one in days) == found.total.revenue_nanos


def test_what_packs_paid_for_is_their_part_of_each_usage(raw: Raw) -> None:
    store = raw.ledger.core.store
    for first, last in spans(raw, 7):
        by_package: dict[str, int] = defaultdict(int)
        by_plan: dict[str, int] = defaultdict(int)
        for txn in raw.counted(first, last):
            plan = txn.plan
            by_plan[plan] += _both(txn)[1]
            for grant, _, inr in raw.shares(txn):
                by_package[raw.package(grant)] += inr
                by_plan[plan] -= inr
        found = read(raw, first, last)
        packages = {one.key: one.cost_nanos for one in costs.by_package(store, raw.who, found) if one.kind == "package"}
        assert {key: nanos for key, nanos in packages.items() if nanos} == {k: n for k, n in by_package.items() if n}
        plans = {one.key: one.cost_nanos for one in costs.by_plan(store, raw.who, found) if one.kind == "plan"}
        assert {key: nanos for key, nanos in plans.items() if nanos} == {k: n for k, n in by_plan.items() if n}


def test_accounts_bear_what_they_spent_and_earn_what_they_bought(raw: Raw) -> None:
    store = raw.ledger.core.store
    for first, last in spans(raw, 6):
        spent: dict[str, int] = defaultdict(int)
        for txn in raw.counted(first, last):
            spent[str(txn.account_id)] += _both(txn)[1]
        found = read(raw, first, last)
        rows = costs.by_account(store, raw.who, found)
        assert {one.key: one.cost_nanos for one in rows if one.cost_nanos} == {k: n for k, n in spent.items() if n}
        for one in rows:
            mine = earned.by_currency(line for line in found.lines if str(line.account_id) == one.key)
            assert one.revenue == mine


def test_the_parts_of_a_line_add_up_to_it(raw: Raw) -> None:
    store = raw.ledger.core.store
    for first, last in spans(raw, 4):
        found = read(raw, first, last)
        for split in (costs.by_plan, costs.by_package, costs.by_account):
            for line in split(store, raw.who, found):
                parts = cost_parts.parts(store, raw.who, found, line.kind, line.key)
                assert sum(part.revenue_nanos or 0 for part in parts) == line.revenue_nanos
                assert sum(part.cost_nanos or 0 for part in parts) == line.cost_nanos
        days = cost_parts.of_days(store, raw.who, found, first, last)
        assert sum(part.revenue_nanos or 0 for part in days) == found.total.revenue_nanos


def test_a_margin_is_told_only_where_both_sides_are_known(raw: Raw) -> None:
    found = read(raw, FIRST, LAST).total
    known = Margin("plan", "pro", "Pro", {"INR": 100}, Usage(cost_inr_nanos=1), 5, 3)
    assert known.margin_nanos == 2
    unpriced = replace(known, usage=Usage(unpriced=1))
    assert (unpriced.margin_nanos, unpriced.at_most_nanos) == (None, 2)
    assert replace(known, cost_nanos=None).margin_nanos is None
    assert replace(known, revenue_nanos=None).at_most_nanos is None
    assert (found.margin_nanos is None) is bool(found.usage.unpriced)


def test_rupees_restated_are_the_dollars_at_one_rate(raw: Raw) -> None:
    booking = Booking(FxRow(1, FIRST, 90 * 10**9, "test"))
    total = read(raw, FIRST, LAST, booking).total
    assert total.cost_nanos == total.usage.cost_usd_nanos * 90


def test_another_currency_is_compared_only_at_a_rate_that_is_told(raw: Raw) -> None:
    """No rate leads to baht: cost is told in dollars. Revenue in rupees is converted where there is a rate."""
    baht = read(raw, FIRST, LAST, currency="THB")
    assert (baht.measure.currency, baht.total.cost_nanos) == ("USD", baht.total.usage.cost_usd_nanos)
    assert any("No rate from USD to THB is known" in sentence for sentence in baht.measure.words)
    unknown = Yardstick("USD", rates={"XAG": None})
    assert (unknown.revenue({"XAG": 5}), unknown.revenue({"USD": 5})) == (None, 5 * 10**7)
    assert unknown.words == ["No rate from XAG to USD is known, so revenue in XAG is not compared."]
    dollars = read(raw, FIRST, LAST, currency="USD")
    (rate,) = [one for one in dollars.measure.rates.values() if one is not None]
    minor = dollars.total.revenue["INR"]
    exact = Fraction(minor) * rate.exact
    assert dollars.total.revenue_nanos == half_even(exact.numerator, exact.denominator) * 10**7
    assert dollars.total.cost_nanos == dollars.total.usage.cost_usd_nanos
    assert any("Revenue in INR is converted: 1 USD =" in sentence for sentence in dollars.measure.words)


def test_what_packs_paid_is_found_by_indexes(raw: Raw) -> None:
    """No page may scan the history of transactions or entries."""
    store = raw.ledger.core.store
    if store.dialect != "sqlite":
        pytest.skip("The plan is SQLite's own.")
    with store.read(raw.who.org_id) as connection:
        paid = packs.paid_by("sqlite", raw.who.org_id, FIRST, LAST)
        written = str(paid.compile(store.engine, compile_kwargs={"literal_binds": True}))
        steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {written}")]
    by_grant = "entry USING INDEX ix_entry_org_id_grant_id_txn_id (org_id=? AND grant_id=?)"
    assert any(by_grant in one for one in steps), steps
    assert any("later USING INDEX uq_ledger_transaction_correction" in one for one in steps)
    assert not any(one.endswith("PRIMARY KEY (org_id=?)") or one.startswith("SCAN entry") for one in steps), steps


def test_members_stand_with_the_pool_that_buys_for_them(sqlite_url: str) -> None:
    ledger = open_ledger(sqlite_url, clock=MovedClock())
    ledger.create_organization("acme", SHOP)
    ledger.open_account("acme")
    for name in ("asha", "ravi"):
        ledger.open_account(f"acme/{name}", draws_on_pool=True)
    ledger.open_account("acme/mia")
    ledger.sell("acme", "starter", reason="cash", actor="fiona")
    for name, rupees in (("asha", 3), ("ravi", 4), ("mia", 5)):
        ledger.spend(f"acme/{name}", action="chat", cost=Cost(rupees, rupees * 83))
    ledger.spend("acme/asha", action="work", tokens=50, cost=Cost(1, 83))
    who = lead(ledger)
    found = costs.costs(ledger.core.store, who, Wanted(date(2026, 3, 1), date(2026, 3, 31)), AS_BOOKED)
    rows = {one.title: one for one in costs.by_account(ledger.core.store, who, found)}
    assert {title: (one.cost_nanos, one.members) for title, one in rows.items()} == {
        "Pool": (8 * 83, 2),
        "mia": (5 * 83, 0),
    }
    assert rows["Pool"].revenue == found.total.revenue != {}
    parts = cost_parts.parts(ledger.core.store, who, found, "account", rows["Pool"].key)
    assert sorted(part.account for part in parts) == ["Pool", "asha", "ravi"]
    packages = [one for one in costs.by_package(ledger.core.store, who, found) if one.kind == "package"]
    assert [one.cost_nanos for one in packages] == [83]
    ledger.close()
