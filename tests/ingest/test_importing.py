from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from creditbook import Ledger
from creditbook.domain.errors import NotFound
from creditbook.ingest.outcome import ImportResult, Mode, Progress
from creditbook.ingest.values import BadMapping

Book = Callable[..., ImportResult]
AT = "2026-03-02T10:00:00Z"

TRACES = [
    pytest.param("aider_slice.jsonl", {}, 200, 196, 0, 4, id="aider"),
    pytest.param("servegen_slice.csv.gz", {}, 195, 195, 0, 0, id="servegen"),
    pytest.param("azure_slice.csv", {"account": "chat"}, 150, 150, 0, 0, id="azure"),
    pytest.param("provider_usage_slice.jsonl", {"account": "recorded"}, 151, 143, 6, 2, id="provider usage"),
]


@pytest.mark.parametrize(("name", "fixed", "rows", "imported", "replayed", "refused"), TRACES)
def test_a_real_trace_imported_twice_is_booked_once(
    book: Book, usages: Any, slices: Any, name: str, fixed: dict[str, str], rows: int, imported: int, replayed: int,
    refused: int,
) -> None:  # fmt: skip
    first = book(slices(name), fixed=fixed)
    assert (first.rows, first.imported, first.replayed, first.refused) == (rows, imported, replayed, refused)
    booked = usages()
    assert len(booked) == imported
    again = book(slices(name), fixed=fixed)
    assert (again.rows, again.imported, again.replayed, again.refused) == (rows, 0, imported + replayed, refused)
    assert usages() == booked


def test_what_is_booked_adds_up_to_what_the_file_says(book: Book, usages: Any, slices: Any) -> None:
    book(slices("servegen_slice.csv.gz"))
    with gzip.open(slices("servegen_slice.csv.gz"), "rt") as file:
        said = list(csv.DictReader(file))
    booked = usages()
    for column in ("input_tokens", "output_tokens"):
        assert sum(getattr(row, column) for row in booked) == sum(int(row[column]) for row in said)
    first = min(said, key=lambda row: row["timestamp"])
    assert min(row.event_at for row in booked) == datetime.fromisoformat(first["timestamp"])


def test_importing_meters_and_costs_without_touching_balances(
    book: Book, ledger: Ledger, usages: Any, csv_file: Any
) -> None:
    book(csv_file(("asha", AT, "gpt-4o", 1_000), ("asha", AT, "nobodys-model", 10)))
    priced, unpriced = usages()
    assert priced.metered
    assert (priced.charged, priced.cost_usd_nanos, priced.unpriced) == (0, 2_500_000, False)
    assert (unpriced.cost_usd_nanos, unpriced.unpriced) == (None, True)
    assert ledger.balance("acme/asha").posted == 0


def test_a_model_without_a_price_is_counted_where_people_look(book: Book, csv_file: Any) -> None:
    result = book(csv_file(("asha", AT, "gpt-4o", 5), ("asha", AT, "nobodys-model", 10)))
    assert (result.imported, result.unpriced) == (2, 1)


def test_a_file_that_has_grown_adds_only_what_is_new(book: Book, usages: Any, csv_file: Any) -> None:
    rows = [("asha", AT, "gpt-4o", 7), ("asha", AT, "gpt-4o", 7), ("ben", AT, "gpt-4o", 7)]
    assert book(csv_file(*rows)).imported == 3
    grown = book(csv_file(("zoe", AT, "gpt-4o", 1), *rows, ("asha", AT, "gpt-4o", 7)))
    assert (grown.imported, grown.replayed) == (2, 3)
    assert sorted(row.input_tokens for row in usages()) == [1, 7, 7, 7, 7]


