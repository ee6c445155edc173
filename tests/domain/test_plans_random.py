"""Random lives of subscriptions: what always holds after every step, and settling late is as settling on time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.books import LivingBook, a_program, allowance, utc
from support.plans import CALENDAR, MONTH, THIRTY, monthly, paid

from creditbook.domain.context import Desk
from creditbook.domain.errors import LedgerError
from creditbook.domain.operations import Reset, SetStatus, SetZone
from creditbook.domain.program import Every, Plan, Program
from creditbook.domain.settling import next_due

GOAL = frozenset({"goal"})
ZONES = ["UTC", "America/Sao_Paulo", "Pacific/Apia", "Pacific/Kiritimati", "America/St_Johns", "America/Havana"]
STARTS = [utc(2018, 11, 2, 13, 7), utc(2011, 12, 28, 20), utc(2010, 11, 5, 9), utc(2026, 1, 31, 12)]
WAITS_HOURS = [1, 9, 24, 70, 24 * 9, 24 * 29, 24 * 45, 24 * 100]
FREE = monthly(30, CALENDAR, rollover="1/3"), allowance(2)
PLANS = {
    "low": paid("low", 1, 5, monthly(50, rollover="1/2"), allowance(9, MONTH, features=GOAL)),
    "mid": paid("mid", 2, 9, monthly(80, rollover="1/2"), allowance(4, MONTH)),
    "thirty": paid("thirty", 3, 12, monthly(70, THIRTY, rollover="1")),
    "dayly": paid("dayly", 4, 1, allowance(7, Every.DAY)),
    "top": paid("top", 5, 20, monthly(99), allowance(20, MONTH, features=GOAL)),
    "boundless": paid("boundless", 6, 99, unlimited=True, every=THIRTY),
}
SLUGS = ["free", *PLANS]
EDITS: list[dict[str, Plan]] = [
    {},
    {"low": paid("low", 1, 6, monthly(60))},
    {"mid": paid("mid", 2, 9, monthly(40, THIRTY), allowance(5, THIRTY, features=GOAL))},
    {"thirty": paid("thirty", 3, 12, monthly(90, THIRTY), allowance(3, THIRTY))},
]

Step = tuple[str, int, int, int]
small = st.integers(0, 23)
VERBS = (
    *("spend", "reserve", "capture", "void", "grant", "off", "on", "zone", "reset", "edit", "drop"),
    *("buy", "buy", "buy", "renew", "renew", "cancel", "change", "change", "at_once", "sale", "paid_late"),
    *("wait", "wait", "wait", "wait", "close"),
)
steps = st.lists(st.tuples(st.sampled_from(VERBS), small, small, small), min_size=1, max_size=40)


def a_version(edit: int, grace_days: int) -> Program:
    return a_program(*FREE, plans=tuple((PLANS | EDITS[edit % len(EDITS)]).values()), grace_days=grace_days)


class Life:
    """Interprets the same steps on a book that settles late or at every boundary: a pool and two of its members."""

    def __init__(self, start: datetime, grace_days: int, *, punctual: bool) -> None:
        self.book = LivingBook(a_version(0, grace_days), start, checked=not punctual)
        self.grace_days, self.punctual = grace_days, punctual
        pool = self.book.open_pool("mid")
        self.accounts = [pool, self.book.open_member("asha", quota=25), self.book.open_member("ravi", plan="free")]
        self.holds: list[Any] = []
        self.sales: list[Any] = []
        self.refusals: list[str] = []

    def step(self, verb: str, who: int, a: int, b: int) -> None:
        if self.punctual:
            self._settle_at_every_boundary()
        try:
            self._verbs(self.accounts[who % 3], a, b)[verb]()
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
        book, plan = self.book, SLUGS[a % len(SLUGS)]
        return {
            "spend": lambda: book.spend(a, account=account),
            "reserve": lambda: self.holds.append(
                (account, book.reserve(a + 1, "work", account, seconds=90 + 3000 * b))
            ),
            "capture": lambda: self.holds and book.capture(self._one(self.holds, b)[1], a, self._one(self.holds, b)[0]),
            "void": lambda: self.holds and book.void(self._one(self.holds, a)[1], self._one(self.holds, a)[0]),
            "grant": lambda: book.grant(a + 1, "BONUS", account),
            "off": lambda: book.set_wallet(self._wallet(account, a), active=False),
            "on": lambda: book.set_wallet(self._wallet(account, a), active=True),
            "zone": lambda: book.act(SetZone, account, zone=ZONES[a % len(ZONES)]),
            "reset": lambda: book.act(Reset, account),
            "edit": lambda: book.edit(a_version(a, self.grace_days)),
            "drop": lambda: self._drop(plan),
            "buy": lambda: book.buy(plan, account),
            "renew": lambda: book.renew("", account),
            "cancel": lambda: book.cancel(account),
            "change": lambda: book.change_plan(plan, account),
            "at_once": lambda: book.change_plan(plan, account, at_once=True),
            "sale": lambda: self.sales.append((account, book.open_sale(plan, account=account))),
            "paid_late": lambda: self.sales and self._pay(*self._one(self.sales, a)),
            "wait": lambda: book.later(hours=WAITS_HOURS[a % len(WAITS_HOURS)]),
            "close": lambda: a == b and book.act(SetStatus, account, status="closed"),
        }

    @staticmethod
    def _one(things: list[Any], number: int) -> Any:
        return things[number % len(things)]

    def _drop(self, slug: str) -> None:
        program = self.book.book.program
        if slug != "free":
            self.book.edit(replace(program, plans={k: v for k, v in program.plans.items() if k != slug}))

    def _pay(self, account: int, sale: Any) -> None:
        self.book.pay(sale, f"bank-{sale.purchase_id}", account)

    def _wallet(self, account: int, number: int) -> Any:
        self.book.settle()  # so that both lives choose among the same
        wallets = list(self.book.account(account).wallets.values())
        return self._one(wallets or list(self.book.account().wallets.values()), number)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps, st.sampled_from(STARTS), st.sampled_from([0, 3]))
@example([("buy", 2, 1, 0), ("off", 2, 0, 0), ("buy", 2, 2, 0), ("wait", 0, 6, 0), ("on", 2, 0, 0)], STARTS[0], 3)
def test_every_invariant_holds_and_late_settlement_equals_punctual_settlement(
    life: list[Step], start: datetime, grace_days: int
) -> None:
    late, punctual = Life(start, grace_days, punctual=False), Life(start, grace_days, punctual=True)
    for step in [*life, ("wait", 0, 7, 0), ("spend", 0, 1, 0)]:
        late.step(*step)
        punctual.step(*step)
    assert late.refusals == punctual.refusals
    for part in ("transactions", "entries", "hold_entries", "grants", "debts", "wallets", "plan_events", "purchases"):
        assert getattr(late.book.journal, part) == getattr(punctual.book.journal, part), part
    assert [a.term for a in late.book.book.accounts.values()] == [a.term for a in punctual.book.book.accounts.values()]
