"""The backtest: its arithmetic by hand, and the judged figure on what the choice of the method never saw."""

from __future__ import annotations

import pytest

from benchmarks import backtest as traces_backtest
from benchmarks import traces
from creditbook.reports.finance.backtesting import backtest, score


def test_the_naive_error_is_what_a_hand_computes() -> None:
    days = [10] * 14 + [20] * 7
    (one,) = backtest([days])
    assert one is not None
    # The one origin: seven days of 20 came where seven of 10 had been.
    assert one.origins == 1
    assert one.naive_by_day == one.naive_by_week == pytest.approx(0.5)


def test_no_origin_sees_what_it_is_measured_by() -> None:
    known = [7, 0, 3, 9, 1, 0, 4] * 4
    (low,), (high,) = backtest([[*known, *[0] * 6, 1]], last=7), backtest([[*known, *[900] * 7]], last=7)
    assert low is not None
    assert high is not None
    # The same forecast was made before both ends: what differs is only what came.
    said = (low.bias + 1) * 1
    assert (high.bias + 1) * 6_300 == pytest.approx(said)


def test_accounts_without_use_or_history_are_left_out_of_the_median() -> None:
    assert backtest([[0] * 40, [0] * 38 + [5, 5]]) == [None, None]
    assert score([None]) is None


@pytest.mark.parametrize("kind", ["aider person", "servegen 7 days a day"])
def test_the_forecast_beats_the_last_seven_days_on_what_was_held_out(kind: str) -> None:
    held = traces_backtest.parts({kind: traces.kept()[kind]})[kind, "held out"]
    assert held is not None
    assert held.error.by_day < held.error.naive_by_day
    assert held.error.by_week < held.error.naive_by_week
    assert held.better * 3 >= held.accounts * 2
