from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from creditbook.domain.errors import NotFound
from creditbook.ingest.formats import Format, detect
from creditbook.ingest.readers import open_reader
from creditbook.ingest.values import BadMapping, RawRow

DATA = Path(__file__).parents[1] / "data"


def rows(path: Path, wanted: Format = Format.AUTO) -> list[RawRow]:
    reader = open_reader(path, wanted)
    try:
        return list(reader.rows())
    finally:
        reader.close()


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "kind", "count"),
    [
        ("aider_slice.jsonl", Format.JSONL, 200),
        ("servegen_slice.csv.gz", Format.CSV, 195),
        ("azure_slice.csv", Format.CSV, 150),
        ("provider_usage_slice.jsonl", Format.JSONL, 151),
    ],
)
def test_the_traces_are_recognised_and_read_whole(name: str, kind: Format, count: int) -> None:
    assert detect(DATA / name) is kind
    read = rows(DATA / name)
    assert len(read) == count
    assert not [row for row in read if row.problem]


def test_a_files_format_is_what_stands_in_it_whatever_its_name(tmp_path: Path) -> None:
    path = written(tmp_path / "usage.txt", gzip.compress(b'\xef\xbb\xbf{"a": 1}\n\n{"a": 2}\n'))
    assert [row.record for row in rows(path)] == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_a_csv_may_use_any_common_separator_quotes_and_a_byte_order_mark(tmp_path: Path, mark: str) -> None:
    path = written(tmp_path / "a.csv", f'\ufeffa{mark}b\r\n"x{mark}\ny"{mark}2\r\n\r\n')
    assert [(row.line, row.record) for row in rows(path)] == [(3, {"a": f"x{mark}\ny", "b": "2"})]


def test_a_row_with_too_few_or_too_many_cells_is_refused_and_the_next_is_read(tmp_path: Path) -> None:
    read = rows(written(tmp_path / "a.csv", "a,b\n1\n1,2,3\n5,6\n"))
    assert [bool(row.problem) for row in read] == [True, True, False]
    assert "1 cells; the heading has 2" in read[0].problem
    assert read[1].text == "1,2,3"
    assert read[2].record == {"a": "5", "b": "6"}


def test_lines_that_are_no_json_objects_are_refused_and_the_next_is_read(tmp_path: Path) -> None:
    read = rows(written(tmp_path / "a.jsonl", '{"a": 1}\n{"a": \n[1]\n' + "[" * 100_000 + '\n{"a": 2}\n'))
    assert [(row.line, bool(row.problem)) for row in read] == [(1, False), (2, True), (3, True), (4, True), (5, False)]


def test_bytes_that_are_no_utf8_survive_to_the_check_of_their_row(tmp_path: Path) -> None:
    read = rows(written(tmp_path / "a.csv", b"a,b\n\xff,1\n"))
    assert read[0].record["a"] == "\udcff"


def test_parquet_is_read_with_its_types_and_nested_columns(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    at = datetime(2026, 3, 2, tzinfo=UTC)
    pq.write_table(pa.table({"at": [at] * 5_000, "usage": [{"input_tokens": 3}] * 5_000}), tmp_path / "a.parquet")
    reader = open_reader(tmp_path / "a.parquet")
    read = list(reader.rows())
    assert (len(read), read[-1].line, reader.position()) == (5_000, 5_000, reader.size)
    assert read[0].record == {"at": at, "usage": {"input_tokens": 3}}
    reader.close()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\n", "empty"),
        (b"a,a\n1,2\n", "more than once"),
        (b'[{"a": 1}]', "one JSON list"),
        ("a,b\n".encode("utf-16"), "UTF-16"),
        (b"\x7fELF\x00\x00", "neither CSV"),
        (b"PAR1 and then nothing", "Parquet"),
        (b"\x1f\x8b but not compressed", "can't be read"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(BadMapping, match=says):
        rows(written(tmp_path / "file", content))


def test_a_compressed_file_that_breaks_off_says_so_after_its_last_whole_row(tmp_path: Path) -> None:
    whole = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(50_000)))
    reader = open_reader(written(tmp_path / "a.csv.gz", whole[: len(whole) // 2]))
    read = []
    with pytest.raises(BadMapping, match="breaks off"):
        read.extend(reader.rows())
    reader.close()
    assert len(read) > 1_000


def test_a_format_that_the_file_plainly_has_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadMapping, match="Leave --format out"):
        open_reader(written(tmp_path / "a.csv", "a,b\n"), Format.PARQUET)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no file"):
        open_reader(tmp_path / "none.csv")
