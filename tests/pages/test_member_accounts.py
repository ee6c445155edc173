"""A member's account in an administrator's hands: plan, quota, closing, and her pages looked at, read only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from support.people import House

from creditbook.access import Member, Principal, console
from creditbook.domain.errors import AccountClosed, LedgerError
from creditbook.installation import installation
from creditbook.programs.loader import load_program
from creditbook.reports.shop import Shop, shop
from creditbook.site import PAGES
from creditbook.ui import account_deeds, looking, member_plans
from creditbook.ui.member_plans import CANCEL, KEEP, RENEW
from creditbook.ui.money import money
from creditbook.ui.session import TEST_COOKIE

PAGE = str(PAGES / "admin" / "members.py")


@pytest.fixture
def nisha(house: House) -> Principal:
    """The administrator of a studio in which Asha works on the free plan."""
    ledger = installation().ledger
    made = ledger.create_organization("studio", load_program("studio"), name="Nilgiri Studio", actor="console")
    org = console(made.org_id, made.slug, made.name, made.zone)
    house.person(org, "nisha", "admin")
    ledger.open_account("studio/asha", actor="console")
    house.access.people.give_account(org, house.person(org, "asha"), "asha", reason="test")
    return house.principal("nisha")


def asha(house: House, nisha: Principal) -> Member:
    return next(m for m in house.access.people.members(nisha) if m.user_name == "asha")


def her_shop(nisha: Principal, one: Member) -> Shop:
    here = installation()
    return shop(here.store, here.ledger.core.batches, member_plans.seen_as(nisha, one), here.clock())


def choice(nisha: Principal, one: Member, words: str, **how: Any) -> member_plans.Choice:
    found = her_shop(nisha, one)
    ways = member_plans.options(found)
    chosen = next(way for way in ways if way.startswith(words))
    terms: dict[str, Any] = {"at_once": False, "payment": ""} | how
    return member_plans.choose(nisha, one, found, chosen, ways[chosen], **terms)


def visit(house: House, **query: str) -> AppTest:
    at = AppTest.from_file(PAGE, default_timeout=20)
    at.session_state[TEST_COOKIE] = house.sign_in("nisha")
    for name, value in query.items():
        at.query_params[name.rstrip("_")] = value
    at.run()
    assert not at.exception, at.exception
    return at


def plan_now() -> tuple[str, str, str]:
    found = installation().ledger.subscription("studio/asha")
    return found.plan, found.status, found.next_plan


def test_a_plan_is_sold_then_cancelled_then_kept_each_seen_before(house: House, nisha: Principal) -> None:
    one, ledger = asha(house, nisha), installation().ledger
    paid = next(plan for plan in load_program("studio").plans.values() if plan.is_paid)
    sale = choice(nisha, one, paid.title, payment="UPI 4711")
    foreseen = sale.preview()
    assert sale.note == f"Records a payment of {money(foreseen.result.price_minor, 'INR')}"  # type: ignore[union-attr]
    sale.deed.run(nisha, "paid by UPI", "key-1")
    assert plan_now() == (paid.slug, "active", "")
    assert ledger.balance("studio/asha").available == foreseen.after.available
    assert foreseen.before.available != foreseen.after.available

    cancel = choice(nisha, one, CANCEL)
    cancel.deed.run(nisha, "she asked", "key-2")
    assert plan_now()[:2] == (paid.slug, "cancelling")
    assert KEEP in member_plans.options(her_shop(nisha, one))
    choice(nisha, one, KEEP).deed.run(nisha, "she stays", "key-3")
    assert plan_now() == (paid.slug, "active", "")
    acts = [(row.act, row.actor, row.reason) for row in house.audit(nisha)][-3:]
    assert acts == [
        ("sell", "nisha", "paid by UPI"), ("cancel_plan", "nisha", "she asked"), ("change_plan", "nisha", "she stays"),
    ]  # fmt: skip


def test_a_downgrade_waits_for_the_end_and_its_undo_takes_it_back(house: House, nisha: Principal) -> None:
    one = asha(house, nisha)
    ranked = sorted((p for p in load_program("studio").plans.values() if p.is_paid), key=lambda p: p.rank)
    lower, higher = ranked[0], ranked[-1]
    choice(nisha, one, higher.title).deed.run(nisha, "paid", "key-1")
    down = choice(nisha, one, lower.title)
    assert down.preview().next_plan == lower.slug
    assert down.deed.after.startswith("It begins ")
    assert down.deed.after.endswith(" in Asia/Kolkata.")
    down.deed.run(nisha, "too much", "key-2")
    assert plan_now() == (higher.slug, "active", lower.slug)
    assert down.deed.undo is not None
    down.deed.undo().run(nisha, "a mistake", "key-3")
    assert plan_now() == (higher.slug, "active", "")
    choice(nisha, one, lower.title, at_once=True).deed.run(nisha, "now, please", "key-4")
    assert plan_now() == (lower.slug, "active", "")


def test_a_renewal_pays_a_further_term_once(house: House, nisha: Principal) -> None:
    one, ledger = asha(house, nisha), installation().ledger
    paid = next(plan for plan in load_program("studio").plans.values() if plan.is_paid)
    choice(nisha, one, paid.title).deed.run(nisha, "paid", "key-1")
    renewal = choice(nisha, one, RENEW, payment="receipt 7")
    for _ in range(2):
        renewal.deed.run(nisha, "paid again", "key-2")
    assert ledger.subscription("studio/asha").paid_ahead == 1
    with pytest.raises(LedgerError):
        choice(nisha, one, RENEW, payment="receipt 7").deed.run(nisha, "told twice", "key-3")


def test_the_quota_is_changed_and_taken_back(house: House, nisha: Principal) -> None:
    ledger = installation().ledger
    made = ledger.create_organization("teams", load_program("teams"), actor="console")
    org = console(made.org_id, made.slug, made.name, made.zone)
    ledger.open_account("teams", actor="console")
    ledger.open_account("teams/ravi", draws_on_pool=True, actor="console")
    house.access.people.give_account(org, house.person(org, "ravi"), "ravi", reason="test")
    one = next(m for m in house.access.people.members(org) if m.user_name == "ravi")
    assert account_deeds.quota_of(org, one) is None
    deed = account_deeds.quota(one, None, 5)
    deed.run(org, "a trainee", "key-1")
    assert account_deeds.quota_of(org, one) == 5
    assert deed.undo is not None
    deed.undo().run(org, "no trainee any more", "key-2")
    assert account_deeds.quota_of(org, one) is None


def test_closing_says_what_is_lost_and_is_final(house: House, nisha: Principal) -> None:
    one, ledger = asha(house, nisha), installation().ledger
    balance = ledger.balance("studio/asha")
    deed = account_deeds.closing(one, balance)
    assert f"{balance.posted:,} tokens** are taken back" in deed.effect
    assert deed.undo is None
    deed.run(nisha, "she left", "key-1")
    with pytest.raises(AccountClosed):
        ledger.spend("studio/asha", action="srs", tokens=1)
    at = visit(house, member=str(one.person_id))
    shown = {button.key for button in at.button if button.key and button.key.startswith("act-")}
    assert shown == {"act-look", "act-role", "act-link", "act-deactivate"}


def test_her_pages_open_with_a_reason_that_the_log_keeps(
    house: House, nisha: Principal, text: Callable[[AppTest], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    installation().ledger.grant("studio/asha", 1_234, reason="prize", actor="nisha")
    at = visit(house, as_="asha")
    assert "See Asha's pages?" in text(at).replace("\\", "")
    assert at.button(key="look-open").disabled
    at.text_input(key="look-why").set_value("She asked why it ran out").run()
    at.button(key="look-open").click().run()
    assert not at.exception, at.exception
    said = text(at)
    assert "You see Asha's pages" in said.replace("\\", "")
    available = installation().ledger.balance("studio/asha").available
    assert f"{available:,}" in said
    assert [(row.act, row.subject, row.reason) for row in house.audit(nisha)][-1] == (
        "member.look", "studio/asha", "She asked why it ran out",
    )  # fmt: skip
    for view in ("Wallets", "History", "Usage"):
        at.segmented_control(key="see").set_value(view).run()
        assert not at.exception, at.exception
        writes = {button.key for button in at.button} - {"look-back", "newer", "older", "sheet-close"}
        assert not {key for key in writes if key and not key.startswith(("again", "sign-out"))}, writes
    looks = [row for row in house.audit(nisha) if row.act == "member.look"]
    assert len(looks) == 1, "one look, however many pages"


def test_the_address_of_somebody_elsewhere_shows_nobody(
    house: House, nisha: Principal, text: Callable[[AppTest], str]
) -> None:
    installation().ledger.create_organization("other", load_program("studio"), actor="console")
    installation().ledger.open_account("other/spy", actor="console")
    for name in ("spy", "other/spy", "", "nobody"):
        at = visit(house, as_=name)
        assert "Nobody is called that here" in text(at)


def test_the_pages_are_read_for_her_account_in_her_zone_and_for_no_other(house: House, nisha: Principal) -> None:
    installation().ledger.set_zone("studio/asha", "America/New_York", reason="moved")
    st.query_params["as"] = "asha"
    try:
        seen = looking.whose(nisha)
    finally:
        st.query_params.clear()
    assert seen is not None
    ref = installation().ledger.core.account("studio/asha")
    assert (seen.principal.account_id, seen.principal.account, seen.principal.zone) == (
        ref.account_id, "studio/asha", "America/New_York",
    )  # fmt: skip
    mine = replace(seen.principal, account_id=nisha.account_id, account_name=nisha.account_name, zone=nisha.zone)
    assert mine == nisha, "whoever acts stays the administrator"
