"""One-time links, changing one's own password, and the first administrator."""

from __future__ import annotations

import contextlib
import threading

import pytest
from support.people import PASSWORD, House

from creditbook.access import LinkSpent, NotAllowed, Principal, SignInRefused, TooManyAttempts, WeakPassword
from creditbook.access.people import LINK_LIFE
from creditbook.access.throttle import PAIR_ATTEMPTS
from creditbook.domain.errors import Conflict, InvalidRequest

NEW = "seven green bicycles"


def test_a_reset_link_sets_the_password_once_and_ends_every_session(house: House, studio: Principal) -> None:
    person_id = house.person(studio, "asha")
    old_session = house.sign_in("asha")
    link = house.access.people.new_link(studio, person_id, reason="forgot")
    assert house.access.own_password.look_at_link(link).kind == "reset"  # type: ignore[union-attr]
    ticket = house.access.own_password.accept_link(link, NEW, browser="b", name="Ignored")
    assert house.access.sessions.redeem(ticket, browser="b")
    assert house.who(old_session) is None
    assert house.principal_name("asha", NEW) == "Asha"
    with pytest.raises(SignInRefused):
        house.sign_in("asha", PASSWORD)
    with pytest.raises(LinkSpent):
        house.access.own_password.accept_link(link, NEW, browser="b")


def test_a_newer_link_replaces_an_older_one(house: House, studio: Principal) -> None:
    person_id = house.person(studio, "asha")
    first, second = (house.access.people.new_link(studio, person_id, reason="forgot") for _ in range(2))
    assert house.access.own_password.look_at_link(first) is None
    assert house.access.own_password.look_at_link(second) is not None


@pytest.mark.parametrize("kind", ["invitation", "reset"])
def test_a_link_ends_after_its_life(house: House, studio: Principal, kind: str) -> None:
    if kind == "reset":
        token = house.access.people.new_link(studio, house.person(studio, "asha"), reason="forgot")
    else:
        token = house.access.people.invite(studio, "asha", "Asha", "user", reason="joins").token or ""
    house.clock.pass_(seconds=LINK_LIFE[kind].total_seconds() - 1)
    assert house.access.own_password.look_at_link(token) is not None
    house.clock.pass_(seconds=1)
    assert house.access.own_password.look_at_link(token) is None
    with pytest.raises(LinkSpent):
        house.access.own_password.accept_link(token, NEW, browser="b")


def test_a_weak_password_leaves_the_link_good(house: House, studio: Principal) -> None:
    token = house.access.people.new_link(studio, house.person(studio, "asha"), reason="forgot")
    with pytest.raises(WeakPassword):
        house.access.own_password.accept_link(token, "short", browser="b")
    assert house.access.own_password.accept_link(token, NEW, browser="b")


def test_a_link_of_a_person_who_was_deactivated_meanwhile_opens_nothing(house: House, studio: Principal) -> None:
    person_id = house.person(studio, "asha")
    token = house.access.people.new_link(studio, person_id, reason="forgot")
    house.access.people.deactivate(studio, person_id, reason="left")
    with pytest.raises(NotAllowed):
        house.access.own_password.accept_link(token, NEW, browser="b")
    house.access.people.reactivate(studio, person_id, reason="came back")
    assert house.sign_in("asha", PASSWORD), "the refused link changed nothing"


def test_ten_acceptances_at_once_use_a_link_once(house: House, studio: Principal) -> None:
    token = house.access.people.new_link(studio, house.person(studio, "asha"), reason="forgot")
    results: list[str] = []

    def accept(number: int) -> None:
        try:
            house.access.own_password.accept_link(token, f"{NEW} {number}", browser="b")
            results.append(f"{NEW} {number}")
        except LinkSpent:
            pass

    threads = [threading.Thread(target=accept, args=(n,)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 1
    assert house.sign_in("asha", results[0])


def test_changing_her_password_takes_the_old_one_and_ends_the_other_sessions(house: House, studio: Principal) -> None:
    house.person(studio, "asha")
    here, elsewhere = house.sign_in("asha"), house.sign_in("asha", browser="phone")
    principal = house.who(here)
    assert principal is not None
    with pytest.raises(SignInRefused, match="another one"):
        house.access.own_password.change(principal, "wrong words here", NEW, address=None)
    with pytest.raises(WeakPassword):
        house.access.own_password.change(principal, PASSWORD, "short", address=None)
    house.access.own_password.change(principal, PASSWORD, NEW, address=None)
    assert house.who(here) is not None
    assert house.who(elsewhere) is None
    assert house.sign_in("asha", NEW)
    assert house.audit(studio)[-1].act == "member.password"


def test_guessing_the_old_password_from_an_open_session_is_throttled_too(house: House, studio: Principal) -> None:
    house.person(studio, "asha")
    principal = house.principal("asha")
    for _ in range(PAIR_ATTEMPTS):
        with pytest.raises(SignInRefused):
            house.access.own_password.change(principal, "wrong words here", NEW, address="203.0.113.7")
    with pytest.raises(TooManyAttempts):
        house.access.own_password.change(principal, PASSWORD, NEW, address="203.0.113.7")


def test_the_first_administrator_comes_in_by_the_token_of_the_console(house: House, studio: Principal) -> None:
    setup = house.access.setup
    assert setup.is_needed()
    token = setup.new_token()
    assert token is not None
    assert setup.knows(token)
    ticket = setup.create_administrator(token, "Nisha", "Nisha Bose", NEW, browser="b")
    session = house.access.sessions.redeem(ticket, browser="b")
    principal = house.who(session or "")
    assert principal is not None
    assert (principal.user_name, principal.is_operator, principal.role) == ("nisha", True, "admin")
    assert not setup.is_needed()
    assert not setup.knows(token)
    assert setup.new_token() is None
    assert [row.act for row in house.audit(studio)] == ["operator.first"]


def test_fifty_first_administrators_at_once_are_one(house: House, studio: Principal) -> None:
    token = house.access.setup.new_token() or ""
    made: list[str] = []

    def come(number: int) -> None:
        with contextlib.suppress(LinkSpent):
            made.append(house.access.setup.create_administrator(token, f"admin{number}", "", NEW, browser="b"))

    threads = [threading.Thread(target=come, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    with house.store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM person").scalar_one() == 1


def test_a_newer_setup_token_replaces_the_older_and_a_wrong_one_opens_nothing(house: House, studio: Principal) -> None:
    setup = house.access.setup
    first, second = setup.new_token() or "", setup.new_token() or ""
    assert (setup.knows(first), setup.knows(second), setup.knows("guess")) == (False, True, False)
    with pytest.raises(LinkSpent):
        setup.create_administrator(first, "nisha", "", NEW, browser="b")


def test_a_refused_form_leaves_the_setup_token_good(house: House, studio: Principal) -> None:
    setup = house.access.setup
    token = setup.new_token() or ""
    house.person(studio, "taken")
    for user_name, password in (("nisha", "short"), ("n b", NEW), ("taken", NEW)):
        with pytest.raises((InvalidRequest, Conflict), match=r"characters|plain letters|taken"):
            setup.create_administrator(token, user_name, "", password, browser="b")
    assert setup.create_administrator(token, "nisha", "", NEW, browser="b")
