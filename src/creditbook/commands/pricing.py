"""`creditbook price …` and `creditbook fx …`: what a model costs, what a dollar is worth, from when."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

import typer

from creditbook.commands.output import JsonOption, answer, count, refuse, table
from creditbook.domain.errors import InvalidRequest
from creditbook.installation import installation
from creditbook.pricing.rate_files import read_rates
from creditbook.pricing.pricer import Pricer
from creditbook.pricing.rates import ModelRate
from creditbook.pricing.setting import PriceTerms, enter_rates, set_price

price = typer.Typer(
    help="What models cost: set a price of your own, or see which one is in force.", no_args_is_help=True
)
fx = typer.Typer(help="Exchange rates: import them, or see which one is in force.", no_args_is_help=True)

Organization = Annotated[str | None, typer.Option("--org", help="Only for this organization (its slug).")]
By = Annotated[str, typer.Option("--by", help="Who does it: stands in the history.")]
PerMillion = Annotated[str | None, typer.Option(help="Dollars per million tokens.")]


@price.command("set")
def price_set(
    model: Annotated[str, typer.Argument(help="The model as it stands on its transactions, such as gpt-4o.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the history.")],
    input_: Annotated[str | None, typer.Option("--input", help="Dollars per million input tokens.")] = None,
    output: PerMillion = None,
    cached: PerMillion = None,
    cache_write: PerMillion = None,
    reasoning: PerMillion = None,
    since: Annotated[
        str | None, typer.Option("--from", help="First UTC date, such as 2026-11-01; today if left out.")
    ] = None,
    withdraw: Annotated[bool, typer.Option(help="End what was set: the price list holds again.")] = False,
    org: Organization = None,
    source: Annotated[str, typer.Option(help="Where the price comes from.")] = "set by hand",
    by: By = "command line",
    as_json: JsonOption = False,
) -> None:
    """Set a model's price from a date on. What is booked keeps its cost."""
    here = installation().ready()
    given = PriceTerms(input=input_, cached=cached, cache_write=cache_write, output=output, reasoning=reasoning)
    if withdraw and given != PriceTerms():
        raise InvalidRequest("Either withdraw a price or give a new one, not both.")
    at, day = here.clock(), _day(since) or here.clock().date()
    terms = None if withdraw else given
    number = set_price(
        here.store, model, terms, valid_from=day, org_id=_org_id(org), source=source, actor=by, reason=reason, at=at
    )
    rate = Pricer(here.store).rate(model, datetime.combine(day, time(), UTC), org_id=_org_id(org))
    whose = f"in {org}" if org else "in every organization"
    answer(
        {"price_id": number, "model": model, "valid_from": day, "org": org, "in_force": rate and rate.version},
        f"From {day} (UTC) on, {whose}, {model} {_in_words(rate)}. What is booked keeps its cost.",
        as_json=as_json,
    )


@price.command("show")
def price_show(
    model: Annotated[str, typer.Argument(help="The model as it stands on its transactions.")],
    on: Annotated[str | None, typer.Option("--on", help="UTC date; now if left out.")] = None,
    org: Organization = None,
    as_json: JsonOption = False,
) -> None:
    """Show the price of a model that is in force, and where it comes from."""
    here = installation().ready()
    day = _day(on)
    at = datetime.combine(day, time(), UTC) if day else here.clock()
    rate = Pricer(here.store).rate(model, at, org_id=_org_id(org))
    sentence = f"{model} {_in_words(rate)}." + (f" Source: {rate.version}." if rate else "")
    answer({"model": model, "at": at, "rate": _as_json(rate)}, sentence, as_json=as_json)


@fx.command("import")
def fx_import(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV: date,rate or the ECB's eurofxref-hist.csv.")
    ],
    source: Annotated[str, typer.Option(help="Where the rates come from: stands on each of them.")],
    base: Annotated[str, typer.Option(help="The currency that is worth the rate.")] = "USD",
    quote: Annotated[str, typer.Option(help="The currency that the rate is in.")] = "INR",
    dry_run: Annotated[bool, typer.Option(help="Say what would be entered and enter nothing.")] = False,
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


@fx.command("show")
def fx_show(
    on: Annotated[str | None, typer.Option("--on", help="UTC date; today if left out.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the dollar's rate in rupees that is in force on a date, and where it comes from."""
    here = installation().ready()
    day = _day(on) or here.clock().date()
    row = Pricer(here.store).rupees_on(day)
    if row is None:
        refuse(
            f"There is no rate on or before {day}. Import one: `creditbook fx import`.",
            as_json=as_json,
            kind="NotFound",
        )
        raise typer.Exit(1)
    shown = table("Date", "₹ per $", "Source", right=("₹ per $",))
    shown.add_row(str(row.day), _decimal(row.rate_nanos, 9), row.source)
    result = {"fx_rate_id": row.fx_rate_id, "day": row.day, "rate": _decimal(row.rate_nanos, 9), "source": row.source}
    answer(result, shown, as_json=as_json)


def _org_id(slug: str | None) -> int | None:
    if slug is None:
        return None
    (found,) = installation().organizations(slug)
    return found.org_id


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidRequest(f"“{text}” is no date. Write it as 2026-11-01.") from None


def _in_words(rate: ModelRate | None) -> str:
    if rate is None:
        return "has no known price (its usage is booked as unpriced)"
    shown = rate.per_million_tokens()
    return (
        "costs "
        + ", ".join(f"${amount} {kind.replace('_', ' ')}" for kind, amount in shown.items())
        + " per million tokens"
    )


def _as_json(rate: ModelRate | None) -> dict[str, object] | None:
    if rate is None:
        return None
    return {"version": rate.version, "valid_from": rate.valid_from, "dollars_per_million": rate.per_million_tokens()}


def _decimal(value: int, places: int) -> str:
    whole, rest = divmod(value, 10**places)
    return f"{whole}.{rest:0{places}d}".rstrip("0").rstrip(".")
