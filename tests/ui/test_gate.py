"""The gate: who sees what at which address, read from the database on every rerun."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from support.people import PASSWORD, House

from creditbook.access import Principal
from creditbook.site import DASHBOARD, PAGES
from creditbook.ui.first_run import short_name
from creditbook.ui.navigation import SCREENS
from creditbook.ui.session import TEST_COOKIE


@pytest.fixture
def studio(house: House) -> Principal:
    """An organization whose boss can sign in, so that the door is a sign-in and not a set-up."""
    org = house.organization("studio", "Nilgiri & Sons *Studio*")
    house.person(org, "boss", "admin")
    return org


def visit(token: str | None = None, **query: str) -> AppTest:
    at = AppTest.from_file(str(DASHBOARD), default_timeout=20)
    if token is not None:
        at.session_state[TEST_COOKIE] = token
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def titles(at: AppTest) -> list[str]:
    assert not at.exception, at.exception
    return [title.value for title in at.title]


def test_a_stranger_sees_the_sign_in_screen_and_nothing_else(studio: Principal) -> None:
    at = visit()
    assert titles(at) == ["Sign in"]
    assert not at.sidebar
    assert [field.label for field in at.text_input] == ["User name", "Password"]


def test_a_cookie_of_nobody_is_a_stranger(studio: Principal) -> None:
    assert titles(visit("invented")) == ["Sign in"]


def test_a_wrong_password_is_told_and_leaves_no_trace_in_the_session(studio: Principal) -> None:
    at = visit()
    at.text_input(key="user-name").input("boss")
    at.text_input(key="password").input("wrong words here")
    at.button(key="sign-in-now").click().run()
    assert [error.value for error in at.error] == ["The user name or the password is wrong."]
    for name in ("authentication_status", "username", "roles", "name", "email"):
        assert name not in at.session_state


def test_too_many_wrong_passwords_are_told_when_to_come_back(studio: Principal) -> None:
    at = visit()
    for _ in range(6):
        at.text_input(key="user-name").input("boss")
        at.text_input(key="password").input("wrong words here")
        at.button(key="sign-in-now").click().run()
    assert [warning.value for warning in at.warning] == ["Too many attempts. Try again in 15 minutes."]


def test_a_right_password_sends_the_browser_through_the_session_route(studio: Principal) -> None:
    at = visit()
    at.text_input(key="user-name").input("boss")
    at.text_input(key="password").input(PASSWORD)
    at.button(key="sign-in-now").click().run()
    assert not at.error
    assert "location.replace('/session/start?t=" in at.main.get("html")[-1].value
    assert "username" not in at.session_state


def test_the_first_person_ever_is_asked_to_become_the_administrator(house: House) -> None:
    house.organization("studio", "Nilgiri Studio")
    token = house.access.setup.new_token() or ""
    at = visit()
    assert titles(at) == ["Welcome to Creditbook"]
    at.text_input(key="setup-token").input("invented")
    fill_first(at, "four unrelated words")
    assert "used or replaced" in at.warning[0].value
    at = visit(setup=token)
    assert "setup-token" not in [field.key for field in at.text_input]
    fill_first(at, "short", again="short")
    assert "at least 10" in at.error[0].value
    fill_first(at, "four unrelated words", again="other words entirely")
    assert "not the same" in at.error[0].value
    fill_first(at, "four unrelated words")
    assert "/session/start?t=" in at.main.get("html")[-1].value
    assert titles(visit(setup=token)) == ["Sign in"]


def test_an_empty_installation_gets_its_organization_with_its_administrator(house: House) -> None:
    token = house.access.setup.new_token() or ""
    at = visit(setup=token)
    at.text_input(key="organization").input("Café Nilgiri & Co.")
    at.selectbox(key="program").select("studio")
    at.selectbox(key="zone").select("Asia/Kolkata")
    fill_first(at, "short", again="short")
    assert not house.access.setup.has_organization(), "nothing is made before everything is right"
    fill_first(at, "four unrelated words")
    assert "/session/start?t=" in at.main.get("html")[-1].value
    principal = house.principal("nisha")
    assert (principal.org_slug, principal.org_name) == ("cafe-nilgiri-co", "Café Nilgiri & Co.")
    assert (principal.zone, principal.currency, principal.is_operator) == ("Asia/Kolkata", "INR", True)
    assert [m.user_name for m in house.access.people.members(principal)] == ["nisha"]


@pytest.mark.parametrize(("name", "short"), [("Nilgiri Studio", "nilgiri-studio"), ("नीलगिरि", "main"), ("--", "main")])
def test_a_short_name_can_stand_in_an_address(name: str, short: str) -> None:
    assert short_name(name) == short


def fill_first(at: AppTest, password: str, again: str = "four unrelated words") -> None:
    at.text_input(key="name").input("Nisha Bose")
    at.text_input(key="user-name").input("nisha")
    at.text_input(key="new-password").input(password)
    at.text_input(key="new-password-2").input(again)
    at.button(key="first-now").click().run()


def test_an_invitation_names_the_organization_and_takes_a_password(house: House, studio: Principal) -> None:
    token = house.access.people.invite(studio, "asha", "Asha Raman", "user", reason="new here").token or ""
    at = visit(link=token)
    assert titles(at) == [r"Join Nilgiri \& Sons \*Studio\*"]
    assert at.text_input(key="name").value == "Asha Raman"
    at.text_input(key="new-password").input("seven green bicycles")
    at.text_input(key="new-password-2").input("seven green bicycles")
    at.button(key="link-now").click().run()
    assert "/session/start?t=" in at.main.get("html")[-1].value
    assert house.sign_in("asha", "seven green bicycles")
    at = visit(link=token)
    assert titles(at) == ["This link is spent"]
    at.button(key="to-sign-in").click().run()
    assert titles(at) == ["Sign in"]


def test_a_reset_link_works_for_who_is_signed_in_too(house: House, studio: Principal) -> None:
    token = house.access.people.new_link(studio, house.person(studio, "asha"), reason="forgot")
    assert titles(visit(house.sign_in("boss"), link=token)) == ["Set a new password"]


def test_an_administrator_finds_her_pages_and_who_she_is(house: House, studio: Principal) -> None:
    at = visit(house.sign_in("boss"))
    assert titles(at)[0] == "Members"
    foot = [text.value for text in at.sidebar.markdown]
    assert any("Asia/Kolkata" in text and r"\*Studio\*" in text for text in foot)
    assert at.sidebar.menu_button[0].label == "Boss"
    assert at.sidebar.menu_button[0].options == ["Change password", "Sign out", "Sign out on every device"]


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.url_path)
def test_a_page_asks_again_by_itself(screen: object, studio: Principal) -> None:
    path = PAGES / screen.file  # type: ignore[attr-defined]
    at = AppTest.from_file(str(path), default_timeout=20).run()
    assert not at.exception
    assert [error.value for error in at.error] == ["You are not signed in."]
    assert len(at.main.children) == 1


def test_a_member_without_the_role_reads_a_sentence_instead_of_the_page(house: House, studio: Principal) -> None:
    house.person(studio, "asha")
    at = AppTest.from_file(str(PAGES / "admin" / "members.py"), default_timeout=20)
    at.session_state[TEST_COOKIE] = house.sign_in("asha")
    assert titles(at.run()) == ["Not for you"]
    assert "for administrators" in at.info[0].value
    assert not at.dataframe


def test_another_role_acts_at_the_next_rerun(house: House, studio: Principal) -> None:
    asha = house.person(studio, "asha", "admin")
    at = visit(house.sign_in("asha"))
    assert titles(at)[0] == "Members"
    house.access.people.change_role(studio, asha, "user", reason="steps down")
    assert titles(at.run()) == ["Not for you"]
    house.access.people.change_role(studio, asha, "admin", reason="steps up")
    assert titles(at.run())[0] == "Members"


def test_a_sign_out_elsewhere_and_a_deactivation_act_at_the_next_rerun(house: House, studio: Principal) -> None:
    asha = house.person(studio, "asha", "admin")
    token = house.sign_in("asha")
    first, second = visit(token), visit(token)
    second.session_state["a secret"] = "typed before"
    house.access.sessions.sign_out(token)
    assert titles(first.run()) == titles(second.run()) == ["Sign in"]
    assert "a secret" not in second.session_state
    at = visit(house.sign_in("asha"))
    house.access.people.deactivate(studio, asha, reason="left")
    assert titles(at.run()) == ["Sign in"]


def test_choosing_sign_out_ends_the_session_in_the_database_first(house: House, studio: Principal) -> None:
    token = house.sign_in("boss")
    at = visit(token)
    at.sidebar.menu_button[0].click("Sign out").run()
    assert house.who(token) is None
    assert titles(at) == ["Sign in"]
    assert any("/session/end" in drawn.value for drawn in at.main.get("html"))


def test_sample_data_says_so_on_every_page(house: House, studio: Principal) -> None:
    token = house.sign_in("boss")
    assert not visit(token).main.get("badge")
    with house.store.write(studio.org_id) as connection:
        connection.exec_driver_sql("UPDATE organization SET is_sample = 1")
    assert any("Sample data" in text.value for text in visit(token).markdown)


def test_without_its_database_the_gate_stays_shut_and_gives_a_reference(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("CREDITBOOK_DATABASE_URL", f"sqlite:///{tmp_path}/nothing.db")
    at = visit("anything")
    assert titles(at) == ["Creditbook is resting"]
    assert "Reference" in at.error[0].value
    assert "Traceback" not in at.error[0].value
    assert "no such table" not in at.error[0].value
