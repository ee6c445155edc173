"""`creditbook price …`: what a model costs from when, what has no price, and correcting what was booked."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Annotated, Any

import typer

from creditbook.commands.output import JsonOption, answer, count, table
from creditbook.commands.values import utc_day
from creditbook.domain.costs import CostCorrection
from creditbook.domain.errors import InvalidRequest
from creditbook.installation import installation
from creditbook.pricing.pricer import Pricer
from creditbook.pricing.rates import ModelRate
from creditbook.pricing.repricing import EVER, Proposal, preview, repriced
from creditbook.pricing.setting import PriceTerms, set_price
from creditbook.reports.finance import prices

price = typer.Typer(
    help="What models cost: set a price of your own, or see which one is in force.", no_args_is_help=True
)

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
    at, day = here.clock(), utc_day(since) or here.clock().date()
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
    day = utc_day(on)
    at = datetime.combine(day, time(), UTC) if day else here.clock()
    rate = Pricer(here.store).rate(model, at, org_id=_org_id(org))
    sentence = f"{model} {_in_words(rate)}." + (f" Source: {rate.version}." if rate else "")
    answer({"model": model, "at": at, "rate": _as_json(rate)}, sentence, as_json=as_json)


def _org_id(slug: str | None) -> int | None:
    if slug is None:
        return None
    (found,) = installation().organizations(slug)
    return found.org_id


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


@price.command("list")
def price_list(
    org: Annotated[str, typer.Option("--org", help="The organization (its slug).")],
    unpriced: Annotated[bool, typer.Option("--unpriced", help="Only models whose usage has no price yet.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List what an organization's models cost now, whose price that is, and how many requests have none."""
    here = installation().ready()
    (found,) = here.organizations(org)
    lines = prices.models_of(here.store, found.org_id, here.ledger.core.pricer, here.clock())
    shown = [line for line in lines if line.unpriced or not unpriced]
    right = ("Requests", "Unpriced", "Input", "Output", "Cost $")
    made = table("Model", *right[:2], "Price of", *right[2:4], "From", right[4], right=right)
    for line in shown:
        rates = line.rate.per_million_tokens() if line.rate else {}
        since = line.rate.valid_from if line.rate else None
        made.add_row(
            line.shown or "(no model named)", f"{line.requests:,}", f"{line.unpriced:,}", _WHOSE[line.origin],
            rates.get("input", ""), rates.get("output", ""), str(since or ""),
            _cost(line),
        )  # fmt: skip
    listed = [
        {"model": line.shown, "requests": line.requests, "unpriced": line.unpriced, "since": line.unpriced_since,
         "origin": line.origin, "rate": _as_json(line.rate), "cost_usd_nanos": line.cost_usd_nanos,
         "cost_inr_nanos": line.cost_inr_nanos}
        for line in shown
    ]  # fmt: skip
    nothing = "Every request has a price." if unpriced else "No model was used yet."
    answer({"models": listed}, made if shown else nothing, as_json=as_json)


def _cost(line: prices.ModelLine) -> str:
    """What is not known is not 0."""
    known = line.unpriced < line.requests
    return f"{Decimal(line.cost_usd_nanos).scaleb(-9):,.2f}" if known else ""


_WHOSE = {"yours": "organization", "installation": "installation", "list": "genai-prices", "none": "nobody"}


@price.command("correct")
def price_correct(
    model: Annotated[str, typer.Argument(help="The model as it stands on its transactions.")],
    org: Annotated[str, typer.Option("--org", help="The organization (its slug).")],
    reason: Annotated[str, typer.Option(help="Why; it stands on every correction.")],
    since: Annotated[str | None, typer.Option("--from", help="First UTC date; all of it if left out.")] = None,
    everything: Annotated[
        bool, typer.Option("--priced", help="Also what was booked at another price, not only what has none.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change and write nothing.")] = False,
    by: By = "command line",
    as_json: JsonOption = False,
) -> None:
    """Correct what a model's booked usage costs to the prices that are set now. History keeps what was booked."""
    here = installation().ready()
    (found,) = here.organizations(org)
    proposal = Proposal(model=model, since=utc_day(since) or EVER, unpriced_only=not everything)
    pricer = here.ledger.core.pricer
    if dry_run:
        seen = preview(here.store, pricer, found.org_id, proposal)
        told = {"requests": seen.total.requests, "usd_nanos": seen.total.usd_after - seen.total.usd_before,
                "inr_nanos": seen.total.inr_after - seen.total.inr_before, "unpriced": seen.unpriced,
                "accounts": len(seen.accounts)}  # fmt: skip
        sentence = f"{count(seen.total.requests, 'request')} would be corrected by {_money(told)}"
        answer(told, f"{sentence}; {seen.unpriced:,} have no price.", as_json=as_json)
        return
    changed = (one for one in repriced(here.store, pricer, found.org_id, proposal) if one.changes)
    corrections = (CostCorrection(one.txn_id, one.cost) for one in changed)
    done = here.ledger.correct_costs(org, corrections, reason=reason, actor=by)
    sentence = f"{count(done.corrected, 'request')} corrected by {_money(asdict(done))}"
    refused = [f"Transaction {txn_id}: {why}" for txn_id, why in done.refused]
    answer(done, [f"{sentence}; {len(refused)} refused.", *refused], as_json=as_json)


def _money(changed: dict[str, Any]) -> str:
    dollars, rupees = (Decimal(changed[name]).scaleb(-9) for name in ("usd_nanos", "inr_nanos"))
    return f"{_signed(dollars, '$', 6)} ({_signed(rupees, '₹', 2)})"


def _signed(amount: Decimal, sign: str, digits: int) -> str:
    return f"{'+' if amount > 0 else '-' if amount < 0 else ''}{sign}{abs(amount):,.{digits}f}"
