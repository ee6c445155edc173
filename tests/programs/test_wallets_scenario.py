"""Program 2, several wallets at once, cell by cell: 5 + 10 = 15."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from support.scenario import Scenario, running

from creditbook.access.values import Principal
from creditbook.domain.errors import InsufficientTokens
from creditbook.programs import load_program
from creditbook.reports import figures
from creditbook.reports.history import opened

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
NEXT_MONTH = datetime(2026, 4, 3, 12, tzinfo=UTC)


@pytest.fixture
def wallets(database_url: str) -> Iterator[Scenario]:
    with running(database_url, "wallets", at=NOON) as scenario:
        scenario.open("asha")
        yield scenario


def open_premium(wallets: Scenario, tokens: int = 10) -> int:
    done = wallets.ledger.open_wallet(
        "wallets/asha", "PREMIUM", tokens=tokens, expires_at=NEXT_MONTH, reason="welcome gift", actor="admin"
    )
    assert done.wallet_id is not None
    return done.wallet_id


def test_five_of_standard_and_ten_of_premium_are_fifteen(wallets: Scenario) -> None:
    assert wallets.left("asha") == 5
    premium = open_premium(wallets)
    answer = wallets.ask(figures.wallets_answer, "asha")
    assert answer.balance == 15
    assert (answer.can_create_project, answer.required_tokens) == (True, 1)
    standard, bought = answer.wallets
    assert (standard.wallet_type, standard.balance_tokens, standard.is_active, standard.expires_at) == (
        "STANDARD", 5, True, None,
    )  # fmt: skip
    assert (bought.wallet_id, bought.wallet_type, bought.balance_tokens) == (premium, "PREMIUM", 10)
    assert (bought.is_active, bought.expires_at) == (True, NEXT_MONTH)


def test_a_wallet_that_an_administrator_opens_has_five_tokens_unless_told_otherwise(wallets: Scenario) -> None:
    program = load_program("wallets")
    wallets.ledger.open_wallet("wallets/asha", "BONUS", tokens=program.wallet_tokens, reason="prize", actor="admin")
    assert program.wallet_tokens == 5
    assert wallets.left("asha") == 10


def test_a_reset_touches_standard_wallets_that_are_due_and_nothing_else(wallets: Scenario) -> None:
    premium = open_premium(wallets)
    for _ in range(7):  # what ends first burns first: the five of today, then two of the premium ones
        wallets.ledger.spend("wallets/asha", action="project_creation")
    assert not wallets.ask(figures.reset_answer, "asha").needs_reset
    wallets.at(2026, 3, 5)
    due = wallets.ask(figures.reset_answer, "asha")
    standard = next(w for w in wallets.ask(figures.wallets_answer, "asha").wallets if w.wallet_type == "STANDARD")
    assert (due.needs_reset, due.wallets_due) == (True, (standard.wallet_id,))
    report = wallets.ledger.sweep("wallets")
    assert (report.resets, report.tokens_granted, report.tokens_expired) == (1, 5, 0)
    after = {w.wallet_id: w for w in wallets.ask(figures.wallets_answer, "asha").wallets}
    assert (after[standard.wallet_id].balance_tokens, after[premium].balance_tokens) == (5, 8)
    assert after[standard.wallet_id].last_token_reset == datetime(2026, 3, 5, tzinfo=UTC)
    assert after[premium].last_token_reset is None
    assert not wallets.ask(figures.reset_answer, "asha").needs_reset


def test_a_wallet_that_is_switched_off_is_not_reset_and_counts_for_nothing(wallets: Scenario) -> None:
    premium = open_premium(wallets)
    (standard, _) = wallets.ask(figures.wallets_answer, "asha").wallets
    wallets.ledger.set_wallet_active("wallets/asha", standard.wallet_id, False, reason="abuse", actor="admin")
    answer = wallets.ask(figures.wallets_answer, "asha")
    assert (answer.balance, answer.wallets[0].is_active, answer.wallets[0].balance_tokens) == (10, False, 5)
    wallets.clock.forward(days=1)
    assert wallets.ledger.sweep("wallets").resets == 0
    assert wallets.left("asha") == 10
    assert wallets.ask(figures.wallets_answer, "asha").wallets[1].wallet_id == premium


def test_a_spend_may_prefer_a_wallet_and_falls_through_when_it_is_empty(wallets: Scenario) -> None:
    open_premium(wallets, tokens=1)
    first = wallets.ledger.spend("wallets/asha", action="project_creation", wallet="PREMIUM")
    assert [(line.wallet, line.amount) for line in first.lines] == [("PREMIUM", -1)]
    second = wallets.ledger.spend("wallets/asha", action="project_creation", wallet="PREMIUM")
    assert [(line.wallet, line.amount) for line in second.lines] == [("STANDARD", -1)]
    with pytest.raises(InsufficientTokens):
        wallets.ledger.spend("wallets/asha", action="project_creation", wallet="PREMIUM", only_wallet=True)


def test_each_line_of_the_history_names_its_wallets_and_carries_metadata(wallets: Scenario) -> None:
    open_premium(wallets)
    receipt = wallets.ledger.spend(
        "wallets/asha", action="project_creation", wallet="PREMIUM", metadata={"projectId": "p-17"}
    )
    ref = wallets.ref("asha")
    who = Principal(1, "asha", "Asha", "user", ref.org_id, "wallets", "", "UTC", account_id=ref.account_id)
    found = opened(wallets.ledger.core.store, who, receipt.transaction_id)
    assert found is not None
    assert [(moved.wallet_type, moved.amount, moved.remaining_after) for moved in found.moved] == [("PREMIUM", -1, 9)]
    assert found.metadata == {"projectId": "p-17"}


def test_at_the_end_of_its_day_the_premium_wallet_is_gone_and_said_so(wallets: Scenario) -> None:
    open_premium(wallets)
    wallets.clock.at = NEXT_MONTH - timedelta(seconds=1)
    assert wallets.left("asha") == 15
    wallets.clock.at = NEXT_MONTH
    assert wallets.left("asha") == 5
    wallets.ledger.sweep("wallets")
    assert ("expiry", -10) in wallets.kinds("asha")
