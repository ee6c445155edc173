"""The method of every forecast: what an account will use in the days ahead, from what it used until yesterday.

Five smoothers and the plain "same as the last seven days" each make a forecast; an account's own mixes them by how far
off each has been for it lately. A smoother keeps one level per weekday of used tokens to a power below one, so that a
burst moves it less than a habit does. `docs/forecasting.md` tells where the constants are from. Whole tokens in, whole
tokens out; floats live and die here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

WEEK = 7
SMOOTHERS = ((2.0, 0.35, 6.0), (2.0, 0.65, 6.0), (28.0, 0.35, 0.5), (28.0, 0.65, 2.0), (7.0, 0.5, 2.0))
"""Half-life in days; the power; by how many days' worth a weekday's level leans on the whole week's."""
SHARPNESS, FADING, TRUST_AFTER = 4.0, 0.95, 28
"""How strongly past error tells between them, how it fades by the day, and after how many origins it counts in full."""
SPREAD_LOW, SPREAD_HIGH, SPREAD_WEIGHT = -0.8, 1.5, 14
"""What the band is for an account without a past, and how many of its own origins that counts for."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Tokens of the days ahead: ``expected``, and the paths of a light and a heavy time (one in ten lies beyond each).

    ``has_history`` is False below two weeks of use: then the band is a guess and pages say so.
    """

    expected: tuple[int, ...]
    light: tuple[int, ...]
    heavy: tuple[int, ...]
    has_history: bool

    @property
    def total(self) -> tuple[int, int, int]:
        """Light, expected and heavy, of all days together."""
        return sum(self.light), sum(self.expected), sum(self.heavy)


def outlooks(used: Sequence[Sequence[int]], ahead: int) -> list[Outlook]:
    """The outlook of accounts whose whole tokens by day, equally many days until yesterday, are given."""
    if not used or not len(used[0]):
        return [_outlook(np.zeros(WEEK), (0.0, 0.0), ahead, False) for _ in used]
    days = np.array(used, dtype=np.float64)
    forecast = rolling(days)
    first = first_use(days)
    bands = band(days, forecast, first)
    last = days.shape[1]
    return [
        _outlook(forecast[last, place], (float(bands[place, 0]), float(bands[place, 1])), ahead,
                 last - int(first[place]) >= 2 * WEEK)
        for place in range(len(used))
    ]  # fmt: skip


def rolling(days: Floats) -> Floats:
    """What would have been forecast before every day: [origin 0…days, account, the seven days that follow]."""
    first, length = first_use(days), days.shape[1]
    each = np.stack([_forecasts(days, first, origin) for origin in _states(days, first)])
    wrong = np.zeros(each.shape[1:3])
    seen = np.zeros(days.shape[0])
    mixed = np.zeros((length + 1, days.shape[0], WEEK))
    for origin in range(length + 1):
        if origin >= WEEK:
            then = origin - WEEK
            wrong = wrong * FADING + _off(each[then], days[:, then:origin])
            seen += first < then
        weight = _weights(wrong, seen)
        mixed[origin] = np.einsum("ea,ead->ad", weight, each[origin])
    return mixed


def first_use(days: Floats) -> npt.NDArray[np.int64]:
    """The place of each account's first day of use; the number of days where there is none."""
    used = days > 0
    return np.asarray(np.where(used.any(axis=1), used.argmax(axis=1), days.shape[1]), dtype=np.int64)


def _weights(wrong: Floats, seen: Floats) -> Floats:
    """How much each forecast counts: the less it was off lately, the more; equally while nothing is known."""
    relative = wrong / np.maximum(wrong.mean(axis=0), 1e-300)
    weight = np.exp(-SHARPNESS * relative * np.minimum(seen, TRUST_AFTER) / TRUST_AFTER)
    return np.asarray(weight / weight.sum(axis=0))


def _off(forecast: Floats, real: Floats) -> Floats:
    """Half the error day by day, half that of the week: one wants the rhythm right, the other the sum."""
    by_day = np.abs(forecast - real[None]).sum(axis=2)
    of_week = np.abs(forecast.sum(axis=2) - real.sum(axis=1)[None])
    return np.asarray((by_day + of_week) / 2)


@dataclass(slots=True)
class _State:
    """Before one day: decayed sums per smoother, account and weekday, and the days seen so far."""

    origin: int
    sums: Floats
    weights: Floats


