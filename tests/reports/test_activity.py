"""What a team did: every figure equals a sum over its transactions, grants and entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from support.ledgers import MovedClock

from creditbook import Ledger, open_ledger
from creditbook.access.values import Principal
from creditbook.domain.errors import NotFound
from creditbook.programs.loader import load_program
from creditbook.reports.activity import Activity, activity

USED = (("asha", "goal_generation", 4), ("asha", "lead_generation", 2), ("ben", "revenue_forecast", 3))


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def teams(database_url: str, clock: MovedClock) -> Iterator[Ledger]:
    """A pro team: Asha, and Ben with a quota of 30; Zed stands outside. Work in February's end and early March."""
    clock.forward(days=-6)
    with open_ledger(database_url, clock=clock) as ledger:
        ledger.create_organization("teams", load_program("teams"))
        ledger.open_account("teams")
        ledger.open_account("teams/asha", draws_on_pool=True)
        ledger.open_account("teams/ben", draws_on_pool=True, quota=30)
        ledger.open_account("teams/zed", plan="pro")
        ledger.sell("teams", "pro", kind="plan", reason="paid")
        for who, action, times in USED:
            for _ in range(times):
                ledger.spend(f"teams/{who}", action=action)
                clock.forward(hours=16)
        ledger.spend("teams/zed", action="general_insights")
        undone = ledger.spend("teams/ben", action="strategy_analysis")
        ledger.spend("teams/asha", action="goal_generation")
        ledger.refund("teams/ben", undone.transaction_id, reason="it failed")
        yield ledger


def who(ledger: Ledger, name: str = "asha") -> Principal:
    org, ref = ledger.core.organization("teams"), ledger.core.account(f"teams/{name}")
    return Principal(
        1, name, name, "user", org.org_id, "teams", "Teams", org.zone, account_id=ref.account_id, account_name=name
    )


def found(ledger: Ledger) -> Activity:
    return activity(ledger.core.store, ledger.core.batches, who(ledger), ledger.core.now())


def raw(ledger: Ledger, what: str, **given: object) -> list[Any]:
    with ledger.core.store.read(ledger.core.organization("teams").org_id) as connection:
        return list(connection.execute(sa.text(what), given).all())


NET = """
    SELECT a.name, t.feature, t.account_date, sum(CASE t.kind WHEN 'usage' THEN t.charged ELSE -t.charged END) AS net
    FROM ledger_transaction t JOIN account a USING (org_id, account_id)
    WHERE t.kind IN ('usage', 'refund') AND a.name <> 'zed' GROUP BY a.name, t.feature, t.account_date
"""


def transactions(ledger: Ledger, first: date, last: date) -> list[tuple[str, str, int]]:
    rows = [(r[0], r[1], date.fromisoformat(str(r[2])), int(r[3])) for r in raw(ledger, NET)]
    return [(name, feature, net) for name, feature, day, net in rows if first <= day <= last]


def test_today_by_feature_equals_the_transactions_of_today(teams: Ledger, clock: MovedClock) -> None:
    day = clock.at.date()
    expected: Counter[str] = Counter()
    for _, feature, net in transactions(teams, day, day):
        expected[feature] += net
    assert {feature: tokens for feature, _, tokens in found(teams).today} == dict(expected)
    assert expected["goal_generation"] == 3


def test_a_members_month_equals_her_transactions_and_what_she_drew_the_pools_entries(
    teams: Ledger, clock: MovedClock
) -> None:
    got = {one.name: one for one in found(teams).members}
    expected: Counter[str] = Counter()
    for name, _, net in transactions(teams, clock.at.date().replace(day=1), clock.at.date()):
        expected[name] += net
    assert {name: one.month for name, one in got.items()} == dict(expected)
    drawn = raw(
        teams,
        "SELECT a.name, -sum(e.amount) FROM entry e JOIN ledger_transaction t USING (org_id, txn_id) "
        "JOIN account a ON a.org_id = t.org_id AND a.account_id = t.account_id "
        "WHERE t.pool_id IS NOT NULL AND t.kind IN ('usage', 'refund') GROUP BY a.name",
    )
    assert {name: one.drawn for name, one in got.items()} == {name: int(n) for name, n in drawn}
    assert got["ben"].quota == 30
    assert "zed" not in got


def test_months_add_up_to_everything_that_was_used(teams: Ledger, clock: MovedClock) -> None:
    months = found(teams).months
    assert sum(tokens for _, tokens in months) == sum(net for *_, net in transactions(teams, date.min, date.max))
    assert [first for first, _ in months][-1] == clock.at.date().replace(day=1)
    assert len(months) == 6
    assert months[-2][1] > 0


def test_bars_are_what_is_left_of_each_feature_and_of_what_its_period_gave(teams: Ledger) -> None:
    teams.sell("teams", "boost", reason="paid")
    rows = raw(
        teams,
        "SELECT w.features, sum(g.remaining), sum(g.amount) FROM token_grant g JOIN wallet w USING (org_id, wallet_id) "
        "JOIN account a ON a.org_id = g.org_id AND a.account_id = g.account_id "
        "WHERE a.name = '' AND g.live GROUP BY w.features",
    )
    bars = {bar.feature: (bar.left, bar.of) for bar in found(teams).bars}
    assert bars == {features or "": (int(left), int(of)) for features, left, of in rows}
    assert bars["goal_generation"] == (5, 20)
    assert bars[""] == (50, 50)


def test_a_feature_that_runs_out_before_its_refill_tells_when(teams: Ledger, clock: MovedClock) -> None:
    got = found(teams)
    bars = {bar.feature: bar for bar in got.bars}
    goal, insight = bars["goal_generation"], bars["general_insights"]
    used = sum(net for _, feature, net in transactions(teams, date.min, date.max) if feature == "goal_generation")
    begun = got.term.started_at
    assert begun is not None
    days = (clock.at - begun).total_seconds() / 86_400
    assert goal.pace == pytest.approx(used / days)
    assert goal.empty_at is not None
    assert (goal.empty_at - clock.at).total_seconds() / 86_400 == pytest.approx(goal.left / goal.pace)
    assert insight.empty_at is None
    assert insight.refills_at is not None


def test_features_that_the_plan_lacks_are_missing(teams: Ledger, clock: MovedClock) -> None:
    assert found(teams).missing == ()
    teams.cancel_plan("teams")
    clock.forward(days=31)
    features = {"lead_generation", "goal_generation", "strategy_analysis", "revenue_forecast", "general_insights"}
    assert set(found(teams).missing) == features


def test_an_account_without_a_pool_has_no_activity_to_show(teams: Ledger) -> None:
    with pytest.raises(NotFound):
        activity(teams.core.store, teams.core.batches, who(teams, "zed"), teams.core.now())
