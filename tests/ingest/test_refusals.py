from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from creditbook.domain.errors import Conflict
from creditbook.ingest.formats import Format
from creditbook.ingest.refusals import RefusedFile, refused_path
from creditbook.ingest.values import RawRow


def test_refused_rows_of_a_csv_keep_their_cells_and_get_line_and_reason(tmp_path: Path) -> None:
    path = refused_path(tmp_path / "usage.csv.gz", "7", Format.CSV)
    assert path == tmp_path / "usage.refused-7.csv"
    refused = RefusedFile(path, ("a", "b"))
    refused.add(RawRow(3, {"a": "x,y", "b": "2"}), "No account.")
    refused.add(RawRow(4, {}, "Too short.", "x"), "Too short.")
    assert refused.publish(keep=True) == path
    with path.open(newline="") as file:
        assert list(csv.DictReader(file)) == [
            {"a": "x,y", "b": "2", "refused_line": "3", "refused_reason": "No account.", "refused_text": ""},
            {"a": "", "b": "", "refused_line": "4", "refused_reason": "Too short.", "refused_text": "x"},
        ]


def test_other_formats_are_refused_as_json_lines_that_can_be_imported_again(tmp_path: Path) -> None:
    path = refused_path(tmp_path / "usage.parquet", "7", Format.PARQUET)
    refused = RefusedFile(path, ("a",))
    refused.add(RawRow(3, {"a": {"b": 1}}), "No account.")
    refused.publish(keep=True)
    assert json.loads(path.read_text()) == {"a": {"b": 1}, "refused_line": 3, "refused_reason": "No account."}


def test_nothing_has_the_name_of_the_file_before_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.refused-1.jsonl"
    refused = RefusedFile(path, None)
    refused.add(RawRow(1, {"a": 1}), "No.")
    refused.sync()
    assert not path.exists()
    refused.publish(keep=False)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_file_goes_on_where_the_import_had_recorded_it(tmp_path: Path) -> None:
    path = tmp_path / "a.refused-1.csv"
    refused = RefusedFile(path, ("a",))
    refused.add(RawRow(1, {"a": "1"}), "One.")
    recorded = refused.sync()
    refused.add(RawRow(2, {"a": "2"}), "Written, but not recorded.")
    refused.close()
    assert RefusedFile.holds(path, recorded)
    again = RefusedFile(path, ("a",), recorded)
    again.add(RawRow(2, {"a": "2"}), "Two.")
    again.publish(keep=True)
    with path.open(newline="") as file:
        assert [row["refused_reason"] for row in csv.DictReader(file)] == ["One.", "Two."]


def test_two_imports_of_one_file_at_once_are_one_too_many(tmp_path: Path) -> None:
    first = RefusedFile(tmp_path / "a.refused-1.jsonl", None)
    with pytest.raises(Conflict, match="another process"):
        RefusedFile(tmp_path / "a.refused-1.jsonl", None)
    first.close()
    RefusedFile(tmp_path / "a.refused-1.jsonl", None).close()
