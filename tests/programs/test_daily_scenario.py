"""Program 1, the website builder, cell by cell: five tokens a local day in Bangkok, one for a project."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from support.scenario import Scenario, running

from creditbook.domain.errors import InsufficientTokens
from creditbook.reports import figures
from creditbook.reports.resets import reset_status

MORNING = datetime(2026, 3, 4, 2, tzinfo=UTC)
"""Nine in the morning in Bangkok, whose midnight is 17:00 UTC."""


@pytest.fixture
def daily(database_url: str) -> Iterator[Scenario]:
    with running(database_url, "daily", at=MORNING) as scenario:
        scenario.open("niran")
        yield scenario


def test_signing_up_opens_a_standard_wallet_with_five_tokens(daily: Scenario) -> None:
    (wallet,) = daily.ledger.balance("daily/niran").wallets
    assert (wallet.type, wallet.available, wallet.allowance, wallet.expires_at) == ("STANDARD", 5, 5, None)
    assert daily.kinds("niran") == [("grant", 5)]


def test_a_project_is_checked_then_held_then_paid_when_it_is_built(daily: Scenario) -> None:
    ready = daily.ask(figures.wallets_answer, "niran")
    assert (ready.balance, ready.can_create_project, ready.required_tokens) == (5, True, 1)
    with daily.ledger.reserve("daily/niran", action="project_creation", project="Lotus dental") as job:
        held = daily.ledger.balance("daily/niran")
        assert (held.posted, held.held, held.available) == (5, 1, 4)
        receipt = job.capture()
    assert (receipt.charged, receipt.available) == (1, 4)
    after = daily.ledger.balance("daily/niran")
    assert (after.posted, after.held, after.available) == (4, 0, 4)


def test_a_project_that_fails_costs_nothing(daily: Scenario) -> None:
    with pytest.raises(RuntimeError, match="no space"), daily.ledger.reserve("daily/niran", action="project_creation"):
        raise RuntimeError("no space left")
    balance = daily.ledger.balance("daily/niran")
    assert (balance.posted, balance.held, balance.available) == (5, 0, 5)
    assert daily.kinds("niran") == [("grant", 5)]


@pytest.mark.parametrize("action", ["chat", "preview", "deploy"])
def test_all_else_is_free_but_recorded(daily: Scenario, action: str) -> None:
    receipt = daily.ledger.spend("daily/niran", action=action, model="gpt-4o-mini", input_tokens=90, output_tokens=40)
    assert (receipt.charged, receipt.metered, receipt.available) == (0, True, 5)
    (line,) = [line for line in daily.lines("niran") if line.kind == "usage"]
    assert (line.action, line.input_tokens, line.change) == (action, 90, 0)
    assert line.cost_usd_nanos


def test_the_sixth_project_of_a_day_is_refused_and_the_first_of_the_next_is_not(daily: Scenario) -> None:
    for _ in range(5):
        daily.ledger.spend("daily/niran", action="project_creation")
    with pytest.raises(InsufficientTokens, match="Need 1 more tokens. Current balance: 0") as refused:
        daily.ledger.spend("daily/niran", action="project_creation")
    assert (refused.value.required, refused.value.available, refused.value.shortage) == (1, 0, 1)
    assert refused.value.packages_url == "/plans"
    ready = daily.ask(figures.wallets_answer, "niran")
    assert (ready.balance, ready.can_create_project) == (0, False)
    daily.at(2026, 3, 4, 17)  # midnight in Bangkok
    assert daily.ledger.spend("daily/niran", action="project_creation").available == 4


def test_every_midnight_the_rest_expires_and_five_come_anew(daily: Scenario) -> None:
    daily.ledger.spend("daily/niran", action="project_creation")
    daily.at(2026, 3, 4, 16, 59, 59)
    assert daily.left("niran") == 4
    daily.at(2026, 3, 4, 17)
    assert daily.left("niran") == 5
    report = daily.ledger.sweep("daily")
    assert (report.resets, report.tokens_granted, report.tokens_expired) == (1, 5, 4)
    assert daily.kinds("niran") == [("grant", 5), ("usage", -1), ("expiry", -4), ("reset", 5)]
    expiry, reset = daily.lines("niran")[-2:]
    midnight = datetime(2026, 3, 4, 17, tzinfo=UTC)
    assert expiry.effective_at == reset.effective_at == midnight
    assert reset.description == "Daily tokens"


def test_the_last_and_the_next_reset_are_told_with_the_time_zone(daily: Scenario) -> None:
    bangkok = ZoneInfo("Asia/Bangkok")
    balance = daily.ledger.balance("daily/niran")
    assert balance.zone == "Asia/Bangkok"
    assert balance.next_reset == datetime(2026, 3, 5, tzinfo=bangkok)
    daily.clock.forward(days=3)
    after = daily.ask(figures.wallets_answer, "niran")
    assert after.wallets[0].last_token_reset == datetime(2026, 3, 7, tzinfo=bangkok)
    assert after.wallets[0].last_token_reset.utcoffset() == timedelta(hours=7)
    told = daily.ask(figures.reset_answer, "niran")
    assert told.next_reset_at.isoformat() == "2026-03-08T00:00:00+07:00"


def test_an_admin_asks_whether_a_reset_is_due_runs_it_and_sees_what_it_did_once(daily: Scenario) -> None:
    daily.open("malee", zone="Asia/Tokyo")
    core = daily.ledger.core
    assert reset_status(core.store, core.organization("daily"), daily.clock()).due == 0
    daily.at(2026, 3, 4, 16)  # past midnight in Tokyo, not yet in Bangkok
    (due,) = reset_status(core.store, core.organization("daily"), daily.clock()).wallets
    assert (due.account, due.zone) == ("daily/malee", "Asia/Tokyo")
    assert daily.ask(figures.reset_answer, "malee").needs_reset
    assert not daily.ask(figures.reset_answer, "niran").needs_reset
    first, second = daily.ledger.sweep("daily"), daily.ledger.sweep("daily")
    assert (first.resets, first.tokens_granted, first.tokens_expired) == (1, 5, 5)
    assert (second.resets, second.tokens_granted, second.tokens_expired) == (0, 0, 0)


def test_days_that_nobody_settled_are_journaled_one_by_one(daily: Scenario) -> None:
    daily.clock.forward(days=4)
    assert daily.ledger.sweep("daily").resets == 4
    assert [kind for kind, _ in daily.kinds("niran")] == ["grant", *["expiry", "reset"] * 4]
