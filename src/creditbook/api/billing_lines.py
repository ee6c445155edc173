"""An account's history as the oldest applications read it: one line for each wallet that a transaction touched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from creditbook.api.asked import Camel
from creditbook.domain.program import Every
from creditbook.ledger.ledger import Ledger
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


def billing_lines(ledger: Ledger, account: str, limit: int, offset: int) -> list[BillingLine]:
    """At most `limit` lines, newest first, after the first `offset` ones."""
    core, user = ledger.core, account.partition("/")[2]
    ref = core.account(account)
    with core.store.read(ref.org_id) as connection:
        rows = reports_history.every(connection, ref.org_id, ref.account_id, NO_FILTER, BATCH)
        page = list(islice(_every(connection, ref.org_id, rows, user), offset, offset + limit))
        sent = reports_history.metadata_of(connection, ref.org_id, {line.transaction_id for line in page})
    return [line.model_copy(update={"metadata": sent[line.transaction_id]}) for line in page]


def _every(connection: Any, org_id: int, rows: Iterator[Any], user: str) -> Iterator[BillingLine]:
    while some := list(islice(rows, BATCH)):
        entries = reports_history.entries_of(connection, org_id, [row.txn_id for row in some])
        for row in some:
            yield from _lines(row, entries[row.txn_id], user)


def _lines(row: Any, entries: list[Any], user: str) -> Iterator[BillingLine]:
    """Entries of one wallet are one line; they are told in the order in which the wallets were touched."""
    amounts: dict[int, int] = {}
    touched: dict[int, Any] = {}
    for entry in entries:
        amounts[entry.wallet_id] = amounts.get(entry.wallet_id, 0) + entry.amount
        touched[entry.wallet_id] = entry
    for number, (wallet_id, amount) in enumerate(amounts.items(), start=1):
        yield _line(row, user, number, amount, touched[wallet_id])
    if not amounts:
        yield _line(row, user, 1, 0, None)


def _line(row: Any, user: str, number: int, amount: int, entry: Any) -> BillingLine:
    return BillingLine(
        id=f"{row.txn_id}-{number}", transaction_id=row.txn_id, user_id=user,
        wallet_id=entry.wallet_id if entry else None, wallet_type=entry.wallet_type if entry else None, amount=amount,
        type=_type(row, entry), description=row.description, metadata={}, created_at=row.effective_at,
    )  # fmt: skip


def _type(row: Any, entry: Any) -> str:
    """`PROJECT_CREATION` for that action, `DAILY_RESET` for a daily allowance, else the kind's own name."""
    if row.kind == "usage" and row.action:
        return str(row.action).upper()
    every = entry.wallet_every if entry is not None and row.kind == "reset" else None
    return RESETS.get(every, str(row.kind).upper()) if every is not None else str(row.kind).upper()
