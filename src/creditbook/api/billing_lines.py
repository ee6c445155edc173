"""An account's history as the oldest applications read it: one line for each wallet that a transaction touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from creditbook.api.asked import Camel
from creditbook.domain.program import Every
from creditbook.domain.state import Wallet
from creditbook.ledger.ledger import Ledger
from creditbook.reports.settled import settled
from creditbook.store import reports_history
from creditbook.store.reports_history import NO_FILTER

BATCH = 200
RESETS = {Every.DAY: "DAILY_RESET"}
"""A reset's name by how long the wallet's allowance lasts."""


class BillingLine(Camel):
    """What one transaction did to one wallet; ``amount`` is signed. One that touched no wallet has none."""

    id: str
    transaction_id: int
    user_id: str
    wallet_id: int | None
    wallet_type: str | None
    amount: int
    type: str
    description: str
    metadata: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class _Pockets:
    """The wallets of an account and of its pool, to name those that entries of the past went through."""

    wallets: tuple[Wallet, ...]
    of_grants: dict[int, int]

    def of(self, entry: Any) -> Wallet | None:
        """The wallet of an entry; None where a spent grant's could be one of several alike."""
        known = self.of_grants.get(entry.grant_id)
        alike = [
            one
            for one in self.wallets
            if (known is None or one.wallet_id == known)
            and (one.account_id, one.type, one.label) == (entry.account_id, entry.wallet_type, entry.wallet_label)
        ]
        return alike[0] if len(alike) == 1 else None


def billing_lines(ledger: Ledger, account: str, now: datetime, limit: int, offset: int) -> list[BillingLine]:
    """At most `limit` lines, newest first, after the first `offset` ones."""
    core, user = ledger.core, account.partition("/")[2]
    ref = core.account(account)
    owners = settled(core.batches, ref, now).owners()
    pockets = _Pockets(
        tuple(wallet for owner in owners for wallet in owner.wallets.values()),
        {grant.grant_id: grant.wallet_id for owner in owners for grant in owner.grants.values()},
    )
    with core.store.read(ref.org_id) as connection:
        rows = reports_history.every(connection, ref.org_id, ref.account_id, NO_FILTER, BATCH)
        found = (
            line
            for row in rows
            for line in _lines(row, reports_history.entries(connection, ref.org_id, row.txn_id), pockets, user)
        )
        page = list(islice(found, offset, offset + limit))
        told = {line.transaction_id for line in page}
        whole = {one: reports_history.line(connection, ref.org_id, ref.account_id, one) for one in told}
    return [line.model_copy(update={"metadata": whole[line.transaction_id].metadata or {}}) for line in page]


def _lines(row: Any, entries: list[Any], pockets: _Pockets, user: str) -> Iterator[BillingLine]:
    """Entries of one wallet are one line; they are told in the order in which the wallets were touched."""
    amounts: dict[tuple[int, str, str, int | None], int] = {}
    touched: dict[tuple[int, str, str, int | None], Wallet | None] = {}
    for entry in entries:
        wallet = pockets.of(entry)
        which = (entry.account_id, entry.wallet_type, entry.wallet_label, wallet.wallet_id if wallet else None)
        amounts[which] = amounts.get(which, 0) + entry.amount
        touched[which] = wallet
    for number, (which, amount) in enumerate(amounts.items(), start=1):
        yield _line(row, user, number, amount, which[1], touched[which])
    if not amounts:
        yield _line(row, user, 1, 0, None, None)


def _line(row: Any, user: str, number: int, amount: int, kind: str | None, wallet: Wallet | None) -> BillingLine:
    return BillingLine(
        id=f"{row.txn_id}-{number}", transaction_id=row.txn_id, user_id=user,
        wallet_id=wallet.wallet_id if wallet else None, wallet_type=kind, amount=amount, type=_type(row, wallet),
        description=row.description, metadata={}, created_at=row.effective_at,
    )  # fmt: skip


def _type(row: Any, wallet: Wallet | None) -> str:
    """`PROJECT_CREATION` for that action, `DAILY_RESET` for a daily allowance, else the kind's own name."""
    if row.kind == "usage" and row.action:
        return str(row.action).upper()
    every = wallet.every if wallet is not None and row.kind == "reset" else None
    return RESETS.get(every, str(row.kind).upper()) if every is not None else str(row.kind).upper()
