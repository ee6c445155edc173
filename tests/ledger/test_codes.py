"""Promo codes through the public surface, on both databases: made, redeemed, disabled, guessed at."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from support.ledgers import MovedClock
from support.sales import SHOP, a_shop, broken

from creditbook import Ledger, open_ledger
from creditbook.domain.errors import (
    AlreadyRedeemed,
    CodeNotRedeemable,
    Conflict,
    InvalidRequest,
    LedgerError,
    LimitExceeded,
    NotFound,
)
from creditbook.domain.program import PromoTerms
from creditbook.ledger.redeeming import ATTEMPTS


@pytest.fixture
def shop(database_url: str, clock: MovedClock) -> Iterator[Ledger]:
    opened = a_shop(database_url, clock)
    yield opened
    complaints = broken(opened)
    opened.close()
    assert not complaints


def make(shop: Ledger, code: str = "LAUNCH", tokens: int = 10, **terms: object) -> list[str]:
    return shop.create_codes("acme", PromoTerms(code, tokens, **terms), reason="launch", actor="mary")  # type: ignore[arg-type]


def test_the_program_s_codes_are_there_from_the_beginning(shop: Ledger, clock: MovedClock) -> None:
    receipt = shop.redeem("acme/asha", "  welcome ")
    assert (receipt.kind, receipt.tokens, receipt.available) == ("promo", 50, 50)
    (wallet,) = [one for one in shop.balance("acme/asha").wallets if one.available]
    assert wallet.type == "BONUS"
    with pytest.raises(AlreadyRedeemed):
        shop.redeem("acme/asha", "WELCOME")
    clock.forward(days=7)
    assert shop.balance("acme/asha").available == 0


def test_a_new_version_of_the_program_adds_its_codes_and_leaves_the_others(shop: Ledger) -> None:
    shop.redeem("acme/asha", "WELCOME")
    more = {"Welcome": PromoTerms("Welcome", 999), "SPRING": PromoTerms("SPRING", 5)}
    shop.load_program("acme", replace(SHOP, promo_codes=more), reason="spring")
    assert {row.code: (row.terms.tokens, row.redeemed) for row in shop.codes("acme")} == {
        "welcome": (50, 1), "spring": (5, 0)
    }  # fmt: skip
    assert shop.redeem("acme/asha", "spring").tokens == 5


def test_a_code_is_made_once(shop: Ledger) -> None:
    assert make(shop, " Launch ") == ["Launch"]
    with pytest.raises(Conflict, match="there already"):
        make(shop, "LAUNCH")
    assert shop.codes("acme")[0].terms.code == "Launch"
    assert shop.redeem("acme/asha", "launch").tokens == 10


def test_a_thousand_codes_are_all_different_and_each_works_once(shop: Ledger) -> None:
    terms = PromoTerms("FAIR", 7, total_limit=1)
    codes = shop.create_codes("acme", terms, count=1_000, batch="fair", reason="fair", actor="mary")
    assert len(set(codes)) == 1_000
    assert all(code.startswith("FAIR-") and len(code) == 13 for code in codes)
    shop.open_account("acme/ravi")
    assert shop.redeem("acme/asha", codes[17].lower()).tokens == 7
    with pytest.raises(CodeNotRedeemable):
        shop.redeem("acme/ravi", codes[17])
    rows = shop.codes("acme")
    assert (len(rows), sum(row.redeemed for row in rows), {row.batch for row in rows}) == (1_001, 1, {"", "fair"})


@pytest.mark.parametrize("terms", [{"tokens": 0}, {"total_limit": 0}, {"lifetime_days": 0}, {"code": ""}])
def test_terms_that_no_code_can_have_are_told(shop: Ledger, terms: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        make(shop, **{"code": "LAUNCH", **terms})  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest, match="Between 1 and"):
        shop.create_codes("acme", PromoTerms("LAUNCH", 5), count=0, reason="none")
    assert len(shop.codes("acme")) == 1


def test_making_a_code_wants_a_reason(shop: Ledger) -> None:
    with pytest.raises(InvalidRequest, match="Give a reason"):
        shop.create_codes("acme", PromoTerms("LAUNCH", 5), reason=" ")
    assert len(shop.codes("acme")) == 1


def test_who_redeemed_a_code_and_how_often_is_seen(shop: Ledger) -> None:
    make(shop, per_account=2)
    shop.open_account("acme/ravi")
    for account in ("acme/asha", "acme/ravi", "acme/asha"):
        shop.redeem(account, "LAUNCH")
    assert [(row.account, row.number) for row in shop.redemptions("acme", "launch")] == [
        ("asha", 2), ("ravi", 1), ("asha", 1)
    ]  # fmt: skip
    assert shop.codes("acme")[0].redeemed == 3
    with pytest.raises(NotFound):
        shop.redemptions("acme", "nothing")


def test_a_disabled_code_redeems_no_more_and_claws_nothing_back(shop: Ledger) -> None:
    shop.redeem("acme/asha", "WELCOME")
    shop.open_account("acme/ravi")
    shop.disable_code("acme", "welcome ", reason="abused", actor="mary")
    with pytest.raises(CodeNotRedeemable):
        shop.redeem("acme/ravi", "WELCOME")
    assert shop.balance("acme/asha").available == 50
    with pytest.raises(InvalidRequest, match="disabled already"):
        shop.disable_code("acme", "WELCOME", reason="again")
    shop.disable_code("acme", "WELCOME", disabled=False, reason="forgiven")
    assert shop.redeem("acme/ravi", "WELCOME").tokens == 50
    with pytest.raises(NotFound):
        shop.disable_code("acme", "nothing", reason="typo")


def test_a_code_of_one_organization_is_unknown_in_another(shop: Ledger) -> None:
    shop.create_organization("other", replace(SHOP, promo_codes={}))
    shop.open_account("other/eve")
    with pytest.raises(CodeNotRedeemable):
        shop.redeem("other/eve", "WELCOME")


def test_a_first_purchase_is_remembered(shop: Ledger) -> None:
    make(shop, first_purchase=True, per_account=5)
    order = shop.open_purchase("acme/asha", "starter")
    shop.redeem("acme/asha", "LAUNCH")
    shop.pay_purchase("acme/asha", order.purchase_id, provider="stripe", payment="pi_1")
    shop.refund_purchase("acme/asha", order.purchase_id, reason="sorry")
    with pytest.raises(InvalidRequest, match="bought nothing yet"):
        shop.redeem("acme/asha", "LAUNCH")


def test_ten_wrong_codes_and_the_account_waits_while_others_do_not(shop: Ledger, clock: MovedClock) -> None:
    shop.open_account("acme/ravi")
    for number in range(ATTEMPTS):
        with pytest.raises(CodeNotRedeemable):
            shop.redeem("acme/asha", f"guess-{number}")
    clock.forward(minutes=5)
    with pytest.raises(LimitExceeded, match="Try again in 10 minutes") as refused:
        shop.redeem("acme/asha", "WELCOME")
    assert (refused.value.limit, refused.value.retry_after) == ("code_attempts", 600)
    assert shop.redeem("acme/ravi", "WELCOME").tokens == 50
    clock.forward(minutes=10, seconds=1)
    assert shop.redeem("acme/asha", "WELCOME").tokens == 50


def test_codes_that_are_right_are_no_failed_attempts(shop: Ledger) -> None:
    make(shop, per_account=100)
    for _ in range(ATTEMPTS + 5):
        shop.redeem("acme/asha", "LAUNCH")


def test_attempts_are_counted_wherever_they_are_made(shop: Ledger, database_url: str, clock: MovedClock) -> None:
    other = open_ledger(database_url, clock=clock)
    try:
        for number in range(ATTEMPTS):
            with pytest.raises(CodeNotRedeemable):
                (shop, other)[number % 2].redeem("acme/asha", f"guess-{number}")
        with pytest.raises(LimitExceeded):
            other.redeem("acme/asha", "WELCOME")
    finally:
        other.close()


def test_the_last_of_a_code_goes_to_one_of_many(shop: Ledger) -> None:
    make(shop, total_limit=3)
    people = [f"acme/p{number}" for number in range(12)]
    for person in people:
        shop.open_account(person)

    def tried(person: str) -> str:
        try:
            return shop.redeem(person, "LAUNCH").kind
        except LedgerError as refusal:
            return type(refusal).__name__

    with ThreadPoolExecutor(12) as pool:
        told = sorted(pool.map(tried, people))
    assert told == ["CodeNotRedeemable"] * 9 + ["promo"] * 3
    assert shop.codes("acme")[0].redeemed == 3


def test_a_redemption_repeated_under_its_key_is_one(shop: Ledger) -> None:
    first = shop.redeem("acme/asha", "WELCOME", idempotency_key="click")
    again = shop.redeem("acme/asha", " welcome", idempotency_key="click")
    assert (again.transaction_id, again.replayed) == (first.transaction_id, True)


def test_the_window_is_of_the_organization_s_days(shop: Ledger, clock: MovedClock) -> None:
    today = clock.at.date()
    make(shop, valid_from=today + timedelta(days=1), valid_through=today + timedelta(days=1))
    with pytest.raises(CodeNotRedeemable):
        shop.redeem("acme/asha", "LAUNCH")
    clock.forward(hours=6, minutes=30)  # midnight in Kolkata
    assert shop.redeem("acme/asha", "LAUNCH").tokens == 10
