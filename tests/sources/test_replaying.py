"""What waited is booked once its source is set up rightly, and never twice; what was let go stays gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sources.arriving import Arrivals, event

from creditbook.domain.errors import InvalidRequest, NotFound, Refused
from creditbook.sources.replaying import dismiss, replay
from creditbook.sources.values import Taken
from creditbook.store.tables.ledger import audit
from creditbook.store.tables.sources import source_event


def acts(arrivals: Arrivals) -> list[tuple[str, str, object]]:
    with arrivals.store.read(arrivals.boss.org_id) as connection:
        query = sa.select(audit.c.act, audit.c.reason, audit.c.after).where(audit.c.act.like("source.%"))
        return [tuple(row) for row in connection.execute(query.order_by(audit.c.audit_id))]


def test_a_mended_mapping_books_what_waited_on_its_own_day(anywhere: Arrivals) -> None:
    anywhere.take(*(event(str(n), None, attributes={"customer": "crm-1"}) for n in range(3)))
    anywhere.take(event("3", None), event("4", problem="It has no data."))
    anywhere.clock.forward(days=2)
    anywhere.set(who=("customer",))
    told: list[int] = []
    taken = replay(anywhere.ledger, anywhere.boss, anywhere.source.source_id, reason="who fixed", progress=told.append)
    assert replace(taken, reasons=()) == Taken(booked=3, waiting=1, rejected=1)
    assert told == [5]
    assert [line.event_at.date().day for line in anywhere.usage()] == [4, 4, 4]
    assert anywhere.counts() == {"received": 5, "booked": 3, "waiting": 1, "rejected": 1}
    assert acts(anywhere)[-1] == (
        "source.replay", "who fixed", {"tried": 5, "booked": 3, "replayed": 0, "waiting": 1, "rejected": 1}
    )  # fmt: skip
    again = replay(anywhere.ledger, anywhere.boss, anywhere.source.source_id, reason="once more")
    assert (again.booked, len(anywhere.usage())) == (0, 3)


def test_why_it_still_waits_is_told_anew(arrivals: Arrivals) -> None:
    arrivals.take(event("1", None, attributes={"customer": "cleo"}))
    arrivals.set(who=("customer",))
    replay(arrivals.ledger, arrivals.boss, arrivals.source.source_id, reason="who fixed")
    assert [(row.account, row.reason) for row in arrivals.open()] == [("cleo", "There is no such account.")]
    arrivals.set(unknown="create")
    assert replay(arrivals.ledger, arrivals.boss, arrivals.source.source_id, reason="open them").booked == 1
    assert len(arrivals.usage("cleo")) == 1


def test_what_was_ahead_of_the_clock_is_rejected_and_booked_when_its_time_has_come(arrivals: Arrivals) -> None:
    arrivals.take(event(at=arrivals.clock() + timedelta(hours=1)))
    arrivals.clock.forward(hours=2)
    assert replay(arrivals.ledger, arrivals.boss, arrivals.source.source_id, reason="its time has come").booked == 1
    assert arrivals.counts() == {"received": 1, "booked": 1}


def test_one_that_came_again_meanwhile_is_not_booked_twice(arrivals: Arrivals) -> None:
    arrivals.take(event("x" * 400, "cleo"))
    arrivals.ledger.open_account("acme/cleo")
    arrivals.ledger.spend("acme/cleo", action="work", meter=True, idempotency_key=arrivals.open()[0].event_key)
    taken = replay(arrivals.ledger, arrivals.boss, arrivals.source.source_id, reason="try")
    assert taken == Taken(replayed=1)
    assert (len(arrivals.usage("cleo")), arrivals.open()) == (1, [])


def test_only_the_arrivals_named_are_tried_and_a_stop_leaves_the_rest_open(arrivals: Arrivals) -> None:
    arrivals.take(event("1", "cleo"), event("2", "cleo"), event("3", "cleo"))
    arrivals.ledger.open_account("acme/cleo")
    first = arrivals.open()[0].arrival_id
    which = arrivals.source.source_id
    assert replay(arrivals.ledger, arrivals.boss, which, reason="one", rejects=[first]).booked == 1
    assert replay(arrivals.ledger, arrivals.boss, which, reason="none", stop=lambda: True).booked == 0
    assert replay(arrivals.ledger, arrivals.boss, which, reason="all").booked == 2


def test_what_is_dismissed_is_counted_so_and_never_booked(anywhere: Arrivals) -> None:
    anywhere.take(event("1", "cleo"), event("2", "cleo"))
    first = anywhere.open()[0].arrival_id
    which = anywhere.source.source_id
    assert dismiss(anywhere.ledger, anywhere.boss, which, [first, first, 7], reason="a test of theirs") == 1
    anywhere.ledger.open_account("acme/cleo")
    assert anywhere.take(event("1", "cleo")) == Taken(replayed=1)
    assert anywhere.usage("cleo") == []
    assert anywhere.counts() == {"received": 3, "replayed": 1, "waiting": 1, "dismissed": 1}
    assert acts(anywhere)[-1] == ("source.dismiss", "a test of theirs", {"dismissed": 1})
    with anywhere.store.read(anywhere.boss.org_id) as connection:
        gone = connection.execute(sa.select(source_event).where(source_event.c.arrival_id == first)).one()
    assert (gone.state, gone.resolved_by, gone.fields, gone.attributes) == ("dismissed", "console", {}, {})


def test_nothing_is_tried_without_a_reason_by_others_or_for_a_source_that_is_not_there(arrivals: Arrivals) -> None:
    arrivals.take(event("1", "cleo"))
    arrivals.ledger.open_account("acme/cleo")
    which = arrivals.source.source_id
    with pytest.raises(InvalidRequest, match="reason"):
        replay(arrivals.ledger, arrivals.boss, which, reason=" ")
    with pytest.raises(Refused):
        replay(arrivals.ledger, replace(arrivals.boss, role="finance", is_operator=False), which, reason="mine")
    with pytest.raises(NotFound):
        dismiss(arrivals.ledger, arrivals.boss, which + 1, [1], reason="which")
    assert arrivals.usage("cleo") == []


def test_what_came_while_the_source_was_off_is_booked_by_a_replay_though_it_is_off_still(arrivals: Arrivals) -> None:
    arrivals.set(is_on=False)
    assert arrivals.take(event()).waiting == 1
    assert replay(arrivals.ledger, arrivals.boss, arrivals.source.source_id, reason="it was meant").booked == 1
    assert arrivals.take(event("2")).waiting == 1
