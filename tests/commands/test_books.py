"""Grant, balance, sweep, reset and verify, as a person types them, on both databases."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.terminal import Run, runner

from creditbook.ledger.ledger import open_ledger
from creditbook.programs import load_program


@pytest.fixture
def daily(database_url: str, installed_at: Callable[[str], None]) -> None:
    """A database with one organization and one account in it, which this process's commands work on."""
    with open_ledger(database_url) as ledger:
        ledger.create_organization("daily", load_program("daily"))
        ledger.open_account("daily/asha")
    installed_at(database_url)


@pytest.fixture
def run(daily: None, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


def test_a_grant_moves_the_balance_once_however_often_it_is_repeated(run: Run) -> None:
    before = run("balance", "daily/asha")
    grant = ("grant", "daily/asha", "500", "--reason", "goodwill", "--key", "g-1")
    assert run(*grant)["tokens"] == 500
    assert run(*grant)["replayed"] is True
    after = run("balance", "daily/asha")
    assert after["available"] == before["available"] + 500
    assert {"posted", "held", "blocked", "available", "debt", "from_pool", "wallets", "next_reset"} <= set(after)


def test_a_balance_of_the_past_knows_nothing_of_later_grants(run: Run) -> None:
    then = run("balance", "daily/asha")
    run("grant", "daily/asha", "500", "--reason", "goodwill")
    assert run("balance", "daily/asha", "--at", then["at"])["posted"] == then["posted"]


def test_an_account_that_is_not_there_is_refused_by_name(run: Run) -> None:
    refused = run("balance", "daily/nobody", status=1)
    assert refused["error"] == "NotFound"
    assert "nobody" in refused["detail"]


@pytest.mark.parametrize("at", ["yesterday", "2026-01-01T00:00:00"])
def test_an_instant_without_a_zone_is_bad_usage(run: Run, at: str) -> None:
    assert "zone" in run("balance", "daily/asha", "--at", at, status=2)["usage"]


def test_nothing_is_due_twice(run: Run) -> None:
    run("sweep")
    assert run("reset", "status")["due"] == 0
    assert run("reset", "run")["resets"] == 0
    assert run("reset", "status", "--org", "daily")["organizations"][0]["next_reset"] is not None


def test_whole_books_are_proved_and_every_invariant_is_named(run: Run) -> None:
    run("grant", "daily/asha", "500", "--reason", "goodwill")
    proof = run("verify")
    assert proof["ok"] is True
    assert {"grant.entries", "audit.chain"} <= {one["invariant"] for one in proof["invariants"]}
    assert all(one["broken"] == 0 for one in proof["invariants"])
