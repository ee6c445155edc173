"""Opening balances: a file of accounts and tokens becomes grants, once, with every bad row told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.ledgers import MovedClock, a_ledger

from creditbook import Ledger
from creditbook.ingest.balances import BalancesRequest, BalancesResult, import_balances
from creditbook.ingest.values import BadMapping
from creditbook.reports.proof import prove


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with a_ledger(database_url, MovedClock()) as opened:
        yield opened


def _bring_in(ledger: Ledger, folder: Path, text: str, **terms: object) -> BalancesResult:
    file = folder / "old_balances.csv"
    file.write_text(text, encoding="utf-8")
    asked = {"create_accounts": True, **terms}
    return import_balances(ledger, BalancesRequest(path=file, org="acme", **asked))  # type: ignore[arg-type]


def test_each_row_is_a_grant_with_its_own_wallet_class_and_last_day(ledger: Ledger, tmp_path: Path) -> None:
    text = "account,tokens,wallet,class,expires_at\nasha,500,premium,purchased,\nacme/ravi,20,,,2026-03-31\n"
    result = _bring_in(ledger, tmp_path, text)
    assert (result.imported, result.refused, result.tokens, result.accounts_created) == (2, 0, 520, 2)
    asha = ledger.balance("acme/asha")
    assert [(wallet.type, wallet.available) for wallet in asha.wallets] == [("PREMIUM", 500)]
    # The last day is Kolkata's: it ends when the first of April begins there.
    ends = datetime(2026, 3, 31, 18, 30, tzinfo=UTC)
    assert ledger.balance("acme/ravi", at=ends.replace(minute=29)).available == 20
    assert ledger.balance("acme/ravi", at=ends).available == 0
    assert all(proof.whole for proof in prove(ledger.core.store))


def test_the_same_file_again_gives_nothing_and_a_grown_one_only_what_is_new(ledger: Ledger, tmp_path: Path) -> None:
    text = "account,tokens\nasha,500\nasha,500\n"
    assert _bring_in(ledger, tmp_path, text).tokens == 1_000
    again = _bring_in(ledger, tmp_path, text + "asha,500\n")
    assert (again.imported, again.replayed) == (1, 2)
    assert ledger.balance("acme/asha").available == 1_500


def test_a_bad_row_is_kept_with_its_reason_and_the_others_go_in(ledger: Ledger, tmp_path: Path) -> None:
    bad = "asha,ten,\n,5,\nravi,0,\nmeera,5,soon\nother/asha,5,\nkiran,7,2026-01-01\n"
    text = f"account,tokens,expires_at\n{bad}lila,9,\n"
    result = _bring_in(ledger, tmp_path, text)
    assert (result.rows, result.imported, result.refused, result.tokens) == (7, 1, 6, 9)
    assert result.refused_path is not None
    kept = Path(result.refused_path).read_text(encoding="utf-8")
    for reason in ("no whole number", "names no account", "nothing to bring in", "is no day", "another organization",
                   "already have expired"):  # fmt: skip
        assert reason in kept


def test_an_account_that_is_not_there_is_refused_unless_it_may_be_opened(ledger: Ledger, tmp_path: Path) -> None:
    result = _bring_in(ledger, tmp_path, "account,tokens\nasha,5\n", create_accounts=False)
    assert result.refused == 1
    assert "--create-accounts" in next(iter(result.reasons))


def test_a_dry_run_counts_and_books_nothing(ledger: Ledger, tmp_path: Path) -> None:
    result = _bring_in(ledger, tmp_path, "account,tokens\nasha,5\n", dry_run=True)
    assert (result.imported, result.tokens, result.accounts_created) == (1, 5, 1)
    assert _bring_in(ledger, tmp_path, "account,tokens\nasha,5\n").imported == 1


def test_one_id_with_another_amount_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    assert _bring_in(ledger, tmp_path, "id,account,tokens\n7,asha,5\n").imported == 1
    result = _bring_in(ledger, tmp_path, "id,account,tokens\n7,asha,6\n")
    assert result.refused == 1
    assert ledger.balance("acme/asha").available == 5


def test_a_file_without_tokens_says_how_to_name_them(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(BadMapping, match="--map tokens=COLUMN"):
        _bring_in(ledger, tmp_path, "account,credits\nasha,5\n")
    assert _bring_in(ledger, tmp_path, "account,credits\nasha,5\n", by_hand={"tokens": "credits"}).tokens == 5
