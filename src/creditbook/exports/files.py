"""A file that appears whole or not at all: written under another name beside it, then renamed into place."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from creditbook.domain.errors import Conflict, InvalidRequest

CHUNK = 1 << 20


def check(path: Path, *, overwrite: bool) -> None:
    """Raises InvalidRequest where no file can be written, Conflict where one is and must not be replaced."""
    folder = path.parent
    if not folder.is_dir():
        raise InvalidRequest(f"There is no folder {folder}. Make it first, or name another one.")
    if path.is_dir():
        raise InvalidRequest(f"{path} is a folder. Name the file to be written in it.")
    if not os.access(folder, os.W_OK):
        raise InvalidRequest(
            f"Nothing can be written to {folder}. Choose another folder, or let this user write there."
        )
    if path.exists() and not overwrite:
        raise Conflict(f"{path} is there already. Name another file, or say --overwrite.")


@contextmanager
def appearing(path: Path, *, overwrite: bool = True) -> Iterator[Path]:
    """Gives a name to write under; when the block ends well the file is put in its place at once.

    Whatever ends the block otherwise, an interruption too, leaves nothing of it and the old file as it was.
    """
    check(path, overwrite=overwrite)
    working = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield working
        _on_disk(working)
        working.replace(path)
    finally:
        working.unlink(missing_ok=True)


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
    return found.hexdigest()


def _on_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
