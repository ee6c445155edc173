"""Months closed through the ledger, on both databases: once, in order, and whatever races it books in the open one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from support.closing import close, closed, computed, moved_figures, rows
from support.ledgers import MovedClock
from support.sales import a_shop, broken

from creditbook import AsyncLedger, Ledger
from creditbook.domain.costs import CostCorrection
from creditbook.domain.errors import Conflict, InvalidRequest, LedgerError
from creditbook.domain.operations import Cost
from creditbook.store.tables.ledger import audit, ledger_transaction, organization

t = ledger_transaction.c
APRIL = datetime(2026, 4, 2, 6, 0, tzinfo=UTC)


def in_april(url: str, clock: MovedClock) -> Ledger:
    """`acme/asha` bought a pack of 100 in March and used 40 of it; it is April."""
    ledger = a_shop(url, clock, approval_above=None)
    ledger.sell("acme/asha", "starter", reason="cash", actor="fiona")
    ledger.spend("acme/asha", action="work", tokens=40, model="m-new", input_tokens=5, idempotency_key="first")
    clock.at = APRIL
    return ledger


@pytest.fixture
def shop(database_url: str, clock: MovedClock) -> Iterator[Ledger]:
    """The shop on both databases, for what they do differently: locks, and how a batch is loaded."""
    with in_april(database_url, clock) as ledger:
        yield ledger


@pytest.fixture
def one(sqlite_url: str, clock: MovedClock) -> Iterator[Ledger]:
    """The shop on SQLite, for what the rules alone decide."""
    with in_april(sqlite_url, clock) as ledger:
        yield ledger


def late(ledger: Ledger, **terms: Any) -> int:
    """Work of March that is told in April."""
    event_at = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
    return ledger.spend("acme/asha", action="work", tokens=3, event_at=event_at, **terms).transaction_id


def dates(ledger: Ledger, txn_id: int) -> tuple[date, date]:
    """A transaction's date in the organization, and the one of the books."""
    ((org_date, accounting_date),) = rows(ledger, sa.select(t.org_date, t.accounting_date).where(t.txn_id == txn_id))
    return org_date, accounting_date


def test_a_closed_month_is_frozen_and_what_comes_late_books_in_the_open_one(shop: Ledger) -> None:
    before = late(shop)
    month = close(shop, "2026-03")
    after = late(shop)
    assert dates(shop, before) == (date(2026, 3, 20), date(2026, 3, 20))
    assert dates(shop, after) == (date(2026, 3, 20), date(2026, 4, 1))
    assert [kept.digest for kept in closed(shop)] == [month.digest]
    assert moved_figures(shop) == []
    assert broken(shop) == []


def test_its_figures_are_those_of_the_books(one: Ledger) -> None:
    figures = close(one, "2026-03").figures
    tokens, money = figures["flows"]["purchased"]["tokens"], figures["flows"]["purchased"]["money"]["INR"]
    assert (tokens["opening"], tokens["sold"], tokens["used"], tokens["closing"]) == (0, 100, 40, 60)
    assert (money["sold"], money["used"], money["closing"]) == (8_390, 3_356, 5_034)
    revenue = figures["revenue"]["INR"]
    assert (revenue["tax_minor"], revenue["earned_packs_minor"]) == (1_510, 3_356)
    assert (figures["usage"]["requests"], figures["usage"]["charged"]) == (1, 40)


def test_nothing_that_is_booked_later_moves_a_closed_figure(shop: Ledger, clock: MovedClock) -> None:
    usage = shop.spend("acme/asha", action="work", tokens=2, idempotency_key="more").transaction_id
    shop.sell("acme/asha", "monthly", kind="plan", reason="cash", actor="fiona")
    close(shop, "2026-03")
    (first,) = rows(shop, sa.select(t.txn_id).where(t.kind == "usage", t.org_date < date(2026, 4, 1)))
    cost = Cost(usd_nanos=900, inr_nanos=70_000, price_version="list 2")
    shop.correct_costs("acme", [CostCorrection(first[0], cost)], reason="The list came")
    shop.refund("acme/asha", first[0], reason="It failed")
    late(shop, model="m-new", input_tokens=4)
    clock.forward(days=31)  # the plan's next term is past due
    shop.sweep("acme")
    close(shop, "2026-04")
    (april,) = closed(shop)[1:]
    shop.sell("acme/asha", "", kind="renewal", reason="cash, late", actor="fiona")
    shop.refund("acme/asha", usage, reason="It failed")
    assert moved_figures(shop) == []
    assert april.figures["usage"]["refunded"] == 40
    assert april.figures["usage"]["cost_usd_nanos"] == 900
    assert broken(shop) == []


def test_months_are_closed_one_after_the_other_and_once(one: Ledger, clock: MovedClock) -> None:
    with pytest.raises(InvalidRequest, match="April 2026 is not over yet"):
        close(one, "2026-04")
    with pytest.raises(InvalidRequest, match="The first month to close is March 2026"):
        close(one, "2026-02")
    with pytest.raises(InvalidRequest, match="Give a reason"):
        close(one, "2026-03", reason=" ")
    clock.forward(days=40)
    with pytest.raises(InvalidRequest, match="Close March 2026 first"):
        close(one, "2026-04")
    close(one, "2026-03")
    with pytest.raises(Conflict, match="March 2026 is closed already"):
        close(one, "2026-03")
    assert len(closed(one)) == 1


