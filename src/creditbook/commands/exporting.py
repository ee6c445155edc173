"""`creditbook export …`: figures as files. Each is whole or not there, and stands in the audit log."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from creditbook.access import Principal, console
from creditbook.commands.export_progress import progress
from creditbook.commands.output import JsonOption, answer, count
from creditbook.commands.values import account_in, whole_month
from creditbook.domain.calendar import add_months, local_date
from creditbook.domain.errors import InvalidRequest
from creditbook.exports import audited, receipts, statement, statement_files
from creditbook.exports.audited import Exported, Make, Request
from creditbook.exports.datasets import AccountName, account_named
from creditbook.exports.making import making
from creditbook.installation import Installation, installation
from creditbook.store.finance.export_rows import Days
from creditbook.store.finance.wanted import Basis

exporting = typer.Typer(help="Figures as files: CSV, XLSX, Parquet, PDF, FOCUS.", no_args_is_help=True)

Org = Annotated[str, typer.Option("--org", help="The organization's short name.")]
Out = Annotated[
    Path | None, typer.Option("--out", help="The file to write; its ending tells the format. Here, when left out.")
]
Format = Annotated[str | None, typer.Option("--format", help="csv, xlsx or parquet; else by the file's ending.")]
Month = Annotated[str | None, typer.Option(help="A whole month, YYYY-MM; the running one when nothing is said.")]
First = Annotated[str | None, typer.Option("--from", help="First day of the organization, YYYY-MM-DD.")]
Last = Annotated[str | None, typer.Option("--to", help="Last day, itself included.")]
OneAccount = Annotated[str | None, typer.Option("--account", help="Only this account.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in the audit log.")]
WHY = "exported on the command line"


@exporting.command("usage")
def export_usage(
    org: Org, out: Out = None, format_: Format = None, month: Month = None, first: First = None, last: Last = None,
    account: OneAccount = None, overwrite: Overwrite = False, reason: Reason = WHY, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """What each account used on each day, by agent, model and feature."""
    here, who = whose(org)
    days = _days(here, who, month, first, last, account)
    _dataset(here, who, "usage", days, out, format_, overwrite=overwrite, reason=reason, as_json=as_json)


@exporting.command("transactions")
def export_transactions(
    org: Org, out: Out = None, format_: Format = None, month: Month = None, first: First = None, last: Last = None,
    account: OneAccount = None,
    basis: Annotated[str, typer.Option(help="Which days: event, or accounting (the books').")] = "event",
    overwrite: Overwrite = False, reason: Reason = WHY, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Every transaction of some days."""
    if basis not in get_args(Basis):
        raise InvalidRequest(f"“{basis}” is no basis. Say event or accounting.")
    here, who = whose(org)
    days = _days(here, who, month, first, last, account, cast(Basis, basis))
    _dataset(here, who, "transactions", days, out, format_, overwrite=overwrite, reason=reason, as_json=as_json)


