"""`creditbook export schedule …`: files that are written by themselves when a day, week or month is over."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from creditbook.commands.exporting import Org, whose
from creditbook.commands.output import EXIT_REFUSED, JsonOption, answer, table
from creditbook.exports import schedules
from creditbook.exports.schedules import Schedule

scheduling = typer.Typer(help="Exports to a folder, by themselves.", no_args_is_help=True)

Reason = Annotated[str, typer.Option(help="Why; it stands in the audit log.")]


@scheduling.command("add")
def add(
    what: Annotated[str, typer.Argument(help="usage, transactions or focus.")],
    org: Org,
    folder: Annotated[Path, typer.Option(help="Where the files go. It must be there and writable for the server.")],
    reason: Reason,
    every: Annotated[str, typer.Option(help="day, week (from Monday) or month.")] = "month",
    format_: Annotated[str, typer.Option("--format", help="csv, xlsx or parquet.")] = "csv",
    as_json: JsonOption = False,
) -> None:
    """Have a file written whenever a day, week or month is over."""
    here, who = whose(org)
    made = schedules.add(
        here.store, who, what=what, format_=format_, folder=str(folder), each=every, reason=reason, at=here.clock()
    )
    said = f"Scheduled export {made}: {what} of {org} as {format_} into {folder}, every {every}."
    answer({"export_id": made, "organization": org}, said, as_json=as_json)


@scheduling.command("list")
def show(org: Org, as_json: JsonOption = False) -> None:
    """List the scheduled exports and what came of the last time."""
    here, who = whose(org)
    found = schedules.every(here.store, who)
    listed = table("id", "what", "format", "every", "folder", "on", "last run (UTC)", "result", right=("id",))
    for one in found:
        listed.add_row(*_row(one))
    none = f"{org} has no scheduled export."
    answer({"organization": org, "exports": [asdict(one) for one in found]}, listed if found else none, as_json=as_json)


@scheduling.command("end")
def end(
    export_id: Annotated[int, typer.Argument(help="Its id, as `creditbook export schedule list` shows it.")],
    org: Org, reason: Reason, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Have no more files written; those that are there stay."""
    here, who = whose(org)
    schedules.end(here.store, who, export_id, reason=reason, at=here.clock())
    answer({"export_id": export_id, "ended": True}, f"Ended scheduled export {export_id} of {org}.", as_json=as_json)


@scheduling.command("run")
def run(org: Org, as_json: JsonOption = False) -> None:
    """Write what is due now, without waiting for the scheduler."""
    here, who = whose(org)
    done = schedules.run_now(here.store, here.reports, who, here.clock())
    told = [{"export_id": one.export_id, "what": one.what, "result": result} for one, result in done]
    said = [f"{one.what}: {result}" for one, result in done] or ["Nothing is due."]
    answer({"organization": org, "exports": told}, list(said), as_json=as_json)
    if any(schedules.is_failure(result) for _, result in done):
        raise typer.Exit(EXIT_REFUSED)


def _row(one: Schedule) -> tuple[str, ...]:
    ran = f"{one.last_run_at:%Y-%m-%d %H:%M}" if one.last_run_at else "never"
    return (str(one.export_id), one.what, one.format, one.every, one.folder, "yes" if one.is_on else "no", ran,
            one.last_result or "–")  # fmt: skip
