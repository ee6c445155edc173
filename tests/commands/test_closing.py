"""`creditbook close`: the checklist first, then a month that never moves again; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from support.ledgers import MovedClock
from support.revenues import SHOP
from support.terminal import Run, runner

from creditbook import open_ledger
from creditbook.cli import main
from creditbook.installation import installation

CLOSE = ("close", "acme", "2026-03", "--reason", "The books of March")


@pytest.fixture
def run(database_url: str, installed_at: Callable[[str], None], capsys: pytest.CaptureFixture[str]) -> Run:
    """Commands in May, on a shop that sold and used something in March."""
    clock = MovedClock(datetime(2026, 3, 5, 6, tzinfo=UTC))
    with open_ledger(database_url, clock=clock) as ledger:
        ledger.create_organization("acme", SHOP, zone="Asia/Kolkata")
        ledger.open_account("acme/asha", plan="bare")
        ledger.sell("acme/asha", "starter", reason="Paid by card", actor="nisha")
        ledger.spend("acme/asha", action="work", tokens=40, model="never-heard-of", input_tokens=5, output_tokens=5)
    installed_at(database_url)
    installation().clock = MovedClock(datetime(2026, 5, 2, 6, tzinfo=UTC))
    return runner(capsys)


def test_a_month_is_proved_and_closed_once_with_what_was_left_as_it_was(run: Run) -> None:
    looked = run("close", "acme", "2026-03", "--dry-run")
    assert (looked["ready"], looked["closed"]) == (True, False)
    done = run(*CLOSE, "--by", "fiona")
    assert (done["month"], done["closed"], done["actor"], done["reason"]) == (
        "2026-03", True, "fiona", "The books of March",
    )  # fmt: skip
    assert {one["name"]: one["state"] for one in done["checklist"]} == {
        "Prices": "look", "Purchases": "fine", "Exchange rates": "fine", "Proof": "fine",
    }  # fmt: skip
    assert done["figures"]["revenue"]["INR"]["packs_sold_minor"] == 8_390  # ₹99 less 18 % of tax in it
    assert "closed already" in run(*CLOSE, status=1)["detail"]
    assert run("close", "acme", "2026-04", "--reason", "The books of April")["month"] == "2026-04"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("acme", "2026-04", "--reason", "r"), "Close March 2026 first"),
        (("acme", "2026-04", "--dry-run"), "Close March 2026 first"),
        (("acme", "2026-05", "--reason", "r"), "not over yet"),
        (("acme", "march", "--reason", "r"), "is no month. Write it as"),
        (("acme", "2026-03"), "Give a --reason"),
        (("nowhere", "2026-03", "--reason", "r"), "no organization “nowhere”"),
    ],
)
def test_what_can_not_be_closed_is_refused_in_a_sentence(run: Run, words: tuple[str, ...], says: str) -> None:
    assert says in run("close", *words, status=1)["detail"]


def test_books_that_do_not_prove_stay_open_and_people_see_the_list(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    here = installation()
    with here.store.write(here.organizations("acme")[0].org_id) as connection:
        connection.execute(sa.text("DELETE FROM books_day"))
    refused = run(*CLOSE, status=1)
    assert (refused["ready"], refused["closed"]) == (False, False)
    with pytest.raises(SystemExit) as ended:
        main(list(CLOSE))
    said = capsys.readouterr().out
    assert ended.value.code == 1
    assert "✗" in said
    assert "March 2026 stays open" in said
    run("rebuild", "rollups")
    assert run(*CLOSE)["closed"] is True
