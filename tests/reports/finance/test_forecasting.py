"""The forecast of an organization: what it reads, whom it tells of, and what it says of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from support.ledgers import PROGRAM, MovedClock

from creditbook import Ledger, open_ledger
from creditbook.access.values import Principal
from creditbook.domain.operations import Cost
from creditbook.reports.finance.coming_costs import costs
from creditbook.reports.finance.forecasting import HISTORY, Outcome, accounts

WEEKS = 5
COST = Cost(usd_nanos=2_000_000_000, inr_nanos=170_000_000_000)


def principal(ledger: Ledger, slug: str) -> Principal:
    org = ledger.core.organization(slug)
    return Principal(
        person_id=1, user_name="vera", name="Vera", role="finance", org_id=org.org_id, org_slug=slug,
        org_name=org.name, zone="UTC", org_zone="UTC", currency="INR",
    )  # fmt: skip


@pytest.fixture(scope="module")
def used(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, MovedClock]]:
    """Asha spends 300 a day for five weeks; Ravi had one day of it; Mira has all she wants and uses nothing."""
    clock, file = MovedClock(), tmp_path_factory.mktemp("forecast") / "book.db"
    shutil.copy(sqlite_template, file)
    ledger = open_ledger(f"sqlite:///{file}", clock=clock)
    for slug in ("acme", "other"):
        ledger.create_organization(slug, replace(PROGRAM, zone="UTC"), zone="UTC")
    for name in ("acme/asha", "acme/ravi", "acme/mira", "other/noor"):
        ledger.open_account(name, plan="bare")
        ledger.grant(name, 12_000, reason="A start")
    for _ in range(7 * WEEKS):
        clock.forward(days=1)
        ledger.spend("acme/asha", action="work", tokens=300, cost=COST)
        ledger.spend("other/noor", action="work", tokens=9, cost=COST)
    ledger.spend("acme/ravi", action="work", tokens=40)
    clock.forward(hours=1)
    yield ledger, clock
    ledger.close()


def outcome(used: tuple[Ledger, MovedClock], **more: int) -> Outcome:
    ledger, clock = used
    return accounts(ledger.core.store, ledger.core.batches, principal(ledger, "acme"), clock(), **more)


def test_whoever_used_something_lately_is_lived_ahead_and_the_soonest_comes_first(
    used: tuple[Ledger, MovedClock],
) -> None:
    found = outcome(used)
    assert [one.holder.name for one in found.accounts] == ["asha", "ravi"]
    asha, ravi = found.accounts
    assert asha.available == 12_000 - 300 * 7 * WEEKS
    assert len(asha.history) == HISTORY
    # Five more days at 300: the sixth finds nothing. Today's 300 are spent already.
    assert asha.runs_out[1] == found.today + timedelta(days=6)
    assert asha.error is not None
    assert asha.error.by_day < 0.05
    assert (ravi.error, ravi.uses.has_history) == (None, False)
    assert (found.active, found.error and found.error.accounts) == (2, 1)


def test_a_limit_keeps_those_who_used_most_and_says_how_many_there_are(used: tuple[Ledger, MovedClock]) -> None:
    found = outcome(used, limit=1)
    assert [one.holder.name for one in found.accounts] == ["asha"]
    assert found.active == 2


def test_next_month_costs_what_its_days_do_in_both_currencies(used: tuple[Ledger, MovedClock]) -> None:
    ledger, clock = used
    found = costs(ledger.core.store, principal(ledger, "acme"), clock())
    assert found is not None
    light, expected, heavy = found.next_month
    assert light <= expected <= heavy
    # It is April: May has 31 days of two dollars.
    assert abs(expected - 62 * 10**9) < 10**9
    assert found.in_rupees(expected) == expected * 85
    assert found.so_far == 8 * 2 * 10**9
    assert abs(found.this_month[1] - 60 * 10**9) < 10**9


def test_an_organization_that_used_nothing_has_no_forecast(used: tuple[Ledger, MovedClock]) -> None:
    ledger, clock = used
    later = clock() + timedelta(days=400)
    assert costs(ledger.core.store, principal(ledger, "acme"), later) is None
    assert accounts(ledger.core.store, ledger.core.batches, principal(ledger, "acme"), later).accounts == ()
