"""A budget tells at 80% and when it is used up, once each month: over a real web server and both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from alerts.conftest import World
from support.listening import Heard

from creditbook.access.values import Principal
from creditbook.alerts import AlertReport
from creditbook.alerts.budget_checking import check_budgets
from creditbook.alerts.budgets import Budgets
from creditbook.alerts.checking import INTERRUPTED, TRIES
from creditbook.cli import main
from creditbook.clock import system_clock
from creditbook.domain.budgets import BudgetTerms, Scope, Verdict
from creditbook.domain.errors import InvalidRequest, NotFound, Refused
from creditbook.domain.money import NANOS
from creditbook.domain.operations import Cost
from creditbook.settings import Settings
from creditbook.store.finance import budgets as rows
from creditbook.store.tables.ledger import audit

MARCH = date(2026, 3, 1)
QUIET = AlertReport(watched=1)
SENT = AlertReport(watched=1, delivered=1)
A_HUNDRED = BudgetTerms(
    name="All models", scope=Scope.TOTAL, subject="", month=None, amount_nanos=100 * NANOS, currency="USD"
)


ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What only reads through what other tests hold on both."""


def finance(world: World) -> Principal:
    return replace(world.who, role="finance", account_id=None, account_name=None, org_zone="Asia/Kolkata")


def budgets(world: World, **changes: object) -> Budgets:
    return Budgets(world.store, finance(world), replace(world.settings, **changes), world.clock)  # type: ignore[arg-type]


def cost(world: World, dollars: int, **work: str) -> None:
    world.ledger.spend("acme/asha", action="chat", cost=Cost(dollars * NANOS, dollars * 83 * NANOS), **work)  # type: ignore[arg-type]


@pytest.fixture
def watched(world: World) -> World:
    budgets(world).add(A_HUNDRED, world.web.url, reason="The contract")
    return world


def test_each_mark_is_told_once_a_month_and_anew_in_the_next(watched: World) -> None:
    assert watched.check() == QUIET
    cost(watched, 79)
    assert watched.check() == QUIET
    cost(watched, 1)
    assert watched.check() == SENT
    cost(watched, 19)
    assert watched.check() == QUIET
    cost(watched, 1)
    assert watched.check() == SENT
    cost(watched, 500)
    assert watched.check() == QUIET
    watched.clock.forward(days=31)
    assert watched.check() == QUIET
    cost(watched, 85)
    assert watched.check() == SENT
    told = [(heard.json["alert"]["month"], heard.json["alert"]["percent"]) for heard in watched.web.heard]
    assert told == [("2026-03-01", 80), ("2026-03-01", 100), ("2026-04-01", 80)]


@ON_SQLITE
def test_who_passes_both_marks_at_once_is_told_of_the_higher_one(watched: World) -> None:
    cost(watched, 120)
    assert watched.check() == SENT
    assert watched.check() == QUIET
    (heard,) = watched.web.heard
    assert heard.json["title"] == "The budget “All models” is used up"
    assert "$120.00 of $100.00 are spent in March 2026 (all cost). That is $20.00 more" in heard.json["body"]


@ON_SQLITE
def test_a_message_has_words_for_people_and_facts_for_programs(watched: World) -> None:
    for _ in range(4):
        cost(watched, 20)
        watched.clock.forward(days=1)
    assert watched.check() == SENT
    (heard,) = watched.web.heard
    assert heard.json["title"] == "80% of the budget “All models” is used"
    assert (
        "$20.00 are left. By the weekdays of the last four weeks it is used up on Monday, 9 March" in heard.json["body"]
    )
    facts = heard.json["alert"]
    assert (facts["kind"], facts["organization"], facts["percent"]) == ("budget", "acme", 80)
    assert (facts["actual_nanos"], facts["amount_nanos"], facts["currency"]) == (80 * NANOS, 100 * NANOS, "USD")


