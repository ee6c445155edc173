"""What an administrator may do to people, what she may not, and what stays in the log."""

from __future__ import annotations

import threading

import pytest
from support.people import House

from creditbook.access import NotAllowed, Principal
from creditbook.domain.errors import Conflict, InvalidRequest, NotFound


@pytest.fixture
def boss(house: House, studio: Principal) -> Principal:
    house.person(studio, "boss", "admin")
    return house.principal("boss")


def test_an_invited_person_sets_her_password_by_the_link_and_is_in(house: House, boss: Principal) -> None:
    invited = house.access.people.invite(
        boss, "Asha.R", "Asha Raman", "finance", email="a@b.example", reason="new here"
    )
    assert invited.token is not None
    assert [m.state for m in house.access.people.members(boss)] == ["invited", "active"]
    link = house.access.own_password.look_at_link(invited.token)
    assert link is not None
    assert (link.kind, link.user_name, link.name, link.org_name) == (
        "invitation",
        "asha.r",
        "Asha Raman",
        "Nilgiri Studio",
    )
    ticket = house.access.own_password.accept_link(invited.token, "seven green bicycles", browser="b", name="Asha R.")
    token = house.access.sessions.redeem(ticket, browser="b")
    principal = house.who(token or "")
    assert principal is not None
    assert (principal.name, principal.role, principal.email) == ("Asha R.", "finance", "a@b.example")
    assert house.sign_in("asha.r", "seven green bicycles")


def test_an_invited_person_cannot_sign_in_before(house: House, boss: Principal) -> None:
    house.access.people.invite(boss, "asha", "Asha", "user", reason="new here")
    with pytest.raises(Exception, match="wrong"):
        house.sign_in("asha", "")


@pytest.mark.parametrize("user_name", ["", "a b", "-x", "ünal", "x" * 65, "a/b", "a'b", "<b>"])
def test_a_user_name_that_cannot_be_is_refused_with_what_may_be(house: House, boss: Principal, user_name: str) -> None:
    with pytest.raises(InvalidRequest, match="plain letters"):
        house.access.people.invite(boss, user_name, "X", "user", reason="new here")


@pytest.mark.parametrize(("name", "email"), [("x" * 101, ""), ("a\x00b", ""), ("A", "no address")])
def test_a_name_or_address_that_cannot_be_is_refused(house: House, boss: Principal, name: str, email: str) -> None:
    with pytest.raises(InvalidRequest):
        house.access.people.invite(boss, "asha", name, "user", email=email, reason="new here")


def test_nobody_is_invited_twice(house: House, boss: Principal) -> None:
    house.access.people.invite(boss, "asha", "Asha", "user", reason="new here")
    with pytest.raises(Conflict, match="member of this organization already"):
        house.access.people.invite(boss, "ASHA", "Asha", "user", reason="new here")


def test_every_act_needs_a_reason_and_leaves_one_row(house: House, studio: Principal, boss: Principal) -> None:
    people, begun = house.access.people, len(house.audit(studio))
    person_id = people.invite(boss, "asha", "Asha", "user", reason="  joins  ").person_id
    people.change_role(boss, person_id, "finance", reason="moves")
    people.new_link(boss, person_id, reason="lost the first")
    people.deactivate(boss, person_id, reason="left")
    people.reactivate(boss, person_id, reason="came back")
    rows = house.audit(studio)[begun:]
    assert [(r.act, r.actor, r.subject, r.reason) for r in rows] == [
        ("member.invite", "boss", "asha", "joins"),
        ("member.role", "boss", "asha", "moves"),
        ("member.invitation_link", "boss", "asha", "lost the first"),
        ("member.deactivate", "boss", "asha", "left"),
        ("member.reactivate", "boss", "asha", "came back"),
    ]
    assert (rows[1].before, rows[1].after) == ({"role": "user"}, {"role": "finance"})
    for act in (
        lambda: people.change_role(boss, person_id, "admin", reason=" "),
        lambda: people.deactivate(boss, person_id, reason=""),
        lambda: people.new_link(boss, person_id, reason=""),
        lambda: people.invite(boss, "ravi", "Ravi", "user", reason=""),
    ):
        with pytest.raises(InvalidRequest, match="reason"):
            act()
    assert len(house.audit(studio)) == begun + 5
    assert [m.user_name for m in people.members(boss)] == ["asha", "boss"]
    assert people.members(boss)[0].role == "finance"


