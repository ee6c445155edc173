"""On SQLite every statement of the write path takes an index that begins with what it asks for."""

from __future__ import annotations

from typing import Any

from support.ledgers import MovedClock, a_ledger

from creditbook.store import batch_sqlite, loading_costs, selects
from creditbook.store.engine import open_store

STATEMENTS = {
    name: text
    for of in (batch_sqlite, selects, loading_costs)
    for name, text in vars(of).items()
    if isinstance(text, str) and text.startswith("SELECT") and "?" in text and "{" not in text
}
WHOLE = "(org_id=?)"
# The accounts of one family, asked for by a sweep of pools; the versions of one program; and no statement by itself.
READ_WHOLE = {"_MEMBERS", "_VERSIONS", "VERSIONS", "ORGANIZATION", "_HOLDS", "KEY"}


def test_no_statement_of_a_spend_reads_all_of_its_organization(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    read_whole = {}
    with store.driver() as connection:
        for name in STATEMENTS.keys() - READ_WHOLE:
            values: tuple[Any, ...] = tuple(range(STATEMENTS[name].count("?")))
            steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {STATEMENTS[name]}", values)]
            if not steps or [step for step in steps if step.startswith("SCAN") or WHOLE in step]:
                read_whole[name] = steps
    store.close()
    assert read_whole == {}


def test_figures_that_somebody_counted_give_way_to_ours_at_the_next_upgrade(sqlite_url: str) -> None:
    with a_ledger(sqlite_url, MovedClock()) as ledger:
        store = ledger.core.store
        with store.driver() as connection:
            connection.execute("ANALYZE")
            counted = connection.execute("SELECT stat FROM sqlite_stat1 WHERE tbl = 'organization'").fetchall()
        store.upgrade()
        with store.driver() as connection:
            told = connection.execute("SELECT stat FROM sqlite_stat1 WHERE tbl = 'organization'").fetchall()
    assert counted != told
    assert ("1000000 1",) in told
