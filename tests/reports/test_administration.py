"""What administrators' pages read, on both databases: resets per zone, what a sweep would do, the log and its seal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from support.ledgers import MovedClock, a_ledger

from creditbook import Ledger
from creditbook.access import Principal, console
from creditbook.reports import audit, due, resets


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def ledger(database_url: str, clock: MovedClock) -> Iterator[Ledger]:
    """Two accounts in Kolkata and one in New York, half a day after Kolkata's midnight."""
    with a_ledger(database_url, clock) as opened:
        for name, zone in (("asha", None), ("meera", None), ("kabir", "America/New_York")):
            opened.open_account(f"acme/{name}", plan="daily", zone=zone)
        clock.forward(hours=7)
        yield opened


@pytest.fixture
def boss(ledger: Ledger) -> Principal:
    org = ledger.core.organization("acme")
    return console(org.org_id, org.slug, org.name, org.zone)


def test_a_run_does_what_was_foreseen_and_is_kept(ledger: Ledger, clock: MovedClock, boss: Principal) -> None:
    store, batches = ledger.core.store, ledger.core.batches
    before = resets.health(store, boss, clock.at)
    assert [(one.zone, one.done, one.due, one.late) for one in before.zones] == [
        ("Asia/Kolkata", 0, 2, 0), ("America/New_York", 1, 0, 0),
    ]  # fmt: skip
    seen = due.foresee(batches, boss, due.due_families(store, boss, clock.at), clock.at, clock.at)
    assert (seen.resets, seen.tokens_granted, seen.tokens_expired) == (2, 10, 10)
    done = ledger.sweep("acme", actor="nisha", reason="by hand")
    assert (done.resets, done.tokens_granted, done.tokens_expired) == (2, 10, 10)
    after = resets.health(store, boss, clock.at)
    assert after.due == 0
    assert [(run.actor, run.resets, run.tokens_expired) for run in after.runs] == [("nisha", 2, 10)]
    assert after.next_reset is not None
    assert after.next_reset > clock.at


def test_a_closed_account_is_never_called_due(ledger: Ledger, clock: MovedClock, boss: Principal) -> None:
    ledger.close_account("acme/meera", reason="left")
    clock.forward(days=3)
    assert resets.health(ledger.core.store, boss, clock.at).due == 2
    ledger.sweep("acme")
    assert resets.health(ledger.core.store, boss, clock.at + timedelta(minutes=1)).due == 0


def test_the_log_is_read_filtered_and_sealed(ledger: Ledger, clock: MovedClock, boss: Principal) -> None:
    store = ledger.core.store
    ledger.grant("acme/asha", 7, reason="100% hers", actor="nisha")
    ledger.freeze("acme/kabir", reason="checking", actor="boss")
    found = audit.page(store, boss).acts
    assert [(act.act, act.actor) for act in found[:2]] == [("freeze", "boss"), ("grant", "nisha")]
    assert found[1].after["available"] == 12
    only = audit.AuditFilter(actors=("nisha",), acts=("grant",), subject="100%", since=clock.at - timedelta(hours=1))
    assert [act.reason for act in audit.page(store, boss, only).acts] == ["100% hers"]
    assert audit.names(store, boss)[1][:2] == ["freeze", "grant"]
    assert audit.chain(store, boss).sealed == 0
    ledger.sweep("acme")
    chain = audit.chain(store, boss)
    assert chain.sealed == chain.acts == len(found)
    assert chain.audit_id == found[0].audit_id
    assert audit.broken(store, boss) == 0
