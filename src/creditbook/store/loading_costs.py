"""What usage has cost so far, loaded for corrections of it: as booked, and with what corrected it since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from creditbook.domain.costs import PastCost
from creditbook.store.codec import Codec, read_document

Row = Sequence[Any]

_USAGES = (
    "SELECT txn_id, account_id, event_at, account_date, org_date, org_hour, plan, action, feature, agent, model, "
    "project, cost_usd_nanos, cost_inr_nanos, {parts}, unpriced FROM ledger_transaction "
    "WHERE org_id = {one} AND txn_id {some} AND kind = 'usage'"
)
_CORRECTIONS = (
    "SELECT reverses_txn_id, cost_usd_nanos, cost_inr_nanos, {parts}, unpriced, price_version "
    "FROM ledger_transaction {by} WHERE org_id = {one} AND reverses_txn_id {some} AND kind = 'adjustment' "
    "AND cost_usd_nanos IS NOT NULL"
)
# Without statistics SQLite would read all of the organization by its primary key.
_BY = "INDEXED BY ix_ledger_transaction_org_id_reverses_txn_id_txn_id"
_SQLITE = {"one": "?", "some": "= ?", "parts": "cost_parts", "by": _BY}
_POSTGRES = {"one": "$1", "some": "= ANY($2)", "parts": "cost_parts::text", "by": ""}

SQLITE_USAGES, SQLITE_CORRECTIONS = _USAGES.format(**_SQLITE), _CORRECTIONS.format(**_SQLITE)
POSTGRES_USAGES, POSTGRES_CORRECTIONS = _USAGES.format(**_POSTGRES), _CORRECTIONS.format(**_POSTGRES)


def costs_of(usages: Iterable[Row], corrections: Iterable[Row], codec: Codec) -> list[PastCost]:
    """From rows of the two statements above."""
    later: dict[int, list[Row]] = {}
    for row in corrections:
        later.setdefault(row[0], []).append(row[1:])
    return [_cost_of(row, later.get(row[0], []), codec) for row in usages]


def _cost_of(usage: Row, later: list[Row], codec: Codec) -> PastCost:
    (txn_id, account_id, event_at, account_date, org_date, hour, plan, action, feature, agent, model, project, usd, inr,
     parts, unpriced) = usage  # fmt: skip
    return PastCost(
        txn_id, account_id, codec.when(event_at), codec.day(account_date), codec.day(org_date), hour, plan, action,
        feature, agent, model, project, _sum([usd, *(row[0] for row in later)]),
        _sum([inr, *(row[1] for row in later)]), _parts([parts, *(row[2] for row in later)]),
        bool(unpriced) and not any(row[3] for row in later), frozenset(row[4] for row in later),
    )  # fmt: skip


def _sum(nanos: list[int | None]) -> int | None:
    known = [one for one in nanos if one is not None]
    return sum(known) if known else None


def _parts(documents: list[Any]) -> dict[str, int] | None:
    parts: dict[str, int] = {}
    for document in documents:
        for name, nanos in (read_document(document) or {}).items():
            parts[name] = parts.get(name, 0) + nanos
    return parts or None
