"""Who gets in, who waits, and who is told nothing."""

from __future__ import annotations

import threading
import time

import pytest
from support.people import PASSWORD, House

from creditbook.access import NotAllowed, Principal, SignInRefused, TooManyAttempts, passwords
from creditbook.access.throttle import ADDRESS_ATTEMPTS, PAIR_ATTEMPTS, SLOW_AFTER, SLOW_SECONDS


def test_a_right_password_signs_in_and_says_who_and_where(house: House, studio: Principal) -> None:
    house.account(studio, "asha")
    person_id = house.person(studio, "Asha")
    house.access.people.give_account(studio, person_id, "asha", reason="test")
    principal = house.who(house.sign_in(" ASHA "))
    assert principal is not None
    assert (principal.user_name, principal.name, principal.role) == ("asha", "Asha", "user")
    assert (principal.org_slug, principal.zone, principal.account) == ("studio", "Asia/Kolkata", "studio/asha")
    assert not principal.is_operator
    assert principal.has("user")
    assert not principal.has("admin", "finance")


@pytest.mark.parametrize("typed", ["wrong words here", "", "four unrelated words ".strip().upper(), "x" * 5000])
def test_a_wrong_password_is_refused_without_saying_what_was_wrong(house: House, studio: Principal, typed: str) -> None:
    house.person(studio, "asha")
    with pytest.raises(SignInRefused) as known:
        house.sign_in("asha", typed)
    with pytest.raises(SignInRefused) as unknown:
        house.sign_in("nobody", typed)
    assert str(known.value) == str(unknown.value)


def test_an_unknown_name_takes_as_long_as_a_wrong_password(house: House, studio: Principal) -> None:
    house.person(studio, "asha", password_rounds=12)

    def seconds(user_name: str) -> float:
        began = time.thread_time()
        with pytest.raises(SignInRefused):
            house.sign_in(user_name, "wrong words here")
        return time.thread_time() - began

    seconds("asha")
    known, unknown = min(seconds("asha") for _ in range(2)), min(seconds("nobody") for _ in range(2))
    assert 0.5 < unknown / known < 2


def test_a_password_of_more_than_72_bytes_is_refused_kindly_and_never_cut(house: House, studio: Principal) -> None:
    house.access.people.add(studio, "asha", "Asha", "user", "ab" * 36, reason="test")
    with pytest.raises(SignInRefused):
        house.sign_in("asha", "ab" * 36 + "c")
    assert house.sign_in("asha", "ab" * 36)
    with pytest.raises(passwords.WeakPassword, match="at most 72 bytes"):
        passwords.check_new("नमस्ते" * 10, "asha")


def test_a_deactivated_person_reads_like_an_unknown_one(house: House, studio: Principal) -> None:
    house.person(studio, "asha")
    false = "0" if house.store.dialect == "sqlite" else "false"
    with house.store.write() as connection:
        connection.exec_driver_sql(f"UPDATE person SET is_active = {false} WHERE user_name = 'asha'")
    with pytest.raises(SignInRefused):
        house.sign_in("asha")


def test_somebody_without_any_organization_left_is_told_so_after_the_right_password(
    house: House, studio: Principal
) -> None:
    person_id = house.person(studio, "asha")
    house.access.people.deactivate(studio, person_id, reason="left")
    with pytest.raises(NotAllowed, match="taken back"):
        house.sign_in("asha")
    with pytest.raises(SignInRefused):
        house.sign_in("asha", "wrong words here")


def test_the_sixth_failure_from_one_address_waits_even_with_the_right_password(house: House, studio: Principal) -> None:
    house.person(studio, "asha")
    for _ in range(PAIR_ATTEMPTS):
        with pytest.raises(SignInRefused):
            house.sign_in("asha", "wrong words here")
    with pytest.raises(TooManyAttempts, match="in 15 minutes") as refusal:
        house.sign_in("asha")
    assert refusal.value.retry_after == 15 * 60
    house.clock.pass_(minutes=15)
    assert house.sign_in("asha")


def test_failures_elsewhere_slow_an_account_but_never_lock_its_owner_out(house: House, studio: Principal) -> None:
    house.person(studio, "asha")
    for host in range(SLOW_AFTER + 5):
        with pytest.raises(SignInRefused):
            house.sign_in("asha", "wrong words here", address=f"198.51.100.{host}")
    house.pauses.clear()
    assert house.sign_in("asha", address="203.0.113.7")
    assert house.pauses == [SLOW_SECONDS]
    house.pauses.clear()
    assert house.sign_in("asha", address="203.0.113.7")
    assert house.pauses == [0.0]


def test_one_address_that_tries_many_names_waits_for_all_of_them(
    house: House, studio: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.person(studio, "asha")
    monkeypatch.setattr(passwords, "matches", lambda user_name, password, password_hash: False)
    for number in range(ADDRESS_ATTEMPTS):
        with pytest.raises(SignInRefused):
            house.sign_in(f"name{number}", "wrong words here")
    with pytest.raises(TooManyAttempts):
        house.sign_in("one-more", "wrong words here")
    monkeypatch.undo()
    assert house.sign_in("asha", address="203.0.113.8")


def test_right_passwords_do_not_use_up_an_address(house: House, studio: Principal) -> None:
    house.person(studio, "asha")
    for _ in range(ADDRESS_ATTEMPTS + 3):
        house.sign_in("asha")


def test_forty_guesses_at_once_are_counted_one_by_one(house: House, studio: Principal) -> None:
    house.person(studio, "asha")
    looked_at: list[str] = []

    def guess() -> None:
        try:
            house.access.sessions.sign_in("asha", "wrong words here", address="203.0.113.7", browser="b")
        except SignInRefused:
            looked_at.append("looked at")
        except TooManyAttempts:
            pass

    threads = [threading.Thread(target=guess) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(looked_at) == PAIR_ATTEMPTS


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("short", "at least 10"),
        ("aaaaaaaaaaaa", "first that anyone"),
        ("Password1234", "first that anyone"),
        (" four unrelated words", "space at the beginning"),
        ("my asha password", "user name out"),
    ],
)
def test_a_weak_new_password_is_refused_with_what_to_change(password: str, sentence: str) -> None:
    with pytest.raises(passwords.WeakPassword, match=sentence):
        passwords.check_new(password, "asha")


def test_a_good_new_password_is_taken(house: House, studio: Principal) -> None:
    passwords.check_new(PASSWORD, "asha")
    passwords.check_new("पासवर्ड लंबा है", "asha")
