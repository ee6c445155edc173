"""How available went day by day, found by index probes."""

from datetime import datetime, timedelta
from typing import Any

from support.spent_account import SpentAccount

from creditbook.store import reports_overview
from creditbook.store.engine import Store


def test_each_days_close_equals_the_last_line_before_it(store: Store, rows: SpentAccount, now: datetime) -> None:
    instants = [now - timedelta(days=n, hours=5) for n in range(45, -1, -1)]
    lines: list[dict[str, Any]] = rows.rows["txn"]
    instants = sorted({*instants, *(line["effective_at"] for line in lines[5:9])})  # a line at the instant is after it
    expected = {i: [r["available_after"] for r in lines if r["effective_at"] < i] for i in instants}
    with store.read(1) as connection:
        found = reports_overview.last_before(connection, 1, 100, instants)
    assert [tuple(r) for r in found] == [(i, after[-1]) for i, after in expected.items() if after]
    assert 0 < len(found) < len(instants)


def test_an_account_without_lines_has_no_closes(store: Store, now: datetime) -> None:
    SpentAccount(account_id=5).write(store)
    with store.read(1) as connection:
        assert reports_overview.last_before(connection, 1, 5, [now]) == []
