"""Days and periods in any zone (rule 21)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from support.books import day, utc

from creditbook.domain.calendar import add_months, day_of, first_period, local_date, period_holding, start_of_day
from creditbook.domain.errors import InvalidRequest
from creditbook.domain.program import Every


@pytest.mark.parametrize(
    ("zone", "date", "begins"),
    [
        ("UTC", "2026-03-10", utc(2026, 3, 10)),
        ("Asia/Kolkata", "2026-03-10", utc(2026, 3, 9, 18, 30)),
        ("Asia/Kathmandu", "2026-03-10", utc(2026, 3, 9, 18, 15)),
        ("Australia/Lord_Howe", "2026-04-06", utc(2026, 4, 5, 13, 30)),
        ("Europe/Berlin", "2026-03-29", utc(2026, 3, 28, 23)),
        ("Europe/Berlin", "2026-03-30", utc(2026, 3, 29, 22)),
        ("Europe/Berlin", "2026-10-26", utc(2026, 10, 25, 23)),
        # midnight skipped: the day begins after the gap
        ("America/Sao_Paulo", "2018-11-04", utc(2018, 11, 4, 3)),
        ("America/Havana", "2018-03-11", utc(2018, 3, 11, 5)),
        ("Asia/Beirut", "2022-03-27", utc(2022, 3, 26, 22)),
        # midnight twice: the first of the two
        ("America/Havana", "2018-11-04", utc(2018, 11, 4, 4)),
        ("Asia/Amman", "2021-10-29", utc(2021, 10, 28, 21)),
        # a gap with midnight inside it: the day begins where the gap ends
        ("America/Toronto", "1919-03-31", utc(1919, 3, 31, 4, 30)),
        # a date that was skipped begins where the next one does
        ("Pacific/Apia", "2011-12-30", utc(2011, 12, 30, 10)),
        ("Pacific/Apia", "2011-12-31", utc(2011, 12, 30, 10)),
        ("Pacific/Kwajalein", "1993-08-21", utc(1993, 8, 21, 12)),
        # clocks put back over midnight at 00:01: the first of the two days' beginnings
        ("America/St_Johns", "2010-11-07", utc(2010, 11, 7, 2, 30)),
    ],
)
def test_a_day_begins_at_the_first_valid_instant_of_its_date(zone: str, date: str, begins: datetime) -> None:
    assert start_of_day(day(date), zone) == begins


@pytest.mark.parametrize(
    "zone", ["America/Sao_Paulo", "America/Havana", "Europe/Berlin", "Pacific/Apia", "Asia/Tehran"]
)
def test_no_instant_before_a_days_beginning_has_its_date(zone: str) -> None:
    date = day("2010-01-01")
    while date < day("2013-01-01"):
        begins = start_of_day(date, zone)
        assert local_date(begins, zone) >= date
        assert local_date(begins - timedelta(microseconds=1), zone) < date
        date += timedelta(days=1)


def test_a_day_that_began_goes_on_where_clocks_were_put_back_before_its_midnight() -> None:
    again = utc(2010, 11, 7, 2, 45)  # 23:15 on the 6th for the second time
    assert local_date(again, "America/St_Johns") == day("2010-11-06")
    assert day_of(again, "America/St_Johns") == day("2010-11-07")
    assert first_period(Every.DAY, again, "America/St_Johns")[2] == day("2010-11-08")


def test_a_zone_that_is_none_is_told() -> None:
    for zone in ("Asia/Nowhere", "../etc/passwd", ""):
        with pytest.raises(InvalidRequest, match="IANA"):
            local_date(utc(2026, 1, 1), zone)


def test_months_are_clamped_without_drifting() -> None:
    anchor = day("2026-01-31")
    firsts = [add_months(anchor, n).isoformat() for n in range(4)]
    assert firsts == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]
    assert add_months(day("2024-01-31"), 1) == day("2024-02-29")
    assert add_months(day("2025-11-30"), 3) == day("2026-02-28")


@pytest.mark.parametrize(
    ("date", "first", "following"),
    [
        ("2026-02-27", "2026-01-31", "2026-02-28"),
        ("2026-02-28", "2026-02-28", "2026-03-31"),
        ("2026-03-30", "2026-02-28", "2026-03-31"),
        ("2026-03-31", "2026-03-31", "2026-04-30"),
        ("2025-12-31", "2025-12-31", "2026-01-31"),
    ],
)
def test_an_anniversary_month_is_counted_from_its_anchor(date: str, first: str, following: str) -> None:
    assert period_holding(Every.ANNIVERSARY_MONTH, day("2026-01-31"), day(date)) == (day(first), day(following))


def test_calendar_months_begin_on_the_first_whatever_the_anchor() -> None:
    assert period_holding(Every.CALENDAR_MONTH, day("2026-01-17"), day("2026-02-20")) == (
        day("2026-02-01"),
        day("2026-03-01"),
    )


def test_a_first_thirty_day_term_counts_from_the_next_day_unless_it_begins_at_a_days_start() -> None:
    zone = "Asia/Kolkata"
    at_start = start_of_day(day("2026-03-10"), zone)
    assert first_period(Every.DAYS_30, at_start, zone)[2] == day("2026-04-09")
    assert first_period(Every.DAYS_30, at_start + timedelta(microseconds=1), zone)[2] == day("2026-04-10")


def test_thirty_day_terms_tile_the_calendar() -> None:
    assert period_holding(Every.DAYS_30, day("2026-03-10"), day("2026-04-08")) == (day("2026-03-10"), day("2026-04-09"))
    assert period_holding(Every.DAYS_30, day("2026-03-10"), day("2026-04-09")) == (day("2026-04-09"), day("2026-05-09"))