def test_a_budget_of_one_model_in_rupees_counts_that_model_alone(world: World) -> None:
    terms = replace(A_HUNDRED, scope=Scope.MODEL, subject="gpt-5", currency="INR", amount_nanos=8_300 * NANOS)
    budgets(world).add(terms, world.web.url, reason="The contract")
    cost(world, 90, model="gpt-5-mini")
    cost(world, 79, model="gpt-5")
    assert world.check() == QUIET
    (seen,) = budgets(world).listed()
    assert (seen.standing.actual_nanos, seen.standing.left_nanos) == (79 * 83 * NANOS, 21 * 83 * NANOS)
    cost(world, 1, model="gpt-5")
    assert world.check() == SENT
    assert "₹6,640.00 of ₹8,300.00 are spent in March 2026 (model gpt-5)" in world.web.heard[0].json["body"]


@ON_SQLITE
def test_what_the_last_hours_of_a_month_crossed_is_told_in_the_next(watched: World) -> None:
    watched.clock.forward(days=27)
    cost(watched, 90)
    watched.clock.forward(days=2)
    assert watched.check() == SENT
    assert watched.web.heard[0].json["alert"]["month"] == "2026-03-01"
    watched.clock.forward(days=2)
    assert watched.check() == QUIET


@ON_SQLITE
def test_a_budget_of_one_month_is_silent_in_every_other(world: World) -> None:
    budgets(world).add(replace(A_HUNDRED, month=date(2026, 4, 1)), world.web.url, reason="April")
    cost(world, 200)
    assert world.check() == QUIET
    world.clock.forward(days=31)
    cost(world, 100)
    assert world.check() == SENT


@ON_SQLITE
def test_what_failed_is_tried_again_later_each_time_and_then_given_up(watched: World) -> None:
    watched.web.answer = lambda _: (503, {})
    cost(watched, 80)
    for attempt in range(1, TRIES + 1):
        assert watched.check() == AlertReport(watched=1, failed=1)
        assert watched.check() == QUIET
        watched.clock.forward(minutes=2 ** (attempt - 1))
    assert watched.check() == QUIET
    (seen,) = budgets(watched).listed()
    assert [bool(one.error) for one in seen.told] == [True] * TRIES
    watched.web.answer = lambda _: (200, {})
    cost(watched, 20)
    assert watched.check() == SENT


def test_of_two_checks_at_once_one_sends(watched: World) -> None:
    cost(watched, 80)
    entered, go_on = threading.Event(), threading.Event()

    def slowly(_heard: Heard) -> tuple[int, object]:
        entered.set()
        assert go_on.wait(10)
        return 200, {}

    watched.web.answer = slowly
    first = threading.Thread(target=watched.check)
    first.start()
    assert entered.wait(10)
    assert watched.check() == QUIET
    go_on.set()
    first.join()
    assert watched.check() == QUIET
    assert len(watched.web.heard) == 1


