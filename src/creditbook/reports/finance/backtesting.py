"""How far off the forecast would have been: rolling origin over real days, beside "same as the last seven days".

WAPE is the sum of absolute errors over the sum of what was used, of all origins of an account together; across accounts
the median stands. Day by day each of the seven days is compared, by week their sum. Always forecasting nothing has a
WAPE of exactly 1: figures above it on bursty accounts are honest, and why both are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .foreseeing import WEEK, Floats, band, first_use, rolling

WARM_UP = 2 * WEEK


@dataclass(frozen=True, slots=True)
class Error:
    """One account's errors as shares of what it used: the method's, and the last seven days' said again.

    ``within`` is how often the real week lay within the band, ``bias`` by which share the forecast was above.
    """

    by_day: float
    naive_by_day: float
    by_week: float
    naive_by_week: float
    bias: float
    within: float
    origins: int


@dataclass(frozen=True, slots=True)
class Score:
    """Medians over accounts, and on how many of them the method is less far off day by day."""

    accounts: int
    better: int
    error: Error


def backtest(
    used: Sequence[Sequence[int]], *, first: int = WARM_UP, last: int | None = None, bands: bool = True
) -> list[Error | None]:
    """Each account's error over all origins from its ``first``-th day of history on; None where nothing can be scored.

    Days are equally many for all. ``last`` leaves out origins of the past, ``last`` days and more before the end.
    Without ``bands`` nobody looks how often the real week lay within them, which is most of the work: it reads 0.
    """
    if not used:
        return []
    days = np.array(used, dtype=np.float64)
    forecast, began = rolling(days), first_use(days)
    length = days.shape[1]
    since = 0 if last is None else max(0, length - last)
    return [
        _error(days, forecast, place, range(max(int(began[place]) + first, since, WEEK), length - WEEK + 1), bands)
        for place in range(len(used))
    ]


def score(errors: Sequence[Error | None]) -> Score | None:
    """The medians; None where no account could be scored."""
    known = [one for one in errors if one is not None]
    if not known:
        return None
    names = ("by_day", "naive_by_day", "by_week", "naive_by_week", "bias", "within")
    middle = {name: float(np.median([getattr(one, name) for one in known])) for name in names}
    better = sum(one.by_day < one.naive_by_day for one in known)
    return Score(len(known), better, Error(**middle, origins=sum(one.origins for one in known)))


def _error(days: Floats, forecast: Floats, place: int, origins: range, bands: bool) -> Error | None:
    if not origins:
        return None
    real = np.stack([days[place, at : at + WEEK] for at in origins])
    used = float(real.sum())
    if used <= 0:
        return None
    said = forecast[list(origins), place]
    before = np.stack([days[place, at - WEEK : at] for at in origins])
    pair = days[place : place + 1], forecast[:, place : place + 1]
    return Error(
        by_day=float(np.abs(real - said).sum()) / used,
        naive_by_day=float(np.abs(real - before).sum()) / used,
        by_week=float(np.abs((real - said).sum(axis=1)).sum()) / used,
        naive_by_week=float(np.abs((real - before).sum(axis=1)).sum()) / used,
        bias=float(said.sum()) / used - 1,
        within=_within(*pair, origins, real.sum(axis=1)) if bands else 0.0,
        origins=len(origins),
    )


def _within(days: Floats, forecast: Floats, origins: range, real: Floats) -> float:
    """The share of weeks that lay within the band as it stood before each."""
    inside = 0
    for at, total in zip(origins, real, strict=True):
        past = days[:, :at]
        low, high = band(past, forecast[: at + 1], first_use(past))[0]
        said = float(forecast[at, 0].sum())
        inside += bool(max(0.0, said + min(low, 0.0)) <= total <= said + max(high, 0.0))
    return inside / len(origins)