def _states(days: Floats, first: npt.NDArray[np.int64]) -> Any:
    """The smoothers' state before each day, and after the last."""
    half_life = np.array([one[0] for one in SMOOTHERS])[:, None, None]
    power = np.array([one[1] for one in SMOOTHERS])[:, None]
    keep = 0.5 ** (1 / half_life)
    sums = np.zeros((len(SMOOTHERS), days.shape[0], WEEK))
    weights = np.zeros_like(sums)
    for origin in range(days.shape[1] + 1):
        yield _State(origin, sums, weights)
        if origin == days.shape[1]:
            return
        sums, weights = sums * keep, weights * keep
        known = first <= origin
        sums[:, :, origin % WEEK] += np.where(known, days[:, origin], 0.0)[None] ** power
        weights[:, :, origin % WEEK] += known[None]


def _forecasts(days: Floats, first: npt.NDArray[np.int64], state: _State) -> Floats:
    """Every smoother's next seven days, and the last seven days themselves: [forecast, account, day]."""
    power = np.array([one[1] for one in SMOOTHERS])[:, None, None]
    leaning = np.array([one[2] for one in SMOOTHERS])[:, None, None]
    all_days = state.weights.sum(axis=2, keepdims=True)
    level = state.sums.sum(axis=2, keepdims=True) / np.maximum(all_days, 1e-300)
    by_weekday = ((state.sums + leaning * level) / (state.weights + leaning)) ** (1 / power)
    smooth = np.roll(by_weekday, -(state.origin % WEEK), axis=2)
    last = np.zeros((1, days.shape[0], WEEK))
    past = days[:, max(0, state.origin - WEEK) : state.origin]
    if past.shape[1]:
        last[0, :, WEEK - past.shape[1] :] = past
    return np.concatenate([smooth, last])


def band(days: Floats, forecast: Floats, first: npt.NDArray[np.int64]) -> Floats:
    """By which share of a usual week the real one fell short of, and went beyond, the forecast one time in ten.

    [account, (low, high)], from the account's own rolling origins, leaning on the traces' where it has few.
    """
    found = np.tile(np.array([SPREAD_LOW, SPREAD_HIGH]), (days.shape[0], 1))
    sums = np.concatenate([np.zeros((days.shape[0], 1)), np.cumsum(days, axis=1)], axis=1)
    for place in range(days.shape[0]):
        origins = np.arange(max(int(first[place]) + WEEK, WEEK), days.shape[1] - WEEK + 1)
        if not len(origins):
            continue
        real = sums[place, origins + WEEK] - sums[place, origins]
        said = forecast[origins, place].sum(axis=1)
        usual = _usual(sums[place], origins, said)
        off = np.where(usual > 0, (real - said) / np.maximum(usual, 1e-300), 0.0)
        own = np.quantile(off, [0.1, 0.9])
        share = len(origins) / (len(origins) + SPREAD_WEIGHT)
        found[place] = share * own + (1 - share) * found[place]
    usual_now = np.array(
        [_usual(sums[place], np.array([days.shape[1]]), forecast[-1, place].sum(keepdims=True))[0]
         for place in range(days.shape[0])]
    )  # fmt: skip
    off = found * usual_now[:, None]
    # However wrong it has been about a small account: no week is taken to be larger than any before, or than double.
    said = forecast[-1].sum(axis=1)
    largest = (sums[:, WEEK:] - sums[:, :-WEEK]).max(axis=1) if days.shape[1] >= WEEK else sums[:, -1]
    off[:, 1] = np.minimum(off[:, 1], np.maximum(largest - said, said))
    return np.asarray(off)


def _usual(sums: Floats, origins: npt.NDArray[np.int64], said: Floats) -> Floats:
    """A week's usual size, against which errors are measured: the forecast's and that of four weeks before, halved."""
    since = np.maximum(origins - 4 * WEEK, 0)
    four = (sums[origins] - sums[since]) * WEEK / np.maximum(origins - since, 1)
    return np.asarray((said + four) / 2)


def _outlook(week: Floats, off: tuple[float, float], ahead: int, has_history: bool) -> Outlook:
    total = float(week.sum())
    shape = week / total if total > 0 else np.full(WEEK, 1 / WEEK)
    low, high = max(0.0, total + min(off[0], 0.0)), total + max(off[1], 0.0)
    return Outlook(
        expected=_whole(shape * total, ahead),
        light=_whole(shape * low, ahead),
        heavy=_whole(shape * high, ahead),
        has_history=has_history,
    )


def _whole(week: Floats, ahead: int) -> tuple[int, ...]:
    """The week repeated, in whole tokens that add up: what a day is rounded by, the next one makes good."""
    added = np.cumsum(np.resize(week, ahead)) if ahead else np.zeros(0)
    whole = np.rint(added).astype(np.int64)
    return tuple(int(one) for one in np.diff(whole, prepend=0))
