"""The inbox: what waits for a person, decided once, by whoever may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.ledgers import PROGRAM

from creditbook.domain.program import Package, Plan
from creditbook.reports import grants
from creditbook.reports.inbox import Inbox, inbox
from creditbook.store import webhooks
from creditbook.ui import gifts, granting, inbox_lines, inbox_sales
from creditbook.ui import inbox as drawn
from creditbook.ui.confirm import Act


def waits(visit: Any, who: Any) -> Inbox:
    return inbox(visit.place.store, who, visit.clock.at)


@pytest.fixture
def boss(visit: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    packages = {"ten": Package("ten", "Ten", 10, 9_900)}
    visit.ledger.load_program("acme", replace(PROGRAM, approval_above=500, packages=packages), reason="a test")
    visit.ledger.open_account("acme/asha", plan="bare")
    who = visit.principal("boss", "admin", account=False)
    for module in (granting, gifts, drawn, inbox_lines):
        monkeypatch.setattr(module, "require", lambda *roles: who)
    return who


@pytest.fixture
def press(visit: Any, boss: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Opens the inbox and confirms one of the acts that stand in it (Streamlit's test runner keeps no dialog open)."""
    acts: dict[str, inbox_lines.Run] = {}

    def noted(act: Act, run: inbox_lines.Run, *, primary: bool = False) -> None:
        acts[act.key] = run

    for module in (drawn, inbox_sales):
        monkeypatch.setattr(module, "button", noted)

    def pressed(act: str, why: str, who: Any = boss) -> str:
        assert not visit.open("admin/inbox.py", who).exception
        return acts[act](who, f"once-{act}", why)

    return pressed


def test_an_empty_inbox_says_what_will_stand_there(visit: Any, boss: Any, text: Callable[[AppTest], str]) -> None:
    assert "Nothing waits" in text(visit.open("admin/inbox.py", boss))


def test_a_large_grant_is_asked_for_and_a_second_administrator_gives_it(visit: Any, boss: Any, press: Any) -> None:
    rows = tuple((one, 900) for one in grants.receivers(visit.place.store, boss))
    given = granting.give(granting.Plan(rows, "Bonus", "90 days", "A prize"), {}, "", "once", "")
    assert (len(given.receipts), len(given.asked)) == (0, 1)
    assert visit.ledger.balance("acme/asha").available == 0
    (one,) = waits(visit, boss).grants
    own = visit.open("admin/inbox.py", boss)
    assert not [b for b in own.button if b.key == f"open-approve-{one.approval_id}"], "nobody approves their own"
    visit.ledger.decline("acme", one.approval_id, actor="meera", note="too much")
    assert waits(visit, boss).grants == ()
    asked = visit.ledger.ask_grant("acme/asha", 900, reason="A prize", actor="meera")
    press(f"approve-{asked}", "It was agreed")
    assert visit.ledger.balance("acme/asha").available == 900
    assert waits(visit, boss).count == 0


def test_a_small_grant_is_given_at_once_beside_a_large_one(visit: Any, boss: Any) -> None:
    visit.ledger.open_account("acme/ravi", plan="bare")
    who = {one.name: one for one in grants.receivers(visit.place.store, boss)}
    rows = ((who["asha"], 900), (who["ravi"], 100))
    given = granting.give(granting.Plan(rows, "Bonus", "Never", "A prize"), {}, "", "once", "")
    assert [one.name for one, _ in given.asked] == ["asha"]
    assert visit.ledger.balance("acme/ravi").available == 100


def test_a_purchase_by_hand_waits_until_its_money_is_there(visit: Any, boss: Any, press: Any) -> None:
    opened = visit.ledger.open_purchase("acme/asha", "ten")
    assert [one.purchase.purchase_id for one in waits(visit, boss).to_pay] == [opened.purchase_id]
    press(f"paid-{opened.purchase_id}", "Bank transfer 77")
    assert visit.ledger.balance("acme/asha").available == 10
    assert waits(visit, boss).count == 0


def test_a_purchase_that_nobody_will_pay_is_given_up(visit: Any, boss: Any, press: Any) -> None:
    opened = visit.ledger.open_purchase("acme/asha", "ten")
    press(f"fail-{opened.purchase_id}", "She changed her mind")
    assert waits(visit, boss).count == 0
    assert visit.ledger.balance("acme/asha").available == 0


def test_a_checkout_that_nobody_finished_waits_after_a_day(visit: Any, boss: Any) -> None:
    visit.ledger.open_purchase("acme/asha", "ten", provider="stripe")
    assert waits(visit, boss).count == 0
    visit.clock.at += timedelta(hours=25)
    assert len(waits(visit, boss).stuck) == 1


def test_a_lost_dispute_takes_back_what_is_left(visit: Any, boss: Any, press: Any) -> None:
    sold = visit.ledger.sell("acme/asha", "ten", reason="paid", actor="boss")
    visit.ledger.dispute_purchase("acme/asha", sold.purchase_id, "opened")
    assert visit.ledger.balance("acme/asha").available == 0
    press(f"won-{sold.purchase_id}", "The bank agreed")
    assert visit.ledger.balance("acme/asha").available == 10
    visit.ledger.dispute_purchase("acme/asha", sold.purchase_id, "opened")
    press(f"lost-{sold.purchase_id}", "The bank did not agree")
    assert visit.ledger.balance("acme/asha").posted == 0
    assert waits(visit, boss).count == 0


def test_a_debt_is_written_off_with_a_reason(visit: Any, boss: Any, press: Any) -> None:
    visit.ledger.grant("acme/asha", 100, reason="a start", actor="boss")
    job = visit.ledger.hold("acme/asha", action="work", estimate=100)
    visit.ledger.capture("acme/asha", job.hold_id, tokens=140)
    (one,) = waits(visit, boss).debts
    assert (one.name, one.owed) == ("asha", 40)
    press("debt-asha", "Our mistake")
    assert visit.ledger.balance("acme/asha").debt == 0


def test_another_organizations_inbox_is_its_own(visit: Any, boss: Any) -> None:
    plans = {"bare": Plan("bare", "Bare", 0, PROGRAM.plans["bare"].grant_class)}
    visit.ledger.create_organization("other", replace(PROGRAM, name="other", plans=plans, packages={
        "ten": Package("ten", "Ten", 10, 9_900)}))  # fmt: skip
    visit.ledger.open_account("other/eve")
    visit.ledger.open_purchase("other/eve", "ten")
    assert waits(visit, boss).count == 0


def test_a_payment_message_that_matches_nothing_waits_until_it_is_set_aside(
    visit: Any, boss: Any, press: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = {"id": "evt_1", "type": "checkout.session.completed", "data": {"object": {"id": "cs_1"}}}
    store, at = visit.place.store, visit.clock.at
    webhooks.receive(store, "stripe", "evt_1", at=at, kind="checkout.session.completed", payment="pi_1", payload=event)
    webhooks.settle(store, "stripe", "evt_1", status="unmatched", note="No purchase here has that payment.")
    assert waits(visit, boss).count == 0, "whose it is nobody knows, so it is the operator's"
    operator = replace(boss, is_operator=True)
    assert waits(visit, operator).events[0].note == "No purchase here has that payment."
    press("dismiss-evt_1", "Another shop of ours", operator)
    assert waits(visit, operator).count == 0
