"""How programs 1 and 2 grow, cell by cell: packs, referrals and rewards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from support.scenario import Scenario, running

from creditbook.domain.errors import AlreadyRedeemed

MORNING = datetime(2026, 3, 4, 2, tzinfo=UTC)


@pytest.fixture
def daily(database_url: str) -> Iterator[Scenario]:
    with running(database_url, "daily", at=MORNING) as scenario:
        scenario.open("niran")
        yield scenario


@pytest.fixture
def wallets(database_url: str) -> Iterator[Scenario]:
    with running(database_url, "wallets", at=MORNING) as scenario:
        scenario.open("asha")
        yield scenario


def test_a_pack_of_ten_costs_99_baht_and_never_expires(daily: Scenario) -> None:
    sold = daily.ledger.sell("daily/niran", "ten", payment="transfer 881", reason="bank transfer", actor="somchai")
    assert (sold.status, sold.tokens, sold.price_minor, sold.currency) == ("granted", 10, 9_900, "THB")
    assert daily.left("niran") == 15
    sixty = daily.ledger.sell("daily/niran", "sixty", payment="transfer 882", reason="bank transfer", actor="somchai")
    assert (sixty.tokens, sixty.price_minor, sixty.available) == (60, 49_900, 75)
    daily.clock.forward(days=400)
    assert daily.left("niran") == 75


def test_a_referral_pays_three_tokens_to_both_at_the_friends_first_project_and_only_then(daily: Scenario) -> None:
    daily.open("dara", referred_by="niran")
    daily.ledger.spend("daily/dara", action="chat")
    assert (daily.left("niran"), daily.left("dara")) == (5, 5)
    daily.ledger.spend("daily/dara", action="project_creation")
    assert (daily.left("niran"), daily.left("dara")) == (8, 7)
    daily.ledger.spend("daily/dara", action="project_creation")
    assert (daily.left("niran"), daily.left("dara")) == (8, 6)


def test_a_published_site_is_rewarded_with_two_tokens_once(daily: Scenario) -> None:
    receipt = daily.ledger.reward("daily/niran", "published_site", reason="site is live", actor="somchai")
    assert (receipt.kind, receipt.tokens, receipt.available) == ("reward", 2, 7)
    with pytest.raises(AlreadyRedeemed, match="rewarded once"):
        daily.ledger.reward("daily/niran", "published_site", reason="again", actor="somchai")
    assert daily.left("niran") == 7


def test_the_pack_is_ten_premium_tokens_for_thirty_days_at_4_99(wallets: Scenario) -> None:
    sold = wallets.ledger.sell("wallets/asha", "premium", payment="receipt 7", reason="paid in cash", actor="admin")
    assert (sold.tokens, sold.price_minor, sold.currency, sold.available) == (10, 499, "USD", 15)
    wallets.clock.forward(days=29, hours=23)
    assert wallets.left("asha") == 15
    wallets.clock.forward(days=2)
    assert wallets.left("asha") == 5
