"""People who come by themselves: where they may, once a name, with what the program opens and no more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.ledgers import PROGRAM, MovedClock
from support.people import PASSWORD

from creditbook import Ledger, open_ledger
from creditbook.access import Access, NotAllowed, Principal, TooManyAttempts, WeakPassword
from creditbook.access.registering import ATTEMPTS, Registration
from creditbook.domain.errors import Conflict, InvalidRequest
from creditbook.domain.program import Paid, Referral

OPEN = replace(
    PROGRAM, default_plan="daily", self_registration=True, referral=Referral(3, 2, when=Paid.SIGN_UP), currency="USD"
)


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with open_ledger(database_url, clock=MovedClock()) as opened:
        opened.create_organization("garden", OPEN, name="Garden")
        opened.create_organization("closed", PROGRAM, name="Closed")
        yield opened


@pytest.fixture
def access(ledger: Ledger) -> Access:
    return Access(ledger.core.store, ledger.core.clock, pause=lambda seconds: None)


@pytest.fixture
def door(access: Access, ledger: Ledger) -> Registration:
    return Registration(access.sessions, ledger)


def _come(door: Registration, user_name: str = "asha", *, slug: str = "garden", **terms: str) -> str:
    said = {"address": "203.0.113.7", "browser": "b", **terms}
    return door.register(slug, user_name, "Asha Raman", PASSWORD, **said)


def _who(access: Access, ticket: str) -> Principal:
    token = access.sessions.redeem(ticket, browser="b")
    found = access.sessions.principal(token)
    assert found is not None
    return found


def test_who_comes_by_herself_has_an_account_with_what_the_program_opens(
    door: Registration, access: Access, ledger: Ledger
) -> None:
    assert [house.slug for house in door.open_to()] == ["garden"]
    who = _who(access, _come(door, " Asha "))
    assert (who.user_name, who.name, who.role, who.account) == ("asha", "Asha Raman", "user", "garden/asha")
    assert ledger.balance("garden/asha").available == 5


def test_a_friend_who_sent_her_is_paid_with_her_once(door: Registration, ledger: Ledger) -> None:
    _come(door, "asha")
    _come(door, "ravi", referred_by="Asha")
    assert ledger.balance("garden/ravi").available == 5 + 2
    assert ledger.balance("garden/asha").available == 5 + 3


def test_an_organization_that_invites_its_people_lets_nobody_in(door: Registration) -> None:
    with pytest.raises(NotAllowed, match="invit"):
        _come(door, slug="closed")


def test_a_taken_name_is_refused_and_so_is_an_account_that_somebody_else_opened(
    door: Registration, ledger: Ledger
) -> None:
    _come(door, "asha")
    with pytest.raises(Conflict, match="taken"):
        _come(door, "asha")
    ledger.open_account("garden/meera")
    ledger.grant("garden/meera", 1_000, reason="for the real Meera")
    with pytest.raises(Conflict, match="taken"):
        _come(door, "meera")


def test_who_was_cut_off_after_her_account_was_opened_comes_again(
    door: Registration, access: Access, ledger: Ledger
) -> None:
    ledger.open_account("garden/asha", actor="asha", idempotency_key="register/asha")
    assert _who(access, _come(door, "asha")).account == "garden/asha"
    assert ledger.balance("garden/asha").available == 5


def test_nobody_is_sent_by_themselves_or_by_a_stranger(door: Registration, access: Access) -> None:
    for friend in ("asha", "nobody"):
        with pytest.raises(InvalidRequest):
            _come(door, "asha", referred_by=friend)
    assert _who(access, _come(door, "asha")).user_name == "asha"


def test_a_weak_password_opens_nothing(door: Registration, ledger: Ledger) -> None:
    with pytest.raises(WeakPassword):
        door.register("garden", "asha", "Asha", "short", address="a", browser="b")
    _come(door, "asha")


def test_one_address_cannot_open_accounts_without_end(door: Registration) -> None:
    for number in range(ATTEMPTS):
        _come(door, f"guest{number}")
    with pytest.raises(TooManyAttempts):
        _come(door, "one-more")
    _come(door, "elsewhere", address="198.51.100.9")
