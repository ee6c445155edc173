"""`creditbook alerts check`: tell people whose balance has crossed their threshold, for those who prefer cron."""

from __future__ import annotations

import typer

from creditbook.alerts import check
from creditbook.commands.output import JsonOption, answer
from creditbook.installation import installation

alerts = typer.Typer(no_args_is_help=True)


@alerts.callback()
def group() -> None:
    """Low-balance and run-out alerts."""  # a callback keeps `check` a command of its own while it is the only one


@alerts.command("check")
def check_alerts(as_json: JsonOption = False) -> None:
    """Send what is due: each crossing of a threshold once, and what failed before once more."""
    here = installation().ready()
    report = check(here.ledger, here.clock(), settings=here.settings)
    told = f"{report.delivered:,} sent, {report.failed:,} failed, {report.rearmed:,} armed again"
    answer(report, f"Alerts watched: {report.watched:,}; {told}.", as_json=as_json)
