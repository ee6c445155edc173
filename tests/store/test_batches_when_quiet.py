"""What costs nothing when it is not wanted, and who is left alone when nothing is due, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from support.batching import ASHA, ORG, START, Desk, spend

from creditbook.domain.operations import Spend
from creditbook.store import directory
from creditbook.store.batch_sqlite import SqliteBatches
from creditbook.store.pipe import Pipe
from creditbook.store.tables import ledger

BELA = ASHA + 1


def test_who_has_something_to_settle_is_told_by_her_term_her_grace_and_a_new_version_too(desk: Desk, asha: int) -> None:
    desk.open("bela", BELA)
    soon = START + timedelta(hours=1)

    def due(**columns: Any) -> list[int]:
        quiet = {"term_ends_at": None, "term_first": None, "term_next": None, "grace_ends_at": None, "unpaid": False}
        with desk.store.write(ORG) as connection:
            connection.execute(sa.update(ledger.wallet).values(period_ends_at=None, expires_at=None))
            connection.execute(sa.update(ledger.token_grant).values(expires_at=None))
            mine = sa.update(ledger.account).where(ledger.account.c.account_id == BELA)
            connection.execute(mine.values(quiet | {"program_id": 1} | columns))
        return [ref.account_id for ref in directory.families(desk.store, ORG, due_by=soon)]

    days = {"term_first": START.date(), "term_next": START.date()}
    assert due() == []
    assert due(term_ends_at=soon, **days) == [BELA]
    assert due(term_ends_at=soon + timedelta(microseconds=1), **days) == []
    assert due(grace_ends_at=soon, unpaid=True) == [BELA]
    assert due(grace_ends_at=soon + timedelta(microseconds=1), unpaid=True) == []
    assert due(program_id=900) == [BELA]
    assert due(program_id=900, term_ends_at=soon + timedelta(days=9), **days) == []
    assert due(program_id=900, plan="") == []


def test_a_wallet_is_due_when_its_period_ends_unless_it_ends_itself_by_then(desk: Desk, asha: int) -> None:
    soon = START + timedelta(hours=1)

    def due(**columns: Any) -> list[int]:
        with desk.store.write(ORG) as connection:
            connection.execute(sa.update(ledger.token_grant).values(expires_at=None))
            connection.execute(sa.update(ledger.wallet).values(columns))
        return [ref.account_id for ref in directory.families(desk.store, ORG, due_by=soon)]

    assert due(period_ends_at=soon, expires_at=None) == [ASHA]
    assert due(period_ends_at=soon, expires_at=soon + timedelta(days=9)) == [ASHA]
    assert due(period_ends_at=soon, expires_at=soon) == []
    assert due(period_ends_at=soon + timedelta(microseconds=1), expires_at=None) == []


def said_by(desk: Desk, monkeypatch: pytest.MonkeyPatch, operation: Spend) -> list[str]:
    """Every statement of one batch, on either database."""
    said: list[str] = []
    if isinstance(desk.batches, SqliteBatches):
        connection = desk.batches._kept.driver_connection
        connection.set_trace_callback(said.append)
        desk.run(operation)
        connection.set_trace_callback(None)
        return [sql for sql in said if not sql.startswith("--")]
    send = Pipe.send

    def heard(pipe: Pipe, sql: str, values: Any = ()) -> Any:
        said.append(sql)
        return send(pipe, sql, values)

    with monkeypatch.context() as patched:
        patched.setattr(Pipe, "send", heard)
        desk.run(operation)
    # What the desk reads afterwards, to compare, is no part of the batch.
    return said[: said.index("COMMIT") + 1]


def test_an_ordinary_spend_asks_and_writes_nothing_of_sales(
    desk: Desk, asha: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.run(spend(desk, asha, 1))
    said = said_by(desk, monkeypatch, spend(desk, asha, 1))
    assert any("ledger_transaction" in sql for sql in said)
    tables = (
        "purchase", "promo_code", "redemption", "award", "referral_owed", "plan_event", "program_version",
        "plan_started_at =",
    )  # fmt: skip
    assert [sql for sql in said if any(table in sql for table in tables)] == []
