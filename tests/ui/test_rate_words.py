"""A frozen exchange rate in words: its date always, its age when it was old."""

from __future__ import annotations

from datetime import date

from creditbook.store.prices import FxRow
from creditbook.ui.money import rate_words

RATE = FxRow(1, date(2026, 10, 30), 94_955_245_256, "ECB")


def test_a_rate_tells_its_age_only_when_it_is_older_than_two_business_days() -> None:
    told = "₹94.9552 for $1, the rate of 30 Oct 2026"
    assert rate_words(RATE, date(2026, 11, 3)) == told
    assert rate_words(RATE, date(2026, 11, 4)) == f"{told}, 3 business days old by then"
