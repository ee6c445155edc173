"""Books edited by hand, past everything that refuses it, to see whether `verify` names the row."""

from __future__ import annotations

import shutil
from pathlib import Path

from creditbook.reports.proof import prove
from creditbook.store.checks import Finding
from creditbook.store.engine import open_store


def found_after(books: Path, copy: Path, edit: str) -> dict[str, Finding]:
    """What `verify` finds broken in a copy of a SQLite file after an edit that changed at least one row."""
    shutil.copy(books, copy)
    store = open_store(f"sqlite:///{copy}")
    with store.driver() as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{trigger}"')
        assert connection.execute(edit).rowcount > 0
        connection.execute("PRAGMA foreign_keys = ON")
    (proof,) = prove(store)
    store.close()
    return {finding.check: finding for finding in proof.findings if finding.broken}
