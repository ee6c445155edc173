"""`creditbook fx …`: what a dollar is worth in rupees, from when, by whom, and how old that is."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from creditbook.commands.output import JsonOption, answer, count, refuse, table
from creditbook.commands.values import utc_day
from creditbook.domain.errors import InvalidRequest
from creditbook.domain.money import to_rate_nanos
from creditbook.installation import installation
from creditbook.pricing.fx import business_days, is_stale
from creditbook.pricing.pricer import Pricer
from creditbook.pricing.rate_files import read_rates
from creditbook.pricing.rate_provider import fetch_rates
from creditbook.pricing.setting import enter_rates
from creditbook.store import prices as rows

fx = typer.Typer(
    help="Exchange rates: enter, import or fetch them, and see which one is in force.", no_args_is_help=True
)

By = Annotated[str, typer.Option("--by", help="Who does it: stands in the history.")]
Base = Annotated[str, typer.Option(help="The currency that is worth the rate.")]
Quote = Annotated[str, typer.Option(help="The currency that the rate is in.")]
Source = Annotated[str, typer.Option(help="Where the rates come from: stands on each of them.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be entered and enter nothing.")]


@fx.command("import")
def fx_import(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="CSV: date,rate, or as the ECB, the RBI or FBIL publish theirs."
        ),
    ],
    source: Source,
    base: Base = "USD",
    quote: Quote = "INR",
    dry_run: DryRun = False,
    by: By = "command line",
    as_json: JsonOption = False,
) -> None:
    """Enter the exchange rates of a file. The same file twice adds nothing; what is booked keeps its rupees."""
    here = installation().ready()
    with file.open(encoding="utf-8-sig", newline="") as lines:
        read = read_rates(lines, base, quote)
    done = enter_rates(
        here.store, read.rates, base=base, quote=quote, source=source, actor=by, at=here.clock(), dry_run=dry_run
    )
    verb = "would be entered" if dry_run else "entered"
    sentence = f"{count(done.added, 'rate')} {verb}, {done.unchanged} known already, {len(read.refused)} refused."
    result = {"added": done.added, "unchanged": done.unchanged, "refused": read.refused, "dry_run": dry_run}
    answer(result, [sentence, *read.refused], as_json=as_json)
    if read.refused and not read.rates:
        raise typer.Exit(1)


@fx.command("set")
def fx_set(
    rate: Annotated[str, typer.Argument(help="What one unit of --base is worth in --quote, such as 94.96.")],
    source: Source,
    on: Annotated[str | None, typer.Option("--on", help="UTC date, such as 2026-11-20; today if left out.")] = None,
    base: Base = "USD",
    quote: Quote = "INR",
    by: By = "command line",
    as_json: JsonOption = False,
) -> None:
    """Enter one rate of a date. What is booked keeps its rupees."""
    here = installation().ready()
    day = utc_day(on) or here.clock().date()
    nanos = to_rate_nanos(rate)
    done = enter_rates(here.store, [(day, nanos)], base=base, quote=quote, source=source, actor=by, at=here.clock())
    what = f"From {day} (UTC) on, 1 {base.upper()} is {_decimal(nanos)} {quote.upper()}"
    sentence = f"{what}. What is booked keeps its rate." if done.added else f"{what}: known already."
    answer({"day": day, "rate": _decimal(nanos), "added": done.added}, sentence, as_json=as_json)


@fx.command("fetch")
def fx_fetch(dry_run: DryRun = False, by: By = "command line", as_json: JsonOption = False) -> None:
    """Enter what CREDITBOOK_FX_URL answers with, for days that have no rate yet. For cron, once a day."""
    here = installation().ready()
    if here.settings.fx_url is None:
        raise InvalidRequest(
            "No provider is set. Put a file's address into CREDITBOOK_FX_URL, or run `creditbook fx import`."
        )
    done = fetch_rates(here.store, here.settings.fx_url, at=here.clock(), actor=by, dry_run=dry_run)
    verb = "would be entered" if dry_run else "entered"
    sentence = f"{count(done.added, 'rate')} {verb}, {done.source}; {done.unchanged} days had one already."
    answer(done, [sentence, *done.refused], as_json=as_json)


@fx.command("show")
def fx_show(
    on: Annotated[str | None, typer.Option("--on", help="UTC date; today if left out.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the dollar's rate in rupees that is in force on a date, where it comes from, and whether it is old."""
    here = installation().ready()
    day = utc_day(on) or here.clock().date()
    row = Pricer(here.store).rupees_on(day)
    if row is None:
        refuse(
            f"There is no rate on or before {day}. Import one: `creditbook fx import`.",
            as_json=as_json,
            kind="NotFound",
        )
        raise typer.Exit(1)
    shown = table("Date", "₹ per $", "Source", right=("₹ per $",))
    shown.add_row(str(row.day), _decimal(row.rate_nanos), row.source)
    stale = is_stale(row.day, day)
    result = {"fx_rate_id": row.fx_rate_id, "day": row.day, "rate": _decimal(row.rate_nanos), "source": row.source,
              "business_days_old": business_days(row.day, day), "stale": stale}  # fmt: skip
    answer(result, [shown, *([_stale(row.day, day)] if stale else [])], as_json=as_json)


@fx.command("list")
def fx_list(
    last: Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest dates first.")] = 30,
    base: Base = "USD",
    quote: Quote = "INR",
    as_json: JsonOption = False,
) -> None:
    """List the rates of a pair: date, rate, source, who entered it and when; corrected ones too."""
    here = installation().ready()
    with here.store.read() as connection:
        found = rows.recent_fx(connection, base.upper(), quote.upper(), last)
    shown = table("Date", f"{quote.upper()} per {base.upper()}", "Source", "Entered by", "Entered",
                  right=(f"{quote.upper()} per {base.upper()}",))  # fmt: skip
    for row in found:
        shown.add_row(
            str(row.day), _decimal(row.rate_nanos), row.source, row.actor, f"{row.entered_at:%Y-%m-%d %H:%M}Z"
        )
    listed = [
        {"fx_rate_id": row.fx_rate_id, "day": row.day, "rate": _decimal(row.rate_nanos), "source": row.source,
         "entered_by": row.actor, "entered_at": row.entered_at}
        for row in found
    ]  # fmt: skip
    today = here.clock().date()
    old = bool(found) and is_stale(found[0].day, today)
    notes = [_stale(found[0].day, today)] if old else []
    nothing = "There are no rates of this pair. Import some: `creditbook fx import`."
    answer({"rates": listed, "stale": old}, [shown, *notes] if found else nothing, as_json=as_json)


def _stale(day: date, on: date) -> str:
    return (
        f"The rate of {day} is {business_days(day, on)} business days old on {on}. "
        "Enter a newer one: `creditbook fx import` or `creditbook fx fetch`."
    )


def _decimal(rate_nanos: int) -> str:
    whole, rest = divmod(rate_nanos, 10**9)
    return f"{whole}.{rest:09d}".rstrip("0").rstrip(".")
