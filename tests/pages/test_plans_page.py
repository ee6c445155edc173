"""Plans & packages, run by Streamlit's test runner over a real ledger: what is offered, asked, bought and changed.

Dialogs are out of the runner's reach: their words are asked of what builds them, their buttons pressed in a browser.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from creditbook.domain.errors import Refused
from creditbook.domain.program import Tax
from creditbook.programs.loader import load_program
from creditbook.ui import buying

PAGE = "account/plans.py"
Text = Callable[[AppTest], str]


@pytest.fixture
def studio(visit: Any) -> Any:
    """Asha on the free plan of the agent studio, in place of the small test program."""
    visit.ledger.load_program("acme", load_program("studio"), reason="test")
    visit.ledger.open_account("acme/asha")
    return visit


@pytest.fixture
def teams(visit: Any) -> Any:
    """A pool on the starter plan of the team goals, Tara who draws on it."""
    visit.ledger.load_program("acme", load_program("teams"), reason="test")
    visit.ledger.open_account("acme")
    visit.ledger.open_account("acme/tara", draws_on_pool=True)
    return visit


def opened(visit: Any, name: str, role: str = "user") -> AppTest:
    at: AppTest = visit.open(PAGE, visit.principal(name, role))
    assert [title.value for title in at.title] == ["Plans & packages"]
    assert not at.exception
    return at


def buttons(at: AppTest) -> dict[str, str]:
    """Buttons that can be pressed: key → words."""
    return {str(button.key): button.label for button in at.button if not button.disabled}


def prices(at: AppTest) -> list[tuple[str, str]]:
    return [(metric.label, metric.value) for metric in at.metric]


def bought(at: AppTest) -> list[list[Any]]:
    return [row for table in at.table for row in table.value.to_numpy().tolist() if "No. " in str(row[0])]


def test_plans_stand_by_rank_with_their_price_and_tax(studio: Any, text: Text) -> None:
    at = opened(studio, "asha")
    assert prices(at)[:3] == [
        ("for ever", "₹0.00"),
        ("a month · incl. 18% GST", "₹299.00"),
        ("a month · incl. 18% GST", "₹999.00"),
    ]
    assert "50% of what is unused rolls over once" in text(at)
    assert "100 requests a day" in text(at)


def test_a_tax_on_top_is_part_of_the_price_that_is_shown(studio: Any) -> None:
    program = replace(load_program("studio"), tax=Tax("VAT", Fraction(18, 100), inclusive=False))
    studio.ledger.load_program("acme", program, reason="test")
    assert ("a month · incl. 18% VAT", "₹1,178.82") in prices(opened(studio, "asha"))


def test_packages_tell_what_a_thousand_tokens_cost_cheapest_pack_first(studio: Any) -> None:
    assert prices(opened(studio, "asha"))[3:] == [
        ("₹1.98 per 1,000 tokens · incl. 18% GST", "₹99.00"),
        ("₹1.74 per 1,000 tokens · incl. 18% GST", "₹349.00"),
        ("₹1.50 per 1,000 tokens · incl. 18% GST", "₹1,499.00"),
    ]


def test_small_packs_are_priced_by_the_token_and_credits_by_the_credit(studio: Any) -> None:
    studio.ledger.load_program("acme", load_program("daily"), reason="test")
    assert ("฿9.90 per token", "฿99.00") in prices(opened(studio, "asha"))
    program = load_program("credits")
    sold = replace(load_program("studio").packages["pro"], tokens=20_000, price_minor=500)
    studio.ledger.load_program("acme", replace(program, packages={"pro": sold}), reason="test")
    assert ("$0.50 per credit", "$5.00") in prices(opened(studio, "asha"))


def test_from_a_free_plan_paid_ones_are_bought_and_the_running_one_is_no_choice(studio: Any) -> None:
    assert buttons(opened(studio, "asha")) == {
        "choose-basic": "Get Basic",
        "choose-pro": "Get Pro",
        "buy-starter": "Buy",
        "buy-pro": "Buy",
        "buy-unlimited": "Buy",
    }


def test_a_paid_plan_tells_until_when_it_is_paid_and_what_can_be_done(studio: Any, text: Text) -> None:
    studio.ledger.sell("acme/asha", "basic", kind="plan", reason="paid")
    at = opened(studio, "asha")
    assert "Paid until **Sat 4 Apr, 00:00** · in 30 days" in text(at)
    offered = buttons(at)
    assert offered["plan-renew"] == "Pay a further term · ₹299.00"
    assert offered["plan-cancel"] == "Cancel plan"
    assert offered["choose-free"] == "Go down to Free"
    assert [row[2] for row in bought(at)] == [":green[done]"]


def test_terms_paid_ahead_move_the_end_that_is_told(studio: Any, text: Text) -> None:
    studio.ledger.sell("acme/asha", "pro", kind="plan", reason="paid")
    studio.ledger.sell("acme/asha", "pro", kind="renewal", reason="paid ahead")
    assert "Paid until **Mon 4 May, 00:00** · in 60 days, 1 term ahead." in text(opened(studio, "asha"))
    studio.ledger.cancel_plan("acme/asha")
    assert "Ends **Mon 4 May, 00:00**" in text(opened(studio, "asha"))


def test_a_cancelled_plan_tells_when_it_ends_what_comes_then_and_can_be_kept(studio: Any, text: Text) -> None:
    studio.ledger.sell("acme/asha", "pro", kind="plan", reason="paid")
    studio.ledger.cancel_plan("acme/asha")
    at = opened(studio, "asha")
    assert "Ends **Sat 4 Apr, 00:00**" in text(at)
    assert "Then **Free** begins." in text(at)
    assert buttons(at)["plan-keep"] == "Keep Pro"
    assert "plan-cancel" not in buttons(at)
    assert "choose-free" not in buttons(at)


def test_a_downgrade_that_waits_is_marked(studio: Any, text: Text) -> None:
    studio.ledger.sell("acme/asha", "pro", kind="plan", reason="paid")
    studio.ledger.change_plan("acme/asha", "basic")
    at = opened(studio, "asha")
    assert "Then **Basic** begins." in text(at)
    assert "Comes next" in text(at)
    assert buttons(at)["plan-renew"] == "Pay a further term · ₹299.00"


def test_an_unpaid_term_names_the_end_of_its_grace_and_then_the_plan_is_lapsed(studio: Any, text: Text) -> None:
    studio.ledger.sell("acme/asha", "basic", kind="plan", reason="paid")
    studio.clock.forward(days=32)
    at = opened(studio, "asha")
    assert "Pay it before **Tue 7 Apr, 00:00**" in text(at)
    assert buttons(at)["plan-renew"] == "Pay ₹299.00 now"
    studio.clock.forward(days=3)
    assert "was not paid in time and ended, so this account is on **Free** now" in text(opened(studio, "asha"))


def test_an_unlimited_plan_says_so(studio: Any, text: Text) -> None:
    studio.ledger.load_program("acme", load_program("credits"), reason="test")
    studio.ledger.sell("acme/asha", "enterprise", kind="plan", reason="paid")
    at = opened(studio, "asha")
    assert "**Unlimited**: work is recorded and costs no tokens" in text(at)
    assert "**100 credits** (200,000 tokens) every 30 days" in text(at)


def test_a_request_waits_in_the_purchases_and_is_done_when_an_administrator_takes_the_money(studio: Any) -> None:
    asked = studio.ledger.open_purchase("acme/asha", "pro", actor="asha")
    assert bought(opened(studio, "asha"))[0][2] == ":orange[waits for the payment]"
    studio.ledger.pay_purchase("acme/asha", asked.purchase_id, provider="manual", payment="bank 1", reason="paid")
    assert bought(opened(studio, "asha"))[0][2] == ":green[done]"
    assert studio.ledger.balance("acme/asha").available == 210_000


def test_a_member_sees_her_teams_plan_and_may_ask_but_not_change_it(teams: Any, text: Text) -> None:
    teams.ledger.sell("acme", "pro", kind="plan", reason="paid")
    at = opened(teams, "tara")
    assert "Your team's plan" in text(at)
    assert set(buttons(at)) == {"plan-renew", "choose-enterprise", "buy-boost", "buy-leads"}
    assert {"plan-cancel", "choose-starter"} <= set(buttons(opened(teams, "tara", "admin")))


def test_plans_name_the_features_that_they_have_and_those_they_lack(teams: Any, text: Text) -> None:
    said = text(opened(teams, "tara"))
    assert "no goal generation" in said
    assert "Goal generation: 20" in said
    assert "Revenue forecast: 40" in said


def test_a_closed_account_can_buy_nothing(studio: Any) -> None:
    studio.ledger.close_account("acme/asha", reason="test")
    assert buttons(opened(studio, "asha")) == {}


def test_with_a_provider_set_up_people_choose_how_to_pay(
    studio: Any, monkeypatch: pytest.MonkeyPatch, text: Text
) -> None:
    assert "Payments go through your administrator" in text(opened(studio, "asha"))
    settings = replace(studio.place.settings, stripe_api_key="sk_test_x", stripe_webhook_secret="whsec_x")
    monkeypatch.setattr(studio.place, "settings", settings)
    at = opened(studio, "asha")
    assert at.segmented_control(key="pay-with").value == "Stripe"
    assert "Payments go through your administrator" not in text(at)


def test_the_overview_says_how_the_plan_stands_and_leads_to_the_plans(studio: Any, text: Text) -> None:
    studio.ledger.sell("acme/asha", "pro", kind="plan", reason="paid")
    studio.ledger.cancel_plan("acme/asha")
    at = studio.open("account/overview.py", studio.principal("asha"))
    assert "**Pro** plan" in text(at)
    assert ":orange-badge[:material/event_busy: Cancelled]" in text(at)
    assert "Then **Free** begins." in text(at)
    assert "Plans" in [link.proto.label for link in at.get("page_link")]


def test_who_asked_may_withdraw_a_request_and_in_a_team_nobody_else_but_its_administrator(teams: Any) -> None:
    asked = teams.ledger.open_purchase("acme", "boost", actor="tara")
    key = f"withdraw-{asked.purchase_id}"
    assert key in buttons(opened(teams, "tara"))
    teams.ledger.open_account("acme/tom", draws_on_pool=True)
    assert key not in buttons(opened(teams, "tom"))
    assert key in buttons(opened(teams, "tom", "admin"))
    teams.ledger.fail_purchase("acme", asked.purchase_id, reason="withdrawn")
    assert key not in buttons(opened(teams, "tara"))


def test_a_dialog_that_stood_open_too_long_can_touch_no_other_account(teams: Any) -> None:
    teams.ledger.open_account("acme/tom", plan="starter")
    with pytest.raises(Refused):
        buying.refuse_foreign(teams.principal("tara"), "acme/tom")
    with pytest.raises(Refused):
        buying.refuse_foreign(teams.principal("tom"), "acme")
    buying.refuse_foreign(teams.principal("tara"), "acme")
