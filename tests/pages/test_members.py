"""The members page: who is listed with what, and what each deed does, says and leaves behind."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from support.people import PASSWORD, House

from creditbook.access import Member, NotAllowed, Principal, console
from creditbook.domain.errors import AccountFrozen, Conflict, LedgerError
from creditbook.installation import installation
from creditbook.programs.loader import load_program
from creditbook.site import PAGES
from creditbook.ui import deeds, members
from creditbook.ui.session import TEST_COOKIE

PAGE = str(PAGES / "admin" / "members.py")


@pytest.fixture
def studio(house: House) -> Principal:
    """Nilgiri Studio with an administrator, two members with accounts, and somebody in finance without one."""
    ledger = installation().ledger
    made = ledger.create_organization("studio", load_program("studio"), name="Nilgiri Studio", actor="console")
    org = console(made.org_id, made.slug, made.name, made.zone)
    house.person(org, "nisha", "admin")
    for user_name in ("asha", "kabir"):
        ledger.open_account(f"studio/{user_name}", actor="console")
        house.access.people.give_account(org, house.person(org, user_name), user_name, reason="test")
    house.person(org, "meera", "finance")
    ledger.grant("studio/asha", 25_000, reason="hackathon", actor="console")
    ledger.freeze("studio/kabir", reason="checking", actor="console")
    return org


@pytest.fixture
def nisha(house: House, studio: Principal) -> Principal:
    return house.principal("nisha")


def visit(house: House, user_name: str = "nisha", **query: str) -> AppTest:
    at = AppTest.from_file(PAGE, default_timeout=20)
    at.session_state[TEST_COOKIE] = house.sign_in(user_name)
    for name, value in query.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception, at.exception
    return at


def member(house: House, org: Principal, user_name: str) -> Member:
    return next(m for m in house.access.people.members(org) if m.user_name == user_name)


def buttons(at: AppTest) -> set[str]:
    return {button.key for button in at.button if button.key and button.key.startswith("act-")}


def test_the_list_shows_role_plan_status_and_what_the_ledger_says_is_available(house: House, studio: Principal) -> None:
    at = visit(house)
    assert at.title[0].value == "Members"
    rows = at.dataframe[0].value.set_index("user")
    assert list(rows.index) == ["asha", "kabir", "meera", "nisha"]
    assert rows.status.to_dict() == {"asha": "Active", "kabir": "Frozen", "meera": "Active", "nisha": "Active"}
    assert rows.role.to_dict() == {"asha": "Member", "kabir": "Member", "meera": "Finance", "nisha": "Administrator"}
    for user_name in ("asha", "kabir"):
        assert rows.available[user_name] == installation().ledger.balance(f"studio/{user_name}").available
    assert rows.available["asha"] >= 25_000
    assert rows.available.isna()["meera"]
    assert rows.plan["asha"] == load_program("studio").plans[load_program("studio").default_plan].title


def test_an_account_that_nobody_signs_in_for_is_listed_and_its_person_can_be_invited(
    house: House, nisha: Principal
) -> None:
    installation().ledger.open_account("studio/Team-42", actor="console")
    installation().ledger.grant("studio/Team-42", 777, reason="before", actor="console")
    at = visit(house, role=members.NO_SIGN_IN)
    rows = at.dataframe[0].value
    assert list(rows.name) == list(rows.user) == ["Team-42"]
    assert list(rows.available) == [installation().ledger.balance("studio/Team-42").available]
    assert any("4 people and 1 account without a sign-in" in text.value for text in at.markdown)
    at = visit(house, member=str(installation().ledger.core.account("studio/Team-42").account_id))
    assert buttons(at) == {"act-give", "act-look", "act-plan", "act-wallets", "act-freeze", "act-close", "act-invite"}
    members.invitation("divya", "Divya", "", "user", "Team-42").run(nisha, "she leads it", "key-1")
    assert member(house, nisha, "divya").account_name == "Team-42"
    assert "Team-42" not in list(visit(house).dataframe[0].value.name)


def test_words_and_roles_narrow_the_list(house: House, studio: Principal) -> None:
    at = visit(house, find="NIS")
    assert list(at.dataframe[0].value.user) == ["nisha"]
    at = visit(house, role="Finance")
    assert list(at.dataframe[0].value.user) == ["meera"]
    at = visit(house, find="nobody like this")
    assert not at.dataframe
    assert "Nobody fits" in [header.value for header in at.header]


def test_a_member_in_the_address_is_opened_with_what_may_be_done(house: House, studio: Principal) -> None:
    at = visit(house, member=str(member(house, studio, "asha").person_id))
    assert "Asha" in [header.value for header in at.header]
    account = {"act-give", "act-look", "act-plan", "act-wallets", "act-freeze", "act-close"}
    assert buttons(at) == {"act-role", "act-link", "act-deactivate"} | account
    at = visit(house, member=str(member(house, studio, "meera").person_id))
    assert "act-account" in buttons(at)
    assert "act-freeze" not in buttons(at)


def test_nothing_is_offered_against_oneself_or_against_an_operator(house: House, studio: Principal) -> None:
    house.person(studio, "root", "user", is_operator=True)
    for user_name in ("nisha", "root"):
        at = visit(house, member=str(member(house, studio, user_name).person_id))
        assert not buttons(at)


def test_a_member_of_another_organization_is_not_opened_by_her_id(house: House, studio: Principal) -> None:
    other = house.organization("other", "Other")
    stranger = house.person(other, "stranger")
    at = visit(house, member=str(stranger))
    assert not buttons(at)
    assert "stranger" not in list(at.dataframe[0].value.user)


def test_each_deed_does_what_it_says_and_its_undo_takes_it_back(house: House, nisha: Principal) -> None:
    asha = member(house, nisha, "asha")
    for deed, read, before, after in (
        (deeds.new_role(asha, "finance"), lambda m: m.role, "user", "finance"),
        (deeds.access(asha, is_active=False), lambda m: m.state, "active", "deactivated"),
        (deeds.frozen(asha, freeze=True), lambda m: m.account_status, "active", "frozen"),
    ):
        assert read(member(house, nisha, "asha")) == before
        assert deed.run(nisha, "a reason", "key-1") is None
        assert read(member(house, nisha, "asha")) == after
        assert deed.undo is not None
        deed.undo().run(nisha, "a mistake", "key-2")
        assert read(member(house, nisha, "asha")) == before


def test_a_frozen_account_starts_nothing_until_it_is_unfrozen(house: House, nisha: Principal) -> None:
    asha = member(house, nisha, "asha")
    deeds.frozen(asha, freeze=True).run(nisha, "checking", "key-1")
    with pytest.raises(AccountFrozen):
        installation().ledger.spend("studio/asha", action="srs", tokens=100)
    deeds.frozen(asha, freeze=False).run(nisha, "all is well", "key-2")
    installation().ledger.spend("studio/asha", action="srs", tokens=100)


def test_every_deed_stands_in_the_audit_log_with_its_reason(house: House, nisha: Principal) -> None:
    asha, begun = member(house, nisha, "asha"), len(house.audit(nisha))
    deeds.new_role(asha, "finance").run(nisha, "moves", "k1")
    deeds.frozen(asha, freeze=True).run(nisha, "checking", "k2")
    deeds.one_time_link(asha).run(nisha, "forgot", "k3")
    deeds.access(asha, is_active=False).run(nisha, "left", "k4")
    rows = house.audit(nisha)[begun:]
    assert [(row.actor, row.reason) for row in rows] == [
        ("nisha", "moves"), ("nisha", "checking"), ("nisha", "forgot"), ("nisha", "left")]  # fmt: skip


def test_an_invited_person_has_an_account_with_what_the_program_opens(house: House, nisha: Principal) -> None:
    token = members.invitation("divya", "Divya Pillai", "d@example.org", "user").run(nisha, "joins", "key-1")
    assert token is not None
    divya = member(house, nisha, "divya")
    assert (divya.state, divya.account_name, divya.email) == ("invited", "divya", "d@example.org")
    opened = installation().ledger.balance("studio/divya").available
    assert opened == installation().ledger.balance("studio/kabir").available
    house.access.own_password.accept_link(token, "seven green bicycles", browser="b")
    assert member(house, nisha, "divya").state == "active"


def test_an_account_that_came_before_its_person_becomes_hers(house: House, nisha: Principal) -> None:
    installation().ledger.open_account("studio/early", actor="console")
    installation().ledger.grant("studio/early", 777, reason="before", actor="console")
    members.invitation("early", "Early", "", "user").run(nisha, "joins", "key-1")
    assert member(house, nisha, "early").account_name == "early"
    with pytest.raises(Conflict):
        members.invitation("early", "Early", "", "user").run(nisha, "joins", "key-2")


def test_somebody_without_an_account_gets_one(house: House, nisha: Principal) -> None:
    deeds.own_account(member(house, nisha, "meera")).run(nisha, "wants to try it", "key-1")
    assert member(house, nisha, "meera").account_name == "meera"


def test_a_deed_asks_again_who_presses_the_button(house: House, nisha: Principal, studio: Principal) -> None:
    asha = member(house, nisha, "asha")
    house.access.people.change_role(studio, nisha.person_id, "user", reason="steps down")
    for deed in (deeds.new_role(asha, "admin"), deeds.one_time_link(asha), members.invitation("x", "X", "", "admin")):
        with pytest.raises(NotAllowed):
            deed.run(nisha, "too late", "key-1")
    assert member(house, studio, "asha").role == "user"


def test_a_name_full_of_markdown_stays_text_in_every_sentence(house: House, nisha: Principal) -> None:
    name = "![x](//evil.example/a.png) **b** <i>"
    person_id = house.access.people.add(nisha, "odd", name, "user", PASSWORD, reason="test")
    odd = member(house, nisha, "odd")
    assert odd.person_id == person_id
    for deed in (deeds.new_role(odd, "finance"), deeds.access(odd, is_active=False), deeds.one_time_link(odd)):
        for sentence in (deed.effect, deed.button, deed.done):
            assert "![x]" not in sentence
            assert "**b**" not in sentence
    at = visit(house, member=str(person_id))
    assert r"\!\[x\]" in next(header.value for header in at.header if "evil" in header.value)


def test_an_organization_without_members_says_what_to_do(house: House, studio: Principal) -> None:
    empty = house.organization("empty", "Empty")
    house.person(studio, "root", "admin", is_operator=True)
    token = house.sign_in("root")
    principal = house.who(token)
    assert principal is not None
    house.access.sessions.switch(principal, empty.org_id)
    at = AppTest.from_file(PAGE, default_timeout=20)
    at.session_state[TEST_COOKIE] = token
    at.run()
    assert not at.exception
    assert "Nobody is here yet" in [header.value for header in at.header]


def test_refusals_are_sentences(house: House, nisha: Principal) -> None:
    with pytest.raises(LedgerError) as refusal:
        deeds.new_role(member(house, nisha, "asha"), "finance").run(nisha, "  ", "key-1")
    assert str(refusal.value).startswith("Give a reason")


def test_what_was_done_stays_until_it_is_put_away(house: House, nisha: Principal) -> None:
    at = visit(house, member=str(member(house, nisha, "asha").person_id))
    deed = deeds.new_role(member(house, nisha, "asha"), "finance")
    at.session_state[deeds.RESULT] = deeds.Done(deed, "moves *there*", "https://c.example/?link=abc")
    at.run()
    assert not at.exception
    assert [code.value for code in at.code] == ["https://c.example/?link=abc"]
    assert any(r"moves \*there\*" in text.value for text in at.markdown)
    assert "deed-undo" in {button.key for button in at.button}
    at.button(key="deed-forget").click().run()
    assert not at.code
    assert "act-role" in buttons(at)
