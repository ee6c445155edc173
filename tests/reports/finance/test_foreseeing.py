"""The method of forecasts on made-up accounts whose answer is plain."""

from __future__ import annotations

from creditbook.reports.finance.foreseeing import outlooks


def test_a_steady_account_is_foreseen_as_steady_and_its_band_is_narrow() -> None:
    (one,) = outlooks([[1_000] * 90], 14)
    light, expected, heavy = one.total
    assert expected == 14_000
    assert 12_000 <= light <= expected <= heavy <= 18_000
    assert one.has_history


def test_weekdays_keep_their_rhythm() -> None:
    week = [500, 500, 500, 500, 500, 0, 0]
    (one,) = outlooks([week * 12], 14)
    working, free = one.expected[:5] + one.expected[7:12], one.expected[5:7] + one.expected[12:14]
    assert min(working) > 400
    assert max(free) < 60


def test_an_account_that_stopped_is_foreseen_to_use_next_to_nothing() -> None:
    (one,) = outlooks([[1_000] * 30 + [0] * 40], 7)
    assert sum(one.expected) < 100


def test_one_burst_moves_the_forecast_less_than_a_habit() -> None:
    burst, habit = outlooks([[100] * 60 + [7_000] + [100] * 6, [100] * 60 + [1_085] * 7], 7)
    assert sum(burst.expected) < sum(habit.expected)


def test_an_account_without_use_is_foreseen_to_use_nothing_and_says_that_it_has_no_history() -> None:
    nothing, young = outlooks([[0] * 30, [0] * 25 + [100] * 5], 7)
    assert nothing.expected == nothing.light == nothing.heavy == (0,) * 7
    assert not nothing.has_history
    assert not young.has_history
    assert sum(young.light) < sum(young.expected) < sum(young.heavy)


def test_no_account_without_a_single_day_breaks_it() -> None:
    assert outlooks([], 7) == []
    assert outlooks([[]], 3)[0].expected == (0, 0, 0)


def test_days_are_whole_tokens_and_their_sum_drifts_by_no_more_than_one() -> None:
    (one,) = outlooks([[1, 0, 0] * 20], 60)
    assert all(isinstance(day, int) and day >= 0 for day in one.expected)
    (week,) = outlooks([[1, 0, 0] * 20], 7)
    assert abs(sum(one.expected[:56]) - 8 * sum(week.expected)) <= 8


def test_accounts_do_not_see_each_other() -> None:
    alone = outlooks([[10, 0, 30] * 20], 7)
    among = outlooks([[5_000] * 60, [10, 0, 30] * 20, [0] * 60], 7)
    assert among[1] == alone[0]
