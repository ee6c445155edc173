"""`creditbook import …`: usage records from files into the ledger."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from creditbook.commands.output import EXIT_REFUSED, EXIT_USAGE, JsonOption, answer, refuse, table
from creditbook.commands.values import CONSOLE
from creditbook.ingest import balances as opening
from creditbook.ingest.formats import Format
from creditbook.ingest.mapping import pairs
from creditbook.ingest.outcome import ImportRequest, ImportResult, Mode, Progress, Stopped, Tell
from creditbook.ingest.usage import import_usage
from creditbook.ingest.values import BadMapping
from creditbook.installation import installation
from creditbook.sources.fields import FIELDS

EXIT_INTERRUPTED = 130

importing = typer.Typer(name="import", help="Bring records in from files.", no_args_is_help=True)


@importing.callback()
def root() -> None:
    """Bring records in from files."""


@importing.command("usage")
def usage(
    file: Annotated[Path, typer.Argument(help="CSV, JSON lines or Parquet; CSV and JSON lines also as .gz.")],
    org: Annotated[str, typer.Option("--org", help="The organization's short name.")],
    kind: Annotated[Format, typer.Option("--format", help="What the file is; told by its content.")] = Format.AUTO,
    by_hand: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=COLUMN", help=f"A field's column (a.b for nested). {', '.join(FIELDS)}."),
    ] = None,
    fixed: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="A field's value; beside --map, for rows without one."),
    ] = None,
    mode: Annotated[
        Mode, typer.Option(help="meter records and costs; charge spends each row as of its own time.")
    ] = Mode.METER,
    zone: Annotated[str, typer.Option("--tz", metavar="ZONE", help="Zone of times without one; else UTC.")] = "",
    create_accounts: Annotated[
        bool, typer.Option("--create-accounts", help="Open accounts that are not there.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check everything, book nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Import usage records. The same file mapped as before imports nothing twice; an interrupted one goes on."""
    here = installation().ready()
    here.organizations(org)
    try:
        request = ImportRequest(
            path=file, org=org, format=kind, by_hand=pairs(by_hand or [], "--map"), fixed=pairs(fixed or [], "--set"),
            mode=mode, zone=zone, create_accounts=create_accounts, dry_run=dry_run,
        )  # fmt: skip
        with stopping() as stopped, _bar(file.name) as tell:
            result = import_usage(here.ledger, request, tell=tell, stopped=stopped)
    except BadMapping as error:
        refuse(str(error), as_json=as_json, kind="BadMapping")
        raise typer.Exit(EXIT_USAGE) from None
    answer(result, _said(result), as_json=as_json)
    if result.interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)
    if result.refused and result.refused == result.rows:
        raise typer.Exit(EXIT_REFUSED)


@importing.command("balances")
def balances(
    file: Annotated[Path, typer.Argument(help="CSV, JSON lines or Parquet with an account and its tokens a row.")],
    org: Annotated[str, typer.Option("--org", help="The organization's short name.")],
    by_hand: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=COLUMN", help=f"A field's column. {', '.join(opening.FIELDS)}."),
    ] = None,
    fixed: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="A field's value for every row.")
    ] = None,
    create_accounts: Annotated[
        bool, typer.Option("--create-accounts", help="Open accounts that are not there.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check everything, book nothing.")] = False,
    reason: Annotated[str, typer.Option(help="Why; it stands in the audit log.")] = opening.LABEL,
    as_json: JsonOption = False,
) -> None:
    """Bring in the balances of an application that moves here. The same file again brings in nothing twice."""
    here = installation().ready()
    here.organizations(org)
    try:
        request = opening.BalancesRequest(
            path=file, org=org, by_hand=pairs(by_hand or [], "--map", opening.FIELDS),
            fixed=pairs(fixed or [], "--set", opening.FIELDS), create_accounts=create_accounts, dry_run=dry_run,
            reason=reason, actor=CONSOLE,
        )  # fmt: skip
        with stopping() as stopped, _bar(file.name) as tell:
            result = opening.import_balances(here.ledger, request, tell=tell, stopped=stopped)
    except BadMapping as error:
        refuse(str(error), as_json=as_json, kind="BadMapping")
        raise typer.Exit(EXIT_USAGE) from None
    answer(result, _told(result), as_json=as_json)
    if result.interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)
    if result.refused and result.refused == result.rows:
        raise typer.Exit(EXIT_REFUSED)


def _told(result: opening.BalancesResult) -> list[str | Table]:
    """The result of an import of balances for people."""
    would = "would be " if result.dry_run else ""
    head = f"{result.rows:,} rows read: {result.imported:,} {would}imported ({result.tokens:,} tokens)"
    rest = f"{result.replayed:,} there before, {result.refused:,} refused, {result.accounts_created:,} accounts"
    said: list[str | Table] = [f"{head}, {rest} {would}opened."]
    if result.interrupted:
        said.append("Stopped in the middle. Run the same command again to go on.")
    said += [f"Refused {n:,}: {reason}" for reason, n in sorted(result.reasons.items(), key=lambda r: -r[1])[:10]]
    if result.refused_path:
        said.append(f"Refused rows with their reasons: {result.refused_path}")
    return said


@contextmanager
def stopping() -> Iterator[Stopped]:
    """Ctrl-C lets the batch under way end; a second one does not wait."""
    asked = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        del number, frame
        if asked:
            raise KeyboardInterrupt
        asked = True
        print("\nStopping after this batch. Run the same command again to go on.", file=sys.stderr)  # noqa: T201

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _bar(name: str) -> Iterator[Tell]:
    """A progress bar on a terminal's standard error; nothing elsewhere."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} rows, {task.fields[pace]:,.0f}/s, {task.fields[refused]:,} refused"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Bar(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(name, total=None, rows=0, pace=0.0, refused=0)

        def tell(progress: Progress) -> None:
            elapsed = bar.tasks[0].elapsed or 0.0
            bar.update(
                task, total=progress.size_bytes, completed=progress.bytes_read, refused=progress.refused,
                description=f"{name}: {progress.doing}", rows=progress.rows,
                pace=progress.rows / elapsed if elapsed else 0.0,
            )  # fmt: skip

        yield tell


def _said(result: ImportResult) -> list[str | Table]:
    """The result for people."""
    would = "would be " if result.dry_run else ""
    head = f"{result.rows:,} rows read from {result.file} in {result.seconds:.1f} s:"
    if result.interrupted:
        head = f"Stopped after {result.rows:,} rows of {result.file}. Run the same command again to go on."
    counts = table("", "rows", right=["rows"])
    for name, count in (
        (f"{would}imported", result.imported),
        (f"{would}replayed (there before)", result.replayed),
        (f"{would}refused", result.refused),
        ("without a known price", result.unpriced),
        (f"accounts {would}opened", result.accounts_created),
    ):
        counts.add_row(name, f"{count:,}")
    said: list[str | Table] = [head, counts, *result.notes]
    if result.resumed_from:
        said.append(f"{result.resumed_from:,} rows were done by the interrupted import before.")
    said += [
        f"Refused {count:,}: {reason}" for reason, count in sorted(result.reasons.items(), key=lambda r: -r[1])[:10]
    ]
    if result.refused_path:
        said.append(f"Refused rows with their reasons: {result.refused_path}")
    return said
