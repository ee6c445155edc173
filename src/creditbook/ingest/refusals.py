"""The file of refused rows: each as it stood in its file, with its line and the reason, so that it can be mended and
imported again. It is written under another name and takes its own only when the import is through."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import BinaryIO

from creditbook.domain.errors import Conflict

from .formats import Format
from .values import RawRow

LINE, REASON, TEXT = "refused_line", "refused_reason", "refused_text"
_SUFFIXES = {".gz", ".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet"}


def refused_path(source: Path, name: str, kind: Format) -> Path:
    """Where the refused rows of a file go: beside it or, where nobody may write there, into the working folder."""
    stem = source
    while stem.suffix.lower() in _SUFFIXES:
        stem = stem.with_suffix("")
    folder = source.parent if os.access(source.parent, os.W_OK) else Path.cwd()
    return (folder / f"{stem.name}.refused-{name}.{'csv' if kind is Format.CSV else 'jsonl'}").absolute()


class RefusedFile:
    """Collects refused rows beside `path` and moves them there in one step. Locked while it is open."""

    def __init__(self, path: Path, columns: tuple[str, ...] | None, kept_bytes: int = 0) -> None:
        """Goes on after the first `kept_bytes` of an interrupted import's rows; 0 begins anew.

        Raises Conflict while another process is importing the same file in the same way.
        """
        self.path = path
        self.added = 0
        self._columns = columns if path.suffix == ".csv" else None
        self._partial = path.with_name(f".{path.name}.partial")
        self._file: BinaryIO = self._partial.open("ab+")
        try:
            _lock(self._file)
            self._file.truncate(kept_bytes)
        except BaseException:
            self._file.close()
            raise
        if self._columns is not None and kept_bytes == 0:
            self._write_cells([*self._columns, LINE, REASON, TEXT])

    @staticmethod
    def holds(path: Path, kept_bytes: int) -> bool:
        """Whether an interrupted import's refused rows are still there to go on with."""
        partial = path.with_name(f".{path.name}.partial")
        return partial.is_file() and partial.stat().st_size >= kept_bytes

    def add(self, raw: RawRow, reason: str) -> None:
        """One more refused row."""
        self.added += 1
        if self._columns is not None:
            cells = [str(raw.record.get(column, "")) for column in self._columns]
            self._write_cells([*cells, str(raw.line), reason, raw.text])
            return
        told: dict[str, object] = {**raw.record, LINE: raw.line, REASON: reason}
        if raw.text:
            told[TEXT] = raw.text
        self._write(json.dumps(told, ensure_ascii=False, default=str) + "\n")

    def sync(self) -> int:
        """Brings everything so far to the disk and returns how many bytes that is."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def publish(self, *, keep: bool) -> Path | None:
        """Closes the file: under its own name when `keep`, else it is removed. Returns the path of what was kept."""
        self.sync()
        if keep:
            self._partial.replace(self.path)
        else:
            self._partial.unlink()
        self._file.close()
        return self.path if keep else None

    def close(self) -> None:
        """Leaves the rows for an import that goes on later."""
        self._file.close()

    def _write_cells(self, cells: list[str]) -> None:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerow(cells)
        self._write(out.getvalue())

    def _write(self, text: str) -> None:
        # What was no UTF-8 in the source goes back as the bytes it was.
        try:
            self._file.write(text.encode("utf-8", errors="surrogateescape"))
        except UnicodeEncodeError:  # half a character, which JSON can write and text can't hold
            self._file.write(text.encode("utf-8", errors="backslashreplace"))


def _lock(file: BinaryIO) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: two imports at once cost time there, but the keys still book each row once
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise Conflict("This file is being imported by another process right now. Wait for it to end.") from None
