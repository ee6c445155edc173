"""What an administrative act changed, for the audit log (rule 38): figures before and after, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from creditbook.domain.balance import available_tokens
from creditbook.domain.journal import AuditRow, Journal
from creditbook.domain.operations import GrantTokens, Operation
from creditbook.domain.results import Done, PurchaseReceipt, Receipt, Result
from creditbook.domain.state import Account, Book

from .calls import Call, Outcome


@dataclass(frozen=True, slots=True)
class Before:
    """The account's figures before an act; empty for an account that the act opens."""

    figures: dict[str, object]

    @classmethod
    def of(cls, book: Book, operation: Operation, at: datetime) -> Before:
        """What an audit row keeps of an account as it is now."""
        account = book.accounts.get(operation.account_id)
        return cls(_figures(book, account, at) if account is not None else {})


def _figures(book: Book, account: Account, at: datetime) -> dict[str, object]:
    return {
        "available": available_tokens(book, account, max(at, book.root.clock_at or at)),
        "debt": sum(debt.owed for debt in account.debts.values()),
        "status": account.status.value,
        "zone": account.zone,
        "quota": account.quota_tokens,
        "plan": account.plan,
        "plan_status": account.term.status.value,
        "next_plan": account.term.next_plan,
        "term_ends_at": account.term.ends_at.isoformat() if account.term.ends_at else None,
        "paid_ahead": account.term.paid_ahead + account.term.next_paid,
        "wallets_off": sorted(w.wallet_id for w in account.wallets.values() if not w.is_active),
    }


def once_row(call: Call, outcomes: Sequence[Outcome], journals: Sequence[Journal]) -> None:
    """One line of the log for a call that is a single act: what all its operations wrote; none when nothing was."""
    written = {id_ for one in outcomes if isinstance(one, Done) for id_ in one.transaction_ids}
    if not written:
        return
    txns = [txn for journal in journals for txn in journal.transactions if txn.txn_id in written]
    first = call.operations[0]
    journals[0].audits.append(
        AuditRow(
            audit_id=journals[0].new_id(),
            at=call.at,
            actor=first.actor,
            act=call.audit_once,
            subject=call.audit_subject,
            before={},
            after={
                "transactions": len(written),
                "first": min(written),
                "last": max(written),
                "price_versions": sorted({txn.price_version for txn in txns if txn.price_version}),
                "usd_nanos": sum(txn.cost_usd_nanos or 0 for txn in txns),
                "inr_nanos": sum(txn.cost_inr_nanos or 0 for txn in txns),
            },
            reason=first.reason,
        )
    )


def audit_row(
    journal: Journal, book: Book, operation: Operation, before: Before, result: Result, call: Call, subject: str
) -> AuditRow:
    """One line of the log: only the figures that moved stand in it, and the transactions written."""
    after = _figures(book, book.accounts[operation.account_id], call.at)
    old = before.figures
    moved = {name for name in after if old.get(name) != after[name]}
    ids = [result.transaction_id] if isinstance(result, Receipt) else list(getattr(result, "transaction_ids", ()))
    more: dict[str, object] = {}
    if isinstance(result, PurchaseReceipt):
        more = {"purchase": result.purchase_id, "bought": result.status}
    elif isinstance(operation, GrantTokens) and operation.approved_by:
        more = {"approved_by": operation.approved_by}
    return AuditRow(
        audit_id=journal.new_id(),
        at=call.at,
        actor=operation.actor,
        act=call.audit,
        subject=subject,
        before={name: value for name, value in old.items() if name in moved},
        after={**{name: after[name] for name in sorted(moved)}, "transactions": ids, **more},
        reason=operation.reason,
    )
