"""What applications ask of an account, at the edges that the programs' own scenarios do not reach."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.scenario import Scenario, running

from creditbook.access.values import Principal
from creditbook.reports import figures
from creditbook.reports.standing import Standing, standing

START = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def team(database_url: str) -> Iterator[Scenario]:
    with running(database_url, "teams", at=START) as scenario:
        scenario.open("")
        scenario.open("asha", draws_on_pool=True, quota=30)
        yield scenario


@pytest.fixture
def studio(database_url: str) -> Iterator[Scenario]:
    with running(database_url, "studio", at=START) as scenario:
        scenario.open("asha")
        yield scenario


def stands(scenario: Scenario, user: str) -> Standing:
    ref, core = scenario.ref(user), scenario.ledger.core
    who = Principal(
        1, user, user, "user", ref.org_id, scenario.slug, "", "UTC", account_id=ref.account_id, account_name=user
    )
    return standing(core.store, core.batches, who, scenario.clock())


def buy(scenario: Scenario, user: str, item: str, kind: str = "plan", **terms: Any) -> None:
    scenario.ledger.sell(scenario.name(user), item, kind=kind, payment=f"in {item}", reason="invoice", **terms)


def test_a_member_sees_when_her_teams_tokens_come_back(team: Scenario) -> None:
    buy(team, "", "pro")
    resets = [line for line in stands(team, "asha").coming if line.kind == "reset"]
    assert [line.of_pool for line in resets] == [True] * 5
    assert sum(line.tokens for line in resets) == 200
    assert {line.at for line in resets} == {datetime(2026, 4, 4, tzinfo=UTC)}
    assert team.ask(figures.token_figures, "asha").month_reset_date == datetime(2026, 4, 4, tzinfo=UTC)


def test_whether_the_work_may_start_goes_by_the_tokens_of_its_own_feature(team: Scenario) -> None:
    assert not stands(team, "asha").work_in_plan
    assert not team.ask(figures.wallets_answer, "asha").can_create_project
    buy(team, "", "pro")
    found = stands(team, "asha")
    assert (found.work_in_plan, found.for_work, found.balance.available) == (True, 20, 30)
    for _ in range(6):
        team.ledger.spend("teams/asha", action="goal_generation")
    answer = team.ask(figures.wallets_answer, "asha")
    assert (stands(team, "asha").for_work, answer.balance, answer.can_create_project) == (2, 12, False)


def test_a_members_figures_add_up_with_what_she_may_draw(team: Scenario) -> None:
    buy(team, "", "pro")
    team.ledger.spend("teams/asha", action="lead_generation")
    told = team.ask(figures.token_figures, "asha")
    assert (told.used_tokens, told.remaining_tokens, told.total_tokens, told.monthly_remaining) == (5, 25, 30, 25)
    lead = next(one for one in team.ask(figures.feature_stats, "asha") if one.feature == "lead_generation")
    assert (lead.balance, lead.total_allocated, lead.used) == (25, 50, 5)


def test_nothing_but_work_counts_as_used_of_the_month(studio: Scenario) -> None:
    (grant,) = studio.ledger.grant("studio/asha", 500, reason="gift", actor="meera").lines
    studio.ledger.spend("studio/asha", action="srs", tokens=1_000)
    allowance = studio.ledger.spend("studio/asha", action="srs", tokens=10).lines[0].grant_id
    studio.ledger.revoke("studio/asha", allowance, tokens=2_000, reason="mistake", actor="meera")
    told = studio.ask(figures.token_figures, "asha")
    assert (told.monthly_used, told.monthly_remaining, told.premium_remaining) == (1_010, 6_990, 500)
    assert grant.wallet == "BONUS"


def test_what_is_held_is_neither_used_nor_left(studio: Scenario) -> None:
    studio.ledger.hold("studio/asha", action="project", estimate=4_000)
    told = studio.ask(figures.token_figures, "asha")
    assert (told.monthly_used, told.monthly_remaining, told.remaining_tokens, told.used_tokens) == (0, 6_000, 6_000, 0)


def test_a_reset_that_nobody_wrote_yet_is_counted_and_told(studio: Scenario) -> None:
    studio.ledger.spend("studio/asha", action="srs", tokens=8_000)
    studio.clock.forward(days=40)
    told = studio.ask(figures.token_figures, "asha")
    assert (told.monthly_used, told.monthly_remaining, told.rollover_tokens) == (0, 10_000, 1_000)
    reset = studio.ask(figures.reset_answer, "asha")
    assert reset.needs_reset
    assert len(reset.wallets_due) == 1
    assert reset.next_reset_at - studio.clock() < timedelta(days=31)


def test_an_account_that_has_done_nothing_has_figures_too(studio: Scenario) -> None:
    told = studio.ask(figures.analytics, "asha")
    assert (told.total_tokens_used, told.total_tokens_added, told.total_transactions) == (0, 10_000, 1)
    assert (told.agent_usage_breakdown, told.average_tokens_per_request) == ({}, 0.0)


def test_a_frozen_account_may_not_start_whatever_it_has(studio: Scenario) -> None:
    studio.ledger.redeem("studio/asha", "LAUNCH50")
    assert studio.ask(figures.wallets_answer, "asha").can_create_project
    studio.ledger.freeze("studio/asha", reason="dispute", actor="meera")
    assert not studio.ask(figures.wallets_answer, "asha").can_create_project
