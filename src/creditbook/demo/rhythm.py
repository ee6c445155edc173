"""When people work: by weekday and hour, in bursts, a few far more than the rest, as the real traces do.

Everything comes from a seed and names, so the same seed tells the same story on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

WEEKDAYS = (1.0, 1.1, 1.15, 1.05, 0.9, 0.45, 0.35)
"""Monday to Sunday."""

HOURS = (
    0.6, 0.3, 0.15, 0.1, 0.1, 0.15, 0.3, 0.6, 1.2, 2.2, 3.0, 3.2,
    2.2, 2.0, 2.9, 3.3, 3.0, 2.2, 1.6, 1.5, 1.9, 2.0, 1.6, 1.0,
)  # fmt: skip
"""Midnight to 23:00: two humps at work, a smaller one in the evening."""


def chance(*names: object) -> Random:
    """A source of chance of its own for whatever the names stand for."""
    return Random("/".join(map(str, names)))  # noqa: S311 - a story, not a secret


def poisson(random: Random, mean: float) -> int:
    """How many things happen when ``mean`` do on average."""
    limit, product, count = math.exp(-mean), random.random(), 0
    while product > limit:
        product *= random.random()
        count += 1
    return count


def heavy_tail(random: Random, median: float, sigma: float, least: int, most: int) -> int:
    """A whole number around its median, now and then many times as much."""
    return max(least, min(most, round(median * math.exp(random.gauss(0, sigma)))))


def weights(count: int, busiest_share: float) -> list[float]:
    """How busy each of ``count`` people is, the first doing ``busiest_share`` of all, the rest by Zipf's law."""
    rest = [1 / (rank + 1) for rank in range(count - 1)]
    scale = (1 - busiest_share) / sum(rest) if rest else 0
    return [busiest_share, *(share * scale for share in rest)] if count > 1 else [1.0]


def sessions(
    random: Random, first: date, last: date, zone: str, a_day: float, *, growth: float = 0.6
) -> Iterator[datetime]:
    """The instants at which somebody sits down to work, ascending within a day.

    ``a_day`` is the mean of a working day; ``growth`` is how much more it is on the last day than on the first.
    """
    info, span = ZoneInfo(zone), max((last - first).days, 1)
    day = first
    while day <= last:
        trend = 1 + growth * (day - first).days / span
        # Whole quiet days and whole busy ones: that is what makes bursts.
        mood = math.exp(random.gauss(-0.25, 0.7))
        count = poisson(random, min(a_day * trend * mood * WEEKDAYS[day.weekday()], 12.0))
        for second in sorted(_second_of_day(random) for _ in range(count)):
            local = datetime.combine(day, time(), info) + timedelta(seconds=second)
            yield local.astimezone(UTC)
        day += timedelta(days=1)


def _second_of_day(random: Random) -> float:
    (hour,) = random.choices(range(24), HOURS)
    return hour * 3600 + random.random() * 3600


def pause(random: Random, median_seconds: float) -> timedelta:
    """How long until the next step of a session."""
    return timedelta(seconds=min(median_seconds * math.exp(random.gauss(0, 0.7)), 8 * median_seconds))