@pytest.mark.parametrize("role", ["user", "finance"])
def test_only_an_administrator_of_this_moment_may_act(
    house: House, studio: Principal, boss: Principal, role: str
) -> None:
    asha = house.person(studio, "asha")
    house.access.people.change_role(studio, boss.person_id, role, reason="steps down")  # type: ignore[arg-type]
    assert boss.role == "admin", "the page was drawn before"
    with pytest.raises(NotAllowed, match="Only an administrator"):
        house.access.people.change_role(boss, asha, "admin", reason="too late")


def test_a_deactivated_administrator_may_not_act(house: House, studio: Principal, boss: Principal) -> None:
    asha = house.person(studio, "asha")
    house.access.people.deactivate(studio, boss.person_id, reason="left")
    with pytest.raises(NotAllowed):
        house.access.people.deactivate(boss, asha, reason="revenge")


def test_an_administrator_reaches_nobody_of_another_organization(
    house: House, boss: Principal, teams: Principal
) -> None:
    stranger = house.person(teams, "stranger")
    for act in (
        lambda: house.access.people.change_role(boss, stranger, "admin", reason="x"),
        lambda: house.access.people.deactivate(boss, stranger, reason="x"),
        lambda: house.access.people.new_link(boss, stranger, reason="x"),
        lambda: house.access.people.give_account(boss, stranger, "x", reason="x"),
    ):
        with pytest.raises(NotFound):
            act()
    assert [m.user_name for m in house.access.people.members(boss)] == ["boss"]


def test_inviting_somebody_known_elsewhere_gives_no_power_over_her_password(
    house: House, boss: Principal, teams: Principal
) -> None:
    person_id = house.person(teams, "asha")
    invited = house.access.people.invite(boss, "asha", "Renamed", "user", reason="joins us too")
    assert (invited.person_id, invited.token) == (person_id, None)
    with pytest.raises(NotAllowed, match="other organizations"):
        house.access.people.new_link(boss, person_id, reason="says she forgot")
    assert house.principal("asha").name == "Asha"


def test_an_operator_is_touched_by_operators_only(house: House, studio: Principal, boss: Principal) -> None:
    root = house.person(studio, "root", "user", is_operator=True)
    for act in (
        lambda: house.access.people.new_link(boss, root, reason="x"),
        lambda: house.access.people.deactivate(boss, root, reason="x"),
        lambda: house.access.people.change_role(boss, root, "user", reason="x"),
    ):
        with pytest.raises(NotAllowed, match="operator"):
            act()
    assert house.access.people.new_link(studio, root, reason="console says so")


def test_nobody_changes_their_own_role_or_access(house: House, boss: Principal) -> None:
    with pytest.raises(NotAllowed, match="their own role"):
        house.access.people.change_role(boss, boss.person_id, "user", reason="x")
    with pytest.raises(NotAllowed, match="their own access"):
        house.access.people.deactivate(boss, boss.person_id, reason="x")


def test_two_administrators_who_demote_each_other_at_once_leave_one(house: House, studio: Principal) -> None:
    ids = [house.person(studio, name, "admin") for name in ("one", "two")]
    both = [house.principal("one"), house.principal("two")]
    refused: list[Exception] = []

    def demote(actor: Principal, whom: int) -> None:
        try:
            house.access.people.change_role(actor, whom, "user", reason="only one may stay")
        except NotAllowed as refusal:
            refused.append(refusal)

    threads = [threading.Thread(target=demote, args=pair) for pair in zip(both, reversed(ids), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert sorted(m.role for m in house.access.people.members(studio)) == ["admin", "user"]


def test_an_account_belongs_to_one_person_and_to_her_organization(
    house: House, boss: Principal, studio: Principal, teams: Principal
) -> None:
    people = house.access.people
    asha, ravi = house.person(studio, "asha"), house.person(studio, "ravi")
    house.account(studio, "asha")
    house.account(teams, "theirs")
    people.give_account(boss, asha, "asha", reason="hers")
    people.give_account(boss, asha, "asha", reason="again changes nothing")
    assert house.principal("asha").account == "studio/asha"
    with pytest.raises(NotFound, match="no account theirs"):
        people.give_account(boss, ravi, "theirs", reason="x")
    with pytest.raises(Conflict, match="somebody else's"):
        people.give_account(boss, ravi, "asha", reason="x")
    house.account(studio, "asha-2")
    with pytest.raises(Conflict, match="has an account already"):
        people.give_account(boss, asha, "asha-2", reason="x")
