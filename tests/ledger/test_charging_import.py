"""A charging import decides rows as of their own time, into accounts that it opened itself (rule 27)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.ledgers import MovedClock

from creditbook import InsufficientTokens, InvalidRequest, Ledger, Receipt, Unavailable
from creditbook.reports.proof import prove

IMPORT = 7


def test_history_is_charged_as_of_its_own_time_and_resets_fall_between_its_rows(
    ledger: Ledger, clock: MovedClock
) -> None:
    first = clock.at - timedelta(days=3)
    ledger.open_account("acme/old", plan="daily", opened_at=first, import_id=IMPORT)
    rows = [
        {"account": "acme/old", "action": "work", "tokens": 4, "decided_at": first + timedelta(hours=hours),
         "event_at": first + timedelta(hours=hours), "import_id": IMPORT}
        for hours in (1, 2, 24, 48)
    ]  # fmt: skip
    found = ledger.spend_many(rows)
    assert [type(one) for one in found] == [Receipt, InsufficientTokens, Receipt, Receipt]
    assert isinstance(found[3], Receipt)
    assert found[3].effective_at == first + timedelta(hours=48)
    with pytest.raises(Unavailable):
        ledger.spend("acme/old", action="build")
    assert ledger.sweep("acme").accounts == 0
    ledger.end_import("acme/old", IMPORT)
    assert ledger.balance("acme/old").available == 5
    assert ledger.spend("acme/old", action="build").available == 4
    assert all(proof.whole for proof in prove(ledger.core.store))


def test_a_charging_import_leaves_other_accounts_alone(ledger: Ledger, clock: MovedClock) -> None:
    ledger.grant("acme/asha", 10, reason="welcome")
    row = {"account": "acme/asha", "action": "work", "tokens": 4, "decided_at": clock.at, "import_id": IMPORT}
    (found,) = ledger.spend_many([row])
    assert isinstance(found, InvalidRequest)
    assert ledger.balance("acme/asha").available == 10
