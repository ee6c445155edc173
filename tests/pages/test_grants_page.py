"""Giving tokens: seen before it is written, written once, told to each, taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from creditbook.domain.errors import LedgerError
from creditbook.reports import grants
from creditbook.ui import gifts, grant_file, granting

KOLKATA = ZoneInfo("Asia/Kolkata")


@pytest.fixture
def boss(visit: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("asha", "meera", "kabir"):
        visit.ledger.open_account(f"acme/{name}", plan="bare")
    visit.ledger.freeze("acme/kabir", reason="a test")
    who = visit.principal("boss", "admin", account=False)
    monkeypatch.setattr(granting, "require", lambda *roles: who)
    monkeypatch.setattr(gifts, "require", lambda *roles: who)
    return who


def a_plan(visit: Any, who: Any, tokens: int = 1_000, reason: str = "A prize") -> granting.Plan:
    rows = tuple((one, tokens) for one in grants.receivers(visit.place.store, who))
    return granting.Plan(rows, "Bonus", "90 days", reason)


def fill(at: AppTest, *accounts: str, tokens: int = 1_000, why: str = "A prize") -> AppTest:
    by_name = {option.split(" ")[0]: option for option in at.multiselect(key="people").options}
    for account in accounts:
        at.multiselect(key="people").select(by_name[account])
    at.number_input(key="tokens").set_value(tokens)
    at.text_input(key="why").set_value(why)
    return at.run()


def test_before_and_after_are_shown_and_nothing_is_written_yet(
    visit: Any, boss: Any, text: Callable[[AppTest], str]
) -> None:
    at = fill(visit.open("admin/grants.py", boss), "asha", "kabir")
    table = at.dataframe[0].value
    assert table[["Member", "Before", "Grant", "After"]].to_numpy().tolist() == [
        ["asha", 0, "+1,000", 1_000],
        ["kabir", 0, "frozen", 0],
    ]
    assert "kabir** is frozen and will be left out" in text(at)
    assert visit.ledger.balance("acme/asha").available == 0
    assert not at.button(key="review").disabled


def test_without_a_reason_nothing_can_be_granted(visit: Any, boss: Any) -> None:
    at = fill(visit.open("admin/grants.py", boss), "asha", why="  ")
    assert at.button(key="review").disabled


def test_the_question_names_the_effect_and_a_large_sum_wants_to_be_typed(visit: Any, boss: Any) -> None:
    small = granting.question(a_plan(visit, boss), visit.clock.at, KOLKATA)
    assert small.effect.startswith("**1,000 tokens** to each of **2 accounts**, **2,000** in all.")
    assert "expires Tue 2 Jun 2026, 00:00 IST" in small.effect
    assert (small.button, small.type_number) == ("Grant 2,000 tokens", 0)
    assert granting.question(a_plan(visit, boss, 50_000), visit.clock.at, KOLKATA).type_number == 100_000


def test_the_expiry_in_the_question_is_the_grants_own(visit: Any, boss: Any) -> None:
    given = granting.give(a_plan(visit, boss), {}, "", "once", "")
    with visit.place.store.read(boss.org_id) as connection:
        found = connection.exec_driver_sql("SELECT DISTINCT expires_at FROM token_grant WHERE source = 'grant'").all()
    assert [datetime.fromtimestamp(row[0] / 1e6, KOLKATA).isoformat() for row in found] == ["2026-06-02T00:00:00+05:30"]
    assert len(given.receipts) == 2


def test_everybody_receives_but_the_frozen_with_the_reason_in_the_audit_log(visit: Any, boss: Any) -> None:
    given = granting.give(a_plan(visit, boss), {}, "", "once", "")
    assert [(r.account, r.available) for r in given.receipts] == [("acme/asha", 1_000), ("acme/meera", 1_000)]
    (gift,) = grants.recent(visit.place.store, boss)
    assert (gift.actor, gift.reason, gift.tokens, gift.left) == ("boss", "A prize", 2_000, 2_000)


def test_pressing_twice_gives_once(visit: Any, boss: Any) -> None:
    plan = a_plan(visit, boss)
    granting.give(plan, {}, "", "once", "")
    again = granting.give(plan, {}, "", "once", "")
    assert all(receipt.replayed for receipt in again.receipts)
    assert visit.ledger.balance("acme/asha").available == 1_000


def test_undo_takes_back_what_is_unspent_as_a_new_line(visit: Any, boss: Any) -> None:
    granting.give(a_plan(visit, boss), {}, "", "once", "")
    visit.ledger.spend("acme/asha", action="work", tokens=400)
    (gift,) = grants.recent(visit.place.store, boss)
    assert gift.left == 1_600
    assert gifts.take_back(gift, "undo", "Wrong people") == 1_600
    assert [visit.ledger.balance(f"acme/{name}").available for name in ("asha", "meera")] == [0, 0]
    assert grants.recent(visit.place.store, boss)[0].left == 0


def test_one_who_closed_meanwhile_is_told_and_the_others_receive(visit: Any, boss: Any) -> None:
    plan = a_plan(visit, boss)
    visit.ledger.close_account("acme/meera", reason="left")
    given = granting.give(plan, {}, "", "once", "")
    assert [receipt.account for receipt in given.receipts] == ["acme/asha"]
    assert given.refused[0].startswith("meera: ")


def test_a_user_can_not_open_the_page(visit: Any, boss: Any) -> None:
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        visit.open("admin/grants.py", visit.principal("asha"))


@pytest.mark.parametrize(
    ("content", "rows", "problem"),
    [
        (b'account,tokens\nasha,500\nacme/meera,"1,500"\n', {"asha": 500, "meera": 1_500}, ""),
        (b"\xef\xbb\xbfTokens,Account\r\n10,ASHA\r\n20,asha\r\n", {"asha": 30}, ""),
        (b"account,tokens\nnobody,5\n", {}, "Line 2: there is no account \u201cnobody\u201d here."),
        (b"account,tokens\nasha,-5\n", {}, "Line 2: tokens have to be a whole number"),
        (b"account,tokens\nasha,1.5\n", {}, "Line 2: tokens have to be a whole number"),
        (b"who,how many\nasha,5\n", {}, "The first line has to name the columns account and tokens."),
        (b"account,tokens\nasha,\xff\n", {}, "This is no UTF-8 text."),
        (b"", {}, "The first line has to name"),
    ],
)
def test_a_file_is_read_row_by_row_and_bad_rows_are_told(
    visit: Any, boss: Any, content: bytes, rows: dict[str, int], problem: str
) -> None:
    found = grant_file.read(content, grants.receivers(visit.place.store, boss), "acme")
    assert {one.name: tokens for one, tokens in found.rows} == rows
    assert "".join(found.problems).startswith(problem)
    assert bool(found.problems) == bool(problem)


def test_another_organizations_accounts_are_not_offered(visit: Any, boss: Any) -> None:
    from support.ledgers import PROGRAM

    visit.ledger.create_organization("other", PROGRAM)
    visit.ledger.open_account("other/spy", plan="bare")
    assert {one.name for one in grants.receivers(visit.place.store, boss)} == {"asha", "meera", "kabir"}
    with pytest.raises(LedgerError):
        visit.ledger.grant("acme/spy", 5, reason="x")


def test_a_gift_to_a_thousand_is_one_gift_and_comes_back_whole(visit: Any, boss: Any) -> None:
    many = [
        {"account": "acme/asha", "tokens": 2, "reason": "Many", "actor": "boss", "idempotency_key": f"k{n}"}
        for n in range(1_050)
    ]
    for start in (0, 525):
        visit.ledger.grant_many(many[start : start + 525])
    visit.ledger.grant("acme/meera", 7, reason="One", actor="boss")
    assert [(g.reason, len(g.grants), g.left) for g in grants.recent(visit.place.store, boss)] == [
        ("One", 1, 7),
        ("Many", 1_050, 2_100),
    ]


def test_a_purchase_is_no_gift_to_be_taken_back_here(visit: Any, boss: Any) -> None:
    visit.ledger.grant(
        "acme/asha", 50_000, reason="Starter pack bought", kind="purchase", grant_class="purchased", actor="asha"
    )
    assert grants.recent(visit.place.store, boss) == []
