"""Files of exchange rates in the banks' documented formats. The samples are ours, and so are their figures."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from creditbook.domain.errors import InvalidRequest
from creditbook.pricing.rate_files import RateFile, read_rates

SAMPLES = Path(__file__).parents[1] / "data" / "rates"
WEDNESDAY, THURSDAY, FRIDAY = date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)


def read(name: str, base: str = "USD", quote: str = "INR") -> RateFile:
    with (SAMPLES / name).open(encoding="utf-8-sig", newline="") as lines:
        return read_rates(lines, base, quote)


def test_the_ecbs_history_is_crossed_and_a_day_without_a_rupee_is_left_out() -> None:
    assert read("ecb_hist.csv") == RateFile([(FRIDAY, 95_000_000_000), (WEDNESDAY, 95_000_000_000)])


def test_the_ecbs_file_of_the_day_names_its_month() -> None:
    assert read("ecb_daily.csv") == RateFile([(FRIDAY, 95_000_000_000)])


def test_the_ecbs_data_portal_tells_a_currency_a_row() -> None:
    assert read("ecb_portal.csv") == RateFile([(FRIDAY, 95_000_000_000)])
    with pytest.raises(InvalidRequest, match="no rate of THB"):
        read("ecb_portal.csv", "THB")


def test_the_rbis_archive_has_its_day_first_and_its_rate_as_published() -> None:
    assert read("rbi_archive.csv") == RateFile([(FRIDAY, 95_012_500_000), (THURSDAY, 94_980_000_000)])


def test_the_rbis_yen_is_told_by_the_hundred_and_its_euro_by_name() -> None:
    assert read("rbi_archive.csv", "JPY").rates[0] == (FRIDAY, 557_300_000)
    assert read("rbi_archive.csv", "EUR").rates[0] == (FRIDAY, 104_492_000_000)
    assert read("rbi_archive.csv", "USD", "EUR").rates[0] == (FRIDAY, 909_280_136)


def test_fbils_export_tells_a_pair_a_row() -> None:
    assert read("fbil.csv") == RateFile([(FRIDAY, 95_012_500_000), (THURSDAY, 94_980_000_000)])
    assert read("fbil.csv", "JPY") == RateFile([(FRIDAY, 557_300_000)])


def test_a_currency_that_the_rbi_does_not_tell_is_refused_by_name() -> None:
    with pytest.raises(InvalidRequest, match="no rate of CHF"):
        read("rbi_archive.csv", "CHF")


def test_a_broken_row_of_the_rbi_is_refused_by_its_line_and_the_others_count() -> None:
    lines = ["Date,USD (INR / 1 USD)", "20/11/2026,ninety", "31/11/2026,95", "19/11/2026,94.98"]
    found = read_rates(lines, "USD", "INR")
    assert found.rates == [(THURSDAY, 94_980_000_000)]
    assert [sentence.split(":")[0] for sentence in found.refused] == ["Line 2", "Line 3"]


def test_a_day_whose_order_nobody_told_is_refused() -> None:
    found = read_rates(["date,rate", "03/04/2026,83"], "USD", "INR")
    assert found.rates == []
    assert found.refused == ["Line 2: “03/04/2026” is no date. Write it as 2026-10-30."]
