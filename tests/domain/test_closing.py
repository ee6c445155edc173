"""Which months may be closed, and where what comes late is booked (rule 34)."""

from __future__ import annotations

from datetime import date

import pytest
from support.books import day, utc

from creditbook.domain.closing import ClosedMonth, booked_on, check, digest, next_month
from creditbook.domain.context import accounted
from creditbook.domain.errors import Conflict, InvalidRequest

TODAY = day("2026-05-07")


def closed(month: str, mark: int) -> ClosedMonth:
    figures = {"mark": mark}
    return ClosedMonth(day(month), utc(2026, 6, 1), "fiona", "Books", figures, digest(figures))


def may(month: str, through: str | None = None, first: str | None = "2026-03-20") -> date:
    return check(day(month), TODAY, day(through) if through else None, day(first) if first else None)


def test_the_first_month_that_has_anything_is_closed_first_and_then_one_after_the_other() -> None:
    assert may("2026-03-31") == day("2026-03-01")
    assert may("2026-04-10", "2026-03-31") == day("2026-04-01")
    with pytest.raises(InvalidRequest, match="Close March 2026 first"):
        may("2026-04-10")


def test_a_running_month_stays_open_to_its_last_day() -> None:
    with pytest.raises(InvalidRequest, match="May 2026 is not over yet. Close it from 1 June 2026 on"):
        may("2026-05-01", "2026-04-30")
    with pytest.raises(InvalidRequest, match="not over yet"):
        check(day("2026-04-01"), day("2026-04-30"), day("2026-03-31"), None)


def test_a_closed_month_is_not_closed_again() -> None:
    with pytest.raises(Conflict, match="March 2026 is closed already"):
        may("2026-03-15", "2026-03-31")


def test_months_before_the_first_booking_are_not_there_to_be_closed() -> None:
    with pytest.raises(InvalidRequest, match="The first month to close is March 2026"):
        may("2026-02-01")
    with pytest.raises(InvalidRequest, match="Nothing is booked yet"):
        may("2026-02-01", first=None)
    assert next_month(None, None) is None
    assert next_month(day("2026-04-30"), None) == day("2026-05-01")


def test_a_date_in_a_closed_month_books_on_the_first_day_of_the_open_one() -> None:
    assert accounted(day("2026-03-09"), None) == day("2026-03-09")
    assert accounted(day("2026-03-31"), day("2026-03-31")) == day("2026-04-01")
    assert accounted(day("2026-04-01"), day("2026-03-31")) == day("2026-04-01")


def test_what_was_booked_before_a_close_keeps_its_day_and_what_came_after_moves_on() -> None:
    months = [closed("2026-04-01", 200), closed("2026-03-01", 100)]
    assert booked_on(day("2026-03-09"), 99, months) == day("2026-03-09")
    assert booked_on(day("2026-03-09"), 150, months) == day("2026-04-01")
    assert booked_on(day("2026-03-09"), 201, months) == day("2026-05-01")
    assert booked_on(day("2026-06-09"), 201, months) == day("2026-06-09")


def test_a_figure_that_is_moved_no_longer_fits_its_digest() -> None:
    one = closed("2026-03-01", 7)
    assert one.is_sound
    one.figures["mark"] = 8
    assert not one.is_sound
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
