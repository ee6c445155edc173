"""What a price would change of booked usage, and that correcting it changes just that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from support.ledgers import MovedClock, a_ledger

from creditbook import Ledger
from creditbook.domain.costs import CostCorrection
from creditbook.domain.errors import InvalidRequest
from creditbook.pricing.repricing import EVER, Preview, Proposal, preview, repriced
from creditbook.pricing.setting import PriceTerms, set_price
from creditbook.reports.finance import prices
from creditbook.store.finance import repricing as rows

MARCH = date(2026, 3, 1)
DEAR = PriceTerms(input="2", output="10")


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    opened = a_ledger(database_url, MovedClock())
    for name in ("asha", "ravi"):
        opened.open_account(f"acme/{name}", plan="bare")
    yield opened
    opened.close()


def use(ledger: Ledger, account: str = "asha", model: str = "House-1", at: datetime | None = None, **more: Any) -> int:
    work = {"action": "chat", "model": model, "input_tokens": 1_000, "output_tokens": 100, "event_at": at, **more}
    return ledger.spend(f"acme/{account}", **work).transaction_id


def look(ledger: Ledger, **proposal: Any) -> Preview:
    wanted = Proposal(**{"model": "house-1", "since": MARCH, "terms": DEAR, **proposal})
    return preview(ledger.core.store, ledger.core.pricer, org_id(ledger), wanted)


def org_id(ledger: Ledger) -> int:
    return ledger.core.organization("acme").org_id


def fix(ledger: Ledger, **proposal: Any) -> int:
    wanted = Proposal(**{"model": "house-1", "since": MARCH, "terms": None, **proposal})
    ledger.core.pricer.forget()
    changed = repriced(ledger.core.store, ledger.core.pricer, org_id(ledger), wanted)
    corrections = (CostCorrection(one.txn_id, one.cost) for one in changed if one.changes)
    return ledger.correct_costs("acme", corrections, reason="the price came").corrected


def set_for(ledger: Ledger, terms: PriceTerms | None = DEAR, since: date = MARCH) -> int:
    return set_price(ledger.core.store, "House-1", terms, valid_from=since, org_id=org_id(ledger), source="contract",
                     actor="boss", reason="agreed", at=ledger.core.now())  # fmt: skip


def test_a_price_is_seen_by_whose_cost_it_changes_before_it_is_set(ledger: Ledger) -> None:
    for account in ("asha", "asha", "ravi"):
        use(ledger, account)
    found = look(ledger)
    assert (found.total.requests, found.total.unpriced, found.total.model_tokens) == (3, 3, 3_300)
    assert (found.total.usd_before, found.total.usd_after) == (0, 9_000_000)
    assert found.total.inr_after > 0
    assert {name: line.usd_after for name, line in found.accounts.items()} == {"asha": 6_000_000, "ravi": 3_000_000}
    assert list(found.months) == [MARCH]
    assert fix(ledger) == 0, "nothing was set, so nothing changes"


def test_what_was_seen_is_what_is_booked_and_a_second_time_nothing(ledger: Ledger) -> None:
    for _ in range(3):
        use(ledger)
    foreseen = look(ledger).total
    set_for(ledger)
    assert fix(ledger) == 3
    (line,) = (
        one for one in prices.models_of(ledger.core.store, org_id(ledger), ledger.core.pricer, ledger.core.now())
    )
    assert (line.unpriced, line.cost_usd_nanos, line.cost_inr_nanos) == (0, foreseen.usd_after, foreseen.inr_after)
    assert fix(ledger) == 0
    assert fix(ledger, unpriced_only=False) == 0


def test_only_what_happened_from_the_date_on_is_priced_by_utc(ledger: Ledger) -> None:
    midnight = datetime(2026, 3, 1, tzinfo=UTC)
    use(ledger, at=midnight - timedelta(microseconds=1))  # 05:29 on 1 March in Kolkata
    inside = use(ledger, at=midnight)
    wanted = Proposal(model="house-1", since=MARCH, terms=DEAR)
    found = list(repriced(ledger.core.store, ledger.core.pricer, org_id(ledger), wanted))
    assert [one.txn_id for one in found] == [inside]


def test_a_wrong_price_is_corrected_by_the_right_one(ledger: Ledger) -> None:
    use(ledger)
    set_for(ledger)
    fix(ledger)
    right = PriceTerms(input="1", output="10")
    seen = look(ledger, terms=right, unpriced_only=False).total
    assert (seen.usd_before, seen.usd_after, seen.unpriced) == (3_000_000, 2_000_000, 0)
    set_for(ledger, right)
    assert fix(ledger, unpriced_only=False) == 1
    assert look(ledger, terms=None, unpriced_only=False).same == 1


def test_what_a_provider_reported_keeps_its_cost(ledger: Ledger) -> None:
    use(ledger, cost=ledger.core.pricer.reported("0.5", "the gateway", ledger.core.now()))
    assert look(ledger, unpriced_only=False) == Preview()


def test_a_price_for_output_alone_leaves_input_unpriced_and_says_so(ledger: Ledger) -> None:
    use(ledger)
    found = look(ledger, terms=PriceTerms(output="10"))
    assert (found.total.requests, found.unpriced) == (0, 1)


def test_usage_that_names_no_model_can_be_priced_as_another(ledger: Ledger) -> None:
    use(ledger, model="")
    found = look(ledger, model="", since=EVER, terms=None, assumed="gpt-4o")
    assert found.total.usd_after == 3_500_000
    assert fix(ledger, model="", since=EVER, assumed="gpt-4o") == 1
    assert look(ledger, model="", since=EVER, terms=None, assumed="gpt-4o") == Preview()


def test_a_proposal_that_is_no_price_is_refused(ledger: Ledger) -> None:
    use(ledger)
    with pytest.raises(InvalidRequest, match="at most six decimals"):
        look(ledger, terms=PriceTerms(input="0.0000001"))


def test_steps_leave_nothing_out_and_bring_nothing_twice(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "STEP", 2)
    for n in range(5):
        use(ledger, model="house-1" if n % 2 else "House-1", at=ledger.core.now() - timedelta(hours=n))
    assert look(ledger).total.requests == 5
    set_for(ledger)
    assert fix(ledger) == 5
    assert look(ledger, terms=None, unpriced_only=False).same == 5
