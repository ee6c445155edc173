"""A ledger on both databases whose clock stands after every trace, and files to import into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from support.ledgers import MovedClock, a_ledger

from creditbook import Ledger
from creditbook.ingest.outcome import ImportRequest, ImportResult
from creditbook.ingest.usage import import_usage
from creditbook.store.tables.ledger import ledger_transaction

DATA = Path(__file__).parents[1] / "data"
AFTER = datetime(2026, 11, 20, 12, tzinfo=UTC)

Book = Callable[..., ImportResult]


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    """A ledger with the organization `acme` and no accounts."""
    opened = a_ledger(database_url, MovedClock(AFTER))
    yield opened
    opened.close()


@pytest.fixture
def book(ledger: Ledger) -> Book:
    """Imports a file into acme, opening accounts; `tell`, `stopped` and every field of the request may be named."""

    def imported(path: Path, *, tell: Any = None, stopped: Any = None, **terms: Any) -> ImportResult:
        request = ImportRequest(**{"path": path, "org": "acme", "create_accounts": True, **terms})
        more = {name: given for name, given in (("tell", tell), ("stopped", stopped)) if given is not None}
        return import_usage(ledger, request, **more)

    return imported


@pytest.fixture
def usages(ledger: Ledger) -> Callable[[], list[Any]]:
    """Every usage transaction of acme, in the order in which it was booked."""

    def rows() -> list[Any]:
        store = ledger.core.store
        org_id = ledger.core.organization("acme").org_id
        wanted = sa.select(ledger_transaction).where(
            ledger_transaction.c.org_id == org_id, ledger_transaction.c.kind == "usage"
        )
        with store.read(org_id) as connection:
            return list(connection.execute(wanted.order_by(ledger_transaction.c.txn_id)))

    return rows


@pytest.fixture
def slices(tmp_path: Path) -> Callable[[str], Path]:
    """A slice of a real trace, copied to where its refused rows may be written."""

    def copied(name: str) -> Path:
        path = tmp_path / name
        path.write_bytes((DATA / name).read_bytes())
        return path

    return copied


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a CSV of usage: (account, time, model, input tokens), and more columns by name."""

    def written(*rows: tuple[Any, ...], name: str = "usage.csv", columns: str = "account,event_at,model,input_tokens") -> Path:  # fmt: skip # noqa: E501
        path = tmp_path / name
        path.write_text("\n".join([columns, *(",".join(map(str, row)) for row in rows)]) + "\n")
        return path

    return written
