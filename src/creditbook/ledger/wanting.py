"""What operations name besides their accounts, so that a batch loads it and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from creditbook.domain.costs import CorrectCost
from creditbook.domain.operations import Capture, Operation, Refund, Void
from creditbook.domain.selling import (
    DisputePurchase,
    FailPurchase,
    GiveReward,
    NamePurchase,
    OpenPurchase,
    PayPurchase,
    PayReferrer,
    Redeem,
    RefundPurchase,
)
from creditbook.store.batch import Wanted

from .calls import Call


@dataclass(slots=True)
class _Named:
    """What the operations of a batch name."""

    holds: list[int] = field(default_factory=list)
    refunds: list[int] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)
    purchases: set[int] = field(default_factory=set)
    payments: set[tuple[str, str]] = field(default_factory=set)
    awards: set[tuple[int, str]] = field(default_factory=set)
    costs: set[int] = field(default_factory=set)


def wanted(calls: Sequence[Call]) -> list[Wanted]:
    """What all calls need, one `Wanted` an organization."""
    by_org: dict[int, list[Call]] = {}
    for call in calls:
        by_org.setdefault(call.org_id, []).append(call)
    return [_of_one(org_id, its_calls) for org_id, its_calls in by_org.items()]


def _of_one(org_id: int, calls: list[Call]) -> Wanted:
    roots: dict[int, int] = {}
    new_accounts: list[tuple[int, int]] = []
    keys: list[tuple[str, str]] = []
    named: _Named | None = None
    until, whole_families = calls[0].at, False
    for call in calls:
        roots.update(call.roots)
        new_accounts += call.new_accounts
        until = max(until, call.at)
        whole_families = whole_families or call.whole_families
        for operation in call.operations:
            if operation.key:
                keys.append((operation.name, operation.key))
            note = _NAMES.get(type(operation))
            if note is not None:
                named = named or _Named()
                note(operation, named)
    if named is None:
        return Wanted(org_id, roots, until, tuple(keys), (), (), whole_families, tuple(new_accounts))
    return Wanted(
        org_id,
        roots,
        until,
        tuple(keys),
        tuple(named.holds),
        tuple(named.refunds),
        whole_families,
        tuple(new_accounts),
        codes=tuple(sorted(named.codes)),
        purchases=tuple(sorted(named.purchases)),
        payments=tuple(sorted(named.payments)),
        awards=tuple(sorted(named.awards)),
        costs=tuple(sorted(named.costs)),
    )


def _hold(operation: Capture | Void, named: _Named) -> None:
    named.holds.append(operation.hold_id)


def _refund(operation: Refund, named: _Named) -> None:
    named.refunds.append(operation.txn_id)


def _open(operation: OpenPurchase, named: _Named) -> None:
    if operation.payment:
        named.payments.add((operation.provider, operation.payment))


def _purchase(
    operation: NamePurchase | FailPurchase | RefundPurchase | DisputePurchase | PayPurchase, named: _Named
) -> None:
    named.purchases.add(operation.purchase_id)
    if isinstance(operation, PayPurchase):
        named.payments.add((operation.provider, operation.payment))


def _code(operation: Redeem, named: _Named) -> None:
    named.codes.add(operation.code)


def _reward(operation: GiveReward, named: _Named) -> None:
    named.awards.add((operation.account_id, f"reward:{operation.activity}"))


def _referral(operation: PayReferrer, named: _Named) -> None:
    named.awards.add((operation.account_id, f"referral:{operation.friend_id}"))


def _cost(operation: CorrectCost, named: _Named) -> None:
    named.costs.add(operation.txn_id)


_NAMES: dict[type[Operation], Callable[[Any, _Named], None]] = {
    Capture: _hold,
    Void: _hold,
    Refund: _refund,
    CorrectCost: _cost,
    OpenPurchase: _open,
    NamePurchase: _purchase,
    FailPurchase: _purchase,
    RefundPurchase: _purchase,
    DisputePurchase: _purchase,
    PayPurchase: _purchase,
    Redeem: _code,
    GiveReward: _reward,
    PayReferrer: _referral,
}
