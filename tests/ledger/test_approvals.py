"""Grants that wait for a second administrator, on both databases (rule 38)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from support.ledgers import MovedClock
from support.sales import a_shop, broken

from creditbook import Ledger
from creditbook.domain.errors import (
    AccountClosed,
    Conflict,
    InvalidRequest,
    LedgerError,
    NeedsApproval,
    NotFound,
)


@pytest.fixture
def shop(database_url: str, clock: MovedClock) -> Iterator[Ledger]:
    opened = a_shop(database_url, clock)
    yield opened
    complaints = broken(opened)
    opened.close()
    assert not complaints


def ask(shop: Ledger, tokens: int = 20_000, **terms: object) -> int:
    return shop.ask_grant("acme/asha", tokens, reason="a big customer", actor="mary", **terms)  # type: ignore[arg-type]


def test_a_large_grant_is_asked_for_and_given_by_another(shop: Ledger) -> None:
    with pytest.raises(NeedsApproval):
        shop.grant("acme/asha", 20_000, reason="a big customer", actor="mary")
    number = ask(shop, wallet="PREMIUM", expires_at=date(2026, 3, 5), label="For a big customer")
    (waiting,) = shop.approvals("acme")
    assert (waiting.approval_id, waiting.account, waiting.asked_by, waiting.reason) == (
        number, "asha", "mary", "a big customer"
    )  # fmt: skip
    assert waiting.request["tokens"] == 20_000
    assert shop.balance("acme/asha").available == 0
    receipt = shop.approve("acme", number, actor="john", note="fine")
    assert (receipt.account, receipt.tokens, receipt.available) == ("acme/asha", 20_000, 20_000)
    (wallet,) = [one for one in shop.balance("acme/asha").wallets if one.available]
    assert wallet.type == "PREMIUM"
    assert shop.approvals("acme") == []


def test_it_is_given_once(shop: Ledger) -> None:
    number = ask(shop)
    shop.approve("acme", number, actor="john")
    with pytest.raises(Conflict, match="approved by john"):
        shop.approve("acme", number, actor="ann")
    with pytest.raises(Conflict, match="approved by john"):
        shop.decline("acme", number, actor="ann", note="too late")
    assert shop.balance("acme/asha").available == 20_000


def test_declined_it_is_never_given(shop: Ledger) -> None:
    number = ask(shop)
    with pytest.raises(InvalidRequest, match="Say why"):
        shop.decline("acme", number, actor="john", note=" ")
    shop.decline("acme", number, actor="john", note="not this year")
    with pytest.raises(Conflict, match="declined by john"):
        shop.approve("acme", number, actor="ann")
    assert (shop.balance("acme/asha").available, shop.approvals("acme")) == (0, [])


@pytest.mark.parametrize("actor", ["mary", ""])
def test_nobody_decides_what_she_asked_for(shop: Ledger, actor: str) -> None:
    number = ask(shop)
    with pytest.raises(InvalidRequest, match="Another administrator"):
        shop.approve("acme", number, actor=actor)
    with pytest.raises(InvalidRequest, match="Another administrator"):
        shop.decline("acme", number, actor=actor, note="no")


def test_what_waits_in_one_organization_is_not_found_from_another(shop: Ledger) -> None:
    number = ask(shop)
    shop.create_organization("other", shop.program("acme"))
    with pytest.raises(NotFound):
        shop.approve("other", number, actor="john")


def test_a_grant_that_is_refused_when_it_is_approved_waits_on(shop: Ledger) -> None:
    number = ask(shop)
    shop.close_account("acme/asha", reason="gone")
    with pytest.raises(AccountClosed):
        shop.approve("acme", number, actor="john")
    assert [one.approval_id for one in shop.approvals("acme")] == [number]
    shop.decline("acme", number, actor="john", note="the account is closed")


@pytest.mark.parametrize("wrong", [{"tokens": 0}, {"wallet": "POCKET"}, {"expires_at": date(2026, 3, 1)}])
def test_what_could_never_be_granted_is_not_asked_for(shop: Ledger, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        ask(shop, **wrong)  # type: ignore[arg-type]
    assert shop.approvals("acme") == []


def test_of_many_who_decide_at_once_one_does(shop: Ledger) -> None:
    number = ask(shop)

    def decide(who: int) -> str:
        try:
            if who % 2:
                shop.decline("acme", number, actor=f"admin{who}", note="no")
                return "declined"
            return shop.approve("acme", number, actor=f"admin{who}").kind
        except LedgerError as refusal:
            return type(refusal).__name__

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(decide, range(8)))
    given = shop.balance("acme/asha").available
    assert ("declined" in told) == (given == 0)
    assert given in (0, 20_000)
    assert set(told) <= {"declined", "grant", "Conflict"}
    assert told.count("declined") <= 1
    assert shop.approvals("acme") == []
