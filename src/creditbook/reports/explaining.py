"""Why is the balance what it is? A waterfall from zero to any moment, each step opening to its transactions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from creditbook.access.values import Principal
from creditbook.domain.balance import Balance
from creditbook.domain.journal import Transaction
from creditbook.store import explaining as rows
from creditbook.store.engine import Store

from . import history
from .history import Line, Opened
from .usage import account_of


@dataclass(frozen=True, slots=True)
class Step:
    """One bar: what some kinds of transactions gave (+) or took (−) in all, in whole tokens.

    ``transactions`` counts them, None for usage, of which only the sum is read. ``due`` is the part that is counted
    here but not yet written (rule 19).
    """

    name: str
    tokens: int
    transactions: int | None
    due: int = 0


@dataclass(frozen=True, slots=True)
class Explained:
    """The steps add up to ``balance.posted``; less what is held and blocked, with what the pool lets be spent, that is
    available. ``moved_on`` are tokens that rolled over: they left one grant for another and add nothing."""

    balance: Balance
    steps: tuple[Step, ...]
    moved_on: int


@dataclass(frozen=True, slots=True)
class _Group:
    name: str
    kinds: tuple[str, ...]
    sign: int


_GIVEN = ("grant", "promo", "referral", "reward")
_BACK = ("revocation", "purchase_refund")
_SPENT = "Spent"
GROUPS = (
    _Group("Allowances", ("reset", "plan_change", rows.FIRST), +1),
    _Group("Bought", ("purchase",), +1),
    _Group("Gifts and rewards", _GIVEN, +1),
    _Group("Given back", ("refund",), +1),
    _Group("Adjusted up", ("adjustment", "rollover", "debt_repayment", "expiry", *_BACK), +1),
    _Group(_SPENT, ("usage",), -1),
    _Group("Debt repaid", ("debt_repayment",), -1),
    _Group("Expired", ("expiry", "reset"), -1),
    _Group("Plan changed", ("plan_change",), -1),
    _Group("Taken back", _BACK, -1),
    _Group("Adjusted down", ("adjustment", "rollover", "refund", "purchase", *_GIVEN), -1),
)
"""Every kind stands in one group for what it gives and in one for what it takes."""


def explained(store: Store, who: Principal, balance: Balance, pending: Iterable[Transaction] = ()) -> Explained:
    """The principal's balance, step by step. ``pending`` is what settlement would write, where the balance counts it.

    Usage is what the balance leaves after all else: that grants equal their entries is what `creditbook verify` proves.
    """
    with store.read(who.org_id) as connection:
        found = rows.moved(connection, who.org_id, account_of(who), balance.at)
    sums: dict[tuple[str, int], list[int]] = {}
    for kind, given, taken, _, gave, took in found:
        sums[kind, +1], sums[kind, -1] = [given, int(gave), 0], [-taken, int(took), 0]
    for txn in pending:
        line = sums.setdefault((txn.kind, 1 if txn.tokens > 0 else -1), [0, 0, 0])
        line[0] += txn.tokens
        line[2] += txn.tokens
    spent = balance.posted - sum(tokens for tokens, _, _ in sums.values())
    steps = (Step(_SPENT, spent, None) if one.name == _SPENT else _step(one, sums) for one in GROUPS)
    return Explained(balance, tuple(one for one in steps if one.tokens), sum(row[3] for row in found))


def _step(group: _Group, sums: dict[tuple[str, int], list[int]]) -> Step:
    lines = [sums[kind, group.sign] for kind in group.kinds if (kind, group.sign) in sums]
    tokens, count, due = (sum(line[place] for line in lines) for place in range(3))
    return Step(group.name, tokens, count, due)


def lines(
    store: Store, who: Principal, name: str, at: datetime, *, upto: int | None = None, size: int = 12
) -> tuple[Sequence[Line], bool]:
    """The transactions beneath a step, newest first, and whether there are older ones; `change` is what each moved of
    the account's own grants. A step that nobody knows has none."""
    group = next((one for one in GROUPS if one.name == name), None)
    if group is None:
        return (), False
    with store.read(who.org_id) as connection:
        found = rows.lines(
            connection, who.org_id, account_of(who), group.kinds, at, sign=group.sign, upto=upto, limit=size + 1
        )
    shown = [replace(Line(*row[:-1]), change=row.own) for row in found[:size]]
    return shown, len(found) > size


def opened(store: Store, who: Principal, txn_id: int) -> Opened | None:
    """A line with the grants it moved; of a pool, a member's line that drew on it too."""
    return history.opened(store, who, txn_id, of_members=True)
