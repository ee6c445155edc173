"""`creditbook close`: what to look at before a month is closed, and closing it for good."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

import typer
from rich.console import Console

from creditbook.access import Principal
from creditbook.commands.exporting import whose
from creditbook.commands.maintenance import progress
from creditbook.commands.output import EXIT_REFUSED, JsonOption, Said, answer, table
from creditbook.commands.values import CONSOLE, whole_month
from creditbook.domain.closing import ClosedMonth, check, title
from creditbook.domain.errors import InvalidRequest
from creditbook.installation import Installation
from creditbook.reports.finance import books, checklist, periods
from creditbook.reports.finance.checklist import Point, State
from creditbook.reports.proof import prove

MARKS = {State.FINE: "✓", State.LOOK: "!", State.STOP: "✗", State.OPEN: "–"}


def close(
    org: Annotated[str, typer.Argument(help="The organization's short name.")],
    month: Annotated[str, typer.Argument(help="The month, YYYY-MM: the first one that is over and open.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the audit log.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Go through the checklist and close nothing.")] = False,
    by: Annotated[str, typer.Option("--by", help="Who does it: stands in the audit log.")] = CONSOLE,
    as_json: JsonOption = False,
) -> None:
    """Close a month of an organization's books: its figures never move again. Exit code 1 when they do not prove."""
    first = whole_month(month)
    here, who = whose(org)
    if not (dry_run or reason.strip()):
        raise InvalidRequest("Give a --reason: it stands in the audit log. Or look first, with --dry-run.")
    _may_close(here, who, first)
    found = _checked(here, who, first, quiet=as_json)
    ready = checklist.may_close(found)
    done = _close(here, who, first, reason, by, quiet=as_json) if ready and not dry_run else None
    answer(_told(first, found, done, ready=ready), _said(first, found, done, ready=ready), as_json=as_json)
    if not ready:
        raise typer.Exit(EXIT_REFUSED)


def _may_close(here: Installation, who: Principal, first: date) -> None:
    """Refuses what the ledger would, before the books are proved for it."""
    closed = books.closings(here.store, who)
    through = max((one.last for one in closed), default=None)
    check(first, periods.today(who, here.clock()), through, books.first_booked(here.store, who))


def _checked(here: Installation, who: Principal, first: date, *, quiet: bool) -> list[Point]:
    if quiet or not sys.stderr.isatty():
        proofs = prove(here.store, who.org_slug)
    else:
        with Console(stderr=True).status("Proving the books …") as status:
            proofs = prove(here.store, who.org_slug, progress=status.update)
    return checklist.points(here.store, who, first, checklist.proved(proofs, here.clock()))


def _close(here: Installation, who: Principal, first: date, reason: str, by: str, *, quiet: bool) -> ClosedMonth:
    with progress(quiet=quiet) as tell:
        return here.ledger.close_month(who.org_slug, first, reason=reason, actor=by, progress=tell)


def _told(first: date, found: Sequence[Point], done: ClosedMonth | None, *, ready: bool) -> dict[str, Any]:
    points = [{"name": one.name, "state": one.state, "sentence": one.sentence} for one in found]
    told: dict[str, Any] = {"month": f"{first:%Y-%m}", "checklist": points, "ready": ready, "closed": done is not None}
    return told if done is None else {**asdict(done), **told}


def _said(first: date, found: Sequence[Point], done: ClosedMonth | None, *, ready: bool) -> list[Said]:
    listed = table("", "checked", "found")
    for one in found:
        listed.add_row(MARKS[one.state], one.name, one.sentence)
    if done is not None:
        return [listed, f"{title(first)} is closed: its figures never move again. Digest {done.digest}"]
    if not ready:
        return [
            listed,
            f"{title(first)} stays open. Put right what does not prove: `creditbook verify` names the rows.",
        ]
    return [listed, f"{title(first)} may be closed. Nothing was closed now."]
