"""Budgets of cost: what is spent of one, what is left, where the month will end, and whether it will hold.

The method of the projection, as the page tells it: what is booked already, and for every day still to come the average
of the same weekday over the last four weeks (of the days that are known; a weekday without any takes the average of all
of them). Today counts as the larger of what it has cost and what its weekday costs. Before three whole days are known
nothing is projected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from .calendar import add_months
from .errors import InvalidRequest
from .money import LARGEST_NANOS, half_even

MARKS = (80, 100)
"""At how many percent of a budget somebody is told."""

LOOKS_BACK = 28
"""Days from which the projection learns: four of every weekday."""

FEWEST_DAYS = 3
"""Whole days that must be known before a month's end is projected."""

CURRENCIES = ("USD", "INR")
"""The currencies in which a cost is booked, and so those a budget can be in."""

LONGEST_NAME = 60


class Scope(StrEnum):
    """What a budget is about: all cost, or that of one agent, model or feature."""

    TOTAL = "total"
    AGENT = "agent"
    MODEL = "model"
    FEATURE = "feature"


class Verdict(StrEnum):
    """`over` is spent; `breaks` and `holds` are projections; a month that is past was `kept` or is `over`."""

    OVER = "over"
    BREAKS = "breaks"
    HOLDS = "holds"
    KEPT = "kept"
    TOO_EARLY = "too_early"


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetTerms:
    """What somebody sets: so much of a currency (nanos) for one month, or (``month`` None) for every month.

    ``subject`` is the agent's, model's or feature's name, '' for the total. ``month`` is a month's first day.
    """

    name: str
    scope: Scope
    subject: str
    month: date | None
    amount_nanos: int
    currency: str

    def checked(self) -> BudgetTerms:
        """The terms with their names trimmed. Raises InvalidRequest: the sentence says what to write."""
        name, subject = " ".join(self.name.split()), self.subject.strip()
        if not name or len(name) > LONGEST_NAME:
            raise InvalidRequest(f"Give the budget a name of at most {LONGEST_NAME} characters.")
        if (self.scope is Scope.TOTAL) is bool(subject):
            raise InvalidRequest(
                "A budget of everything names no agent, model or feature." if subject else f"Say which {self.scope}."
            )
        if self.month is not None and self.month.day != 1:
            raise InvalidRequest(f"A budget's month is written as its first day, {self.month.replace(day=1)}.")
        if self.currency not in CURRENCIES:
            raise InvalidRequest(f"Costs are booked in {' and '.join(CURRENCIES)}. A budget is in one of them.")
        if not 0 < self.amount_nanos <= LARGEST_NANOS:
            raise InvalidRequest("A budget is an amount above 0.")
        return BudgetTerms(
            name=name, scope=self.scope, subject=subject, month=self.month, amount_nanos=self.amount_nanos,
            currency=self.currency,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget in one month as of a local date, in nanos of its currency.

    ``projected_nanos`` is where the month will end (None: too early, or it has not begun); of a past month it is what
    was spent. ``gone_on`` is the day on which the budget was used up or, projected, will be. ``path`` is what had been
    spent by the end of each day so far; ``ahead``, from today on, what will have been.
    """

    month: date
    amount_nanos: int
    actual_nanos: int
    projected_nanos: int | None
    gone_on: date | None
    verdict: Verdict
    path: tuple[tuple[date, int], ...] = ()
    ahead: tuple[tuple[date, int], ...] = ()

    @property
    def left_nanos(self) -> int:
        """What is left; negative once more was spent than the budget holds."""
        return self.amount_nanos - self.actual_nanos

    @property
    def crossed(self) -> tuple[int, ...]:
        """The marks, in percent, that what is spent has reached."""
        return tuple(mark for mark in MARKS if self.actual_nanos * 100 >= self.amount_nanos * mark)


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def last_of(month: date) -> date:
    """The last day of a month, given by its first."""
    return add_months(month, 1) - timedelta(days=1)


def looks_at(month: date, today: date) -> tuple[date, date]:
    """The first and the last local date whose cost `standing` needs to know."""
    return min(month, today - timedelta(days=LOOKS_BACK)), min(last_of(month), today)


def standing(amount_nanos: int, month: date, today: date, costs: Mapping[date, int], known_since: date) -> Standing:
    """How a budget stands.

    Args:
        month: the first day of the month that is looked at.
        today: the organization's local date.
        costs: nanos by local date, at least over `looks_at`; a day that is missing cost nothing.
        known_since: the first local date on which what the budget is about was used: days before it teach nothing.
    """
    last = last_of(month)
    spent = {month + timedelta(days=n): 0 for n in range((min(last, today) - month).days + 1)}
    spent |= {day: cost for day, cost in costs.items() if day in spent}
    actual, path = sum(spent.values()), _risen(spent)
    gone_on = _gone_on(path, amount_nanos)
    if today > last:
        verdict = Verdict.OVER if actual > amount_nanos else Verdict.KEPT
        return Standing(month, amount_nanos, actual, actual, gone_on, verdict, path)
    coming = _coming(costs, month, today, known_since)
    if coming is None:
        return Standing(month, amount_nanos, actual, None, gone_on, _verdict(actual, None, amount_nanos), path)
    ahead = _risen(coming, actual)
    projected = ahead[-1][1]
    gone_on = gone_on or _gone_on(ahead, amount_nanos)
    verdict = _verdict(actual, projected, amount_nanos)
    return Standing(month, amount_nanos, actual, projected, gone_on, verdict, path, ahead)


def _verdict(actual: int, projected: int | None, amount: int) -> Verdict:
    if actual > amount:
        return Verdict.OVER
    if projected is None:
        return Verdict.TOO_EARLY
    return Verdict.BREAKS if projected > amount else Verdict.HOLDS


def _risen(costs: Mapping[date, int] | Mapping[date, Fraction], start: int = 0) -> tuple[tuple[date, int], ...]:
    """What had been spent by the end of each day, half to even where it is a guess."""
    total, risen = Fraction(start), []
    for day in sorted(costs):
        total += costs[day]
        risen.append((day, half_even(*total.as_integer_ratio())))
    return tuple(risen)


def _gone_on(path: Iterable[tuple[date, int]], amount: int) -> date | None:
    """The day on which more than so much was gone."""
    return next((day for day, total in path if total > amount), None)


def _coming(costs: Mapping[date, int], month: date, today: date, known_since: date) -> dict[date, Fraction] | None:
    """What is still expected, by local date from today on; None where too little is known."""
    first = max(known_since, today - timedelta(days=LOOKS_BACK))
    known = [first + timedelta(days=n) for n in range((today - first).days)]
    if len(known) < FEWEST_DAYS or today < month:
        return None
    usual = Fraction(sum(costs.get(day, 0) for day in known), len(known))
    same = {weekday: [costs.get(day, 0) for day in known if day.weekday() == weekday] for weekday in range(7)}
    average = {weekday: Fraction(sum(all_of), len(all_of)) if all_of else usual for weekday, all_of in same.items()}
    coming = {today: max(Fraction(), average[today.weekday()] - costs.get(today, 0))}
    for n in range(1, (last_of(month) - today).days + 1):
        day = today + timedelta(days=n)
        coming[day] = average[day.weekday()]
    return coming
