"""The spreadsheet: one row per account with envelopes of tokens, filled, emptied and thrown away by plain arithmetic.

It knows the rules of `rules.py` and the list of deeds and nothing else: neither the ledger's code nor the model's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from simulation.rules import ALL, PlanRule, ProgramRule

ORDER = ("STANDARD", "ROLLOVER", "MONTHLY", "BONUS", "PREMIUM")  # which burns first when all else is equal
FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(eq=False)
class Envelope:
    name: str
    tokens: int
    ends: datetime = FOREVER
    feature: str = ALL
    allowance: bool = False  # the running period's
    bought: bool = False
    gone: bool = False
    refunded: bool = False


Line = tuple[Envelope, int]


@dataclass(eq=False)
class Job:
    """Tokens set aside before the work, out of these envelopes."""

    action: str
    lines: list[Line]
    ends: datetime


@dataclass(eq=False)
class Row:
    name: str
    plan: str
    began: date  # the plan's first day, from which months and terms are counted
    envelopes: list[Envelope] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    period_began: date | None = None
    next_period: date | None = None
    ahead: list[str] = field(default_factory=list)  # the plans of the periods that are paid already
    waits: str = ""
    unpaid: bool = False
    grace_until: datetime | None = None
    lapsed: bool = False
    owed: int = 0
    frozen: bool = False
    brought_by: str = ""  # who gets something when this one first spends
    had: set[str] = field(default_factory=set)  # codes and rewards
    quota: int | None = None
    from_pool: dict[date | None, int] = field(default_factory=dict)


@dataclass
class Sheet:
    rule: ProgramRule
    free: str

    # Dates: local dates are UTC shifted by the program's hours.

    def today(self, at: datetime) -> date:
        return (at + timedelta(hours=self.rule.hours)).date()

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), UTC) - timedelta(hours=self.rule.hours)

    def period_after(self, plan: PlanRule, began: date, first: date, at: datetime | None) -> date | None:
        """The first date of the period after the one that begins on ``first``; ``at`` where it is the plan's first."""
        if plan.period == "day":
            return first + timedelta(days=1)
        if plan.period == "month":
            return month_on(first, 1)
        if plan.period == "anniversary":
            return month_on(first, began.day)
        if plan.period == "thirty":
            late = at is not None and at != self.midnight(first)
            return first + timedelta(days=31 if late else 30)
        return None

    # Envelopes

    def repay(self, row: Row) -> None:
        if self.rule.plans[row.plan].unlimited:
            return
        for envelope, tokens in self.pick(row, ALL, row.owed):
            envelope.tokens -= tokens
            row.owed -= tokens

    def pick(self, row: Row, feature: str, tokens: int, first: str = "") -> list[Line]:
        """Which envelopes pay so many tokens: what lasts longest last."""
        fitting = [e for e in row.envelopes if not e.gone and e.tokens and e.feature in (ALL, feature or e.feature)]
        fitting.sort(key=lambda e: (e.name != first, e.feature == ALL, e.ends, ORDER.index(e.name), e.bought))
        lines: list[Line] = []
        for envelope in fitting:
            taken = min(tokens, envelope.tokens)
            if taken:
                lines.append((envelope, taken))
                tokens -= taken
        return lines

    def total(self, row: Row, feature: str = "") -> int:
        return sum(e.tokens for e in row.envelopes if not e.gone and e.feature in (ALL, feature or e.feature))

    def throw_away(self, row: Row, which: list[Envelope]) -> None:
        for envelope in which:
            envelope.gone, envelope.tokens = True, 0
        row.envelopes = [e for e in row.envelopes if not e.gone]

    # Time

    def live_until(self, row: Row, until: datetime) -> None:
        """Everything that falls due in this row, at its own instant."""
        while True:
            due = [e.ends for e in row.envelopes] + [job.ends for job in row.jobs.values()]
            due += [self.midnight(row.next_period)] if row.next_period else []
            due += [row.grace_until] if row.grace_until else []
            at = min(due, default=FOREVER)
            if at > until:
                return
            for name in [n for n, job in row.jobs.items() if job.ends <= at]:
                self.put_back(row, row.jobs.pop(name))
            self.throw_away(row, [e for e in row.envelopes if e.ends <= at and not e.allowance])
            if row.grace_until == at:
                self.throw_away(row, [e for e in row.envelopes if e.allowance])
                self.start(row, self.free, at, lapsed=True)
            elif row.next_period and self.midnight(row.next_period) == at:
                self.turn(row, at)
            self.repay(row)

    def put_back(self, row: Row, job: Job) -> None:
        """What is set aside still goes back to its envelopes; what an envelope thrown away would get is lost."""
        for envelope, tokens in job.lines:
            envelope.tokens += 0 if envelope.gone else tokens

    def turn(self, row: Row, at: datetime) -> None:
        """One period ends and the next begins, of the same plan or of the one that waited."""
        old = self.rule.plans[row.plan]
        left = [e for e in row.envelopes if e.allowance]
        rolled = sum(e.tokens for e in left) // 2 if old.halves else 0
        follows, paid = self.what_follows(row, old)
        self.throw_away(row, left)
        new = self.rule.plans[follows]
        if follows != row.plan and not (new.paid and new.period == old.period):
            self.start(row, follows, at, rolled=rolled)
        else:
            row.plan, row.period_began = follows, self.today(at)
            row.next_period = self.period_after(new, row.began, row.period_began, None)
            self.fill(row, new, rolled)
        if not paid and not row.unpaid:
            row.unpaid, row.grace_until = True, self.midnight(self.today(at) + timedelta(days=self.rule.grace))

    def what_follows(self, row: Row, old: PlanRule) -> tuple[str, bool]:
        """The plan of the next period, and whether that period is paid for (or free)."""
        if not old.paid:
            return row.plan, True
        if row.ahead:
            follows = row.ahead.pop(0)
            row.waits = "" if row.waits == follows else row.waits
            return follows, True
        if row.waits:
            follows, row.waits = row.waits, ""
            return follows, not self.rule.plans[follows].paid
        return row.plan, False

    def start(self, row: Row, plan: str, at: datetime, *, lapsed: bool = False, rolled: int = 0) -> None:
        """A plan begins afresh on this day."""
        rule = self.rule.plans[plan]
        row.plan, row.began, row.lapsed = plan, self.today(at), lapsed
        row.ahead, row.waits, row.unpaid, row.grace_until = [], "", False, None
        row.period_began = row.began if rule.period else None
        row.next_period = self.period_after(rule, row.began, row.began, at)
        self.fill(row, rule, rolled)

    def fill(self, row: Row, rule: PlanRule, rolled: int = 0) -> None:
        ends = self.midnight(row.next_period) if row.next_period else FOREVER
        if rolled:
            row.envelopes.append(Envelope("ROLLOVER", rolled, ends))
        for feature, tokens in rule.gives.items():
            row.envelopes.append(Envelope(rule.envelope, tokens, ends, feature, allowance=True))


def month_on(first: date, day: int) -> date:
    """The day of the month after this date, or that month's last."""
    year, month = (first.year + 1, 1) if first.month == 12 else (first.year, first.month + 1)
    while True:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1
