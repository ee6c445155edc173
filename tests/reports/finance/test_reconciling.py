"""A bill against the books: every difference in parts that add up to it, each with what explains it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.ledgers import MovedClock, a_ledger

from creditbook import Ledger
from creditbook.access import Principal
from creditbook.domain.program import Package
from creditbook.ingest.invoices import read_bill
from creditbook.ingest.settlements import read_settlement
from creditbook.reports.finance.reconciling import BillLine, Reconciled, reconcile
from creditbook.reports.finance.settling import Settlement, settle
from creditbook.store.finance import reconciling as rows

SAMPLES = Path(__file__).parents[2] / "data" / "bills"
FIRST, SECOND = date(2026, 11, 1), date(2026, 11, 2)
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
A_CALL = 3_500_000
"""Nano-dollars of 1,000 tokens into and 100 out of gpt-4o."""


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    opened = a_ledger(database_url, MovedClock(NOON + timedelta(days=5)))
    opened.open_account("acme/asha", plan="bare")
    yield opened
    opened.close()


@pytest.fixture
def who(ledger: Ledger) -> Principal:
    org = ledger.core.organization("acme")
    return Principal(1, "lead", "Lead", "finance", org.org_id, "acme", org.name, org.zone)


def use(ledger: Ledger, at: datetime = NOON, model: str = "gpt-4o", **more: Any) -> None:
    ledger.spend("acme/asha", action="chat", model=model, input_tokens=1_000, output_tokens=100, event_at=at, **more)


def held(ledger: Ledger, who: Principal, *lines: BillLine, provider: str = "openai") -> Reconciled:
    found = reconcile(ledger.core.store, who, ledger.core.pricer, lines, provider)
    for row in found.rows:
        assert sum(part.usd_nanos for part in row.parts) == (row.usd_nanos or 0), "parts add up to their difference"
    return found


def why(found: Reconciled) -> list[list[str]]:
    return [[part.why for part in row.parts] for row in found.rows]


def test_a_bill_that_agrees_says_so_under_a_snapshots_name_and_by_utc_day(ledger: Ledger, who: Principal) -> None:
    use(ledger)
    use(ledger, datetime(2026, 11, 1, 23, 59, tzinfo=UTC))  # 2 November in Kolkata
    bill = read_bill((SAMPLES / "openai_usage.csv").read_bytes()).lines[:1]
    found = held(ledger, who, BillLine(FIRST, "gpt-4o-2024-08-06", 2, 2_000, 200, 0, 2 * A_CALL))
    assert why(found) == [["agrees"]]
    assert (found.ours_usd, found.theirs_usd, found.parts) == (2 * A_CALL, 2 * A_CALL, {"agrees": 0})
    assert held(ledger, who, *bill).rows[0].tokens == 1_100


def test_what_more_was_used_is_told_apart_from_another_price(ledger: Ledger, who: Principal) -> None:
    for _ in range(4):
        use(ledger)
    line = BillLine(FIRST, "gpt-4o", 6, 6_000, 600, 0, 6 * 2 * A_CALL)
    found = held(ledger, who, line)
    assert why(found) == [["more used", "other price"]]
    assert found.parts == {"more used": 2 * A_CALL, "other price": 6 * A_CALL}
    assert found.rows[0].parts[0].sentence == "They tell 2,200 more tokens in 2 more requests"
    assert found.rows[0].parts[1].sentence == "Billed at 200.0% of the price that is booked here"


def test_half_the_price_is_known_as_batch(ledger: Ledger, who: Principal) -> None:
    for _ in range(4):
        use(ledger)
    assert why(held(ledger, who, BillLine(FIRST, "gpt-4o", 4, 4_000, 400, 0, 2 * A_CALL))) == [["batch"]]


def test_usage_without_a_price_here_is_named_so(ledger: Ledger, who: Principal) -> None:
    use(ledger, model="house-1")
    line = BillLine(FIRST, "house-1", 1, 1_000, 100, 0, 20_000_000)
    assert why(held(ledger, who, line, provider="")) == [["no price"]]


def test_each_side_may_know_what_the_other_does_not(ledger: Ledger, who: Principal) -> None:
    for _ in range(2):
        use(ledger, NOON + timedelta(days=1))
    found = held(ledger, who, BillLine(FIRST, "gpt-4o-mini", 1, 1_000, 100, 0, 9_000_000))
    assert why(found) == [["not booked"]], "2 November is not in the bill's days"
    found = held(ledger, who, BillLine(FIRST, "gpt-4o-mini", 1, 1_000, 100, 0, 9_000_000),
                 BillLine(SECOND, "gpt-4o-mini", 0, 0, 0, 0, 0))  # fmt: skip
    assert {row.model: row.parts[0].why for row in found.rows if not row.agrees} == {
        "gpt-4o-mini": "not booked", "gpt-4o": "not billed",
    }  # fmt: skip


def test_work_told_on_the_other_side_of_midnight_is_recognized(ledger: Ledger, who: Principal) -> None:
    use(ledger)
    use(ledger)
    use(ledger, NOON + timedelta(days=1))
    found = held(
        ledger, who,
        BillLine(FIRST, "gpt-4o", 1, 1_000, 100, 0, A_CALL), BillLine(SECOND, "gpt-4o", 2, 2_000, 200, 0, 2 * A_CALL),
    )  # fmt: skip
    assert why(found) == [["midnight"], ["midnight"]]
    assert found.parts == {"midnight": 0}


def test_other_providers_models_are_left_out_of_a_providers_bill(ledger: Ledger, who: Principal) -> None:
    use(ledger)
    use(ledger, model="claude-haiku-4-5")
    found = held(ledger, who, BillLine(FIRST, "gpt-4o", 1, 1_000, 100, 0, A_CALL))
    assert [row.model for row in found.rows] == ["gpt-4o"]


def test_anthropics_names_for_people_are_understood(ledger: Ledger, who: Principal) -> None:
    use(ledger, model="claude-haiku-4-5")
    lines = [line for name in ("usage", "costs") for line in
             read_bill((SAMPLES / f"anthropic_{name}.csv").read_bytes()).lines]  # fmt: skip
    (row,) = held(ledger, who, *lines, provider="anthropic").rows
    assert (row.model, row.ours.requests, row.theirs.tokens, row.theirs.usd_nanos) == (
        "claude-haiku-4-5", 1, 1_050, 950_000,
    )  # fmt: skip


def settled(ledger: Ledger, who: Principal, name: str) -> Settlement:
    file = read_settlement((SAMPLES / name).read_bytes())
    return settle(ledger.core.store, who, file.lines, file.provider)


def test_a_settlement_finds_no_purchase_and_names_the_fees(ledger: Ledger, who: Principal) -> None:
    found = settled(ledger, who, "stripe_payouts.csv")
    assert [row.found for row in found.rows] == ["unknown here", "unknown here", "unknown here", "payout"]
    total = found.totals["INR"]
    assert (total.payments, total.refunds, total.fees, total.net) == (199_800, -149_900, 4_716, 45_184)
    assert total.payments + total.refunds + total.disputes + total.other - total.fees == total.net


@pytest.fixture
def shop(database_url: str) -> Iterator[Ledger]:
    pack = Package("pack", "Pack", 1_000, 149_900)
    opened = a_ledger(database_url, MovedClock(NOON), packages={"pack": pack})
    opened.open_account("acme/asha", plan="bare")
    for number in (1, 2, 7):
        bought = opened.open_purchase("acme/asha", "pack", provider="stripe")
        opened.pay_purchase("acme/asha", bought.purchase_id, provider="stripe", payment=f"pi_sample_{number}")
    yield opened
    opened.close()


def test_each_line_of_a_settlement_finds_its_purchase(shop: Ledger) -> None:
    org = shop.core.organization("acme")
    who = Principal(1, "lead", "Lead", "finance", org.org_id, "acme", org.name, org.zone)
    found = settled(shop, who, "stripe_payouts.csv")
    said = {(row.line.line if row.line else 0): (row.found, row.sentence) for row in found.rows}
    assert said[2] == ("agrees", "Agrees")
    assert said[3] == ("other amount", "Settled at another amount than it was sold for")
    assert said[4] == ("other amount", "Given back by the provider, not known here")
    assert said[5] == ("payout", "Paid out to the bank")
    assert said[0][0] == "not settled", "pi_sample_7 was paid in these days and is in no line"
    assert [row.purchase.provider_payment for row in found.rows if row.found == "not settled" and row.purchase] == [
        "pi_sample_7"
    ]
    assert found.totals["INR"].expected == 2 * 149_900
    assert [row.is_fine for row in found.rows] == [False, False, False, True, True]


def test_a_refund_that_is_known_here_agrees(shop: Ledger) -> None:
    org = shop.core.organization("acme")
    who = Principal(1, "lead", "Lead", "finance", org.org_id, "acme", org.name, org.zone)
    with shop.core.store.read(org.org_id) as connection:
        purchase = next(one for one in rows.paid(connection, org.org_id) if one.provider_payment == "pi_sample_1")
    shop.refund_purchase("acme/asha", purchase.purchase_id, reason="asked for")
    found = settled(shop, who, "stripe_payouts.csv")
    assert [row.found for row in found.rows if row.line and row.line.kind == "refund"] == ["refund agrees"]
