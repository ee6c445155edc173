"""A simulated year: in every month and class opening and movements make the closing, and what is closed stays."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import sqlalchemy as sa
from support.closing import closed, moved_figures, raw_deferred, raw_tokens, read, rows
from support.ledgers import MovedClock
from support.sales import SHOP, broken
from support.years import Year

from creditbook import Ledger, open_ledger
from creditbook.access.values import Principal
from creditbook.domain.closing import last_day
from creditbook.reports.finance.journal import journal
from creditbook.store.tables.ledger import ledger_transaction


def lived(url: str, seed: int, months: int, steps: int, zone: str | None = None) -> tuple[Ledger, Year]:
    """A shop after so many months; after each close nothing that was frozen has moved."""
    clock = MovedClock()
    ledger = open_ledger(url, clock=clock)
    ledger.create_organization("acme", SHOP, zone=zone)
    ledger.create_organization("rival", SHOP)
    year = Year(ledger, clock, seed)

    def unmoved() -> None:
        assert moved_figures(ledger) == []

    year.live(months, steps, unmoved)
    return ledger, year


def happened(ledger: Ledger) -> set[str]:
    """The kinds of transactions that moved money or tokens."""
    return {kind for (kind,) in rows(ledger, sa.select(ledger_transaction.c.kind).distinct())}


def check(ledger: Ledger, clock: MovedClock) -> None:
    months = [date.fromisoformat(one.figures["month"]) for one in closed(ledger)]
    today = clock.at.date() + timedelta(days=1)
    before: dict[str, int] = {}
    owed: Counter[str] = Counter()
    for month in [*months, last_day(months[-1]) + timedelta(days=1)]:
        last = last_day(month) if month in months else max(today, last_day(month))
        books = read(ledger, month, last)
        tokens = {one.grant_class: one.tokens.closing for one in books.flows if one.tokens.closing}
        assert {one.grant_class: one.tokens.opening for one in books.flows if one.tokens.opening} == before
        assert tokens == raw_tokens(ledger, last)
        for currency, revenue in books.revenue.items():
            flows = [one.money[currency] for one in books.flows if currency in one.money]
            assert revenue.deferred_opening_minor == owed[currency] == sum(flow.opening for flow in flows)
            assert revenue.deferred_closing_minor == sum(flow.closing for flow in flows)
            owed[currency] = revenue.deferred_closing_minor
        before = tokens
    assert before == raw_tokens(ledger, date.max)


def packs_owe(ledger: Ledger, last: date) -> dict[tuple[str, str], int]:
    """What the books say that packs owe, the plans' prices left out."""
    books = read(ledger, date(2026, 1, 1), last)
    return {
        (one.grant_class, currency): flow.closing
        for one in books.flows
        for currency, flow in one.money.items()
        if one.grant_class != "plan" and flow.closing
    }


def in_balance(ledger: Ledger, clock: MovedClock) -> None:
    """The journal balances month by month, and its deferred revenue is what the books owe at the end."""
    org = ledger.core.organization("acme")
    who = Principal(1, "fiona", "Fiona", "finance", org.org_id, "acme", "Acme", org.zone, org.zone, currency="INR")
    last = clock.at.date() + timedelta(days=1)
    lines = journal(ledger.core.store, who, date(2025, 1, 1), last)
    sums: Counter[tuple[date, str]] = Counter()
    for one in lines:
        assert min(one.debit_minor, one.credit_minor) == 0 <= max(one.debit_minor, one.credit_minor)
        sums[one.accounting_date, one.currency] += one.debit_minor - one.credit_minor
    assert set(sums.values()) == {0}
    owed = sum(one.credit_minor - one.debit_minor for one in lines if one.role == "deferred_revenue")
    assert owed == read(ledger, last, last).revenue["INR"].deferred_closing_minor


def test_after_a_year_every_month_and_class_adds_up_and_nothing_closed_has_moved(sqlite_url: str) -> None:
    ledger, year = lived(sqlite_url, 2, 12, 16)
    with ledger:
        assert len(closed(ledger)) >= 10
        assert happened(ledger) >= {
            "purchase",
            "refund",
            "purchase_refund",
            "plan_change",
            "rollover",
            "expiry",
            "revocation",
        }
        check(ledger, year.clock)
        assert packs_owe(ledger, date.max - timedelta(days=1)) == raw_deferred(ledger)
        in_balance(ledger, year.clock)
        assert broken(ledger) == []


def test_the_books_of_postgresql_are_kept_the_same_way_in_newfoundland(postgres_url: str) -> None:
    ledger, year = lived(postgres_url, 3, 3, 12, "America/St_Johns")
    with ledger:
        check(ledger, year.clock)
        assert packs_owe(ledger, date.max - timedelta(days=1)) == raw_deferred(ledger)
        in_balance(ledger, year.clock)
        assert broken(ledger) == []


def test_another_organizations_books_are_its_own(sqlite_url: str) -> None:
    ledger, _ = lived(sqlite_url, 4, 2, 8)
    with ledger:
        assert read(ledger, date(2026, 1, 1), date(2027, 1, 1), "rival").flows == ()
