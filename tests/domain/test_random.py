"""Random lives of a family: every invariant holds after every step, and settling late is as settling on time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.books import LivingBook, a_program, allowance, utc

from creditbook.domain.context import Desk
from creditbook.domain.errors import LedgerError
from creditbook.domain.operations import (
    Dispute,
    Expire,
    Reset,
    Revoke,
    SetQuota,
    SetStatus,
    SetZone,
    WriteOff,
)
from creditbook.domain.program import Every, GrantClass, Overrun, Plan, WalletType
from creditbook.domain.settling import next_due

GOAL = frozenset({"goal"})
ZONES = [
    "UTC", "America/Sao_Paulo", "Pacific/Apia", "Pacific/Kiritimati", "America/St_Johns", "Asia/Kolkata",
    "America/Havana",
]  # fmt: skip
STARTS = [utc(2018, 11, 2, 13, 7), utc(2011, 12, 28, 20), utc(2010, 11, 5, 9)]
WAITS_MINUTES = [0, 1, 15, 59, 60 * 7, 60 * 24, 60 * 24 * 9, 60 * 24 * 45]
OWN = Plan("own", "Own", 1, GrantClass.PLAN, (allowance(9, rollover="1/2", cap=3), allowance(4, features=GOAL)))
POOL = (
    allowance(40, Every.DAYS_30, WalletType.MONTHLY, rollover="1/3"),
    allowance(12, Every.ANNIVERSARY_MONTH, WalletType.MONTHLY, features=GOAL, rollover="1"),
)

Step = tuple[str, int, int, int]
small = st.integers(0, 23)
VERBS = (
    *("spend", "spend", "goal", "reserve", "reserve", "capture", "capture", "part", "void", "grant", "grant", "lent"),
    *("refund", "revoke", "expire", "dispute", "off", "on", "zone", "reset", "freeze", "thaw", "quota", "write_off"),
    *("wait", "wait", "wait", "close"),
)
steps = st.lists(st.tuples(st.sampled_from(VERBS), small, small, small), min_size=1, max_size=40)


class Life:
    """Interprets the same steps on a book that settles late or at every boundary."""

    def __init__(self, overrun: Overrun, start: datetime, *, punctual: bool) -> None:
        program = a_program(*POOL, plans=(OWN,), overrun=overrun)
        self.book = LivingBook(program, start, checked=not punctual)
        self.punctual = punctual
        pool = self.book.open_pool()
        self.accounts = [pool, self.book.open_member("asha", quota=25), self.book.open_member("ravi", plan="own")]
        self.holds: list[Any] = []
        self.usages: list[Any] = []
        self.refusals: list[str] = []

    def step(self, verb: str, who: int, a: int, b: int) -> None:
        account = self.accounts[who % 3]
        if self.punctual:
            self._settle_at_every_boundary()
        try:
            self._verbs(account, a, b)[verb]()
        except LedgerError as refusal:
            self.refusals.append(f"{verb}: {refusal}")

    def _settle_at_every_boundary(self) -> None:
        book, now = self.book, self.book.now
        clock = max(now, book.book.root.clock_at or now)
        while (due := next_due(Desk(book.book, book.journal, now))) is not None and due <= clock:
            book.now = due
            book.settle()
        book.now = now

    def _verbs(self, account: int, a: int, b: int) -> dict[str, Callable[[], Any]]:
        book = self.book
        return {
            "spend": lambda: self.usages.append((account, book.spend(a, account=account))),
            "goal": lambda: self.usages.append((account, book.spend(None, "goal", account))),
            "reserve": lambda: self.holds.append(
                (account, book.reserve(a + 1, "work", account, seconds=60 + 3000 * b))
            ),
            "capture": lambda: self._capture(a, b, final=True),
            "part": lambda: self._capture(a, b, final=False),
            "void": lambda: self.holds and book.void(self._one(self.holds, a)[1], self._one(self.holds, a)[0]),
            "grant": lambda: self._give(account, a, b),
            "lent": lambda: book.grant(a + 1, "PREMIUM", account, features=GOAL),
            "refund": lambda: self.usages and self._refund(a, b),
            "revoke": lambda: book.act(Revoke, account, grant_id=self._grant(account, a), tokens=b or None),
            "expire": lambda: book.act(Expire, account, grant_id=self._grant(account, a)),
            "dispute": lambda: book.act(Dispute, account, grant_id=self._grant(account, a), disputed=b % 2 == 0),
            "off": lambda: book.set_wallet(self._wallet(account, a), active=False),
            "on": lambda: book.set_wallet(self._wallet(account, a), active=True),
            "zone": lambda: book.act(SetZone, account, zone=ZONES[a % len(ZONES)]),
            "reset": lambda: book.act(Reset, account),
            "freeze": lambda: book.act(SetStatus, account, status="frozen"),
            "thaw": lambda: book.act(SetStatus, account, status="active"),
            "quota": lambda: book.act(SetQuota, account, tokens=a or None),
            "write_off": lambda: book.act(WriteOff, account, tokens=a + 1),
            "wait": lambda: book.later(minutes=WAITS_MINUTES[a % len(WAITS_MINUTES)]),
            "close": lambda: a == b and book.act(SetStatus, account, status="closed"),
        }

    def _reserve(self, account: int, a: int, b: int) -> None:
        hold = self.book.reserve(a + 1, "work", account, seconds=60 + 3000 * b)
        self.holds.append((account, hold))

    def _give(self, account: int, a: int, b: int) -> None:
        ends = self.book.now + timedelta(hours=5 * b + 1)
        self.book.grant(a + 1, "BONUS", account, of=["purchased", "plan"][b % 2], expires_at=ends)

    @staticmethod
    def _one(things: list[Any], number: int) -> Any:
        return things[number % len(things)]

    def _capture(self, a: int, b: int, *, final: bool) -> None:
        if self.holds:
            account, hold = self._one(self.holds, b)
            self.usages.append((account, self.book.capture(hold, 2 * a, account, final=final)))

    def _refund(self, a: int, b: int) -> None:
        account, usage = self._one(self.usages, a)
        self.book.refund(usage, b or None, account)

    def _grant(self, account: int, number: int) -> int:
        self.book.settle()  # so that both lives choose among the same
        grants = [g.grant_id for g in self.book.journal.grants if g.account_id == account]
        return self._one(grants, number) if grants else 0

    def _wallet(self, account: int, number: int) -> Any:
        self.book.settle()
        wallets = list(self.book.account(account).wallets.values())
        return self._one(wallets or list(self.book.account().wallets.values()), number)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps, st.sampled_from(Overrun), st.sampled_from(STARTS))
def test_every_invariant_holds_and_late_settlement_equals_punctual_settlement(
    life: list[Step], overrun: Overrun, start: datetime
) -> None:
    late, punctual = Life(overrun, start, punctual=False), Life(overrun, start, punctual=True)
    for step in [*life, ("wait", 0, 7, 0), ("spend", 0, 1, 0)]:
        late.step(*step)
        punctual.step(*step)
    assert late.refusals == punctual.refusals
    for part in ("transactions", "entries", "debt_entries", "hold_entries", "grants", "holds", "debts", "wallets"):
        assert getattr(late.book.journal, part) == getattr(punctual.book.journal, part), part
