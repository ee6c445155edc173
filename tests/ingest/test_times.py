from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from creditbook.ingest.times import TimeReader
from creditbook.ingest.values import Notes
from creditbook.sources.fields import BadRow

KOLKATA = timezone(timedelta(hours=5, minutes=30))


def read(value: object, zone: str | None = None) -> datetime:
    return TimeReader(ZoneInfo(zone) if zone else None, Notes()).read(value)[0]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2023-11-16 18:15:46.6805900", datetime(2023, 11, 16, 18, 15, 46, 680590, UTC)),
        ("2026-03-02T00:00:00.061Z", datetime(2026, 3, 2, 0, 0, 0, 61_000, UTC)),
        ("2026-03-02T05:30:00+05:30", datetime(2026, 3, 2, tzinfo=UTC)),
        ("2026-03-02 10:00:00 UTC", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("2026/03/02 10:00", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("2026-03-02", datetime(2026, 3, 2, tzinfo=UTC)),
        (1723560043, datetime(2024, 8, 13, 14, 40, 43, tzinfo=UTC)),
        ("1723560043", datetime(2024, 8, 13, 14, 40, 43, tzinfo=UTC)),
        (1723560043.25, datetime(2024, 8, 13, 14, 40, 43, 250_000, UTC)),
        (1723560043250, datetime(2024, 8, 13, 14, 40, 43, 250_000, UTC)),
        (1723560043250123, datetime(2024, 8, 13, 14, 40, 43, 250_123, UTC)),
        ("1723560043250123456", datetime(2024, 8, 13, 14, 40, 43, 250_123, UTC)),
        (datetime(2026, 3, 2, 5, 30, tzinfo=KOLKATA), datetime(2026, 3, 2, tzinfo=UTC)),
        (date(2026, 3, 2), datetime(2026, 3, 2, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_its_tool_wrote_it(written: object, meant: datetime) -> None:
    assert read(written) == meant


@pytest.mark.parametrize("written", ["yesterday", "13/02/2026", "2026-02-30", True, 5, "9" * 40, "1e500", 12, "12:30"])
def test_what_is_no_time_is_refused_with_a_sentence(written: object) -> None:
    with pytest.raises(BadRow, match=r"time"):
        read(written)


def test_a_time_without_a_zone_is_utc_unless_a_zone_is_named() -> None:
    assert read("2026-03-02 05:30:00") == datetime(2026, 3, 2, 5, 30, tzinfo=UTC)
    assert read("2026-03-02 05:30:00", "Asia/Kolkata") == datetime(2026, 3, 2, tzinfo=UTC)
    assert read("2026-03-02 05:30:00Z", "Asia/Kolkata") == datetime(2026, 3, 2, 5, 30, tzinfo=UTC)


def test_an_hour_that_daylight_saving_skips_is_taken_and_counted() -> None:
    notes = Notes()
    reader = TimeReader(ZoneInfo("Europe/Berlin"), notes)
    assert reader.read("2026-03-29 02:30:00")[0] == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert (notes.local_times_skipped_by_dst, notes.local_times_twice_by_dst) == (1, 0)


def test_an_hour_that_comes_twice_is_its_first_and_counted() -> None:
    notes = Notes()
    reader = TimeReader(ZoneInfo("Europe/Berlin"), notes)
    assert reader.read("2026-10-25 02:30:00")[0] == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert reader.read("2026-10-25 12:30:00")[0] == datetime(2026, 10, 25, 11, 30, tzinfo=UTC)
    assert (notes.local_times_skipped_by_dst, notes.local_times_twice_by_dst) == (0, 1)


def test_the_key_text_of_a_time_without_a_zone_is_the_same_under_every_zone() -> None:
    texts = {TimeReader(zone, Notes()).read("2026-03-02 05:30")[1] for zone in (None, ZoneInfo("Asia/Kolkata"))}
    assert texts == {"2026-03-02T05:30:00"}


def test_the_key_text_of_one_instant_is_the_same_however_it_is_written() -> None:
    reader = TimeReader(None, Notes())
    assert reader.read("2026-03-02T05:30:00+05:30")[1] == reader.read(1772409600)[1] == "2026-03-02T00:00:00+00:00"
