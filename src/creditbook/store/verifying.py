"""The invariants of rule 37 as queries: each returns the rows that break it, and none when the books are whole.

They run per organization inside its own row-level security, on both databases, and change nothing.
"""

# ruff: noqa: S608 - the queries are put together from this file's own words, never from anybody's input
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from .checks import EXAMPLES, Check, Finding
from .counted import ROLLUPS, spoken
from .engine import Store
from .tables.base import metadata
from .verifying_money import money_findings
from .verifying_sales import SALES_CHECKS

_ROLLUPS = tuple(
    Check(f"rollup.{rollup.table}", f"{rollup.table} equals what it counts", rollup.differences()) for rollup in ROLLUPS
)

CHECKS = (
    Check(
        "grant.entries",
        "every grant's remaining equals the sum of its entries",
        "SELECT g.grant_id, g.remaining AS stands, COALESCE(SUM(e.amount), 0) AS by_entries FROM token_grant g "
        "LEFT JOIN entry e ON e.org_id = g.org_id AND e.grant_id = g.grant_id WHERE g.org_id = :org "
        "GROUP BY g.grant_id, g.remaining HAVING g.remaining <> COALESCE(SUM(e.amount), 0)",
    ),
    Check(
        "entry.chain",
        "every entry's remaining follows from the entry before it",
        "SELECT txn_id, seq, grant_id, remaining_after AS stands, running AS by_entries FROM ("
        "SELECT txn_id, seq, grant_id, remaining_after, SUM(amount) OVER (PARTITION BY grant_id ORDER BY txn_id, seq) "
        "AS running FROM entry WHERE org_id = :org) AS lines WHERE running <> remaining_after",
    ),
    Check(
        "transaction.entries",
        "every transaction's tokens equal the sum of its entries",
        "SELECT t.txn_id, t.kind, t.tokens AS stands, COALESCE(SUM(e.amount), 0) AS by_entries "
        "FROM ledger_transaction t LEFT JOIN entry e ON e.org_id = t.org_id AND e.txn_id = t.txn_id "
        "WHERE t.org_id = :org GROUP BY t.txn_id, t.kind, t.tokens HAVING t.tokens <> COALESCE(SUM(e.amount), 0)",
    ),
    Check(
        "transaction.charged",
        "what usage charged, and a refund gave back, equals its entries and its debt",
        "SELECT t.txn_id, t.kind, t.charged AS stands, t.tokens, COALESCE(SUM(d.amount), 0) AS debt "
        "FROM ledger_transaction t LEFT JOIN debt_entry d ON d.org_id = t.org_id AND d.txn_id = t.txn_id "
        "WHERE t.org_id = :org AND t.kind IN ('usage', 'refund') GROUP BY t.txn_id, t.kind, t.charged, t.tokens "
        "HAVING t.charged <> CASE WHEN t.kind = 'usage' THEN COALESCE(SUM(d.amount), 0) - t.tokens "
        "ELSE t.tokens - COALESCE(SUM(d.amount), 0) END",
    ),
    Check(
        "grant.held",
        "what is held of every grant equals the open holds on it",
        "SELECT g.grant_id, g.held AS stands, COALESCE(SUM(h.amount), 0) AS by_holds FROM token_grant g "
        "LEFT JOIN hold_entry h ON h.org_id = g.org_id AND h.grant_id = g.grant_id WHERE g.org_id = :org "
        "GROUP BY g.grant_id, g.held HAVING g.held <> COALESCE(SUM(h.amount), 0)",
    ),
    Check(
        "hold.closed",
        "a closed hold reserves nothing",
        "SELECT h.hold_id, h.status, SUM(e.amount) AS reserved FROM hold h JOIN hold_entry e "
        "ON e.org_id = h.org_id AND e.hold_id = h.hold_id WHERE h.org_id = :org AND h.status <> 'open' "
        "GROUP BY h.hold_id, h.status HAVING SUM(e.amount) <> 0",
    ),
    Check(
        "debt.entries",
        "debt incurred equals repaid, cancelled, written off and still owed",
        "SELECT d.debt_id, d.owed AS stands, COALESCE(SUM(e.amount), 0) AS by_entries FROM debt d "
        "LEFT JOIN debt_entry e ON e.org_id = d.org_id AND e.debt_id = d.debt_id WHERE d.org_id = :org "
        "GROUP BY d.debt_id, d.owed, d.incurred HAVING d.owed <> COALESCE(SUM(e.amount), 0) "
        "OR d.incurred <> COALESCE(SUM(CASE WHEN e.cause = 'incurred' THEN e.amount ELSE 0 END), 0)",
    ),
    Check(
        "refund.bounds",
        "refunds of a usage never pass what it charged",
        "SELECT u.txn_id, u.charged AS charged, SUM(r.charged) AS given_back FROM ledger_transaction u "
        "JOIN ledger_transaction r ON r.org_id = u.org_id AND r.reverses_txn_id = u.txn_id AND r.kind = 'refund' "
        "WHERE u.org_id = :org GROUP BY u.txn_id, u.charged HAVING SUM(r.charged) > u.charged",
    ),
    Check(
        "entry.returns",
        "no line of a usage is given back more than once over",
        "SELECT o.txn_id, o.seq, o.amount AS took, SUM(r.amount) AS given_back FROM entry o JOIN entry r "
        "ON r.org_id = o.org_id AND r.returns_txn_id = o.txn_id AND r.returns_seq = o.seq "
        "WHERE o.org_id = :org GROUP BY o.txn_id, o.seq, o.amount HAVING SUM(r.amount) > -o.amount",
    ),
    Check(
        "quota.use",
        "what members used of their quotas equals their transactions",
        "SELECT account_id, pool_id, period_first, SUM(charged) AS difference FROM ("
        "SELECT account_id, pool_id, period_first, charged FROM quota_use WHERE org_id = :org UNION ALL "
        "SELECT account_id, pool_id, COALESCE(quota_period, {no_period}), -quota_charged FROM ledger_transaction "
        "WHERE org_id = :org AND quota_charged <> 0) AS both_sides "
        "GROUP BY account_id, pool_id, period_first HAVING SUM(charged) <> 0",
    ),
    Check(
        "entry.owner",
        "every entry and grant belongs to the account that it names",
        "SELECT e.txn_id, e.seq, e.account_id, g.account_id AS owner, w.account_id AS wallet_owner FROM entry e "
        "JOIN token_grant g ON g.org_id = e.org_id AND g.grant_id = e.grant_id "
        "JOIN wallet w ON w.org_id = g.org_id AND w.wallet_id = g.wallet_id "
        "WHERE e.org_id = :org AND (e.account_id <> g.account_id OR g.account_id <> w.account_id)",
    ),
    *_ROLLUPS,
    *SALES_CHECKS,
)

