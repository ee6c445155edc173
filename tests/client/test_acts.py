"""What administrators' programs do with accounts, by the library and over HTTP: the same values, the same refusals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from client.world import FACES, Stage, World, face

from creditbook import (
    AccountClosed,
    AccountFrozen,
    AlreadyRedeemed,
    CodeNotRedeemable,
    Done,
    InsufficientTokens,
    NeedsApproval,
    NotFound,
    PromoTerms,
    Receipt,
)
from creditbook.domain.program import Reward, WalletType


@pytest.fixture(params=FACES)
def stage(request: pytest.FixtureRequest, world: World) -> Iterator[Stage]:
    slug = world.organization(rewards={"visit": Reward("visit", "A visit", 25, WalletType.BONUS)})
    with face(request.param, world, slug) as books:
        assert books.open_account(slug).account == slug
        books.open_account(f"{slug}/asha", draws_on_pool=True, quota=100, external_id="user-17", zone="Asia/Tokyo")
        books.open_account(f"{slug}/ben", idempotency_key="ben")
        assert books.open_account(f"{slug}/ben", idempotency_key="ben").replayed
        yield Stage(books, world.ledger, slug)


def test_many_are_given_tokens_at_once_with_the_refusals_among_the_receipts(stage: Stage) -> None:
    given = stage.books.grant_many(
        [
            {"account": stage.slug, "tokens": 500, "reason": "the pool's"},
            {"account": stage.asha, "tokens": 100_001, "reason": "too much for one person to give"},
            {"account": f"{stage.slug}/ben", "tokens": 7, "reason": "a gift", "features": ["work"]},
        ]
    )
    assert [one.tokens if isinstance(one, Receipt) else type(one) for one in given] == [500, NeedsApproval, 7]
    assert stage.books.balance(stage.slug).available == 500


def test_a_member_s_account_is_limited_moved_frozen_and_closed(stage: Stage) -> None:
    stage.books.grant(stage.slug, 500, reason="the pool's")
    assert stage.books.balance(stage.asha).from_pool == 100
    limited = stage.books.set_quota(stage.asha, 40, reason="the trial is over")
    assert isinstance(limited, Done)
    assert (limited.account, limited.what, limited.available, limited.replayed) == (
        stage.asha, "set_quota", 40, False,
    )  # fmt: skip
    assert stage.books.set_quota(stage.asha, None, reason="she pays").available == 500
    assert stage.books.balance(stage.asha).quota_left is None
    stage.books.set_zone(stage.asha, "Europe/Paris", reason="she moved")
    assert stage.books.balance(stage.asha).zone == "Europe/Paris"
    stage.books.set_zone(stage.asha, None, reason="she came back")
    assert stage.books.balance(stage.asha).zone == "Asia/Kolkata"
    frozen = stage.books.freeze(stage.asha, reason="a look into it", idempotency_key="freeze 1")
    assert stage.books.freeze(stage.asha, reason="a look into it", idempotency_key="freeze 1") == replace(
        frozen, replayed=True
    )
    with pytest.raises(AccountFrozen):
        stage.books.spend(stage.asha, action="work", tokens=1)
    stage.books.unfreeze(stage.asha, reason="all is well")
    stage.books.spend(stage.asha, action="work", tokens=1)
    stage.books.close_account(stage.asha, reason="she left & won't come back")
    with pytest.raises(AccountClosed):
        stage.books.spend(stage.asha, action="work", tokens=1)


def test_a_wallet_is_switched_off_and_on(stage: Stage) -> None:
    stage.books.grant(stage.asha, 30, reason="hers")
    (wallet,) = stage.books.balance(stage.asha).wallets
    stage.books.set_wallet_active(stage.asha, wallet.wallet_id, False, reason="abuse")
    off = stage.books.balance(stage.asha)
    assert (off.posted, off.blocked, off.available) == (30, 30, 0)
    with pytest.raises(InsufficientTokens):
        stage.books.spend(stage.asha, action="work", tokens=1)
    stage.books.set_wallet_active(stage.asha, wallet.wallet_id, True, reason="no abuse")
    assert stage.books.balance(stage.asha).available == 30
    with pytest.raises(NotFound):
        stage.books.set_wallet_active(stage.asha, 2**40, False, reason="abuse")


def test_codes_are_redeemed_and_activities_rewarded_once(stage: Stage) -> None:
    stage.books.create_codes(stage.slug, PromoTerms(code="LAUNCH", tokens=50), reason="the launch")
    gift = stage.books.redeem(stage.asha, " launch ", idempotency_key="r1")
    assert (gift.kind, gift.tokens, gift.available) == ("promo", 50, 50)
    assert stage.books.redeem(stage.asha, " launch ", idempotency_key="r1") == replace(gift, replayed=True)
    with pytest.raises(AlreadyRedeemed):
        stage.books.redeem(stage.asha, "LAUNCH")
    with pytest.raises(CodeNotRedeemable):
        stage.books.redeem(stage.asha, "LUNCH")
    assert stage.books.reward(stage.asha, "visit").available == 75
    with pytest.raises(AlreadyRedeemed):
        stage.books.reward(stage.asha, "visit")
