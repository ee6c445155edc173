"""Corrections of what usage has cost: booked beside it, never over it (rules 3, 28, 34)."""

from __future__ import annotations

from .context import Desk, accounted
from .costs import CorrectCost, PastCost
from .errors import InvalidRequest, NotFound
from .journal import Transaction
from .operations import Cost
from .state import Account


def correct_cost(desk: Desk, account: Account, operation: CorrectCost) -> Transaction | None:
    """Book by how much a usage's cost differs from what is booked; nothing where it does not.

    The adjustment stands on the dates of the usage, so that analytics see the usage at its right cost; the books count
    it on the usage's day, or in the open month where that is closed. Closed and frozen accounts are corrected too: no
    token moves.
    """
    past, cost = desk.book.costs.get(operation.txn_id), operation.cost
    if past is None or past.account_id != account.account_id:
        raise NotFound(f"This account has no usage {operation.txn_id}.")
    if cost.unpriced or cost.usd_nanos is None or not cost.price_version:
        raise InvalidRequest("Say what the usage costs and which version of a price says so.")
    if past.costs(cost):
        return None
    if cost.price_version in past.versions:
        told = f"“{cost.price_version}” has corrected this usage before."
        raise InvalidRequest(f"{told} Set the price anew and apply that.")
    txn = desk.transaction(account, "adjustment", event_at=past.event_at, operation=operation)
    txn.account_date, txn.org_date, txn.org_hour = past.account_date, past.org_date, past.org_hour
    txn.accounting_date = accounted(past.org_date, desk.book.closed_through)
    txn.plan, txn.action, txn.feature, txn.project = past.plan, past.action, past.feature, past.project
    txn.agent, txn.model = past.agent, past.model
    txn.reverses_txn_id, txn.description = past.txn_id, "Cost corrected"
    txn.cost_usd_nanos = cost.usd_nanos - (past.usd_nanos or 0)
    txn.cost_inr_nanos = None if cost.inr_nanos is None else cost.inr_nanos - (past.inr_nanos or 0)
    txn.cost_parts = _parts(past, cost, txn.cost_usd_nanos)
    txn.unpriced = past.unpriced
    txn.price_version, txn.fx_rate_id = cost.price_version, cost.fx_rate_id
    desk.book.costs[past.txn_id] = past.corrected(cost)
    return desk.book_it(account, txn)


def _parts(past: PastCost, cost: Cost, difference: int) -> dict[str, int] | None:
    """The difference by component; None where the components that are known do not add up to it."""
    before, after = past.parts or {}, cost.parts or {}
    parts = {name: after.get(name, 0) - before.get(name, 0) for name in sorted({*before, *after})}
    return parts if parts and sum(parts.values()) == difference else None
