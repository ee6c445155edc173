"""The model's own calendar against dates that anyone can look up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from model.days import begins_a_day, boundary, day_start, first_next_date, local_date, next_date

from creditbook.domain.program import Every


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "zone", "start"),
    [
        ("2026-03-01", "Asia/Bangkok", "2026-02-28T17:00"),
        ("2026-07-01", "Asia/Kathmandu", "2026-06-30T18:15"),
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00"),  # 00:00 is skipped: the day begins at 01:00
        ("2023-04-28", "Africa/Cairo", "2023-04-27T22:00"),  # skipped too
        ("2024-11-03", "America/Havana", "2024-11-03T04:00"),  # midnight comes twice: the first
        ("2010-11-07", "America/St_Johns", "2010-11-07T02:30"),  # fell back a minute past midnight: the first
        ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00"),  # this date never was: the next one's start
        ("2011-12-31", "Pacific/Apia", "2011-12-30T10:00"),
    ],
)
def test_a_day_begins_at_the_first_valid_instant_of_its_date(day: str, zone: str, start: str) -> None:
    assert day_start(date.fromisoformat(day), zone) == utc(start)


def test_anniversaries_of_the_thirty_first_are_clamped_without_drifting() -> None:
    anchor = date(2026, 1, 31)
    days = [anchor]
    for _ in range(5):
        days.append(next_date(Every.ANNIVERSARY_MONTH, anchor, days[-1]))
    assert [d.isoformat()[5:] for d in days] == ["01-31", "02-28", "03-31", "04-30", "05-31", "06-30"]
    assert next_date(Every.ANNIVERSARY_MONTH, date(2024, 2, 29), date(2025, 1, 29)) == date(2025, 2, 28)
    assert next_date(Every.ANNIVERSARY_MONTH, date(2023, 10, 29), date(2024, 1, 29)) == date(2024, 2, 29)


def test_calendar_months_begin_on_the_first_whenever_they_were_joined() -> None:
    assert next_date(Every.CALENDAR_MONTH, date(2026, 1, 31), date(2026, 1, 31)) == date(2026, 2, 1)
    assert next_date(Every.CALENDAR_MONTH, date(2026, 1, 31), date(2026, 2, 1)) == date(2026, 3, 1)


def test_a_first_thirty_day_term_ends_a_date_later_when_it_began_within_a_day() -> None:
    midnight = utc("2026-02-28T17:00")
    assert first_next_date(Every.DAYS_30, midnight, "Asia/Bangkok") == date(2026, 3, 31)
    assert first_next_date(Every.DAYS_30, midnight + timedelta(microseconds=1), "Asia/Bangkok") == date(2026, 4, 1)
    assert next_date(Every.DAYS_30, date(2026, 3, 1), date(2026, 4, 1)) == date(2026, 5, 1)


def test_a_day_that_begins_at_one_oclock_begins_a_day() -> None:
    assert begins_a_day(utc("2018-11-04T03:00"), "America/Sao_Paulo")
    assert not begins_a_day(utc("2018-11-04T04:00"), "America/Sao_Paulo")


def test_a_period_opened_in_a_repeated_hour_ends_after_it_began() -> None:
    again = utc("2010-11-07T02:45")  # 23:15 of the 6th for the second time
    assert local_date(again, "America/St_Johns") == date(2010, 11, 6)
    assert boundary(date(2010, 11, 7), "America/St_Johns", again) == utc("2010-11-07T03:30")
