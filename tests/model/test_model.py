"""The model against cells of PROGRAMS and examples of SEMANTICS that were computed by hand."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from model.programs import DAILY, MONTHS, SHADOW, STRICT, plan, program
from model.worlds import DAY, NOON, available, one, team, utc

from creditbook.domain.errors import (
    AccountFrozen,
    FeatureNotInPlan,
    IdempotencyConflict,
    InsufficientTokens,
    InvalidRequest,
    LimitExceeded,
)
from creditbook.domain.program import Allowance, Every, WalletType

STUDIO = program(
    "studio",
    "Asia/Kolkata",
    "free",
    plan("free", Allowance(WalletType.MONTHLY, 10_000, Every.CALENDAR_MONTH, rollover=Fraction(1, 2))),
)


def test_a_daily_wallet_is_back_at_five_every_local_midnight() -> None:
    model = one(DAILY, "small")
    model.do("spend", "o/a", NOON, action="goal")
    assert available(model, NOON) == 2
    assert available(model, utc("2026-03-10T16:59:59.999999")) == 2
    assert available(model, utc("2026-03-10T17:00")) == 5
    assert model.balance("o/a", NOON)["next_reset"] == utc("2026-03-10T17:00")


def test_half_of_a_months_rest_moves_on_for_one_month_and_never_again() -> None:
    model = one(STUDIO, "free", utc("2026-01-10T00:00"))
    model.do("spend", "o/a", utc("2026-01-20T00:00"), action="work", tokens=5_200)
    february, march = utc("2026-01-31T18:30"), utc("2026-02-28T18:30")
    assert available(model, february) == 10_000 + 2_400  # 12,400: half of 4,800
    assert available(model, march) == 10_000 + 5_000
    model.do("spend", "o/a", february, action="work", tokens=2_600)  # the rolled 2,400 burn first
    assert available(model, february) == 9_800
    assert available(model, march) == 10_000 + 4_900


def test_the_need_of_the_studios_refusal_is_named() -> None:
    model = one(STUDIO, "free")
    model.do("spend", "o/a", NOON, action="work", tokens=5_000)
    with pytest.raises(InsufficientTokens) as refusal:
        model.do("spend", "o/a", NOON, action="work", tokens=20_000)
    assert (refusal.value.required, refusal.value.available, refusal.value.shortage) == (20_000, 5_000, 15_000)


def test_five_and_a_premium_ten_are_fifteen_and_the_standard_burns_first() -> None:
    model = one(DAILY, "small")
    model.do("open_wallet", "o/a", NOON, type="PREMIUM", tokens=10, expires_at=NOON + 9 * DAY)
    assert available(model, NOON) == 15
    model.do("spend", "o/a", NOON, action="work", tokens=6)
    assert [w[3] for w in model.balance("o/a", NOON)["wallets"]] == [0, 9]
    model.do("spend", "o/a", NOON + DAY, action="goal", wallet="PREMIUM")
    assert [w[3] for w in model.balance("o/a", NOON + DAY)["wallets"]] == [5, 6]
    assert available(model, NOON + 9 * DAY) == 5


def test_a_pros_goal_leaves_seventeen_of_twenty() -> None:
    model = team()
    model.do("spend", "o/a", NOON, action="goal")
    assert [w[3] for w in model.balance("o", NOON)["wallets"]] == [50, 17, 30]
    assert available(model, NOON, feature="goal") == 17 + 30


def test_thirty_days_from_noon_end_at_the_start_of_the_thirty_first_date() -> None:
    model = one(STRICT, "term", utc("2026-03-10T12:00"))
    assert model.balance("o/a", NOON)["next_reset"] == utc("2026-04-09T18:30")  # 10 April in Kolkata
    early = one(STRICT, "term", utc("2026-03-09T18:30"))
    assert early.balance("o/a", NOON)["next_reset"] == utc("2026-04-08T18:30")
    assert early.balance("o/a", utc("2026-04-08T18:30"))["next_reset"] == utc("2026-05-08T18:30")


def test_a_late_look_leaves_what_a_punctual_one_leaves() -> None:
    punctual, late = one(DAILY, "rolling"), one(DAILY, "rolling")
    for day in range(400):
        punctual.settle("o/a", NOON + day * DAY)
    assert punctual.balance("o/a", NOON + 399 * DAY) == late.balance("o/a", NOON + 399 * DAY)
    assert available(late, NOON + 399 * DAY) == 9 + 3


def test_a_move_west_stretches_the_running_day_and_grants_no_date_twice() -> None:
    model = one(DAILY, "small", utc("2026-03-10T03:00"))  # 10:00 in Bangkok
    model.do("set_zone", "o/a", utc("2026-03-10T16:00"), zone="America/Los_Angeles")
    assert model.balance("o/a", utc("2026-03-10T16:00"))["next_reset"] == utc("2026-03-11T07:00")


def test_a_move_east_keeps_the_end_it_has() -> None:
    model = one(DAILY, "small", utc("2026-03-10T03:00"))
    model.do("set_zone", "o/a", utc("2026-03-10T04:00"), zone="Pacific/Kiritimati")  # 18:00 of the 10th there
    assert model.balance("o/a", utc("2026-03-10T04:00"))["next_reset"] == utc("2026-03-10T17:00")
    assert model.balance("o/a", utc("2026-03-10T17:00"))["next_reset"] == utc("2026-03-11T10:00")


def test_samoa_lost_a_day_and_an_allowance_with_it() -> None:
    model = one(DAILY, "small", utc("2011-12-29T12:00"), zone="Pacific/Apia")
    assert model.balance("o/a", utc("2011-12-29T12:00"))["next_reset"] == utc("2011-12-30T10:00")
    book, account, _ = model.settled("o/a", utc("2012-01-01T12:00"))
    assert [w.first for w in book.wallets_of(account)] == [date(2012, 1, 2)]


def test_a_quota_refuses_only_what_the_pool_could_pay() -> None:
    model = team(quota=8)
    model.do("spend", "o/a", NOON, action="lead")
    assert model.balance("o/a", NOON)["from_pool"] == 3
    with pytest.raises(LimitExceeded) as refusal:
        model.do("spend", "o/a", NOON, action="lead")
    assert (refusal.value.limit, refusal.value.retry_after) == (
        "quota",
        int((utc("2026-04-09T23:00") - NOON).total_seconds()),
    )
    with pytest.raises(InsufficientTokens) as short:
        model.do("spend", "o/a", NOON, action="work", tokens=31)
    assert short.value.available == 3


def test_the_seventh_request_of_a_local_day_is_refused_until_midnight() -> None:
    model = one(DAILY, "small")
    for _ in range(6):
        model.do("spend", "o/a", NOON, action="look")
    with pytest.raises(LimitExceeded) as refusal:
        model.do("reserve", "o/a", NOON, action="work", estimate=1)
    assert refusal.value.retry_after == 5 * 3600
    model.do("spend", "o/a", utc("2026-03-10T17:00"), action="look")


def test_a_frozen_account_starts_nothing_but_finishes_what_is_open() -> None:
    model = one(DAILY, "small")
    hold = model.do("reserve", "o/a", NOON, action="work", estimate=3).hold
    model.freeze("o/a", NOON, True)
    with pytest.raises(AccountFrozen):
        model.do("spend", "o/a", NOON, action="look")
    assert model.do("capture", "o/a", NOON, hold=hold, tokens=2).charged == 2
    assert available(model, NOON + DAY) == 5


def test_a_feature_outside_the_plan_is_refused_even_with_tokens() -> None:
    model = one(MONTHS, "anniversary")
    with pytest.raises(FeatureNotInPlan):
        model.do("spend", "o/a", NOON, action="lead")


def test_a_forced_reset_keeps_the_end_and_lets_held_tokens_go_when_released() -> None:
    model = one(DAILY, "rolling")
    hold = model.do("reserve", "o/a", NOON, action="work", estimate=4).hold
    model.do("reset", "o/a", NOON)
    figures = model.balance("o/a", NOON)
    assert (figures["posted"], figures["held"], figures["available"]) == (13, 4, 9)
    model.do("void", "o/a", NOON, hold=hold)
    assert model.balance("o/a", NOON)["posted"] == 9
    assert available(model, utc("2026-03-10T17:00")) == 9 + 3  # only the new allowance rolls


def test_held_tokens_do_not_roll_over_and_lapse_when_released() -> None:
    model = one(DAILY, "rolling")
    before = utc("2026-03-10T16:55")
    model.do("reserve", "o/a", before, action="work", estimate=7)
    after = utc("2026-03-10T17:00")
    figures = model.balance("o/a", after)
    assert (figures["posted"], figures["held"], figures["available"]) == (7 + 1 + 9, 7, 10)
    assert model.balance("o/a", utc("2026-03-10T17:10"))["posted"] == 10


def test_shadow_charges_what_is_there_and_marks_what_it_would_have_refused() -> None:
    model = one(SHADOW, "little")
    spent = model.do("spend", "o/a", NOON, action="work", tokens=12)
    assert (spent.charged, spent.refused) == (10, "InsufficientTokens")
    assert model.do("spend", "o/a", NOON, action="lead").refused == "FeatureNotInPlan"
    assert model.balance("o/a", NOON)["debt"] == 0


def test_the_same_key_gives_the_first_result_and_another_request_a_conflict() -> None:
    model = one(DAILY, "small")
    first = model.do("spend", "o/a", NOON, key="k", action="goal")
    assert model.do("spend", "o/a", NOON + DAY, key="k", action="goal") is first
    with pytest.raises(IdempotencyConflict):
        model.do("spend", "o/a", NOON, key="k", action="look")


def test_a_deactivated_wallet_is_not_reset_and_gets_one_allowance_when_it_returns() -> None:
    model = one(MONTHS, "calendar")
    book, account, _ = model.settled("o/a", NOON)
    wallet = book.wallets_of(account)[0]
    model.do("set_wallet_active", "o/a", NOON, wallet=wallet, active=False)
    assert (available(model, NOON), model.balance("o/a", NOON)["blocked"]) == (0, 100)
    may = utc("2026-05-05T00:00")
    assert model.balance("o/a", may)["posted"] == 0
    model.do("set_wallet_active", "o/a", may, wallet=wallet, active=True)
    with pytest.raises(InvalidRequest):
        model.do("set_wallet_active", "o/a", may, wallet=wallet, active=True)
    assert available(model, may) == 100
    assert model.balance("o/a", may)["next_reset"] == utc("2026-06-01T04:00")


def test_a_pool_shares_what_it_has_and_a_frozen_one_pays_nothing() -> None:
    model = team()
    model.do("grant", "o/a", NOON, tokens=2)
    assert available(model, NOON, feature="work") == 2 + 30
    model.freeze("o", NOON, True)
    assert available(model, NOON, feature="work") == 2


def test_the_past_is_what_it_was() -> None:
    model = one(DAILY, "small")
    model.do("spend", "o/a", NOON, action="goal")
    model.settle("o/a", NOON + 3 * DAY)
    past = [model.balance_as_of("o/a", NOON + 3 * DAY, at)[0] for at in (NOON - DAY, NOON, NOON + DAY)]
    assert past == [0, 2, 5]
