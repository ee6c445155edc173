"""What a session is worth, how long, and how it ends."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from support.people import House

from creditbook.access import NotAllowed, Principal
from creditbook.access.sessions import ABSOLUTE_LIMIT, IDLE_LIMIT, TICKET_LIFE
from creditbook.store.tables.people import one_time_link, setup_token, web_session


def test_a_ticket_opens_once_in_the_browser_that_asked(house: House, studio: Principal) -> None:
    house.person(studio, "asha")
    redeem = house.access.sessions.redeem
    ticket = house.access.sessions.sign_in("asha", "four unrelated words", address=None, browser="mine")
    assert redeem(ticket, browser="yours") is None
    assert redeem(ticket, browser="") is None
    token = redeem(ticket, browser="mine")
    assert token is not None
    assert house.who(token) is not None
    assert redeem(ticket, browser="mine") is None


def test_a_ticket_is_good_for_seconds_and_is_no_session(house: House, studio: Principal) -> None:
    house.person(studio, "asha")
    ticket = house.access.sessions.sign_in("asha", "four unrelated words", address=None, browser="mine")
    assert house.who(ticket) is None
    house.clock.pass_(seconds=TICKET_LIFE.total_seconds())
    assert house.access.sessions.redeem(ticket, browser="mine") is None


def test_twenty_redemptions_at_once_make_one_session(house: House, studio: Principal) -> None:
    house.person(studio, "asha")
    ticket = house.access.sessions.sign_in("asha", "four unrelated words", address=None, browser="mine")
    tokens: list[str | None] = []
    threads = [threading.Thread(target=lambda: tokens.append(house.access.sessions.redeem(ticket, browser="mine")))
               for _ in range(20)]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([token for token in tokens if token]) == 1


def test_no_token_of_any_kind_stands_in_the_database(house: House, studio: Principal) -> None:
    house.person(studio, "asha")
    token = house.sign_in("asha")
    link = house.access.people.invite(studio, "new", "New", "user", reason="joins").token
    house.access.setup.new_token()
    with house.store.read() as connection:
        stored = [str(row) for table in (web_session, one_time_link, setup_token)
                  for row in connection.execute(sa.select(table))]  # fmt: skip
    assert stored
    assert link is not None
    assert not any(token in row or link in row for row in stored)


@pytest.mark.parametrize("token", [None, "", "x", "' OR 1=1 --", "ü" * 400])
def test_a_cookie_that_nobody_gave_is_nobody(house: House, studio: Principal, token: str | None) -> None:
    assert house.access.sessions.principal(token) is None


def test_sign_out_ends_every_tab_and_every_copy_of_the_cookie(house: House, studio: Principal) -> None:
    house.person(studio, "asha")
    token, other_device = house.sign_in("asha"), house.sign_in("asha", browser="phone")
    house.access.sessions.sign_out(token)
    assert house.who(token) is None
    assert house.who(other_device) is not None


def test_sign_out_everywhere_ends_every_device(house: House, studio: Principal) -> None:
    house.person(studio, "asha")
    house.person(studio, "ravi")
    tokens = [house.sign_in("asha", browser=browser) for browser in ("desk", "phone")]
    ravi = house.sign_in("ravi")
    principal = house.who(tokens[0])
    assert principal is not None
    house.access.sessions.sign_out_everywhere(principal)
    assert [house.who(token) for token in tokens] == [None, None]
    assert house.who(ravi) is not None


def test_an_idle_session_ends_but_one_in_use_goes_on_to_its_absolute_end(house: House, studio: Principal) -> None:
    house.person(studio, "asha")
    idle, used = house.sign_in("asha"), house.sign_in("asha")
    for _ in range(int(ABSOLUTE_LIMIT / IDLE_LIMIT) * 2 - 1):
        house.clock.pass_(seconds=IDLE_LIMIT.total_seconds() / 2)
        assert house.access.sessions.principal(used, active=True) is not None
    assert house.who(idle) is None
    house.clock.pass_(seconds=IDLE_LIMIT.total_seconds() / 2)
    assert house.access.sessions.principal(used, active=True) is None


def test_a_page_that_only_refreshes_itself_keeps_no_session_alive(house: House, studio: Principal) -> None:
    house.person(studio, "asha")
    token = house.sign_in("asha")
    for _ in range(4):
        house.clock.pass_(seconds=IDLE_LIMIT.total_seconds() / 4)
        left = house.who(token)
    assert left is None


def test_reading_who_is_there_writes_only_every_few_minutes(house: House, studio: Principal) -> None:
    house.person(studio, "asha")
    token = house.sign_in("asha")

    def idle_until() -> object:
        with house.store.read() as connection:
            return connection.scalar(sa.select(web_session.c.idle_until).where(web_session.c.kind == "session"))

    before = idle_until()
    house.clock.pass_(minutes=4)
    house.access.sessions.principal(token, active=True)
    assert idle_until() == before
    house.clock.pass_(minutes=2)
    house.access.sessions.principal(token, active=True)
    assert idle_until() == house.clock() + IDLE_LIMIT


def test_old_sessions_are_forgotten_when_somebody_signs_in(house: House, studio: Principal) -> None:
    house.person(studio, "asha")
    house.sign_in("asha")
    house.clock.pass_(days=30)
    house.sign_in("asha")
    with house.store.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(web_session)) == 2


def test_the_switcher_names_her_organizations_and_goes_to_no_other(
    house: House, studio: Principal, teams: Principal
) -> None:
    other = house.organization("other", "Other")
    house.person(studio, "asha")
    house.access.people.invite(teams, "asha", "", "finance", reason="joins")
    token = house.sign_in("asha")
    principal = house.who(token)
    assert principal is not None
    assert [(seat.org_slug, seat.role) for seat in house.access.sessions.seats(principal)] == [
        ("teams", "finance"), ("studio", "user")]  # fmt: skip
    house.access.sessions.switch(principal, studio.org_id)
    assert house.who(token).org_slug == "studio"  # type: ignore[union-attr]
    house.access.sessions.switch(principal, teams.org_id)
    assert (house.who(token).org_slug, house.who(token).role) == ("teams", "finance")  # type: ignore[union-attr]
    with pytest.raises(NotAllowed):
        house.access.sessions.switch(principal, other.org_id)


def test_an_operator_sees_every_organization_as_its_administrator(
    house: House, studio: Principal, teams: Principal
) -> None:
    house.person(studio, "root", "user", is_operator=True)
    token = house.sign_in("root")
    principal = house.who(token)
    assert principal is not None
    assert {seat.org_slug for seat in house.access.sessions.seats(principal)} == {"studio", "teams"}
    house.access.sessions.switch(principal, teams.org_id)
    there = house.who(token)
    assert there is not None
    assert (there.org_slug, there.role, there.account, there.has("admin")) == ("teams", "admin", None, True)


def test_another_role_acts_at_the_next_look(house: House, studio: Principal) -> None:
    person_id = house.person(studio, "asha")
    token = house.sign_in("asha")
    house.access.people.change_role(studio, person_id, "finance", reason="moves to finance")
    assert house.who(token).role == "finance"  # type: ignore[union-attr]


def test_deactivation_acts_at_the_next_look_and_leaves_other_organizations(
    house: House, studio: Principal, teams: Principal
) -> None:
    person_id = house.person(studio, "asha")
    house.access.people.invite(teams, "asha", "", "user", reason="joins")
    token = house.sign_in("asha")
    house.access.people.deactivate(teams, person_id, reason="left the teams")
    assert house.who(token).org_slug == "studio"  # type: ignore[union-attr]
    house.access.people.deactivate(studio, person_id, reason="left the studio")
    assert house.who(token) is None
    house.access.people.reactivate(studio, person_id, reason="came back")
    assert house.who(token).org_slug == "studio"  # type: ignore[union-attr]
