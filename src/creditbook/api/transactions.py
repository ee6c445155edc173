"""What happened to an account, line by line with everything that is known of it, for programs of all kinds."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from creditbook.api.asked import About
from creditbook.api.problems import documented
from creditbook.api.schemas import Day, Id, Word
from creditbook.domain.errors import NotFound
from creditbook.store import reports_history
from creditbook.store.reports_history import LineFilter

router = APIRouter(prefix="/v1/transactions", tags=["transactions"], responses=documented())

MOST_NAMES = 20
Names = Annotated[list[Word], Query(max_length=MOST_NAMES)]


class TransactionLine(BaseModel):
    """One transaction. ``tokens`` is what posted moved by, signed; ``charged`` what a usage cost.

    ``available_…`` null is unlimited. Costs are whole nano-units, null without a model or while its price is not known
    (``unpriced``). ``account_date`` is the account's own day.
    """

    transaction_id: int
    kind: str
    tokens: int
    charged: int
    metered: bool
    action: str
    feature: str
    agent: str
    model: str
    project: str
    description: str
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost_usd_nanos: int | None
    cost_inr_nanos: int | None
    unpriced: bool
    available_before: int | None
    available_after: int | None
    event_at: datetime
    effective_at: datetime
    account_date: date
    reason: str

    @classmethod
    def of(cls, row: Any, **more: Any) -> Any:
        """A row of the history as it is answered."""
        same = {name: getattr(row, name) for name in TransactionLine.model_fields if name != "transaction_id"}
        return cls(transaction_id=row.txn_id, **same, **more)


class Transactions(BaseModel):
    """A page of a history, newest first; ``next_cursor`` null where it ends."""

    transactions: list[TransactionLine]
    next_cursor: int | None


class GrantMoved(BaseModel):
    """One grant that a transaction moved: by how much, and what remained of it. ``of_pool``: the pool's, not hers."""

    grant_id: int
    wallet: str
    wallet_label: str
    label: str
    source: str
    grant_class: str
    expires_at: datetime | None
    of_pool: bool
    amount: int
    remaining_after: int


class DebtMoved(BaseModel):
    """What became debt (+), or was repaid, cancelled or written off of it (−), and what was owed after."""

    amount: int
    owed_after: int
    cause: str
    feature: str


class Transaction(TransactionLine):
    """One transaction with the grants and debts that it moved. ``reversed_by`` are its refunds."""

    plan: str
    hold_id: int | None
    late_capture: bool
    would_refuse: str | None
    price_version: str | None
    reverses: int | None
    reversed_by: list[int]
    lines: list[GrantMoved]
    debts: list[DebtMoved]
    metadata: dict[str, Any]


@router.get("", summary="An account's history, newest first")
async def transactions(
    about: About,
    kind: Names = [],  # noqa: B006 - FastAPI copies it
    agent: Names = [],  # noqa: B006
    model: Names = [],  # noqa: B006
    first: Annotated[Day | None, Query(description="The account's own day, included")] = None,
    last: Annotated[Day | None, Query(description="The account's own day, included")] = None,
    cursor: Annotated[Id | None, Query(description="`next_cursor` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Transactions:
    """Every kind of transaction unless some are named; several names of one field are any of them."""
    wanted = LineFilter(tuple(kind), tuple(agent), tuple(model), first, last)
    rows = await run_in_threadpool(_page, about, wanted, cursor, limit + 1)
    page = [TransactionLine.of(row) for row in rows[:limit]]
    return Transactions(transactions=page, next_cursor=page[-1].transaction_id if len(rows) > limit else None)


@router.get("/{transaction_id}", summary="One transaction with all that it moved")
async def transaction(
    transaction_id: Annotated[Id, Path(description="As receipts and histories name it.")], about: About
) -> Transaction:
    """A pool's too where a member made it and the pool paid."""
    found: Transaction = await run_in_threadpool(_one, about, transaction_id)
    return found


def _page(about: About, wanted: LineFilter, before: int | None, limit: int) -> list[Any]:
    core = about.ledger.core
    ref = core.account(about.account)
    with core.store.read(ref.org_id) as connection:
        return reports_history.page(
            connection, ref.org_id, ref.account_id, wanted, older_than=before, limit=limit
        )  # fmt: skip


def _one(about: About, transaction_id: int) -> Transaction:
    core = about.ledger.core
    ref = core.account(about.account)
    with core.store.read(ref.org_id) as connection:
        row = reports_history.line(connection, ref.org_id, ref.account_id, transaction_id, of_members=True)
        if row is None:
            raise NotFound(f"There is no transaction {transaction_id} of {about.account}.")
        moved = reports_history.entries(connection, ref.org_id, transaction_id)
        owed = reports_history.debts(connection, ref.org_id, transaction_id)
        back = reports_history.reversals(connection, ref.org_id, row.account_id, transaction_id)
    found: Transaction = Transaction.of(
        row, plan=row.plan, hold_id=row.hold_id, late_capture=row.late_capture, would_refuse=row.would_refuse,
        price_version=row.price_version, reverses=row.reverses_txn_id, reversed_by=[one.txn_id for one in back],
        lines=[_moved(one, row.account_id) for one in moved],
        debts=[DebtMoved(amount=one.amount, owed_after=one.owed_after, cause=one.cause, feature=one.feature)
               for one in owed],
        metadata=row.metadata or {},
    )  # fmt: skip
    return found


def _moved(one: Any, account_id: int) -> GrantMoved:
    return GrantMoved(
        grant_id=one.grant_id, wallet=one.wallet_type, wallet_label=one.wallet_label, label=one.label,
        source=one.source, grant_class=one.grant_class, expires_at=one.expires_at,
        of_pool=one.account_id != account_id, amount=one.amount, remaining_after=one.remaining_after,
    )  # fmt: skip
