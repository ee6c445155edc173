"""Work of a past month done over again: spends, holds and their parts, as the caller must have asked for them.

What time does by itself (resets, rollover, expiry, terms, hold time-outs, repaid debts) is left to the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from creditbook.domain.burning import burnable
from creditbook.domain.decide import decide
from creditbook.domain.errors import LedgerError
from creditbook.domain.journal import Journal
from creditbook.domain.operations import (
    Capture,
    Cost,
    Operation,
    Reserve,
    Spend,
    Void,
    Work,
)
from creditbook.domain.program import Enforcement, Pricing, Program, WalletType
from creditbook.domain.results import HoldReceipt, Receipt
from creditbook.domain.state import Account, Book, Grant
from creditbook.store.finance.replaying import Happened


@dataclass(slots=True)
class Replay:
    """Where a replay stands. Recorded ids are mapped to those of the replay; ``done`` hears of every usage.

    ``before`` is the program as it ran, ``moves`` says which plan stands for another one. ``preferred`` are the wallets
    that callers must have named, by usage and by hold: the unchanged replay finds them, the changed one is handed them.
    """

    book: Book
    journal: Journal
    rows: Happened
    present: Mapping[int, Account]
    before: Program
    moves: Mapping[str, str]
    every_grant: Mapping[int, Mapping[int, Grant]]
    done: Callable[[Any, Receipt | LedgerError], None]
    preferred: dict[int, WalletType]
    finds: bool
    transactions: dict[int, int] = field(default_factory=dict)
    grants: dict[int, int] = field(default_factory=dict)
    holds: dict[int, int | LedgerError] = field(default_factory=dict)

    def decide(self, operation: Operation, at: datetime) -> Any:
        """What the rules answer. Raises a `LedgerError` where they refuse."""
        return decide(self.book, self.journal, operation, at, {})


def same(account_id: int) -> dict[str, Any]:
    """What every operation of a replay has in common: no key, since none is ever sent twice."""
    return {"account_id": account_id, "key": "", "request_hash": "", "actor": "replay", "reason": "Replayed"}


def work_of(txn: Any) -> Work:
    """What was done, as it was told then, with the cost that it had."""
    cost = Cost(txn.cost_usd_nanos, txn.cost_inr_nanos, None, txn.price_version, txn.fx_rate_id, bool(txn.unpriced))
    return Work(txn.agent, txn.model, txn.project, txn.description, txn.input_tokens, txn.output_tokens,
                txn.cached_tokens, txn.reasoning_tokens, cost, txn.event_at, txn.metadata)  # fmt: skip


def use(replay: Replay, txn: Any) -> None:
    """A spend, or a part of a hold. A part of a hold that was refused is refused with it."""
    tokens = _tokens(replay.before, txn)
    operation: Operation
    if txn.hold_id is None:
        wallet = _preferred(replay, txn.account_id, txn.txn_id, txn.feature, txn.effective_at)
        operation = Spend(**same(txn.account_id), action=txn.action, tokens=tokens, work=work_of(txn),
                          wallet=wallet, meter=_was_metered(replay, txn),
                          done=bool((txn.metadata or {}).get("done")))  # fmt: skip
    else:
        held = replay.holds.get(txn.hold_id, txn.hold_id)
        if isinstance(held, LedgerError):
            replay.done(txn, held)
            return
        operation = Capture(**same(txn.account_id), hold_id=held, tokens=tokens, action=txn.action,
                            work=work_of(txn), final=_is_final(replay, txn))  # fmt: skip
    try:
        receipt: Receipt = replay.decide(operation, txn.effective_at)
    except LedgerError as refusal:
        replay.done(txn, refusal)
        return
    replay.transactions[txn.txn_id] = receipt.transaction_id
    replay.done(txn, receipt)


def _tokens(before: Program, txn: Any) -> int | None:
    """The tokens that the caller must have named: an actual price is what was charged, others price themselves."""
    action = before.actions.get(txn.action)
    actual = action is None or action.pricing is Pricing.ACTUAL
    return int(txn.charged) if actual and not txn.metered else None


def _preferred(replay: Replay, account_id: int, row_id: int, feature: str, at: datetime) -> WalletType | None:
    """The wallet that the caller must have named: another one paid first than the rules would have chosen."""
    paid = replay.rows.paid_first.get(row_id)
    if replay.finds and paid is not None:
        account = replay.book.accounts[account_id]
        first = next(iter(burnable(replay.book, account, at, feature)), None)
        if first is not None and replay.book.wallet_of(first).type.value != paid:
            replay.preferred[row_id] = WalletType(paid)
    return replay.preferred.get(row_id)


def _was_metered(replay: Replay, txn: Any) -> bool:
    """Whether the caller asked for metering: nothing was charged, and no rule explains why."""
    if not txn.metered or replay.before.enforcement is Enforcement.OFF:
        return False
    action, plan = replay.before.actions.get(txn.action), replay.before.plans.get(txn.plan)
    if action is not None and action.pricing is Pricing.FIXED and action.tokens == 0:
        return False
    return plan is None or not plan.unlimited


def _is_final(replay: Replay, txn: Any) -> bool:
    hold = next((one for one in replay.rows.holds if one.hold_id == txn.hold_id), None)
    if hold is None or hold.status != "captured" or hold.closed_at != txn.effective_at:
        return hold is None
    return all(one.hold_id != txn.hold_id or one.txn_id <= txn.txn_id for one in replay.rows.transactions)


def reserve(replay: Replay, hold: Any) -> None:
    """A hold, or the refusal of it, which its parts share then. A price that was held is what it is now."""
    action = replay.before.actions.get(hold.action)
    priced = action is not None and action.pricing is Pricing.FIXED and action.tokens == hold.estimate
    try:
        receipt: HoldReceipt = replay.decide(
            Reserve(**same(hold.account_id), action=hold.action, estimate=None if priced else hold.estimate or None,
                    seconds=hold.seconds, project=hold.project, metadata=hold.metadata,
                    wallet=_preferred(replay, hold.account_id, hold.hold_id, hold.feature, hold.effective_at)),
            hold.effective_at,
        )  # fmt: skip
    except LedgerError as refusal:
        replay.holds[hold.hold_id] = refusal
    else:
        replay.holds[hold.hold_id] = receipt.hold_id


def void(replay: Replay, hold: Any) -> None:
    """A hold given up."""
    held = replay.holds.get(hold.hold_id, hold.hold_id)
    if not isinstance(held, LedgerError):
        attempt(replay, Void(**same(hold.account_id), hold_id=held), hold.closed_at)


def attempt(replay: Replay, operation: Operation, at: datetime) -> Any:
    """Do what people did, where it can still be done."""
    try:
        return replay.decide(operation, at)
    except LedgerError:
        return None