def test_the_same_rows_in_another_format_are_the_same_rows(book: Book, csv_file: Any, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    book(csv_file(("asha", AT, "gpt-4o", 7), ("asha", AT, "gpt-4o", 7)))
    row = {"account": "asha", "event_at": datetime(2026, 3, 2, 10, tzinfo=UTC), "model": "gpt-4o", "input_tokens": 7}
    pq.write_table(pa.Table.from_pylist([row, row, row]), tmp_path / "usage.parquet")
    result = book(tmp_path / "usage.parquet")
    assert (result.format, result.imported, result.replayed) == ("parquet", 1, 2)


def test_refused_rows_stand_in_a_file_with_line_and_reason_and_import_once_mended(
    book: Book, usages: Any, csv_file: Any
) -> None:
    result = book(csv_file(("asha", AT, "gpt-4o", 7), ("", AT, "gpt-4o", 8), ("ben", "soon", "gpt-4o", 9)))
    assert (result.imported, result.refused) == (1, 2)
    assert result.refused_path is not None
    refused = Path(result.refused_path)
    with refused.open(newline="") as file:
        told = list(csv.DictReader(file))
    assert [(row["refused_line"], row["input_tokens"]) for row in told] == [("3", "8"), ("4", "9")]
    assert told[0]["refused_reason"] == "The row names no account."
    assert sum(result.reasons.values()) == 2
    refused.write_text(refused.read_text().replace("\n,", "\nzoe,").replace("soon", AT))
    mended = book(refused)
    assert (mended.imported, mended.refused, mended.refused_path) == (2, 0, None)
    assert sorted(row.input_tokens for row in usages()) == [7, 8, 9]


def test_an_unknown_account_is_refused_unless_accounts_may_be_opened(book: Book, csv_file: Any) -> None:
    path = csv_file(("asha", AT, "gpt-4o", 7), ("ben", AT, "gpt-4o", 7))
    closed = book(path, create_accounts=False)
    assert (closed.imported, closed.refused) == (0, 2)
    (reason,) = (one for one in closed.reasons if "acme/asha" in one)
    assert reason.endswith("import with accounts opened that are not there (create_accounts, --create-accounts).")
    opened = book(path)
    assert (opened.imported, opened.accounts_created) == (2, 2)


def test_reasons_that_differ_only_by_a_value_are_counted_as_one(book: Book, csv_file: Any) -> None:
    result = book(csv_file(("asha", "soon", "gpt-4o", 1), ("asha", "later", "gpt-4o", 1), ("asha", AT, "gpt-4o", -5)))
    assert sorted(result.reasons.values()) == [1, 2]
    assert next(reason for reason, count in result.reasons.items() if count == 2).startswith("“soon” is not a time")


def test_one_impossible_row_is_refused_and_stops_no_other(book: Book, csv_file: Any) -> None:
    columns = "account,event_at,model,input_tokens,cached_tokens,cache_write_tokens"
    result = book(
        csv_file(
            ("acme/a/b", AT, "gpt-4o", 9, 0, 0), ("asha", AT, "gpt-4o", 9, 5, 6), ("asha", AT, "gpt-4o", 9, 5, 4),
            columns=columns,
        )
    )  # fmt: skip
    assert (result.imported, result.refused, result.accounts_created) == (1, 2, 1)
    assert any("is no account name" in reason for reason in result.reasons)
    assert any("that must include them" in reason for reason in result.reasons)


def test_an_id_used_with_another_content_is_refused_and_with_the_same_one_replayed(book: Book, csv_file: Any) -> None:
    columns = "account,event_at,id,input_tokens"
    result = book(csv_file(("asha", AT, "r1", 7), ("asha", AT, "r1", 7), ("asha", AT, "r1", 8), columns=columns))
    assert (result.imported, result.replayed, result.refused) == (1, 1, 1)
    assert list(result.reasons) == ["The id r1 is in the ledger already, with another content."]


def test_another_zone_for_the_same_rows_is_refused_instead_of_booking_them_twice(book: Book, csv_file: Any) -> None:
    path = csv_file(("asha", "2026-03-02 10:00", "gpt-4o", 7))
    assert book(path).imported == 1
    moved = book(path, zone="Asia/Kolkata")
    assert (moved.imported, moved.replayed, moved.refused) == (0, 0, 1)
    assert "--tz" in next(iter(moved.reasons))


def test_a_dry_run_refuses_what_the_import_would_refuse(book: Book, csv_file: Any) -> None:
    columns = "account,event_at,id,input_tokens"
    path = csv_file(("asha", AT, "r1", 7), ("asha", AT, "r1", 8), columns=columns)
    dry, real = book(path, dry_run=True), book(path)
    assert (dry.imported, dry.replayed, dry.refused, dry.reasons) == (1, 0, 1, real.reasons)
    local = csv_file(("asha", "2026-03-02 10:00", "gpt-4o", 7), name="local.csv")
    assert book(local).imported == 1
    for terms in ({"zone": "Asia/Kolkata"}, {"mode": Mode.CHARGE}):
        dry = book(local, dry_run=True, **terms)
        assert (dry.imported, dry.replayed, dry.refused) == (0, 0, 1)
        assert "imported in another way" in next(iter(dry.reasons))
    assert book(local, dry_run=True).replayed == 1


def test_a_file_imported_with_another_mapping_says_what_is_booked_a_second_time_before_it_is(
    book: Book, usages: Any, csv_file: Any
) -> None:
    path = csv_file(("asha", AT, 7, "s1"), ("ben", AT, 8, "s2"), columns="account,event_at,input_tokens,session")
    assert (book(path).notes, book(path).notes) == (["2 rows name no model."],) * 2
    otherwise = {"fixed": {"agent": "tutor"}}
    dry = book(path, dry_run=True, **otherwise)
    assert len(usages()) == 2
    assert dry.notes[0].startswith("This file was imported on 20 Nov 2026 with another mapping.")
    assert "2 rows would be imported as new, and those of them booked then would be booked a second" in dry.notes[0]
    named = book(path, dry_run=True, by_hand={"id": "session"})  # ids mapped afterwards know nothing again either
    assert "2 rows would be imported as new" in named.notes[0]
    made = book(path, **otherwise)
    assert "2 rows imported as new, and those of them booked then are booked a second time" in made.notes[0]
    assert len(usages()) == 4
    for again in ({}, otherwise):
        assert (book(path, **again).imported, book(path, **again).notes) == (0, ["2 rows name no model."])


def test_another_mapping_that_only_brings_in_what_was_refused_is_no_second_booking(book: Book, csv_file: Any) -> None:
    path = csv_file(("asha", AT, "gpt-4o", 7), ("", AT, "gpt-4o", 8))
    assert book(path).refused == 1
    rest = book(path, by_hand={"account": "account"}, fixed={"account": "guest"})
    assert (rest.imported, rest.replayed, rest.notes) == (1, 1, [])
    ids = csv_file(("asha", AT, "r1", 7), ("", AT, "r2", 8), name="ids.csv", columns="account,event_at,id,input_tokens")
    book(ids)
    rest = book(ids, by_hand={"account": "account"}, fixed={"account": "guest", "model": "gpt-4o"})
    assert (rest.imported, rest.refused, rest.notes) == (1, 1, [])


def test_times_without_a_zone_follow_the_zone_that_is_named(book: Book, usages: Any, csv_file: Any) -> None:
    book(csv_file(("asha", "2026-03-29 02:30", "gpt-4o", 7)), zone="Europe/Berlin")
    assert usages()[0].event_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_what_daylight_saving_made_odd_is_said(book: Book, csv_file: Any) -> None:
    result = book(csv_file(("asha", "2026-03-29 02:30", "gpt-4o", 7)), zone="Europe/Berlin")
    assert result.notes == ["1 local times were skipped by daylight saving and taken an hour later."]


def test_a_cost_that_the_file_brings_is_kept_as_reported(book: Book, usages: Any, csv_file: Any) -> None:
    result = book(
        csv_file(("asha", AT, "nobodys-model", 7, "0.0421"), columns="account,event_at,model,input_tokens,cost_usd")
    )
    (row,) = usages()
    assert (row.cost_usd_nanos, row.price_version) == (42_100_000, "as reported by usage.csv")
    assert row.cost_inr_nanos is not None
    assert result.unpriced == 0


def test_columns_are_mapped_and_values_set_by_hand(book: Book, usages: Any, csv_file: Any) -> None:
    path = csv_file(("a@x.org", AT, 7), ("", AT, 8), columns="who,event_at,used")
    book(path, by_hand={"account": "who", "input_tokens": "used"}, fixed={"account": "guest", "action": "srs"})
    assert [(row.input_tokens, row.action) for row in usages()] == [(7, "srs"), (8, "srs")]


def test_a_dry_run_tells_what_would_be_and_books_nothing(
    book: Book, ledger: Ledger, usages: Any, csv_file: Any
) -> None:
    path = csv_file(("asha", AT, "gpt-4o", 7), ("ben", AT, "nobodys-model", 7), ("", AT, "gpt-4o", 8))
    dry = book(path, dry_run=True)
    assert (dry.imported, dry.refused, dry.unpriced, dry.accounts_created, dry.import_id) == (2, 1, 1, 2, None)
    assert usages() == []
    with pytest.raises(NotFound):
        ledger.balance("acme/asha")
    book(path)
    assert (book(path, dry_run=True).imported, book(path, dry_run=True).replayed) == (0, 2)


def test_a_pool_may_be_named_by_its_organization(book: Book, ledger: Ledger, usages: Any, csv_file: Any) -> None:
    ledger.open_account("acme")
    assert book(csv_file(("acme", AT, "gpt-4o", 7)), create_accounts=False).imported == 1


def test_a_stopped_import_goes_on_where_it_stopped(book: Book, usages: Any, csv_file: Any) -> None:
    rows = [("asha", AT, "gpt-4o", number) for number in range(1_000)]
    path = csv_file(("", AT, "gpt-4o", 1), *rows, ("", AT, "gpt-4o", 2))
    stopped = book(path, stopped=lambda: True)
    assert stopped.interrupted
    assert (stopped.rows, stopped.imported, stopped.refused, stopped.refused_path) == (400, 399, 1, None)
    rest = book(path)
    assert (rest.resumed_from, rest.rows, rest.imported, rest.replayed, rest.refused) == (400, 1_002, 601, 399, 2)
    assert rest.import_id == stopped.import_id
    assert rest.refused_path is not None
    with Path(rest.refused_path).open(newline="") as file:
        assert [row["refused_line"] for row in csv.DictReader(file)] == ["2", "1003"]
    assert len(usages()) == 1_000


def test_an_import_whose_refused_rows_were_lost_begins_again_and_books_nothing_twice(
    book: Book, usages: Any, csv_file: Any, tmp_path: Path
) -> None:
    path = csv_file(("", AT, "gpt-4o", 1), *(("asha", AT, "gpt-4o", number) for number in range(900)))
    book(path, stopped=lambda: True)
    (partial,) = tmp_path.glob(".*.partial")
    partial.unlink()
    again = book(path)
    assert (again.resumed_from, again.imported, again.replayed, again.refused) == (0, 501, 399, 1)
    assert len(usages()) == 900


def test_progress_tells_bytes_rows_and_refusals(book: Book, csv_file: Any) -> None:
    told: list[Progress] = []
    path = csv_file(*(("asha", AT, "gpt-4o", number) for number in range(500)), ("", AT, "gpt-4o", 1))
    book(path, tell=told.append)
    assert [progress.rows for progress in told] == [400, 501]
    assert told[-1].bytes_read == told[-1].size_bytes == path.stat().st_size
    assert told[-1].refused == 1


@pytest.mark.parametrize(
    ("terms", "says"),
    [
        ({"by_hand": {"model": "llm"}}, "there is no such column"),
        ({"zone": "Mars/Olympus"}, "no time zone"),
        ({"mode": Mode.CHARGE, "create_accounts": False}, "--create-accounts"),
    ],
)
def test_wrong_usage_is_said_before_the_first_row(
    book: Book, usages: Any, csv_file: Any, terms: Any, says: str
) -> None:
    with pytest.raises(BadMapping, match=says):
        book(csv_file(("asha", AT, "gpt-4o", 7)), **terms)
    assert usages() == []


def test_refused_json_keeps_the_row_as_it_was(book: Book, slices: Any) -> None:
    result = book(slices("aider_slice.jsonl"))
    assert result.refused_path is not None
    told = [json.loads(line) for line in Path(result.refused_path).read_text().splitlines()]
    assert [row["user_id"] for row in told] == [None] * 4
    assert told[0]["refused_line"] > 0
