"""Events that arrive: booked once, each for whom it names; kept with the reason where they can't be yet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sources.arriving import FIELDS, Arrivals, arrivals_at, event
from support.ledgers import NOON

from creditbook.domain.program import Overrun
from creditbook.sources.replaying import replay
from creditbook.sources.values import Taken


def test_an_event_is_metered_and_costed_once_however_often_it_comes(anywhere: Arrivals) -> None:
    assert anywhere.take(event()) == Taken(booked=1)
    assert anywhere.take(event(), event()) == Taken(replayed=2)
    (line,) = anywhere.usage()
    assert (line.tokens, line.metered, line.input_tokens, line.model) == (0, True, 1_000, "gpt-4o")
    assert line.cost_usd_nanos == 3_500_000  # 1,000 at $2.50 and 100 at $10 a million
    assert line.event_at == NOON - timedelta(minutes=1)
    assert anywhere.ledger.balance("acme/asha").available == 1_000
    assert anywhere.counts() == {"received": 3, "booked": 1, "replayed": 2}


def test_the_first_stands_where_the_same_id_comes_with_another_content(arrivals: Arrivals) -> None:
    arrivals.take(event())
    assert arrivals.take(event(fields={**FIELDS, "input_tokens": 7})) == Taken(replayed=1)
    assert arrivals.take(event(who="ben")) == Taken(replayed=1)
    assert [line.input_tokens for line in arrivals.usage()] == [1_000]
    assert arrivals.usage("ben") == []


def test_an_account_is_found_by_its_name_by_that_with_its_organization_and_by_its_id_elsewhere(
    arrivals: Arrivals,
) -> None:
    for number, name in enumerate(("asha", "acme/asha", "crm-1"), 1):  # alone: beside another it might borrow its row
        assert arrivals.take(event(str(number), name)).booked == 1
        assert len(arrivals.usage()) == number


def test_events_of_nobody_and_of_the_unknown_wait_and_say_so(anywhere: Arrivals) -> None:
    taken = anywhere.take(event("1", "cleo"), event("2", None), event("3"))
    assert (taken.booked, taken.waiting) == (1, 2)
    assert [(row.state, row.account, row.reason) for row in anywhere.open()] == [
        ("waiting", "cleo", "There is no such account."),
        ("waiting", "", "It names no account."),
    ]
    assert anywhere.take(event("1", "cleo")) == Taken(replayed=1, reasons=("There is no such account.",))
    assert anywhere.counts() == {"received": 4, "booked": 1, "replayed": 1, "waiting": 2}


def test_one_that_waited_is_booked_when_it_comes_again_and_can_be(anywhere: Arrivals) -> None:
    anywhere.take(event("1", "cleo"))
    anywhere.clock.forward(days=1)
    anywhere.ledger.open_account("acme/cleo")
    assert anywhere.take(event("1", "cleo")) == Taken(booked=1)
    assert anywhere.open() == []
    assert anywhere.counts() == {"received": 2, "booked": 1, "replayed": 1}
    assert len(anywhere.usage("cleo")) == 1


def test_unknown_accounts_are_opened_where_the_source_says_so(anywhere: Arrivals) -> None:
    anywhere.set(unknown="create")
    taken = anywhere.take(event("1", "cleo"), event("2", "cleo"), event("3", "no/good"))
    assert (taken.booked, taken.waiting) == (2, 1)
    assert len(anywhere.usage("cleo")) == 2
    assert anywhere.open()[0].account == "no/good"


def test_late_events_land_on_their_own_day_by_both_zones(arrivals: Arrivals) -> None:
    at = NOON - timedelta(days=20, hours=13, minutes=20)  # 04:10 in the morning in Kolkata, still Feb 12 in UTC
    arrivals.take(event(at=at))
    (line,) = arrivals.usage()
    assert (line.event_at, line.org_date, line.account_date) == (at, date(2026, 2, 12), date(2026, 2, 12))
    late = NOON.replace(day=1, hour=20)
    arrivals.take(event("2", at=late))
    assert arrivals.usage()[1].org_date == date(2026, 3, 2)  # 01:30 the next day in Kolkata


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"at": NOON + timedelta(minutes=6)}, "Its time lies in the future."),
        ({"at": NOON.replace(year=1969)}, "Its time lies before 1970."),
        ({"at": NOON.replace(tzinfo=None)}, "Its time has no time zone."),
        ({"fields": {"input_tokens": -1}}, "The input tokens are -1; usage can't be negative."),
        ({"fields": {"input_tokens": "many"}}, "The input tokens “many” are no whole number."),
        ({"fields": {"input_tokens": 1, "cached_tokens": 2}},
         "It has more cached tokens than input tokens, which include them."),
        ({"problem": "It has no data."}, "It has no data."),
    ],
)  # fmt: skip
def test_what_can_be_no_usage_is_rejected_with_its_reason(
    arrivals: Arrivals, changes: dict[str, object], reason: str
) -> None:
    assert arrivals.take(event(**changes)) == Taken(rejected=1, reasons=(reason,))  # type: ignore[arg-type]
    assert arrivals.usage() == []
    assert [(row.state, row.reason) for row in arrivals.open()] == [("rejected", reason)]


def test_five_minutes_ahead_is_another_machines_clock(arrivals: Arrivals) -> None:
    assert arrivals.take(event(at=NOON + timedelta(minutes=5))).booked == 1


def test_an_arrival_without_usage_is_counted_and_nothing_else(arrivals: Arrivals) -> None:
    assert arrivals.take(event(is_usage=False)) == Taken(empty=1)
    assert (arrivals.usage(), arrivals.open()) == ([], [])
    assert arrivals.counts() == {"received": 1, "empty": 1}


def test_a_model_that_nobody_knows_is_booked_unpriced(arrivals: Arrivals) -> None:
    arrivals.take(event(fields={**FIELDS, "model": "home-made"}), event("2", fields={"input_tokens": 5}))
    assert [line.unpriced for line in arrivals.usage()] == [True, True]


def test_what_the_sender_says_it_cost_is_taken_and_its_source_named(arrivals: Arrivals) -> None:
    arrivals.take(event(fields={**FIELDS, "cost_usd": 0.00012, "provider": "openai"}))
    (line,) = arrivals.usage()
    assert (line.cost_usd_nanos, line.price_version) == (120_000, "as reported by openai")
    assert line.metadata == {"source": "CloudEvents", "provider": "openai"}


def test_a_mapping_wins_over_the_parser_and_a_fixed_value_fills_what_it_does_not_find(arrivals: Arrivals) -> None:
    arrivals.set(mapping={"agent": "team", "project": "case"}, fixed={"action": "work", "project": "general"})
    arrivals.take(event(fields={**FIELDS, "agent": "other"}))
    (line,) = arrivals.usage()
    assert (line.agent, line.action, line.project) == ("red", "work", "general")


def test_a_source_that_charges_charges_work_that_is_done(anywhere: Arrivals) -> None:
    anywhere.set(mode="charge", fixed={"action": "work"})
    assert anywhere.take(event()).booked == 1  # 1,100 tokens, 1,000 are there
    (line,) = anywhere.usage()
    balance = anywhere.ledger.balance("acme/asha")
    assert (line.charged, balance.available, balance.debt) == (1_100, 0, 100)
    assert line.metadata == {"source": "CloudEvents", "done": True}
    anywhere.take(event())
    assert anywhere.ledger.balance("acme/asha").debt == 100


def test_one_that_can_not_be_charged_waits_with_the_reason(sqlite_url: str) -> None:
    arrivals = arrivals_at(sqlite_url, overrun=Overrun.REJECT)
    arrivals.set(mode="charge")
    arrivals.take(event("1"))
    arrivals.set(fixed={"action": "work"})
    arrivals.take(event("2"))
    nameless, short = arrivals.open()
    assert nameless.reason == "This program has no action “usage”. Name one of its actions."
    assert short.state == "waiting"
    assert arrivals.ledger.balance("acme/asha").available == 1_000
    arrivals.ledger.close()


def test_switching_from_metering_to_charging_books_nothing_twice(arrivals: Arrivals) -> None:
    arrivals.take(event())
    arrivals.set(mode="charge", fixed={"action": "work"})
    assert arrivals.take(event()) == Taken(replayed=1)
    assert arrivals.ledger.balance("acme/asha").available == 1_000


def test_what_a_bound_key_sends_is_its_own_accounts(arrivals: Arrivals) -> None:
    taken = arrivals.take(event("1", None), event("2", "asha"), event("3", "ben"), only="ben")
    assert (taken.booked, taken.rejected) == (2, 1)
    assert (len(arrivals.usage("ben")), arrivals.usage()) == (2, [])


def test_a_source_that_is_off_keeps_what_comes(arrivals: Arrivals) -> None:
    arrivals.set(is_on=False)
    assert arrivals.take(event()) == Taken(waiting=1, reasons=("The source is switched off.",))


def test_closed_accounts_and_a_pool_that_is_not_there_stop_nobody_else(arrivals: Arrivals) -> None:
    arrivals.ledger.close_account("acme/ben", reason="gone")
    taken = arrivals.take(event("1", "ben"), event("2"), event("3", "acme"))
    assert (taken.booked, taken.waiting) == (1, 2)


def test_odd_ids_and_odd_attributes_can_be_kept_by_every_database(anywhere: Arrivals) -> None:
    odd = {"a\x00b": "c\x00\ud800", "n": float("nan"), "long": "x" * 9_000, "deep": {"list": [1, {"x": None}]}}
    taken = anywhere.take(*(event(name, None, attributes=odd) for name in ("x" * 5_000, "\x00", "\ud800", "\ud801")))
    assert (taken.waiting, len(anywhere.open())) == (4, 4)
    assert len({row.event_key for row in anywhere.open()}) == 4


def test_many_senders_of_the_same_events_at_once_book_each_once(anywhere: Arrivals) -> None:
    """A retry storm: also of those that wait, also while they are tried again."""
    anywhere.take(*(event(f"early-{n}", "cleo") for n in range(10)))
    anywhere.ledger.open_account("acme/cleo")
    same = [event(f"same-{n}", "asha" if n % 2 else "nobody") for n in range(20)]
    early = [event(f"early-{n}", "cleo") for n in range(10)]
    failed: list[BaseException] = []

    def send(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - it is looked at below
            failed.append(error)

    def again() -> Taken:
        return replay(anywhere.ledger, anywhere.boss, anywhere.source.source_id, reason="storm")

    works = [lambda: anywhere.take(*same, *early)] * 6 + [again] * 2
    threads = [threading.Thread(target=send, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert (len(anywhere.usage()), len(anywhere.usage("cleo")), len(anywhere.open())) == (10, 10, 10)
    assert anywhere.counts() == {"received": 190, "booked": 20, "replayed": 160, "waiting": 10}


def test_a_thousand_events_in_one_call_are_each_booked(arrivals: Arrivals) -> None:
    taken = arrivals.take(*(event(str(n), "asha" if n % 2 else "cleo") for n in range(1_001)))
    assert (taken.booked, taken.waiting) == (500, 501)
    assert replace(taken, reasons=()) == Taken(booked=500, waiting=501)
