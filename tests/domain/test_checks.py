"""Checks of a spend, in the order of rule 5, and the limits of rule 33."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.books import LivingBook, a_program, allowance, day, utc

from creditbook.domain.errors import (
    AccountClosed,
    AccountFrozen,
    FeatureNotInPlan,
    IdempotencyConflict,
    InsufficientTokens,
    InvalidRequest,
    LedgerError,
    LimitExceeded,
    RequestTooLarge,
)
from creditbook.domain.operations import SetStatus, SetZone, Work
from creditbook.domain.program import Every, WalletType

LIMITS = {"features": frozenset({"work", "goal", "chat"}), "max_request_tokens": 50, "requests_per_day": 2}


def limited(*, requests: int = 2, **terms: Any) -> LivingBook:
    book = LivingBook(a_program(allowance(10), limits=LIMITS | {"requests_per_day": requests}, **terms))
    book.open()
    return book


def use_up_requests(book: LivingBook) -> None:
    for _ in range(2):
        book.spend(action="chat")


def freeze(book: LivingBook) -> None:
    book.act(SetStatus, status="frozen")


def team_without_share() -> tuple[LivingBook, int]:
    team = LivingBook(a_program(allowance(100, Every.CALENDAR_MONTH), limits={"requests_per_day": 1}))
    team.open_pool()
    return team, team.open_member(quota=0)


def refusal(spend: Callable[[], object]) -> type[LedgerError]:
    with pytest.raises(LedgerError) as refused:
        spend()
    return type(refused.value)


def test_a_conflicting_key_is_told_before_anything_else() -> None:
    book = limited()
    book.spend(1, key="run", sent="one")
    freeze(book)
    assert refusal(lambda: book.spend(-1, "nonsense", key="run", sent="two")) is IdempotencyConflict


def test_an_invalid_request_is_told_before_the_accounts_status() -> None:
    book = limited()
    freeze(book)
    assert refusal(lambda: book.spend(1, "nonsense")) is InvalidRequest
    assert refusal(lambda: book.spend(-1)) is InvalidRequest
    assert refusal(lambda: book.spend(4, "goal")) is InvalidRequest


def test_the_accounts_status_is_told_before_the_feature() -> None:
    book = limited()
    freeze(book)
    assert refusal(lambda: book.spend(action="lead")) is AccountFrozen


def test_the_feature_is_told_before_the_size() -> None:
    assert refusal(lambda: limited().spend(action="lead", work=Work(input_tokens=51))) is FeatureNotInPlan


def test_the_size_is_told_before_the_requests_of_the_day() -> None:
    book = limited()
    use_up_requests(book)
    assert refusal(lambda: book.spend(51)) is RequestTooLarge


def test_the_requests_of_the_day_are_told_before_the_tokens() -> None:
    book = limited()
    use_up_requests(book)
    assert refusal(lambda: book.spend(11)) is LimitExceeded


def test_missing_tokens_are_told_before_the_quota() -> None:
    team, asha = team_without_share()
    assert refusal(lambda: team.spend(101, account=asha)) is InsufficientTokens


def test_a_quota_refuses_only_what_would_pass_without_it() -> None:
    team, asha = team_without_share()
    with pytest.raises(LimitExceeded) as refused:
        team.spend(100, account=asha)
    assert refused.value.limit == "quota"


def test_a_frozen_account_starts_nothing_and_makes_no_hold() -> None:
    book = limited()
    freeze(book)
    assert refusal(lambda: book.spend(1)) is AccountFrozen
    assert refusal(lambda: book.reserve(1)) is AccountFrozen
    book.act(SetStatus, status="active")
    assert book.spend(1).charged == 1


def test_a_closed_account_answers_that_it_is_closed() -> None:
    book = limited()
    book.act(SetStatus, status="closed")
    assert refusal(lambda: book.spend(1)) is AccountClosed
    assert refusal(lambda: book.reserve(1)) is AccountClosed
    assert refusal(lambda: book.spend(1, meter=True)) is AccountClosed


# ---- size


def test_the_size_is_input_and_output_of_the_model() -> None:
    book = limited()
    book.grant(1_000)
    assert refusal(lambda: book.spend(1, work=Work(input_tokens=30, output_tokens=21))) is RequestTooLarge
    assert book.spend(1, work=Work(input_tokens=30, output_tokens=20, cached_tokens=25)).charged == 1


def test_the_size_is_the_callers_tokens_where_the_model_told_none_and_the_price_is_actual() -> None:
    book = limited()
    book.grant(1_000)
    assert refusal(lambda: book.spend(51)) is RequestTooLarge
    assert book.spend(50).charged == 50


def test_a_holds_estimate_and_its_parts_have_no_size() -> None:
    book = limited()
    book.grant(1_000)
    hold = book.reserve(500)
    assert book.capture(hold, 400, work=Work(input_tokens=300, output_tokens=100)).charged == 400


# ---- requests a day


def test_every_live_spend_and_reserve_is_a_request_free_actions_too() -> None:
    book = limited(requests=3)
    book.spend(action="chat")
    book.spend(1)
    book.reserve(1)
    assert book.account().requests == {day("2026-03-10"): 3}
    assert refusal(lambda: book.spend(action="chat")) is LimitExceeded
    assert refusal(lambda: book.reserve(1)) is LimitExceeded


def test_parts_of_a_hold_telemetry_and_replays_are_no_requests() -> None:
    book = limited()
    hold = book.reserve(5, key="job", sent="job")
    book.capture(hold, 1, final=False)
    book.capture(hold, 1)
    book.spend(9, "anything", meter=True)
    book.reserve(5, key="job", sent="job")
    assert book.account().requests == {day("2026-03-10"): 1}


def test_a_refused_request_is_not_counted() -> None:
    book = limited()
    assert refusal(lambda: book.spend(11)) is InsufficientTokens
    assert book.account().requests == {}


def test_the_limit_opens_at_the_spenders_own_midnight() -> None:
    book = LivingBook(a_program(limits={"requests_per_day": 1}), utc(2026, 3, 10, 18, 0))
    book.open(zone="Asia/Kolkata")  # 23:30
    book.spend(action="chat")
    with pytest.raises(LimitExceeded) as refused:
        book.spend(action="chat")
    assert (refused.value.limit, refused.value.retry_after) == ("requests_per_day", 30 * 60)
    assert "Tokens are untouched" in str(refused.value)
    book.later(minutes=30)
    book.spend(action="chat")


def test_retry_after_is_rounded_up_to_a_whole_second() -> None:
    book = LivingBook(a_program(limits={"requests_per_day": 1}), utc(2026, 3, 10, 23, 59))
    book.open()
    book.spend(action="chat")
    book.later(seconds=59, milliseconds=1)
    with pytest.raises(LimitExceeded) as refused:
        book.spend(action="chat")
    assert refused.value.retry_after == 1


def test_a_zone_change_counts_by_the_new_zones_date_at_once() -> None:
    book = LivingBook(a_program(limits={"requests_per_day": 1}), utc(2026, 3, 10, 18, 0))
    book.open()
    book.spend(action="chat")
    book.act(SetZone, zone="Asia/Tokyo")  # the 11th
    book.spend(action="chat")
    assert book.account().requests == {day("2026-03-10"): 1, day("2026-03-11"): 1}
    book.act(SetZone, zone="UTC")
    assert refusal(lambda: book.spend(action="chat")) is LimitExceeded


# ---- features


def test_a_plans_features_bind_bought_tokens_too() -> None:
    book = limited()
    book.grant(100, "PREMIUM", of="purchased")
    assert refusal(lambda: book.spend(action="lead")) is FeatureNotInPlan


def test_a_feature_is_asked_when_work_starts_never_for_its_parts() -> None:
    book = limited()
    hold = book.reserve(8)
    assert book.capture(hold, action="lead").charged == 5


# ---- quotas


def test_a_quota_counts_what_is_charged_and_held_in_the_pools_period() -> None:
    team = LivingBook(a_program(allowance(100, Every.CALENDAR_MONTH, WalletType.MONTHLY)))
    team.open_pool()
    asha = team.open_member(quota=10)
    team.spend(4, account=asha)
    hold = team.reserve(5, account=asha)
    assert team.available(asha) == 1
    with pytest.raises(LimitExceeded) as refused:
        team.spend(2, account=asha)
    assert (refused.value.limit, refused.value.retry_after) == ("quota", 1_866_600)  # to 1 April, 00:00
    team.void(hold, account=asha)
    assert team.available(asha) == 6
    team.now = utc(2026, 4, 1)
    team.settle()
    assert team.available(asha) == 10


def test_a_quota_without_a_period_never_reopens() -> None:
    team = LivingBook()
    team.open_pool()
    team.grant(100)
    asha = team.open_member(quota=1)
    with pytest.raises(LimitExceeded) as refused:
        team.spend(2, account=asha)
    assert refused.value.retry_after is None


def test_her_own_tokens_are_outside_her_quota() -> None:
    team = LivingBook()
    team.open_pool()
    team.grant(100)
    asha = team.open_member(quota=1)
    team.grant(5, account=asha)
    assert team.spend(6, account=asha).available == 0
    assert team.account(asha).quota_used == {None: 1}
