"""Exchange rates: which one is in force, and the files they come in."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from runpy import run_path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditbook.domain.errors import InvalidRequest
from creditbook.pricing.fx import FxTable, business_days, is_stale
from creditbook.pricing.rate_files import read_rates
from creditbook.store.prices import FxRow

FRIDAY, SATURDAY, MONDAY = date(2026, 10, 30), date(2026, 10, 31), date(2026, 11, 2)


def row(number: int, day: date, rate_nanos: int = 83_000_000_000) -> FxRow:
    return FxRow(number, day, rate_nanos, "test")


def test_the_last_rate_on_or_before_the_date_is_in_force() -> None:
    table = FxTable([row(1, FRIDAY), row(2, MONDAY)])
    assert [table.on(day) for day in (FRIDAY, SATURDAY, MONDAY)] == [row(1, FRIDAY), row(1, FRIDAY), row(2, MONDAY)]


def test_before_the_first_rate_there_is_none() -> None:
    assert FxTable([row(1, FRIDAY)]).on(FRIDAY - timedelta(days=1)) is None
    assert FxTable([]).on(FRIDAY) is None


def test_of_two_rates_of_a_date_the_one_entered_last_holds() -> None:
    assert FxTable([row(1, FRIDAY, 83), row(7, FRIDAY, 84)]).on(FRIDAY) == row(7, FRIDAY, 84)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9)), max_size=30), st.integers(-1, 70))
def test_lookup_is_what_a_walk_over_all_rows_finds(entered: list[tuple[int, int]], asked: int) -> None:
    rows = [row(number, FRIDAY + timedelta(days=day), rate) for number, (day, rate) in enumerate(entered)]
    rows.sort(key=lambda row: (row.day, row.fx_rate_id))
    wanted = FRIDAY + timedelta(days=asked)
    before = [row for row in rows if row.day <= wanted]
    assert FxTable(rows).on(wanted) == (before[-1] if before else None)


def test_the_ecbs_file_is_crossed_by_way_of_the_euro() -> None:
    lines = ["Date,USD,JPY,INR,", "2026-10-30,1.1172,175.68,106.084,", "2026-10-29,1.113,175.92,N/A,"]
    assert read_rates(lines, "USD", "INR").rates == [(FRIDAY, 94_955_245_256)]
    assert read_rates(lines, "EUR", "INR").rates == [(FRIDAY, 106_084_000_000)]


def test_the_shipped_rates_are_what_their_own_file_reads_as() -> None:
    from creditbook.store.migrations import versions

    with Path(*versions.__path__).joinpath("0002_prices.ecb.csv").open(encoding="utf-8") as lines:
        read = read_rates(lines, "USD", "INR")
    shipped = run_path(str(Path(*versions.__path__) / "0002_prices.py"))["first_rates"]()
    assert read.refused == []
    assert read.rates == [(row["day"], row["rate_nanos"]) for row in shipped]
    assert len(read.rates) > 900


def test_a_plain_file_needs_a_date_and_a_rate() -> None:
    lines = ["\ufeffdate,rate\n", "2026-10-30,83.00\n", "\n", "# a remark\n", "2026-11-02, 83.25\n"]
    read = read_rates(lines, "usd", "inr")
    assert read.rates == [(FRIDAY, 83_000_000_000), (MONDAY, 83_250_000_000)]
    assert read.refused == []


def test_rows_of_other_currencies_are_left_out() -> None:
    lines = ["date,base,quote,rate", "2026-10-30,USD,INR,83", "2026-10-30,USD,THB,33", "2026-10-30,EUR,INR,90"]
    assert read_rates(lines, "USD", "INR").rates == [(FRIDAY, 83_000_000_000)]


def test_a_row_that_says_nothing_is_refused_by_its_line_and_the_others_count() -> None:
    lines = [
        "date,rate",
        "30/10/2026,83",
        "2026-10-30,eighty",
        "2026-10-30,-1",
        "2026-10-30,1.0000000001",
        "2026-11-02,83",
    ]
    read = read_rates(lines, "USD", "INR")
    assert read.rates == [(MONDAY, 83_000_000_000)]
    assert [sentence.split(":")[0] for sentence in read.refused] == ["Line 2", "Line 3", "Line 4", "Line 5"]


def test_a_zero_leg_of_the_ecbs_file_is_refused() -> None:
    assert read_rates(["Date,USD,INR", "2026-10-30,0,90"], "USD", "INR").refused == [
        "Line 2: “90 / 0” is not an amount. Write digits with a point, such as 83.25."
    ]


@pytest.mark.parametrize("lines", [[], ["a,b", "1,2"], ["Date,JPY", "2026-10-30,1"]])
def test_a_file_of_another_kind_is_refused_whole(lines: list[str]) -> None:
    with pytest.raises(InvalidRequest, match="The file"):
        read_rates(lines, "USD", "INR")


def test_a_rate_says_that_it_is_old_after_two_business_days_and_weekends_are_none() -> None:
    wednesday = MONDAY + timedelta(days=2)
    assert [business_days(FRIDAY, FRIDAY + timedelta(days=n)) for n in range(-1, 8)] == [0, 0, 0, 0, 1, 2, 3, 4, 5]
    assert not is_stale(FRIDAY, MONDAY + timedelta(days=1))
    assert is_stale(FRIDAY, wednesday)


@given(st.dates(), st.integers(0, 60))
def test_business_days_are_what_a_walk_over_the_calendar_counts(since: date, days: int) -> None:
    if (date.max - since).days < days:
        return
    walked = sum((since + timedelta(days=n)).weekday() < 5 for n in range(1, days + 1))
    assert business_days(since, since + timedelta(days=days)) == walked
