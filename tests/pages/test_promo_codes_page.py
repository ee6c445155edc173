"""Promo codes: seen before they are made, listed with live counts, disabled and enabled with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from creditbook import CodeNotRedeemable
from creditbook.domain.program import PromoTerms
from creditbook.reports import codes
from creditbook.ui import promo_codes

WELCOME = PromoTerms("WELCOME", 1_000, total_limit=2)


@pytest.fixture
def boss(visit: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("asha", "meera"):
        visit.ledger.open_account(f"acme/{name}", plan="bare")
    who = visit.principal("boss", "admin", account=False)
    monkeypatch.setattr(promo_codes, "require", lambda *roles: who)
    return who


def make(visit: Any, terms: PromoTerms = WELCOME, **more: Any) -> list[str]:
    made: list[str] = visit.ledger.create_codes("acme", terms, reason="launch", actor="boss", **more)
    return made


def test_what_a_code_would_give_stands_there_before_it_is_made(
    visit: Any, boss: Any, text: Callable[[AppTest], str]
) -> None:
    at = visit.open("admin/promo_codes.py", boss)
    assert at.button(key="review").disabled
    at.text_input(key="code").set_value("LAUNCH")
    at.number_input(key="code-tokens").set_value(50_000)
    at.number_input(key="code-limit").set_value(10)
    at.text_input(key="code-why").set_value("The launch")
    at.run()
    said = text(at)
    assert "**LAUNCH** gives **50,000 tokens**, once per account, 10 times in all: at most **500,000 tokens**" in said
    assert not at.button(key="review").disabled
    assert visit.ledger.codes("acme") == []


def test_a_code_without_a_limit_says_so(visit: Any, boss: Any) -> None:
    assert "without a limit in all" in promo_codes.effect(replace(WELCOME, total_limit=None), 1)


def test_a_thousand_codes_are_made_at_once_and_are_one_batch(visit: Any, boss: Any) -> None:
    made = promo_codes._create(WELCOME, 1_000, "fair", "once", "")
    assert len(set(made)) == 1_000
    lines = codes.codes(visit.place.store, boss, visit.clock.at)
    assert {line.row.batch for line in lines} == {"WELCOME"}
    assert len(promo_codes.matching(lines, "welcome", "open")) == 1_000


def test_the_list_tells_where_each_code_stands_and_its_count_moves(
    visit: Any, boss: Any, text: Callable[[AppTest], str]
) -> None:
    make(visit)
    make(visit, PromoTerms("LATER", 5, valid_from=date(2030, 1, 1)))
    make(visit, PromoTerms("OVER", 5, valid_through=date(2020, 1, 1)))
    visit.ledger.redeem("acme/asha", "welcome")
    at = visit.open("admin/promo_codes.py", boss)
    shown = at.dataframe[0].value[["code", "standing", "redeemed", "given"]].to_numpy().tolist()
    assert shown == [["OVER", "Ended", "0", 0], ["LATER", "Not yet", "0", 0], ["WELCOME", "Open", "1 of 2", 1_000]]
    visit.ledger.redeem("acme/meera", "WELCOME")
    assert visit.open("admin/promo_codes.py", boss).dataframe[0].value["standing"].tolist()[2] == "Used up"


def test_a_code_opens_to_its_terms_and_to_who_redeemed_it(visit: Any, boss: Any) -> None:
    make(visit)
    visit.ledger.redeem("acme/asha", "welcome")
    code_id = codes.codes(visit.place.store, boss, visit.clock.at)[0].row.code_id
    at = visit.open("admin/promo_codes.py", boss, code=str(code_id))
    assert at.dataframe[1].value["Account"].tolist() == ["asha"]
    assert at.button(key="switch-code").label == "Disable"


def test_a_disabled_code_gives_no_more_and_keeps_what_it_gave(visit: Any, boss: Any) -> None:
    make(visit)
    visit.ledger.redeem("acme/asha", "welcome")
    promo_codes._switch("WELCOME", True, "once", "leaked")
    with pytest.raises(CodeNotRedeemable):
        visit.ledger.redeem("acme/meera", "welcome")
    assert visit.ledger.balance("acme/asha").available == 1_000
    promo_codes._switch("WELCOME", False, "once", "a false alarm")
    assert visit.ledger.redeem("acme/meera", "welcome").tokens == 1_000
