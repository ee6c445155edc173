"""How the sixth migration fills what it makes from the history that is there, as the rules were when it was written."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from .defend import on_sqlite

_MEASURES = (
    "requests, input_tokens, output_tokens, cached_tokens, reasoning_tokens, charged, refunded, cost_usd_nanos, "
    "cost_inr_nanos, unpriced"
)
_OF_TXN = (
    "SUM(requests), SUM(input_tokens), SUM(output_tokens), SUM(cached_tokens), SUM(reasoning_tokens), "
    "SUM(CASE WHEN kind = 'usage' THEN charged ELSE 0 END), SUM(CASE WHEN kind = 'refund' THEN charged ELSE 0 END), "
    "SUM(COALESCE(cost_usd_nanos, 0)), SUM(COALESCE(cost_inr_nanos, 0)), SUM(CASE WHEN unpriced THEN 1 ELSE 0 END)"
)
_BOOK_MEASURES = "entries, tokens_in, tokens_out, deferred_in_minor, deferred_out_minor"
_OF_ENTRY = (
    "COUNT(*), SUM(CASE WHEN e.amount > 0 THEN e.amount ELSE 0 END), "
    "SUM(CASE WHEN e.amount < 0 THEN -e.amount ELSE 0 END), "
    "SUM(CASE WHEN e.deferred_minor > 0 THEN e.deferred_minor ELSE 0 END), "
    "SUM(CASE WHEN e.deferred_minor < 0 THEN -e.deferred_minor ELSE 0 END)"
)
_ENTRIES = (
    "entry e JOIN ledger_transaction t ON t.org_id = e.org_id AND t.txn_id = e.txn_id "
    "JOIN token_grant g ON g.org_id = e.org_id AND g.grant_id = e.grant_id"
)
_AT_ONCE = 1_000


def fill(*, later: bool) -> None:
    """Fills columns and rollups of every organization: ``later`` as this migration leaves them, else as it found them.

    Row-level security binds the tables' owner too, so it is done one organization after the other.
    """
    for org_id in list(_organizations()):
        if later:
            _tax(org_id)
            _deferred(org_id)
            _usage(org_id, "account_id, account_date, org_date, agent, model, feature", "org_date, accounting_date")
            _books(org_id)
        else:
            _usage(org_id, "account_id, account_date, agent, model, feature", "org_date")
    if not on_sqlite():
        op.execute("SET LOCAL app.current_org = ''")


def _organizations() -> Iterator[int]:
    if not on_sqlite():
        op.execute("SET LOCAL app.directory = 'on'")
    found = op.get_bind().execute(sa.text("SELECT org_id FROM organization ORDER BY org_id")).scalars().all()
    if not on_sqlite():
        op.execute("SET LOCAL app.directory = 'off'")
    for org_id in found:
        if not on_sqlite():
            op.execute(f"SET LOCAL app.current_org = {int(org_id)}")
        yield int(org_id)


def _run(org_id: int, statement: str) -> None:
    op.get_bind().execute(sa.text(statement), {"org": org_id})


def _tax(org_id: int) -> None:
    _run(
        org_id,
        "UPDATE token_grant SET tax_minor = (SELECT p.tax_minor FROM purchase p WHERE p.org_id = token_grant.org_id "
        "AND p.grant_id = token_grant.grant_id) WHERE org_id = :org AND price_minor > 0 AND grant_id IN "
        "(SELECT p.grant_id FROM purchase p WHERE p.org_id = :org AND p.grant_id IS NOT NULL)",
    )


def _deferred(org_id: int) -> None:
    """Whole numbers of Python: a price times its tokens may pass 64 bits, and SQLite would go on in floating point."""
    priced = sa.text(
        "SELECT e.txn_id, e.seq, e.amount, e.remaining_after, g.amount, g.price_minor - g.tax_minor FROM token_grant g "
        "JOIN entry e ON e.org_id = g.org_id AND e.grant_id = g.grant_id WHERE g.org_id = :org AND g.price_minor > 0"
    )
    write = sa.text("UPDATE entry SET deferred_minor = :change WHERE org_id = :org AND txn_id = :txn AND seq = :seq")
    rows = []
    for txn, seq, moved, after, of, net in op.get_bind().execute(priced, {"org": org_id}).all():
        change = _half_even(net * (of - after + moved), of) - _half_even(net * (of - after), of)
        if change:
            rows.append({"org": org_id, "txn": txn, "seq": seq, "change": change})
    for start in range(0, len(rows), _AT_ONCE):
        op.get_bind().execute(write, rows[start : start + _AT_ONCE])


def _half_even(dividend: int, divisor: int) -> int:
    whole, rest = divmod(dividend, divisor)
    return whole + (2 * rest > divisor or (2 * rest == divisor and whole % 2 == 1))


def _usage(org_id: int, account_keys: str, org_dates: str) -> None:
    _roll_up(org_id, "usage_account_day", account_keys, account_keys)
    keys = f"{org_dates}, agent, model, feature, plan"
    _roll_up(org_id, "usage_org_day", f"{keys}, shard", f"{keys}, {_shard()}")


def _shard() -> str:
    """Writers spread over four rows where there may be several."""
    return f"account_id % 1009 % {1 if on_sqlite() else 4}"


def _roll_up(org_id: int, table: str, keys: str, of_txn: str) -> None:
    _run(
        org_id,
        f"INSERT INTO {table} (org_id, {keys}, {_MEASURES}) SELECT org_id, {of_txn}, {_OF_TXN} FROM ledger_transaction "
        f"WHERE org_id = :org AND kind IN ('usage', 'refund') GROUP BY org_id, {of_txn}",
    )


def _books(org_id: int) -> None:
    day = f"e.org_id, t.accounting_date, t.kind, g.\"class\", COALESCE(g.currency, ''), t.{_shard()}"
    _run(
        org_id,
        f"INSERT INTO books_day (org_id, accounting_date, kind, class, currency, shard, {_BOOK_MEASURES}) "
        f"SELECT {day}, {_OF_ENTRY} FROM {_ENTRIES} WHERE e.org_id = :org GROUP BY {day}",
    )
    first = "date(t.accounting_date, 'start of month')" if on_sqlite() else "date_trunc('month', t.accounting_date)"
    month = f"e.org_id, {first}, e.grant_id, t.kind"
    _run(
        org_id,
        f"INSERT INTO pack_month (org_id, month, grant_id, kind, {_BOOK_MEASURES}) "
        f"SELECT {month}, {_OF_ENTRY} FROM {_ENTRIES} WHERE e.org_id = :org AND g.price_minor > 0 GROUP BY {month}",
    )
