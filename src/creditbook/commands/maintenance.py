"""`creditbook sweep` and `creditbook reset …`: settle what is due, by hand or from cron."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from creditbook.commands.output import EXIT_REFUSED, JsonOption, Said, answer, table
from creditbook.commands.values import CONSOLE, instant
from creditbook.exports import upkeep
from creditbook.installation import installation
from creditbook.ledger.sweeping import SweepReport
from creditbook.reports.resets import ResetStatus, reset_status

resets = typer.Typer(help="Periodic resets: which are due, and do them.", no_args_is_help=True)

Org = Annotated[str | None, typer.Option("--org", help="Only this organization.")]


def sweep(
    at: Annotated[str | None, typer.Option(help="Settle what was due by then (ISO 8601 with its zone).")] = None,
    org: Org = None,
    as_json: JsonOption = False,
) -> None:
    """Settle everything due: resets, rollovers, expiries, holds. Safe to repeat and to interrupt."""
    _settle(org, None if at is None else instant(at), as_json=as_json)


@resets.command("run")
def run_resets(org: Org = None, as_json: JsonOption = False) -> None:
    """Reset the wallets that are due, with whatever else is due for their accounts."""
    _settle(org, None, as_json=as_json)


@resets.command("status")
def show_status(org: Org = None, as_json: JsonOption = False) -> None:
    """Show which wallets have a reset due and when the next one comes."""
    here = installation().ready()
    found = [reset_status(here.store, one, here.clock()) for one in here.organizations(org)]
    answer({"due": sum(one.due for one in found), "organizations": found}, list(_status(found)), as_json=as_json)


def _settle(org: str | None, at: datetime | None, *, as_json: bool) -> None:
    here = installation().ready()
    if org is not None:
        here.organizations(org)
    with progress(quiet=as_json) as tell:
        report = here.ledger.sweep(org, at=at, actor=CONSOLE, progress=tell)
    upkeep.keep_up(here.store, here.reports, here.clock())
    answer(report, _sentence(report), as_json=as_json)
    if report.failed:
        raise typer.Exit(EXIT_REFUSED)


def _sentence(report: SweepReport) -> str:
    counts = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in asdict(report).items() if number)
    return f"Settled: {counts}." if counts else "Nothing was due."


def _status(found: list[ResetStatus]) -> Iterator[Said]:
    for one in found:
        upcoming = "none" if one.next_reset is None else f"{one.next_reset:%Y-%m-%d %H:%M} UTC"
        yield f"{one.organization}: {one.due:,} due; next reset: {upcoming}"
        if one.wallets:
            listed = table("account", "wallet", "due since (UTC)", "zone")
            for wallet in one.wallets:
                listed.add_row(wallet.account, wallet.wallet, f"{wallet.due_since:%Y-%m-%d %H:%M}", wallet.zone)
            yield listed


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on the terminal for what takes long; nothing in a pipe, in a log, or beside JSON."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn("Settling"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("accounts", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
