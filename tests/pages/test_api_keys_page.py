"""The API keys page: made and shown once, rotated, revoked; each act asked for and explained."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from creditbook.access import console
from creditbook.access.api_keys import ApiKeys, KeyRefused, authenticate
from creditbook.domain.errors import NotFound
from creditbook.ui import api_keys

PAGE = "admin/api_keys.py"


@pytest.fixture
def boss(visit: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    visit.ledger.open_account("acme/asha", plan="bare")
    org = visit.ledger.core.organization("acme")
    at_console = console(org.org_id, org.slug, org.name, org.zone)
    monkeypatch.setattr(api_keys, "require", lambda *roles: at_console)
    return visit.principal("boss", "admin", account=False)


def service(visit: Any) -> ApiKeys:
    return ApiKeys(visit.place.store, visit.place.clock)


def wanted(**changes: Any) -> api_keys.Wanted:
    return api_keys.Wanted(**{"name": "Website", "scope": "spend", "account": None, "life": "1 year",
                              "reason": "the website"} | changes)  # fmt: skip


def buttons(at: AppTest) -> set[str]:
    return {button.key for button in at.button if button.key and button.key.startswith("key-")}


def test_an_empty_page_says_what_a_key_is_for(visit: Any, boss: Any, text: Callable[[AppTest], str]) -> None:
    at = visit.open(PAGE, boss)
    assert not at.exception
    assert "No program comes in yet" in text(at)


def test_the_key_is_shown_once_and_never_again(visit: Any, boss: Any) -> None:
    made = api_keys.create(wanted())
    at = visit.open(PAGE, boss)
    at.session_state[api_keys.RESULT] = made
    at.run()
    assert [code.value for code in at.code] == [made.key.text]
    at.button(key="key-copied").click().run()
    assert not at.code
    assert not at.exception
    rows = at.dataframe[0].value
    assert rows[["name", "scope", "state", "used", "for"]].to_numpy().tolist() == [
        ["Website", "spend", "Active", "Never", "All accounts"]
    ]
    assert made.key.text not in str(rows.to_dict())
    shown = at.dataframe[0].proto.column_order
    assert list(shown) == ["name", "scope", "state", "used", "ends", "shown"]  # not whose: all are of all accounts


def test_a_life_ends_at_the_start_of_a_local_day(visit: Any, boss: Any) -> None:
    ends = wanted(life="30 days").ends(visit.clock.at, "Asia/Kolkata")
    assert ends is not None
    assert ends.isoformat() == "2026-04-02T18:30:00+00:00"
    assert wanted(life="Never").ends(visit.clock.at, "Asia/Kolkata") is None


def test_a_key_in_the_address_is_opened_with_what_may_be_done(
    visit: Any, boss: Any, text: Callable[[AppTest], str]
) -> None:
    made = api_keys.create(wanted(name="![x](//evil.example/a.png)", account="asha"))
    at = visit.open(PAGE, boss, key=str(made.key.key_id))
    assert not at.exception
    assert r"\!\[x\]" in text(at)
    assert buttons(at) == {"key-rotate", "key-revoke"}


def test_after_rotation_the_old_one_ends_by_itself_and_is_not_rotated_again(visit: Any, boss: Any) -> None:
    old = api_keys.create(wanted()).key
    (key,) = service(visit).every(boss)
    made = api_keys.rotate(key, timedelta(hours=1), "a year", visit.clock.at)
    assert made.old_ends == visit.clock.at + timedelta(hours=1)
    assert buttons(visit.open(PAGE, boss, key=str(old.key_id))) == {"key-revoke"}
    visit.clock.forward(hours=2)
    assert not buttons(visit.open(PAGE, boss, key=str(old.key_id)))
    with pytest.raises(KeyRefused):
        authenticate(visit.place.store, old.text, visit.clock.at)


def test_revoking_names_what_is_lost_and_does_it(visit: Any, boss: Any, text: Callable[[AppTest], str]) -> None:
    made = api_keys.create(wanted()).key
    (key,) = service(visit).every(boss)
    from zoneinfo import ZoneInfo

    act = api_keys.revoking(key, visit.clock.at, ZoneInfo("Asia/Kolkata"))
    assert "It was never used." in act.effect
    at = visit.open(PAGE, boss)
    at.session_state["revoked-result"] = api_keys.revoke(key, "once", "it *leaked*")
    at.run()
    assert r"it \*leaked\*" in text(at)
    with pytest.raises(KeyRefused):
        authenticate(visit.place.store, made.text, visit.clock.at)


def test_an_account_that_is_not_there_is_refused_in_words(visit: Any, boss: Any) -> None:
    with pytest.raises(NotFound, match="nobody"):
        api_keys.create(wanted(account="nobody"))


def test_a_user_can_not_open_the_page(visit: Any, boss: Any) -> None:
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        visit.open(PAGE, visit.principal("asha"))
