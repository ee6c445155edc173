"""Which format a file has, by what stands in it rather than by its name."""

from __future__ import annotations

import csv
import gzip
import hashlib
import zlib
from enum import StrEnum
from pathlib import Path

from creditbook.domain.errors import NotFound

from .values import BadMapping

_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
_BOMS = (b"\xff\xfe", b"\xfe\xff")


class Format(StrEnum):
    """What `--format` names; `auto` asks `detect`."""

    AUTO = "auto"
    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


def is_gzip(path: Path) -> bool:
    """Whether the file is compressed, whatever it is called."""
    with path.open("rb") as file:
        return file.read(2) == _GZIP


def detect(path: Path) -> Format:
    """The format of a file. Raises BadMapping where it is none that can be read, NotFound where there is no file."""
    head = _head(path)
    if head.startswith(_PARQUET):
        return Format.PARQUET
    if head.startswith(_BOMS):
        raise BadMapping(f"{path.name} is UTF-16. Save it as UTF-8 first.")
    text = head.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    if text.startswith("{"):
        return Format.JSONL
    if text.startswith("["):
        raise BadMapping(f"{path.name} is one JSON list. Write one object a line (jq -c '.[]').")
    if "\x00" in text:
        raise BadMapping(f"{path.name} is neither CSV, JSON lines nor Parquet. Say which with --format if it is.")
    return Format.CSV


def _head(path: Path) -> bytes:
    if path.is_dir():
        raise NotFound(f"{path} is a folder. Name a file.")
    try:
        with path.open("rb") as file:
            head = file.read(65_536)
        if head.startswith(_GZIP):
            with gzip.open(path, "rb") as unzipped:
                head = unzipped.read(65_536)
    except FileNotFoundError:
        raise NotFound(f"There is no file {path}.") from None
    except (OSError, EOFError, zlib.error) as error:
        raise BadMapping(f"{path.name} can't be read: {error}.") from error
    return head


def delimiter(first_line: str) -> str:
    """What separates the cells of a CSV: the comma, semicolon, tab or bar that its heading has most of."""
    found = max(",;\t|", key=lambda mark: sum(len(row) for row in csv.reader([first_line], delimiter=mark)))
    return found if found in first_line else ","


def fingerprint(path: Path) -> str:
    """SHA-256 of a file's bytes, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
