"""Corrections of cost: booked beside the usage, on its dates, in the open month's books (rules 3, 28, 34)."""

from __future__ import annotations

from typing import Any

import pytest
from support.books import LivingBook, day

from creditbook.domain.costs import CorrectCost, PastCost
from creditbook.domain.errors import InvalidRequest, NotFound
from creditbook.domain.operations import Cost, SetStatus, Work
from creditbook.domain.results import Done


def past_cost(book: LivingBook, txn_id: int) -> PastCost:
    """A usage's cost as the store loads it: what was booked and all corrections since."""
    txn = next(one for one in book.journal.transactions if one.txn_id == txn_id)
    later = [one for one in book.journal.transactions if one.reverses_txn_id == txn_id and one.kind == "adjustment"]
    every = [txn, *later]
    usd, inr = [t.cost_usd_nanos for t in every], [t.cost_inr_nanos for t in every]
    parts: dict[str, int] = {}
    for one in every:
        for name, nanos in (one.cost_parts or {}).items():
            parts[name] = parts.get(name, 0) + nanos
    return PastCost(
        txn_id, txn.account_id, txn.event_at, txn.account_date, txn.org_date, txn.org_hour, txn.plan, txn.action,
        txn.feature, txn.agent, txn.model, txn.project,
        None if set(usd) == {None} else sum(one or 0 for one in usd),
        None if set(inr) == {None} else sum(one or 0 for one in inr),
        parts or None, txn.unpriced and not any(one.unpriced for one in later),
    )  # fmt: skip


def correct(book: LivingBook, txn_id: int, usd: int | None, version: str = "list 2", **more: Any) -> Done:
    book.book.costs = {txn_id: past_cost(book, txn_id)}
    cost = Cost(usd_nanos=usd, price_version=version, **more)
    done: Done = book.act(CorrectCost, txn_id=txn_id, cost=cost, reason="The new price list", actor="fiona")
    return done


def spent(**cost: Any) -> tuple[LivingBook, int]:
    book = LivingBook()
    book.open()
    book.grant(10)
    work = Work(agent="srs", model="m-new", project="p", input_tokens=3, output_tokens=4, cost=Cost(**cost))
    return book, book.spend(5, work=work).transaction_id


def test_an_unpriced_usage_gets_its_cost_by_an_adjustment_that_names_it() -> None:
    book, usage = spent(unpriced=True)
    book.later(days=2)
    done = correct(book, usage, 700, inr_nanos=60_000, parts={"input": 300, "output": 400}, fx_rate_id=9)
    txn = book.booked("adjustment")[-1]
    assert done.transaction_ids == (txn.txn_id,)
    assert (txn.cost_usd_nanos, txn.cost_inr_nanos, txn.unpriced) == (700, 60_000, True)
    assert (txn.reverses_txn_id, txn.price_version, txn.fx_rate_id) == (usage, "list 2", 9)
    assert (txn.actor, txn.reason, txn.requests, txn.input_tokens, txn.tokens) == (
        "fiona", "The new price list", 0, 0, 0,
    )  # fmt: skip


def test_a_correction_stands_on_the_dates_and_names_of_its_usage() -> None:
    book, usage = spent(unpriced=True)
    was = book.booked("usage")[0]
    book.later(days=2, hours=3)
    correct(book, usage, 700)
    txn = book.booked("adjustment")[-1]
    same = ("event_at", "account_date", "org_date", "org_hour", "accounting_date", "agent", "model", "feature", "plan")
    assert [getattr(txn, name) for name in same] == [getattr(was, name) for name in same]
    assert txn.effective_at == book.now


def test_a_correction_after_the_close_books_in_the_open_month_and_leaves_the_usages_day() -> None:
    book, usage = spent(usd_nanos=100, price_version="list 1")
    book.later(days=30)
    book.book.closed_through = day("2026-03-31")
    correct(book, usage, 90)
    txn = book.booked("adjustment")[-1]
    assert (txn.org_date, txn.accounting_date) == (day("2026-03-10"), day("2026-04-01"))


def test_a_second_price_books_the_difference_to_what_stands_by_then() -> None:
    book, usage = spent(usd_nanos=100, inr_nanos=8_300, parts={"input": 40, "output": 60}, price_version="list 1")
    correct(book, usage, 130, "list 2", inr_nanos=10_790, parts={"input": 50, "output": 80})
    correct(book, usage, 80, "list 3", inr_nanos=6_640, parts={"input": 30, "output": 50})
    up, down = book.booked("adjustment")
    assert (up.cost_usd_nanos, up.cost_inr_nanos, up.cost_parts) == (30, 2_490, {"input": 10, "output": 20})
    assert (down.cost_usd_nanos, down.cost_inr_nanos, down.cost_parts) == (-50, -4_150, {"input": -20, "output": -30})
    assert not up.unpriced
    assert not down.unpriced
    assert past_cost(book, usage).usd_nanos == 80


def test_a_cost_that_stands_already_writes_nothing() -> None:
    book, usage = spent(usd_nanos=100, price_version="list 1")
    done = correct(book, usage, 100)
    assert done.transaction_ids == ()
    assert book.booked("adjustment") == []


def test_an_unpriced_usage_that_turns_out_to_cost_nothing_is_priced_all_the_same() -> None:
    book, usage = spent(unpriced=True)
    correct(book, usage, 0)
    txn = book.booked("adjustment")[-1]
    assert (txn.cost_usd_nanos, txn.unpriced) == (0, True)
    assert correct(book, usage, 0, "list 3").transaction_ids == ()


def test_the_same_price_told_twice_corrects_once() -> None:
    book, usage = spent(unpriced=True)
    book.book.costs = {usage: past_cost(book, usage)}
    ask = {"txn_id": usage, "cost": Cost(usd_nanos=7, price_version="list 2"), "key": f"{usage}/list 2"}
    first, again = book.act(CorrectCost, **ask), book.act(CorrectCost, **ask)
    assert again.replayed
    assert again.transaction_ids == first.transaction_ids
    assert len(book.booked("adjustment")) == 1


def test_parts_that_do_not_explain_the_difference_are_left_out() -> None:
    book, usage = spent(usd_nanos=100)  # as its provider reported it: nobody knows its parts
    correct(book, usage, 130, parts={"input": 50, "output": 80})
    assert book.booked("adjustment")[-1].cost_parts is None


def test_closed_and_frozen_accounts_are_corrected_too() -> None:
    for status in ("frozen", "closed"):
        book, usage = spent(unpriced=True)
        book.act(SetStatus, status=status)
        correct(book, usage, 5)
        assert book.booked("adjustment")[-1].cost_usd_nanos == 5


def test_a_correction_says_a_cost_and_the_price_behind_it() -> None:
    book, usage = spent(unpriced=True)
    for usd, version in ((None, "list 2"), (5, "")):
        with pytest.raises(InvalidRequest, match="Say what the usage costs"):
            correct(book, usage, usd, version)


def test_anothers_usage_is_not_there_to_be_corrected() -> None:
    book, usage = spent(unpriced=True)
    other = book.new_id()
    book.book.costs = {}
    with pytest.raises(NotFound):
        book.act(CorrectCost, txn_id=usage, cost=Cost(usd_nanos=1, price_version="x"))
    assert other not in book.book.costs
