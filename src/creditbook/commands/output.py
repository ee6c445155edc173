"""How every command speaks: sentences and tables for people, one JSON object with `--json`, errors as sentences."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

Said = str | Table
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of sentences.")]

EXIT_REFUSED = 1
EXIT_USAGE = 2


def plain(value: object) -> Any:
    """A value as JSON can hold it: instants in ISO 8601 with Z, sets sorted, dataclasses as objects."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]
    return value


def answer(result: object, sentence: Said | Sequence[Said], *, as_json: bool) -> None:
    """Prints the one answer of a command: `result` with `--json`, else the sentences and tables for people."""
    if as_json:
        typer.echo(json.dumps(plain(result), ensure_ascii=False))
        return
    # Narrower than this a table would break passwords and links into pieces that nobody can copy.
    console = Console(highlight=False, soft_wrap=True, width=max(110, shutil.get_terminal_size().columns))
    parts = [sentence] if isinstance(sentence, str | Table) else sentence
    for part in parts:
        console.print(part, markup=False) if isinstance(part, str) else console.print(part)


def refuse(sentence: str, *, as_json: bool, kind: str = "Refused", **more: object) -> None:
    """Says on standard error why a command did nothing; with `--json` the object goes to standard output."""
    if as_json:
        typer.echo(json.dumps(plain({"error": kind, "detail": sentence, **more}), ensure_ascii=False))
        return
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"[bold red]✗[/] {_escape(sentence)}")


def _escape(text: str) -> str:
    return text.replace("[", "\\[")


def table(*headings: str, right: Sequence[str] = ()) -> Table:
    """A table for a terminal; the headings named in `right` stand over numbers."""
    made = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        made.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    return made


def count(number: int, thing: str) -> str:
    """A number and its noun: 1 organization, 1,200 organizations."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def wants_json(arguments: Sequence[str] | None = None) -> bool:
    """Whether `--json` stands on the command line; for errors raised before a command has read its options."""
    return "--json" in (sys.argv[1:] if arguments is None else arguments)
