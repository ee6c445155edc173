"""`verify` names the row that somebody edited by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.ledgers import MovedClock, a_ledger
from support.proofs import found_after

from creditbook import Ledger
from creditbook.reports.proof import prove
from creditbook.store.engine import open_store


@pytest.fixture
def books(sqlite_url: str) -> Path:
    """A SQLite file with one of everything: grants, usage, debt, a refund, an open hold, a reset, an audit chain."""
    clock = MovedClock()
    ledger: Ledger = a_ledger(sqlite_url, clock)
    ledger.open_account("acme")
    ledger.open_account("acme/asha", plan="daily", draws_on_pool=True, quota=50)
    ledger.grant("acme", 20, reason="pool")
    usage = ledger.spend("acme/asha", action="work", tokens=12, agent="srs", model="gpt-4o", input_tokens=5)
    ledger.refund("acme/asha", usage.transaction_id, tokens=3, reason="partly wrong")
    with ledger.reserve("acme/asha", action="work", estimate=4) as job:
        job.capture(tokens=40)
    clock.forward(days=1)
    ledger.sweep()
    ledger.hold("acme/asha", action="work", estimate=2)
    clock.forward(days=30)
    ledger.close_month("acme", date(2026, 3, 1), reason="The books")
    clock.forward(minutes=5)
    ledger.hold("acme/asha", action="work", estimate=2)
    ledger.close()
    return Path(sqlite_url.removeprefix("sqlite:///"))


BREAKS = [
    ("UPDATE token_grant SET remaining = remaining - 1 WHERE remaining > held AND remaining > 0", "grant.entries"),
    ("UPDATE token_grant SET held = held - 1 WHERE held > 0", "grant.held"),
    (
        "UPDATE entry SET remaining_after = remaining_after + 1 WHERE txn_id = (SELECT MIN(txn_id) FROM entry)",
        "entry.chain",
    ),
    ("UPDATE entry SET amount = amount - 1 WHERE txn_id = (SELECT MAX(txn_id) FROM entry)", "grant.entries"),
    ("UPDATE ledger_transaction SET tokens = tokens - 1 WHERE kind = 'usage'", "transaction.entries"),
    ("UPDATE ledger_transaction SET charged = charged + 1 WHERE kind = 'usage'", "transaction.charged"),
    ("UPDATE ledger_transaction SET charged = 500 WHERE kind = 'refund'", "refund.bounds"),
    ("UPDATE debt SET owed = owed + 0, incurred = incurred + 1", "debt.entries"),
    ("UPDATE quota_use SET charged = charged + 1", "quota.use"),
    ("UPDATE usage_account_day SET charged = charged + 1", "rollup.usage_account_day"),
    ("DELETE FROM usage_org_day", "rollup.usage_org_day"),
    ("UPDATE usage_org_hour SET requests = requests + 1", "rollup.usage_org_hour"),
    ("UPDATE usage_month_account SET cost_usd_nanos = cost_usd_nanos + 1", "rollup.usage_month_account"),
    ("UPDATE books_day SET tokens_out = tokens_out + 1", "rollup.books_day"),
    ("UPDATE entry SET deferred_minor = 1", "entry.deferred"),
    ("UPDATE entry SET account_id = (SELECT MIN(account_id) FROM account) WHERE amount < 0", "entry.owner"),
    ("UPDATE audit SET reason = 'because' WHERE audit_id = (SELECT MIN(audit_id) FROM audit)", "audit.chain"),
    ("DELETE FROM ledger_transaction WHERE kind = 'usage'", "pointer."),
    ("UPDATE books_day SET tokens_in = tokens_in + 1 WHERE accounting_date < '2026-04-01'", "month.closed"),
    ("UPDATE usage_org_day SET accounting_date = '2026-04-05'", "month.closed"),
    ("UPDATE period_close SET digest = 'moved'", "month.closed"),
    ("UPDATE period_close SET figures = replace(figures, '\"requests\":', '\"requests\":1')", "month.closed"),
]


def test_books_that_nobody_touched_are_whole(books: Path) -> None:
    (proof,) = prove(open_store(f"sqlite:///{books}"))
    assert proof.whole, [finding for finding in proof.findings if finding.broken]
    assert {row["class"] for row in proof.classes} == {"free", "promotional"}


@pytest.mark.parametrize(("edit", "found_by"), BREAKS, ids=[edit[:40] for edit, _ in BREAKS])
def test_a_row_edited_by_hand_is_named(books: Path, tmp_path: Path, edit: str, found_by: str) -> None:
    broken = found_after(books, tmp_path / "copy.db", edit)
    named = [finding for check, finding in broken.items() if check.startswith(found_by)]
    assert named, sorted(broken)
    assert named[0].examples


def test_the_database_itself_refuses_such_an_edit(books: Path) -> None:
    store = open_store(f"sqlite:///{books}")
    with pytest.raises(sa.exc.DatabaseError), store.write() as connection:
        connection.execute(sa.text("UPDATE entry SET amount = amount - 1"))
    with pytest.raises(sa.exc.DatabaseError), store.write() as connection:
        connection.execute(sa.text("DELETE FROM ledger_transaction"))
    store.close()
