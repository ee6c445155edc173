"""The journal's CSV writes amounts in the currency's own units: not every currency has cents."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from creditbook.reports.finance.journal import JournalLine, csv_rows


@pytest.mark.parametrize(("currency", "debit"), [("INR", "12.34"), ("JPY", "1234"), ("KWD", "1.234")])
def test_an_amount_has_the_decimals_of_its_currency(currency: str, debit: str) -> None:
    line = JournalLine(date(2026, 10, 31), "cash", "1000", "Cash", currency, 1_234, 0, "Sales of October 2026")
    (row,) = csv_rows([line])
    assert (row[4], row[5]) == (Decimal(debit), None)
