"""A CSV of whom to give how much: read row by row, every bad row told with its line and what to change."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from creditbook.reports.grants import Receiver

MOST_ROWS = 5_000
MOST_TOKENS = 10**12
TEMPLATE = "account,tokens\r\n"


@dataclass(frozen=True, slots=True)
class Read:
    """What a file says: receivers with whole tokens, and the sentences about rows that can't be used."""

    rows: tuple[tuple[Receiver, int], ...]
    problems: tuple[str, ...]


def read(content: bytes, receivers: Sequence[Receiver], org_slug: str) -> Read:
    """Rows of ``account,tokens``; an account is a user name, `ORG/USERNAME` too. Two rows of one account add up."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Read((), ("This is no UTF-8 text. Save the sheet as “CSV UTF-8” and choose it again.",))
    reader = csv.DictReader(io.StringIO(text, newline=""))
    columns = {(name or "").strip().lower(): name for name in reader.fieldnames or []}
    if not {"account", "tokens"} <= columns.keys():
        return Read((), ("The first line has to name the columns account and tokens.",))
    known = {receiver.name.lower(): receiver for receiver in receivers}
    found: dict[str, int] = {}
    problems: list[str] = []
    for number, row in enumerate(reader, 2):
        if number > MOST_ROWS + 1:
            problems.append(f"Only the first {MOST_ROWS:,} rows are read. Split the file.")
            break
        name = (row[columns["account"]] or "").strip().lower().removeprefix(f"{org_slug}/")
        tokens = _whole((row[columns["tokens"]] or "").strip())
        if name not in known:
            problems.append(f"Line {number}: there is no account “{name}” here.")
        elif tokens is None:
            problems.append(f"Line {number}: tokens have to be a whole number from 1 to {MOST_TOKENS:,}.")
        else:
            found[name] = found.get(name, 0) + tokens
    return Read(tuple((known[name], tokens) for name, tokens in found.items()), tuple(problems))


def _whole(text: str) -> int | None:
    """A positive whole number, thousands' commas and spaces allowed; None for anything else."""
    plain = text.replace(",", "").replace(" ", "").replace("\u00a0", "")
    if not (plain.isascii() and plain.isdecimal()) or len(plain) > 13:
        return None
    return int(plain) if 0 < int(plain) <= MOST_TOKENS else None
