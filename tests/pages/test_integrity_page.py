"""Integrity: the invariants of verify on a page, the row that breaks one named, and the proof to keep elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from creditbook.reports import integrity, proof, signing

PAGE = "admin/integrity.py"
Text = Callable[[AppTest], str]


def fay(visit: Any, role: str = "finance") -> Any:
    return visit.principal("fay", role, account=False)


def opened(visit: Any) -> AppTest:
    at: AppTest = visit.open(PAGE, fay(visit))
    assert [title.value for title in at.title] == ["Integrity"]
    assert not at.exception
    return at


def edit(visit: Any, sql: str) -> None:
    """By hand, past the triggers that refuse it."""
    with visit.place.store.driver() as connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{trigger}"')
        assert connection.execute(sql).rowcount == 1


def test_whole_books_are_proved_when_the_page_opens(spent: Any, text: Text) -> None:
    at = opened(spent)
    assert "The books are whole" in text(at)
    (proved,) = proof.prove(spent.place.store, "acme")
    held = len(proved.findings)
    assert {m.label: m.value for m in at.metric}["Invariants"] == f"{held} of {held}"
    rows = at.dataframe[-1].value
    assert list(rows["Moved by"][-2:]) == ["Sum", "Outstanding"]
    assert all(rows[name].iloc[-2] == rows[name].iloc[-1] == rows[name][:-2].sum() for name in rows.columns[1:])


def test_a_row_that_was_edited_by_hand_is_named(spent: Any, text: Text) -> None:
    first = "SELECT min(txn_id) FROM ledger_transaction WHERE kind = 'usage'"
    edit(spent, f"UPDATE ledger_transaction SET tokens = tokens - 1 WHERE txn_id = ({first})")
    at = opened(spent)
    assert "The books are broken" in text(at)
    broken = next(frame.value for frame in at.dataframe if "txn_id" in frame.value)
    with spent.place.store.read() as connection:
        edited = connection.exec_driver_sql(first).scalar()
    assert str(edited) in set(broken.txn_id)


def test_what_was_proved_stays_until_it_is_asked_again(spent: Any, text: Text) -> None:
    at = opened(spent)
    edit(
        spent,
        "UPDATE token_grant SET remaining = remaining - 1 WHERE grant_id = (SELECT max(grant_id) FROM entry)",
    )
    assert "The books are whole" in text(at.run())
    at.button(key="prove-books").click().run()
    assert "The books are broken" in text(at)


def test_a_long_history_is_proved_only_when_asked(spent: Any, text: Text, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integrity, "AT_ONCE", 3)
    at = opened(spent)
    assert "Not proved in this session" in text(at)
    at.button(key="prove-books").click().run()
    assert "The books are whole" in text(at)


def test_the_document_says_what_was_proved_of_how_much(spent: Any) -> None:
    heard: list[float] = []
    who = fay(spent)
    done = integrity.proof(spent.place.store, who, spent.clock, lambda share, _name: heard.append(share))
    kept = json.loads(signing.sealed(integrity.document(done, who, "1.0"), None))["document"]
    assert kept["whole"] is True
    assert kept["extent"]["transactions"] == done.extent.transactions > 40
    assert kept["classes"][0]["sum"] == kept["classes"][0]["outstanding"]
    assert [one["name"] for one in kept["invariants"]] == [one.check for one in done.findings]
    assert sum(map(len, done.by_family.values())) == len(done.findings)
    assert integrity.OTHERS not in done.by_family
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_a_signing_key_that_is_missing_is_told_and_the_proof_still_comes(
    spent: Any, text: Text, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDITBOOK_SIGNING_KEY_FILE", str(tmp_path / "none.pem"))
    assert "The proof can't be signed" in text(opened(spent)).replace("\\", "")


def test_the_page_stands_whatever_the_database_does(spent: Any, text: Text) -> None:
    with spent.place.store.write(fay(spent).org_id) as connection:
        connection.exec_driver_sql("ALTER TABLE usage_org_hour RENAME TO gone")
    assert "The books could not be read" in text(opened(spent))
