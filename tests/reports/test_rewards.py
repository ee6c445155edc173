"""What was got for codes, friends and activities equals what the tables of awards and grants say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from support.ledgers import MovedClock, a_ledger

from creditbook import Ledger
from creditbook.access.values import Principal
from creditbook.domain.program import Once, PromoTerms, Referral, Reward
from creditbook.reports import rewards

REWARDS = {"daily": Reward("daily", "A day's work", 2, once=Once.DAY), "site": Reward("site", "A site", 7)}


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def ledger(database_url: str, clock: MovedClock) -> Iterator[Ledger]:
    opened = a_ledger(database_url, clock, rewards=REWARDS, referral=Referral(3, 4))
    opened.open_account("acme/asha", plan="monthly")
    yield opened
    opened.close()


def person(ledger: Ledger, name: str) -> Principal:
    org, ref = ledger.core.organization("acme"), ledger.core.account(f"acme/{name}")
    return Principal(1, name, name, "user", org.org_id, "acme", "Acme", org.zone, account_id=ref.account_id,
                     account_name=name)  # fmt: skip


def found(ledger: Ledger, name: str = "asha") -> rewards.Chances:
    return rewards.chances(ledger.core.store, ledger.core.batches, person(ledger, name), ledger.core.now())


def raw(ledger: Ledger, what: str) -> list[Any]:
    with ledger.core.store.read(ledger.core.organization("acme").org_id) as connection:
        return list(connection.execute(sa.text(what)).all())


def test_gifts_are_the_grants_of_codes_friends_and_rewards_and_nothing_else(ledger: Ledger, clock: MovedClock) -> None:
    ledger.create_codes("acme", PromoTerms("HELLO", 50, lifetime_days=30), reason="x", actor="nisha")
    ledger.redeem("acme/asha", "hello")
    ledger.reward("acme/asha", "site")
    ledger.grant("acme/asha", 1_000, reason="no gift of this kind")
    ledger.open_account("acme/fern", plan="monthly", referred_by="asha")
    ledger.spend("acme/fern", action="build")
    sql = (
        "SELECT source, amount FROM token_grant g JOIN account a USING (org_id, account_id) "
        "WHERE a.name = 'asha' AND source IN ('promo', 'reward', 'referral') ORDER BY grant_id DESC"
    )
    rows = raw(ledger, sql)
    got = found(ledger)
    assert [(one.source, one.tokens) for one in got.gifts] == [tuple(row) for row in rows]
    assert sum(one.tokens for one in got.gifts) == 50 + 7 + 3
    assert got.friends == 1


def test_a_daily_reward_can_be_had_again_on_the_next_local_day(ledger: Ledger, clock: MovedClock) -> None:
    ledger.reward("acme/asha", "daily")
    ledger.reward("acme/asha", "site")
    assert {one.reward.slug: one.had for one in found(ledger).rewards} == {"daily": True, "site": True}
    clock.forward(hours=6)
    assert {one.reward.slug: one.had for one in found(ledger).rewards}["daily"]
    clock.forward(hours=1)  # 00:30 in Kolkata
    assert {one.reward.slug: one.had for one in found(ledger).rewards} == {"daily": False, "site": True}


def test_a_friends_own_award_is_no_friend_of_hers(ledger: Ledger) -> None:
    ledger.open_account("acme/fern", plan="monthly", referred_by="asha")
    assert found(ledger, "fern").friend_waits
    ledger.spend("acme/fern", action="build")
    assert not found(ledger, "fern").friend_waits
    assert found(ledger, "fern").friends == 0
    assert raw(ledger, "SELECT count(*) FROM award")[0][0] == 2