@exporting.command("focus")
def export_focus(
    org: Org, out: Out = None, format_: Format = None, month: Month = None, first: First = None, last: Last = None,
    account: OneAccount = None,
    virtual: Annotated[
        bool, typer.Option("--virtual-currency", help="Price usage in tokens rather than in dollars (docs/exports.md).")
    ] = False,
    overwrite: Overwrite = False, reason: Reason = WHY, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """FOCUS 1.2 cost and usage, for FinOps tools."""
    here, who = whose(org)
    days = _days(here, who, month, first, last, account)
    _dataset(
        here, who, "focus", days, out, format_, overwrite=overwrite, reason=reason, as_json=as_json, virtual=virtual
    )


@exporting.command("statement")
def export_statement(
    account: Annotated[str, typer.Argument(help="ORG/USERNAME, or ORG for the pool.")],
    month: Month = None, out: Out = None,
    format_: Annotated[str | None, typer.Option("--format", help="pdf, xlsx, csv or parquet.")] = None,
    overwrite: Overwrite = False, reason: Reason = WHY, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """A month of one account: opening, every line, closing, with costs in both currencies."""
    here = installation().ready()
    name = account_in(here, account)
    here, who = whose(name.partition("/")[0])
    of, day = account_named(here.reports, who, name), _month(month) or _today(here, who)
    path = out or Path(f"{name.replace('/', '-')}-{day:%Y-%m}.{format_ or 'pdf'}")
    kind = _format(path, format_)

    def make(working: Path) -> int:
        with statement.reading(here.reports, who, of, day, here.clock()) as found, progress(quiet=as_json) as tell:
            return statement_files.write(found, kind, working, tell)

    wanted = Request("statement", name, kind, reason, {"month": f"{day:%Y-%m}"})
    _told(_save(here, who, wanted, make, path, overwrite=overwrite), as_json=as_json)


@exporting.command("receipt")
def export_receipt(
    number: Annotated[str, typer.Argument(help="As it is printed: R/2026-27/00042.")],
    org: Org, out: Out = None, overwrite: Overwrite = False, reason: Reason = WHY, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The numbered receipt of one purchase, as PDF."""
    here, who = whose(org)
    receipts.issue_due(here.store, who.org_id, who.zone, here.clock())
    found = receipts.find(here.store, who, number)
    path = out or Path(f"{org}-receipt-{found.fiscal_year}-{found.number:05}.pdf")
    wanted = Request("receipt", receipts.number_words(found), "pdf", reason)
    make: Make = lambda working: receipts.write(found, who, working)  # noqa: E731
    _told(_save(here, who, wanted, make, path, overwrite=overwrite), as_json=as_json)


def _dataset(
    here: Installation, who: Principal, what: str, days: Days, out: Path | None, format_: str | None, *,
    overwrite: bool, reason: str, as_json: bool, virtual: bool = False,
) -> None:  # fmt: skip
    path = out or Path(f"{who.org_slug}-{what}-{days.first}-{days.last}.{format_ or 'csv'}")
    kind = _format(path, format_)
    terms = {"first": days.first.isoformat(), "last": days.last.isoformat(), "basis": days.basis}
    wanted = Request(what, who.org_slug, kind, reason, terms)
    with progress(quiet=as_json) as tell:
        make = making(here.reports, who, what, kind, days, tell, virtual=virtual)
        done = _save(here, who, wanted, make, path, overwrite=overwrite)
    _told(done, as_json=as_json)


def _save(here: Installation, who: Principal, wanted: Request, make: Make, path: Path, *, overwrite: bool) -> Exported:
    return audited.to_file(here.store, who, wanted, make, path, here.clock(), overwrite=overwrite)


def _told(done: Exported, *, as_json: bool) -> None:
    answer(asdict(done), f"Wrote {done.path}: {count(done.rows, 'row')}, {done.bytes:,} bytes.", as_json=as_json)


def whose(org: str) -> tuple[Installation, Principal]:
    """The installation, and the console as somebody of this organization. Raises NotFound."""
    here = installation().ready()
    (found,) = here.organizations(org)
    return here, console(found.org_id, found.slug, found.name, found.zone)


def _days(
    here: Installation, who: Principal, month: str | None, first: str | None, last: str | None, account: str | None,
    basis: Basis = "event",
) -> Days:  # fmt: skip
    if month and (first or last):
        raise InvalidRequest("Say either --month, or --from and --to.")
    of: AccountName | None = None if account is None else account_named(here.reports, who, account)
    begin = _day(first) or (_month(month) or _today(here, who)).replace(day=1)
    end = _day(last) or (_today(here, who) if first else add_months(begin, 1) - timedelta(days=1))
    return Days(begin, end, basis, None if of is None else of.account_id)


def _today(here: Installation, who: Principal) -> date:
    return local_date(here.clock(), who.zone)


def _month(said: str | None) -> date | None:
    return whole_month(said) if said else None


def _day(said: str | None) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        raise InvalidRequest(f"“{said}” is no day. Write it as 2026-11-30.") from None


def _format(path: Path, said: str | None) -> str:
    """What was said, else the file's ending."""
    found = said or path.suffix.removeprefix(".")
    if not found:
        raise InvalidRequest(f"Which format shall {path} have? Give the file an ending such as .csv, or say --format.")
    return found.lower()
