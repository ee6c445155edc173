"""`creditbook promo`: codes made one or many at a time, listed with live counts, disabled and enabled again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.terminal import Run, runner

from creditbook import CodeNotRedeemable
from creditbook.installation import installation


@pytest.fixture
def run(sqlite_url: str, installed_at: Callable[[str], None], capsys: pytest.CaptureFixture[str]) -> Run:
    """Commands on a database in which one organization runs, with one account."""
    installed_at(sqlite_url)
    made = runner(capsys)
    made("org", "create", "acme", "--program", "studio")
    made("account", "create", "acme/asha")
    return made


def create(run: Run, code: str = "OVEN", *more: str, status: int = 0) -> dict[str, object]:
    words = ["promo", "create", code, "--org", "acme", "--tokens", "500", "--reason", "launch", *more]
    return run(*words, status=status)


def test_a_code_is_made_redeemed_and_its_count_moves(run: Run) -> None:
    assert create(run, "OVEN", "--limit", "2", "--plan", "free", "--plan", "pro")["codes"] == ["OVEN"]
    installation().ledger.redeem("acme/asha", "oven")
    listed = {one["code"]: one for one in run("promo", "list", "--org", "acme")["codes"]}
    oven = listed["OVEN"]
    assert (oven["redeemed"], oven["given"], oven["status"], oven["actor"]) == (1, 500, "open", "console")
    assert (oven["terms"]["total_limit"], oven["terms"]["plans"]) == (2, ["free", "pro"])
    assert "WELCOME2024" in listed, "the program's own codes are listed too"


def test_the_terms_are_those_that_were_typed(run: Run) -> None:
    create(run, "FAIR", "--from", "2099-01-01", "--through", "2099-01-31", "--lifetime", "30", "--wallet", "premium",
           "--per-account", "3", "--first-purchase")  # fmt: skip
    (fair,) = [one for one in run("promo", "list", "--org", "acme")["codes"] if one["code"] == "FAIR"]
    terms = fair["terms"]
    assert (terms["valid_from"], terms["valid_through"], terms["lifetime_days"]) == ("2099-01-01", "2099-01-31", 30)
    assert (terms["wallet"], terms["per_account"], terms["first_purchase"]) == ("PREMIUM", 3, True)
    assert fair["status"] == "waiting"


def test_a_batch_is_made_at_once_and_listed_alone(run: Run) -> None:
    made = create(run, "FAIR", "--count", "250", "--limit", "1")
    assert len(set(made["codes"])) == 250  # type: ignore[call-overload]
    listed = run("promo", "list", "--org", "acme", "--batch", "FAIR")["codes"]
    assert {one["code"] for one in listed} == set(made["codes"])  # type: ignore[call-overload]


def test_a_disabled_code_gives_no_more_until_it_is_enabled(run: Run) -> None:
    create(run)
    switch = ("promo", "disable", "oven", "--org", "acme", "--reason", "leaked")
    assert run(*switch)["disabled"] is True
    with pytest.raises(CodeNotRedeemable):
        installation().ledger.redeem("acme/asha", "OVEN")
    assert run(*switch, status=1)["detail"] == "That code is disabled already."
    assert run(*switch, "--enable")["disabled"] is False
    assert installation().ledger.redeem("acme/asha", "OVEN").tokens == 500


def test_what_no_code_can_be_is_refused_in_words_and_makes_nothing(run: Run) -> None:
    before = run("promo", "list", "--org", "acme")["codes"]
    assert "no kind of wallet" in create(run, "OVEN", "--wallet", "GOLD", status=1)["detail"]  # type: ignore[operator]
    assert "no plan" in create(run, "OVEN", "--plan", "gold", status=1)["detail"]  # type: ignore[operator]
    backwards = create(run, "OVEN", "--from", "2099-02-01", "--through", "2099-01-01", status=1)
    assert "lies before" in backwards["detail"]  # type: ignore[operator]
    assert "2026-12-31" in create(run, "OVEN", "--from", "tomorrow", status=2)["usage"]  # type: ignore[operator]
    create(run, "WELCOME2024", status=1)
    assert run("promo", "disable", "NOPE", "--org", "acme", "--reason", "r", status=1)["error"] == "NotFound"
    assert run("promo", "list", "--org", "acme")["codes"] == before
