"""The overview in the words of the programs: credits, the way out of nothing left, and a team's tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamlit.testing.v1 import AppTest

from creditbook.programs import load_program


def runs(visit: Any, name: str) -> None:
    visit.ledger.load_program("acme", load_program(name), reason="another program")


def test_credits_are_shown_with_the_exact_tokens_beside(visit: Any, text: Callable[[AppTest], str]) -> None:
    runs(visit, "credits")
    visit.ledger.open_account("acme/kim")
    at = visit.open("account/overview.py", visit.principal("kim"))
    assert {m.label: m.value for m in at.metric}["Available"] == "5 Credits"
    assert "**10,000** :gray[Tokens Available]" in text(at)
    assert "It needs 1 credit. What you have is enough for 5." in text(at)


def test_who_has_no_credits_is_told_so_beside_the_way_to_upgrade(visit: Any, text: Callable[[AppTest], str]) -> None:
    runs(visit, "credits")
    visit.ledger.open_account("acme/kim")
    for _ in range(5):
        visit.ledger.spend("acme/kim", action="code_review")
    at = visit.open("account/overview.py", visit.principal("kim"))
    assert "Insufficient credits" in text(at)
    assert "You have 0 credits remaining \\(0 tokens\\)" in text(at)
    assert next(link.label for link in at.get("page_link")) == "Upgrade to Pro"
    assert "Nothing is left. It refills on **Sat 4 Apr**." in text(at)


def test_a_member_is_told_when_her_teams_tokens_come_back(visit: Any, text: Callable[[AppTest], str]) -> None:
    runs(visit, "teams")
    visit.ledger.open_account("acme")
    visit.ledger.open_account("acme/asha", draws_on_pool=True)
    at = visit.open("account/overview.py", visit.principal("asha"))
    assert "Goal generation is not in your plan" in text(at)
    visit.ledger.sell("acme", "pro", kind="plan", payment="in 1", reason="invoice")
    for _ in range(5):
        visit.ledger.spend("acme/asha", action="goal_generation")
    at = visit.open("account/overview.py", visit.principal("asha"))
    assert "The team's tokens back to **200**" in text(at)
    assert "It needs 3 tokens. What you have is enough for 1." in text(at)