def test_what_is_due_is_settled_first_and_the_close_is_audited(one: Ledger) -> None:
    one.open_account("acme/ravi", plan="daily", opened_at=datetime(2026, 3, 30, tzinfo=UTC))
    heard: list[tuple[int, int]] = []
    asyncio.run(AsyncLedger(one).close_month("acme", date(2026, 3, 1), reason="The books", actor="fiona",
                                             progress=lambda done, of: heard.append((done, of))))  # fmt: skip
    assert heard == [(1, 1)]
    resets = rows(one, sa.select(t.accounting_date).where(t.kind == "reset").order_by(t.txn_id))
    assert [day for (day,) in resets] == [date(2026, 3, 31), date(2026, 4, 1), date(2026, 4, 2)]
    a = audit.c
    ((actor, after),) = rows(one, sa.select(a.actor, a.after).where(a.act == "month.close"))
    assert (actor, after["closed_through"]) == ("fiona", "2026-03-31")
    assert rows(one, sa.select(organization.c.closed_through).where(organization.c.slug == "acme")) == [
        (date(2026, 3, 31),)
    ]


def test_two_who_close_a_month_at_once_close_it_once(shop: Ledger) -> None:
    outcomes = at_once(*[lambda: close(shop, "2026-03")] * 4)
    assert sum(not isinstance(one, LedgerError) for one in outcomes) == 1
    assert {type(one) for one in outcomes if isinstance(one, LedgerError)} == {Conflict}
    assert len(closed(shop)) == 1


def test_spends_that_race_the_close_never_land_in_the_closed_month(shop: Ledger) -> None:
    """Work of March comes from four threads while March is closed: it is in its figures, or else in April."""
    shop.grant("acme/asha", 10_000, reason="to work with")
    begun, stop = threading.Event(), threading.Event()

    def spending(name: int) -> int:
        number = 0
        while not stop.is_set():
            late(shop, idempotency_key=f"{name}/{number}")
            number += 1
            if number == 3:
                begun.set()
        return number

    def closing() -> object:
        begun.wait(30)
        try:
            return close(shop, "2026-03")
        finally:
            stop.set()

    *numbers, month = at_once(*[lambda name=name: spending(name) for name in range(4)], closing)
    assert not isinstance(month, Exception)
    booked = rows(
        shop, sa.select(t.accounting_date, sa.func.count()).where(t.kind == "usage").group_by(t.accounting_date)
    )
    march = sum(number for day, number in booked if day < date(2026, 4, 1))
    assert month.figures["usage"]["requests"] == march
    assert sum(number for _, number in booked) == 1 + sum(numbers)
    assert moved_figures(shop) == []
    assert broken(shop) == []


def test_a_close_while_costs_are_corrected_leaves_each_correction_on_one_side(shop: Ledger) -> None:
    shop.grant("acme/asha", 1_000, reason="to work with")
    usage = [late(shop, model="m-new", input_tokens=n + 1) for n in range(12)]
    begun = threading.Event()

    def correcting() -> object:
        for txn_id in usage:
            cost = Cost(usd_nanos=10, price_version="list 2")
            shop.correct_costs("acme", [CostCorrection(txn_id, cost)], reason="The list came")
            begun.set()
        return None

    def closing() -> object:
        begun.wait(30)
        return close(shop, "2026-03")

    _, month = at_once(correcting, closing)
    frozen = month.figures["usage"]
    of_april = computed(shop, date(2026, 4, 1))["usage"]
    assert frozen["cost_usd_nanos"] + of_april["cost_usd_nanos"] == 120
    assert frozen["unpriced"] + of_april["unpriced"] == 1  # the work of the shop's first day
    assert moved_figures(shop) == []
    assert broken(shop) == []


def test_an_organization_without_a_booking_has_nothing_to_close(one: Ledger) -> None:
    one.create_organization("rival", one.program("acme"))
    with pytest.raises(InvalidRequest, match="Nothing is booked yet"):
        one.close_month("rival", date(2026, 3, 1), reason="The books")


def test_the_zone_of_the_organization_says_when_a_month_is_over(one: Ledger, clock: MovedClock) -> None:
    clock.at = datetime(2026, 3, 31, 18, 29, tzinfo=UTC) + timedelta(days=30)  # 23:59 on 30 April in Kolkata
    close(one, "2026-03")
    with pytest.raises(InvalidRequest, match="not over yet"):
        close(one, "2026-04")
    clock.forward(minutes=1)
    assert close(one, "2026-04").last == date(2026, 4, 30)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call returned or raised, all of them run at the same time."""
    outcomes: list[Any] = [None] * len(calls)

    def run(place: int, call: Callable[[], Any]) -> None:
        try:
            outcomes[place] = call()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            outcomes[place] = error

    threads = [threading.Thread(target=run, args=(place, call)) for place, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes
