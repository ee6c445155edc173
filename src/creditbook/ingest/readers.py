"""Readers: a file as a stream of rows, a few at a time in memory, and how far into its bytes they are.

A row that can't be read is yielded with its problem; a file that can't be read on raises BadMapping.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Protocol, cast

from .formats import Format, delimiter, detect, is_gzip
from .values import BadMapping, RawRow

LONGEST_LINE_BYTES = 16 * 1024 * 1024
"""A line of text beyond this is refused instead of filling the memory."""

PARQUET_ROWS = 2_000


class Reader(Protocol):
    """A file that is being read. `size` and `position()` are in bytes of the file as it lies on disk."""

    format: Format
    size: int
    columns: tuple[str, ...] | None

    def rows(self) -> Iterator[RawRow]:
        """Every row once, in the file's order."""

    def position(self) -> int:
        """How many bytes of the file have been read."""

    def close(self) -> None:
        """Gives the file back."""


def open_reader(path: Path, wanted: Format = Format.AUTO) -> Reader:
    """A reader for the file. ``columns`` are its headings; None for JSON lines, whose keys may differ by row."""
    found = detect(path)
    kind = found if wanted is Format.AUTO else wanted
    if (kind is Format.PARQUET) is not (found is Format.PARQUET):
        raise BadMapping(f"{path.name} does not look like {kind}, but like {found}. Leave --format out.")
    if kind is Format.PARQUET:
        return ParquetReader(path)
    return CsvReader(path) if kind is Format.CSV else JsonLinesReader(path)


class _TextReader:
    """What CSV and JSON lines share: bytes, perhaps compressed, as lines of UTF-8."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._raw: IO[bytes] = path.open("rb")
        self.size = path.stat().st_size
        plain = gzip.GzipFile(fileobj=self._raw) if is_gzip(path) else self._raw
        self._bytes: IO[bytes] = cast("IO[bytes]", plain)

    def position(self) -> int:
        return self._raw.tell()

    def close(self) -> None:
        self._raw.close()

    def _lines(self) -> Iterator[str]:
        """Lines with their ends; bytes that are no UTF-8 become surrogates, which the check of a row finds."""
        try:
            while line := self._bytes.readline(LONGEST_LINE_BYTES):
                yield line.decode("utf-8", errors="surrogateescape")
        except (OSError, EOFError, zlib.error) as error:
            raise BadMapping(
                f"{self._path.name} breaks off: {error}. What was read so far is booked; get the file again."
            ) from error


class JsonLinesReader(_TextReader):
    """One JSON object a line; empty lines are passed over."""

    format = Format.JSONL
    columns: tuple[str, ...] | None = None

    def rows(self) -> Iterator[RawRow]:
        for number, line in enumerate(self._lines(), start=1):
            text = line.strip().lstrip("\ufeff") if number == 1 else line.strip()
            if text:
                yield _object(number, text)


def _object(number: int, text: str) -> RawRow:
    if len(text) >= LONGEST_LINE_BYTES - 4:
        return RawRow(number, {}, "The line is longer than 16 MB.", text[:200])
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return RawRow(number, {}, "The line is no JSON.", text)
    if not isinstance(record, dict):
        return RawRow(number, {}, "The line is JSON, but no object in braces.", text)
    return RawRow(number, record)


class CsvReader(_TextReader):
    """A heading and rows. Comma, semicolon, tab or bar; quotes as in RFC 4180; a byte-order mark is passed over."""

    format = Format.CSV

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            self._begin()
        except BadMapping:
            self.close()
            raise

    def _begin(self) -> None:
        csv.field_size_limit(LONGEST_LINE_BYTES)
        lines = self._lines()
        heading = next(lines, "").lstrip("\ufeff")
        self.delimiter = delimiter(heading)
        self._first, self._rest = heading, lines
        self._rows = csv.reader(self._all_lines(), delimiter=self.delimiter)
        self.columns: tuple[str, ...] | None = self._heading()

    def _all_lines(self) -> Iterator[str]:
        yield self._first
        yield from self._rest

    def _heading(self) -> tuple[str, ...]:
        names = tuple(name.strip() for name in next(self._rows, []))
        if not any(names):
            raise BadMapping(f"{self._path.name} is empty: it has no heading.")
        twice = sorted({name for name in names if name and names.count(name) > 1})
        if twice:
            raise BadMapping(f"{self._path.name} has the heading {', '.join(twice)} more than once. Rename one.")
        return names

    def rows(self) -> Iterator[RawRow]:
        names = self.columns or ()
        while True:
            try:
                cells = next(self._rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield RawRow(self._rows.line_num, {}, f"The row can't be read: {error}.")
                continue
            if cells:
                yield self._row(names, cells)

    def _row(self, names: tuple[str, ...], cells: list[str]) -> RawRow:
        line = self._rows.line_num
        if len(cells) == len(names):
            return RawRow(line, dict(zip(names, cells, strict=True)))
        out = io.StringIO()
        csv.writer(out, delimiter=self.delimiter, lineterminator="").writerow(cells)
        return RawRow(line, {}, f"The row has {len(cells)} cells; the heading has {len(names)}.", out.getvalue())


class ParquetReader:
    """Parquet, a batch of rows at a time; nested columns arrive as objects and lists."""

    format = Format.PARQUET

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        from pyarrow.parquet import ParquetFile

        self._path = path
        self.size = path.stat().st_size
        try:
            self._file: Any = ParquetFile(path, memory_map=True, pre_buffer=False)
        except (pa.ArrowException, OSError) as error:
            raise BadMapping(f"{path.name} can't be read as Parquet: {error}.") from error
        self._total: int = self._file.metadata.num_rows
        self._read = 0
        self.columns: tuple[str, ...] | None = tuple(self._file.schema_arrow.names)

    def rows(self) -> Iterator[RawRow]:
        for batch in self._file.iter_batches(batch_size=PARQUET_ROWS, use_threads=False):
            for record in batch.to_pylist():
                self._read += 1
                yield RawRow(self._read, record)

    def position(self) -> int:
        return self.size * self._read // self._total if self._total else self.size

    def close(self) -> None:
        self._file.close()