def test_a_check_that_looked_before_another_had_claimed_sends_nothing(
    watched: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cost(watched, 80)
    with watched.store.read(watched.who.org_id) as connection:
        as_read = rows.told(connection, watched.who.org_id, MARCH)
    assert watched.check() == SENT
    monkeypatch.setattr(rows, "told", lambda *_: as_read)
    assert watched.check() == QUIET
    assert len(watched.web.heard) == 1


@ON_SQLITE
def test_the_command_that_cron_runs_tells_of_budgets_too(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDITBOOK_DATABASE_URL", world.store.url)
    monkeypatch.setenv("CREDITBOOK_SMTP_URL", world.mail.url)
    budget = BudgetTerms(name="Ever", scope=Scope.TOTAL, subject="", month=None, amount_nanos=1, currency="USD")
    world.clock.at = system_clock()
    budgets(world).add(budget, "fina@example.com", reason="Test")
    world.ledger.spend("acme/asha", action="chat", cost=Cost(5, 415))
    with pytest.raises(SystemExit) as ended:
        main(("alerts", "check"))
    assert not ended.value.code
    assert "Alerts watched: 1; 1 sent, 0 failed" in capsys.readouterr().out
    (letter,) = world.mail.letters
    assert letter.message["Subject"] == "The budget “Ever” is used up"


@ON_SQLITE
def test_a_check_that_died_while_sending_is_written_down_and_not_repeated(watched: World) -> None:
    cost(watched, 80)
    (seen,) = budgets(watched).listed()
    with watched.store.write(watched.who.org_id) as connection:
        rows.tell(
            connection, watched.who.org_id, seen.budget_id, MARCH, 80, attempt=1, step="claimed", at=watched.clock()
        )
    assert watched.check() == QUIET
    watched.clock.forward(minutes=11)
    assert watched.check() == QUIET
    (seen,) = budgets(watched).listed()
    assert [one.error for one in seen.told] == [INTERRUPTED]
    watched.clock.forward(hours=5)
    assert watched.check() == QUIET
    assert watched.web.heard == []


@ON_SQLITE
def test_a_muted_or_ended_budget_tells_nothing(watched: World) -> None:
    cost(watched, 80)
    (seen,) = budgets(watched).listed()
    budgets(watched).switch(seen.budget_id, on=False, reason="Known")
    assert watched.check() == AlertReport()
    budgets(watched).switch(seen.budget_id, on=True, reason="Again")
    budgets(watched).end(seen.budget_id, reason="Over")
    assert watched.check() == AlertReport()
    assert watched.web.heard == []
    assert budgets(watched).listed() == []
    with pytest.raises(NotFound, match="not there any more"):
        budgets(watched).end(seen.budget_id, reason="Twice")


@ON_SQLITE
def test_an_address_inside_this_machine_is_refused_when_set_and_when_told(watched: World) -> None:
    strict = replace(watched.settings, alerts_to_private_hosts=False)
    with pytest.raises(InvalidRequest):
        budgets(watched, alerts_to_private_hosts=False).add(
            replace(A_HUNDRED, name="Another"), watched.web.url, reason="Test"
        )
    cost(watched, 80)
    assert check_budgets(watched.store, watched.clock(), strict) == AlertReport(watched=1, failed=1)
    assert watched.web.heard == []


@ON_SQLITE
def test_a_budget_without_an_address_is_seen_and_tells_nobody(world: World) -> None:
    budgets(world).add(A_HUNDRED, "", reason="Just to see")
    cost(world, 100)
    assert world.check() == AlertReport()
    (seen,) = budgets(world).listed()
    assert (seen.where, seen.standing.crossed, seen.standing.verdict) == ("", (80, 100), Verdict.TOO_EARLY)


@ON_SQLITE
def test_requests_without_a_price_stand_beside_the_actual(watched: World) -> None:
    watched.ledger.spend("acme/asha", action="chat", model="no-such-model", input_tokens=5)
    (seen,) = budgets(watched).listed()
    assert (seen.unpriced, seen.standing.actual_nanos) == (1, 0)


def test_members_may_not_and_doubles_are_not_and_all_of_it_is_in_the_audit_log(watched: World) -> None:
    with pytest.raises(Refused, match="finance"):
        Budgets(watched.store, watched.who, Settings(), watched.clock)
    with pytest.raises(InvalidRequest, match="already"):
        budgets(watched).add(replace(A_HUNDRED, name="ALL models"), "", reason="Again")
    with pytest.raises(InvalidRequest, match="over"):
        budgets(watched).add(replace(A_HUNDRED, name="Past", month=date(2026, 2, 1)), "", reason="Late")
    with pytest.raises(InvalidRequest, match="reason"):
        budgets(watched).add(replace(A_HUNDRED, name="No reason"), "", reason=" ")
    (seen,) = budgets(watched).listed()
    budgets(watched).end(seen.budget_id, reason="Enough")
    with watched.store.read(watched.who.org_id) as connection:
        log = connection.execute(sa.select(audit.c.act, audit.c.reason).where(audit.c.act.like("budget.%"))).all()
    assert [tuple(line) for line in log] == [("budget.set", "The contract"), ("budget.end", "Enough")]


@ON_SQLITE
def test_a_month_that_is_over_shows_who_was_there_then(watched: World) -> None:
    cost(watched, 30)
    watched.clock.forward(days=40)
    (then,) = budgets(watched).listed(MARCH)
    assert (then.standing.verdict, then.standing.actual_nanos) == (Verdict.KEPT, 30 * NANOS)
    (now,) = budgets(watched).listed()
    assert (now.standing.month, now.standing.actual_nanos) == (date(2026, 4, 1), 0)
    assert budgets(watched).listed(MARCH - timedelta(days=28)) == []
