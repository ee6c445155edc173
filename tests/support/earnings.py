"""What a shop's plans have earned, read off its journal as the reports read it off the database."""

from __future__ import annotations

from datetime import date
from typing import Any

from support.books import LivingBook

from creditbook.domain.calendar import local_date
from creditbook.domain.context import accounted
from creditbook.domain.earning import PaidBack, PlanSale, Price, Turned, plan_sales


def sales_of(book: LivingBook, booked_on: Any = None) -> list[PlanSale]:
    """Every payment for a plan; ``booked_on`` tells the accounting date of (a date, the id of what was booked)."""
    on = booked_on or (lambda day, number: day)
    zone = book.book.org_zone
    turns = [
        Turned(
            one.event_id, one.account_id, one.what, one.plan_after, one.purchase_id, one.at,
            on(local_date(one.at, zone), one.event_id), local_date(one.at, zone), one.term_first, one.term_ends_at,
            local_date(one.term_ends_at, zone) if one.term_ends_at else None,
        )
        for one in book.journal.plan_events
    ]  # fmt: skip
    prices = {
        one.purchase_id: Price(one.item, one.currency, one.price_minor, one.tax_minor)
        for one in book.journal.purchases
        if one.kind != "package"
    }
    back = [
        PaidBack(
            txn.txn_id, txn.account_id, _number(txn.metadata, "purchase_id"), txn.accounting_date,
            _number(txn.metadata, "amount_minor"),
        )
        for txn in book.journal.transactions
        if txn.kind == "purchase_refund" and txn.metadata
    ]  # fmt: skip
    return plan_sales(turns, prices, back)


def _number(metadata: dict[str, object] | None, name: str) -> int:
    value = (metadata or {})[name]
    assert isinstance(value, int)
    return value


class Closings:
    """A register of closed months that dates what is booked, as `store.closing` keeps it."""

    def __init__(self) -> None:
        self.closed: list[tuple[date, int]] = []

    def close(self, book: LivingBook, through: date) -> None:
        self.closed.append((through, book.new_id()))
        book.book.closed_through = through

    def __call__(self, day: date, number: int) -> date:
        for through, mark in self.closed:
            if number > mark:
                day = accounted(day, through)
        return day
