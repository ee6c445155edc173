"""A file is there whole or not at all, whatever ends the writing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from creditbook.domain.errors import Conflict, InvalidRequest
from creditbook.exports import files, writing
from creditbook.exports.tables import Column, Table, whole


def many(stop: BaseException | None, after: int = 12_000) -> Iterator[tuple[Any, ...]]:
    for n in range(after):
        yield ("a", n)
    if stop is not None:
        raise stop


@pytest.mark.parametrize("format_", writing.FORMATS)
@pytest.mark.parametrize("stop", [KeyboardInterrupt(), OSError("the disk is full")], ids=["interrupt", "disk"])
def test_an_interrupted_export_leaves_no_half_file_and_the_old_one_as_it_was(
    tmp_path: Path, format_: str, stop: BaseException
) -> None:
    path = tmp_path / f"out.{format_}"
    path.write_text("as it was")
    table = Table("Many", (Column("what"), whole("n")), many(stop))
    with pytest.raises(type(stop)), files.appearing(path) as working:
        writing.write(table, format_, working)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "as it was"


def test_nothing_stands_under_the_name_before_the_file_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with files.appearing(path) as working:
        working.write_text("half")
        assert not path.exists()
    assert path.read_text() == "half"


def test_progress_is_told_on_the_way_and_at_the_end(tmp_path: Path) -> None:
    told: list[int] = []
    table = Table("Many", (Column("what"), whole("n")), many(None))
    assert writing.write(table, "csv", tmp_path / "out.csv", told.append) == 12_000
    assert told == [5_000, 10_000, 12_000]


def test_a_file_that_is_there_is_replaced_only_when_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.touch()
    with pytest.raises(Conflict, match="--overwrite"):
        files.check(path, overwrite=False)
    files.check(path, overwrite=True)


def test_a_folder_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="There is no folder"):
        files.check(tmp_path / "nowhere" / "out.csv", overwrite=False)
    with pytest.raises(InvalidRequest, match="is a folder"):
        files.check(tmp_path, overwrite=False)


def test_a_million_rows_do_not_fill_the_memory(tmp_path: Path) -> None:
    """Ten times as many rows take no more memory: measured on what Python itself has handed out."""
    import tracemalloc

    def peak(rows: int) -> int:
        tracemalloc.start()
        writing.write(Table("Many", (Column("what"), whole("n")), many(None, rows)), "csv", tmp_path / f"{rows}.csv")
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(100)  # what is imported and cached is not counted twice
    assert peak(40_000) < peak(4_000) + 200_000
