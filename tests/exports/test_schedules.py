"""Scheduled exports: a file for every stretch that is over, caught up after a pause, tried again after a failure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from creditbook import scheduler
from creditbook.access.values import NotAllowed
from creditbook.domain.errors import InvalidRequest, NotFound
from creditbook.exports import periods, schedules, upkeep
from creditbook.installation import Installation
from creditbook.settings import Settings
from creditbook.store import leases


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """An empty folder."""
    folder = tmp_path / "books"
    folder.mkdir()
    return folder


def add(told: Any, folder: Path, **terms: Any) -> int:
    terms = {"what": "usage", "format_": "csv", "each": "month", "reason": "for the books"} | terms
    return schedules.add(told.store, told.who, folder=str(folder), at=told.clock(), **terms)


def run(told: Any) -> tuple[str, ...]:
    return upkeep.keep_up(told.store, told.store, told.clock()).exports


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def acts(told: Any) -> list[tuple[str, str]]:
    with told.store.read(told.who.org_id) as connection:
        rows = connection.exec_driver_sql(
            "SELECT act, reason FROM audit WHERE act >= 'export' AND act < 'exporu' ORDER BY audit_id"
        )
        return [tuple(row) for row in rows]


def test_nothing_is_written_before_the_month_is_over_and_then_once(shop: Any, books: Path) -> None:
    add(shop, books)
    assert run(shop) == ()
    shop.clock.at = datetime(2026, 2, 28, 18, 29, tzinfo=UTC)
    assert run(shop) == ()
    shop.clock.at = datetime(2026, 2, 28, 18, 31, tzinfo=UTC)  # March in Kolkata
    assert len(run(shop)) == 1
    assert run(shop) == ()
    assert names(books) == ["acme-usage-2026-02.csv"]


def test_what_a_pause_missed_is_caught_up(shop: Any, books: Path) -> None:
    add(shop, books, each="day", what="transactions")
    shop.clock.forward(days=3)
    run(shop)
    assert names(books) == [f"acme-transactions-2026-{day}.csv" for day in ("02-26", "02-27", "02-28")]


def test_every_file_and_every_schedule_is_on_record(shop: Any, books: Path) -> None:
    made = add(shop, books, each="day")
    shop.clock.forward(days=1)
    run(shop)
    schedules.end(shop.store, shop.who, made, reason="enough", at=shop.clock())
    said = "Scheduled every day by console"
    assert acts(shop) == [
        ("export.schedule", "for the books"), ("export.usage", said), ("export.unschedule", "enough")
    ]  # fmt: skip


def test_a_schedule_that_was_ended_writes_no_more(shop: Any, books: Path) -> None:
    made = add(shop, books, each="day")
    schedules.end(shop.store, shop.who, made, reason="enough", at=shop.clock())
    shop.clock.forward(days=2)
    assert run(shop) == ()
    assert names(books) == []
    with pytest.raises(NotFound):
        schedules.end(shop.store, shop.who, made, reason="again", at=shop.clock())


def test_a_folder_that_went_away_is_told_and_tried_again_in_an_hour(shop: Any, books: Path) -> None:
    folder = books / "of the year"
    folder.mkdir()
    add(shop, folder, each="day")
    folder.rmdir()
    shop.clock.forward(days=1)
    (failed,) = run(shop)
    assert "failed: There is no folder" in failed
    folder.mkdir()
    shop.clock.forward(minutes=59)
    assert run(shop) == ()
    shop.clock.forward(minutes=2)
    assert "rows" in run(shop)[0]
    assert names(folder) == ["acme-usage-2026-02-26.csv"]


def test_what_cannot_be_is_refused_and_nothing_is_set_up(shop: Any, books: Path) -> None:
    for terms, said in (
        ({"what": "secrets"}, "cannot be exported"),
        ({"what": "focus", "format_": "xlsx"}, "cannot be exported"),
        ({"each": "hour"}, "day, week or month"),
        ({"reason": " "}, "Give a reason"),
    ):
        with pytest.raises(InvalidRequest, match=said):
            add(shop, books, **terms)
    with pytest.raises(InvalidRequest, match="Nothing can be written"):
        add(shop, books / "nowhere")
    with pytest.raises(NotAllowed):
        schedules.every(shop.store, shop.member("asha"))
    assert schedules.every(shop.store, shop.who) == []


def test_weeks_begin_on_monday_and_are_named_by_the_year_that_holds_their_thursday() -> None:
    assert list(periods.finished("week", date(2026, 12, 31), date(2027, 1, 5))) == [
        (date(2026, 12, 28), date(2027, 1, 3))
    ]
    assert periods.name("week", date(2026, 12, 28)) == "2026-W53"
    assert periods.name("month", date(2026, 12, 1)) == "2026-12"


def test_after_a_very_long_pause_only_the_latest_are_made_up_for() -> None:
    found = list(periods.finished("day", date(2025, 1, 1), date(2026, 1, 1)))
    assert (len(found), found[-1]) == (periods.MOST_MISSED, (date(2025, 12, 31), date(2025, 12, 31)))


def test_of_two_processes_one_exports_at_a_time(shop: Any, books: Path) -> None:
    here = Installation(Settings(database_url=shop.store.url), clock=shop.clock)
    add(shop, books, each="day")
    shop.clock.forward(days=1)
    assert leases.take(shop.store, scheduler.EXPORTS, "another", shop.clock(), timedelta(minutes=1))
    assert scheduler.export_once(here, "me") is None
    shop.clock.forward(minutes=2)
    done = scheduler.export_once(here, "me")
    assert done is not None
    assert len(done.exports) == 1
    here.close()