_WORDS = {
    "sqlite": {
        "no_period": "'0001-01-01'",
        "per_account": "json_extract(p.terms, '$.per_account')",
    },
    "postgresql": {
        "no_period": "DATE '0001-01-01'",
        "per_account": "(p.terms->>'per_account')::bigint",
    },
}


def how_many() -> int:
    """How many checks `findings` runs one by one, for those who show how far it is."""
    return len(CHECKS) + len(list(_pointers()))


def findings(store: Store, org_id: int) -> Iterator[Finding]:
    """Run every check on one organization, each in a snapshot of its own."""
    for check in [*CHECKS, *_pointers()]:
        query = check.query
        for word, meaning in _WORDS[store.dialect].items():
            query = query.replace("{" + word + "}", meaning)
        query = spoken(query, store.dialect)
        with store.read(org_id) as connection:
            rows = connection.execute(sa.text(query), {"org": org_id}).mappings().all()
        yield Finding(check.name, check.says, len(rows), tuple(dict(row) for row in rows[:EXAMPLES]))
    yield from money_findings(store, org_id)


def _pointers() -> Iterator[Check]:
    """Every foreign key of an organization's table points to a row of the same organization."""
    for table in metadata.sorted_tables:
        if "org_id" not in table.c:
            continue
        for key in sorted(table.foreign_key_constraints, key=lambda key: str(key.name)):
            target = key.referred_table
            if "org_id" not in target.c or "org_id" not in key.column_keys:
                continue
            pairs = [(element.parent.name, element.column.name) for element in key.elements]
            joined = " AND ".join(f't."{theirs}" = s."{ours}"' for ours, theirs in pairs)
            there = " AND ".join(f's."{ours}" IS NOT NULL' for ours, _ in pairs)
            names = ", ".join(f's."{column.name}"' for column in table.primary_key.columns)
            yield Check(
                f"pointer.{key.name}",
                f"every row of {table.name} points to a {target.name} of its own organization",
                f'SELECT {names} FROM "{table.name}" s LEFT JOIN "{target.name}" t ON {joined} '
                f"WHERE s.org_id = :org AND {there} AND t.org_id IS NULL",
            )


def class_flow(store: Store, org_id: int) -> list[dict[str, Any]]:
    """Per class of grant: how its entries moved it, by kind, and what is outstanding; the two columns must agree."""
    query = sa.text(
        'SELECT g."class" AS class, t.kind AS kind, SUM(e.amount) AS tokens FROM entry e '
        "JOIN ledger_transaction t ON t.org_id = e.org_id AND t.txn_id = e.txn_id "
        "JOIN token_grant g ON g.org_id = e.org_id AND g.grant_id = e.grant_id "
        'WHERE e.org_id = :org GROUP BY g."class", t.kind ORDER BY 1, 2'
    )
    left = sa.text(
        'SELECT "class" AS class, SUM(remaining) AS tokens FROM token_grant WHERE org_id = :org GROUP BY "class"'
    )
    with store.read(org_id) as connection:
        moved = connection.execute(query, {"org": org_id}).mappings().all()
        outstanding = {row["class"]: int(row["tokens"]) for row in connection.execute(left, {"org": org_id}).mappings()}
    flows: dict[str, dict[str, int]] = {name: {} for name in outstanding}
    for row in moved:
        flows.setdefault(row["class"], {})[row["kind"]] = int(row["tokens"])
    return [
        {"class": name, "by_kind": kinds, "sum": sum(kinds.values()), "outstanding": outstanding.get(name, 0)}
        for name, kinds in sorted(flows.items())
    ]
