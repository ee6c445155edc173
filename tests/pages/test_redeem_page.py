"""Redeem, run by Streamlit's test runner over a real ledger: a code and what it brought, refusals, friends, rewards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from creditbook.domain.program import PromoTerms
from creditbook.programs.loader import load_program

PAGE = "account/redeem.py"
Text = Callable[[AppTest], str]
TYPED = "   spring  "


@pytest.fixture
def acme(visit: Any) -> Any:
    """Asha and her friend in the website builder's program: referral, a reward, and a code for two."""
    visit.ledger.load_program("acme", load_program("daily"), reason="test")
    visit.ledger.open_account("acme/asha")
    terms = PromoTerms("SPRING", 50, lifetime_days=30, total_limit=2, label="Spring gift")
    visit.ledger.create_codes("acme", terms, reason="spring", actor="nisha")
    return visit


def redeem(visit: Any, name: str, code: str) -> AppTest:
    at: AppTest = visit.open(PAGE, visit.principal(name))
    assert [title.value for title in at.title] == ["Redeem"]
    at.text_input(key="code").set_value(code)
    at.button(key="redeem-now").click().run()
    assert not at.exception
    return at


def refusals(at: AppTest) -> list[str]:
    return [error.value.replace("\\", "") for error in at.error]


def tables(at: AppTest) -> list[list[Any]]:
    return [row for table in at.table for row in table.value.to_numpy().tolist()]


def test_a_code_shows_the_new_balance_the_old_one_and_when_it_expires(acme: Any, text: Text) -> None:
    at = redeem(acme, "asha", TYPED)
    assert {metric.label: metric.value for metric in at.metric} == {"Available now": "55 tokens"}
    assert acme.ledger.balance("acme/asha").available == 55
    said = str(tables(at))
    assert "5 tokens" in said
    assert "Fri 3 Apr, 17:30 · in 30 days" in said
    assert "+50 tokens" in text(at)
    at.button(key="redeem-another").click().run()
    assert at.text_input(key="code").value == ""


def test_unknown_ended_and_exhausted_codes_read_alike(acme: Any) -> None:
    for name in ("ravi", "meera", "late"):
        acme.ledger.open_account(f"acme/{name}")
    acme.ledger.create_codes("acme", PromoTerms("WINTER", 5, valid_through=date(2026, 1, 1)), reason="x", actor="nisha")
    for name in ("asha", "ravi"):
        acme.ledger.redeem(f"acme/{name}", "spring")
    said = [
        refusals(redeem(acme, who, code))
        for who, code in (("late", "no such"), ("late", "winter"), ("meera", "spring"))
    ]
    assert said[0] == said[1] == said[2]
    assert "This code can't be redeemed" in said[0][0]


def test_a_code_redeemed_before_says_so_and_keeps_what_was_typed(acme: Any) -> None:
    acme.ledger.redeem("acme/asha", "SPRING")
    at = redeem(acme, "asha", TYPED)
    assert refusals(at) == ["You have redeemed this code before."]
    assert at.text_input(key="code").value == TYPED
    assert acme.ledger.balance("acme/asha").available == 55


def test_a_condition_that_is_not_met_is_told(acme: Any) -> None:
    terms = PromoTerms("FIRST", 5, first_purchase=True)
    acme.ledger.create_codes("acme", terms, reason="x", actor="nisha")
    acme.ledger.sell("acme/asha", "ten", reason="paid")
    assert refusals(redeem(acme, "asha", "first")) == ["This code is for accounts that have bought nothing yet."]


def test_guessing_is_stopped_and_the_time_to_wait_is_told(acme: Any) -> None:
    at = redeem(acme, "asha", "guess 0")
    for n in range(1, 11):
        at.text_input(key="code").set_value(f"guess {n}")
        at.button(key="redeem-now").click().run()
    assert refusals(at) == ["Too many codes that were not right. Try again in 15 minutes."]
    at.text_input(key="code").set_value("SPRING")
    at.button(key="redeem-now").click().run()
    assert "Try again in 15 minutes" in refusals(at)[0]
    assert acme.ledger.balance("acme/asha").available == 5


def test_an_empty_field_asks_for_a_code(acme: Any) -> None:
    assert refusals(redeem(acme, "asha", "  ")) == ["Type the code first."]


def test_a_friends_first_work_is_counted_for_both(acme: Any, text: Text) -> None:
    acme.ledger.open_account("acme/fern", referred_by="asha")
    assert "A friend brought you here" in text(acme.open(PAGE, acme.principal("fern")))
    assert "Nobody has come through you yet" in text(acme.open(PAGE, acme.principal("asha")))
    acme.ledger.spend("acme/fern", action="project_creation")
    at = acme.open(PAGE, acme.principal("asha"))
    assert "1 friend came through you so far, 3 tokens" in text(at)
    assert "**3 tokens** for each of you, at her first project creation." in text(at)
    assert [(row[0].split("  \n")[0], row[2]) for row in tables(at)] == [(":material/group_add: Referral", 3)]


def test_where_people_sign_up_by_themselves_the_link_names_the_friend(acme: Any) -> None:
    assert [code.value for code in acme.open(PAGE, acme.principal("asha")).code] == ["asha"]
    program = replace(load_program("daily"), self_registration=True)
    acme.ledger.load_program("acme", program, reason="test")
    assert "join=acme&from=asha" in acme.open(PAGE, acme.principal("asha")).code[0].value


def test_a_reward_is_marked_once_it_was_had(acme: Any, text: Text) -> None:
    assert ":green-badge[" not in text(acme.open(PAGE, acme.principal("asha")))
    acme.ledger.reward("acme/asha", "published_site")
    at = acme.open(PAGE, acme.principal("asha"))
    assert ":green-badge[:material/check: Had]" in text(at)
    assert [row[2] for row in tables(at)] == [2]


def test_a_program_without_friends_and_rewards_shows_none(acme: Any) -> None:
    acme.ledger.load_program("acme", load_program("studio"), reason="test")
    at = acme.open(PAGE, acme.principal("asha"))
    assert [header.value for header in at.header] == ["Redeem a code", "What you have had"]
