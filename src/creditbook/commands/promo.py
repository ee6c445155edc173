"""`creditbook promo …`: promo codes, made one or thousands at a time, listed with their live counts, disabled."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from creditbook.access import console
from creditbook.commands.output import JsonOption, Said, answer, count, table
from creditbook.commands.values import CONSOLE
from creditbook.domain.errors import InvalidRequest
from creditbook.domain.program import PromoTerms, WalletType
from creditbook.installation import Installation, installation
from creditbook.ledger.promo import MOST
from creditbook.reports import codes
from creditbook.reports.codes import CodeLine

promo = typer.Typer(help="Promo codes: tokens for whoever redeems one.", no_args_is_help=True)

Org = Annotated[str, typer.Option("--org", help="The organization's short name.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in the audit log.")]
SHOWN = 12
"""A batch may be thousands: so many of its codes are printed for people; `--json` has all."""


@promo.command("create")
def create(
    code: Annotated[str, typer.Argument(help="The code; with --count, what the codes begin with.")],
    org: Org,
    tokens: Annotated[int, typer.Option(min=1, help="Whole tokens that one redemption gives.")],
    reason: Reason,
    number: Annotated[
        int, typer.Option("--count", min=1, max=MOST, help="How many: each ends with letters that nobody guesses.")
    ] = 1,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Redeemed at most so often by all; any number left out.")
    ] = None,
    per_account: Annotated[int, typer.Option(min=1, help="How often one account may redeem it.")] = 1,
    valid_from: Annotated[str | None, typer.Option("--from", help="First day of the organization, YYYY-MM-DD.")] = None,
    through: Annotated[str | None, typer.Option(help="Last day of the organization, itself included.")] = None,
    lifetime: Annotated[
        int | None, typer.Option(min=1, help="Days until what it gives expires; never left out.")
    ] = None,
    wallet: Annotated[str, typer.Option(help="Which kind of wallet gets the tokens.")] = "BONUS",
    plan: Annotated[
        list[str] | None, typer.Option(help="Only accounts on this plan; may be said more than once.")
    ] = None,
    first_purchase: Annotated[
        bool, typer.Option("--first-purchase", help="Only accounts that have bought nothing yet.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a promo code, or a batch of them."""
    here = _in(org)
    terms = PromoTerms(
        code,
        tokens,
        wallet=_wallet(wallet),
        lifetime_days=lifetime,
        valid_from=_day(valid_from),
        valid_through=_day(through),
        total_limit=limit,
        per_account=per_account,
        plans=frozenset(plan) if plan else None,
        first_purchase=first_purchase,
    )
    batch = code.strip() if number > 1 else ""
    made = here.ledger.create_codes(org, terms, count=number, batch=batch, reason=reason, actor=CONSOLE)
    said: list[Said] = [f"{org} has {count(len(made), 'new code')}, each good for {count(tokens, 'token')}:"]
    said += [f"  {one}" for one in made[:SHOWN]]
    if len(made) > SHOWN:
        said.append(f"  … and {len(made) - SHOWN:,} more; --json prints them all.")
    answer({"organization": org, "codes": made, "batch": batch, "tokens": tokens}, said, as_json=as_json)


@promo.command("list")
def show(
    org: Org,
    batch: Annotated[str | None, typer.Option(help="Only the codes of this batch.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the codes, newest first, with how often each was redeemed."""
    here = _in(org)
    (found,) = here.organizations(org)
    viewer = console(found.org_id, found.slug, found.name, found.zone)
    lines = [one for one in codes.codes(here.store, viewer, here.clock()) if batch in (None, one.row.batch)]
    zone = ZoneInfo(found.zone)
    listed = table("code", "status", "tokens", "redeemed", "given", "from", "through", "batch",
                   right=("tokens", "redeemed", "given"))  # fmt: skip
    for line in lines:
        listed.add_row(*_row(line))
    none = f"{org} has no promo code." if batch is None else f"{org} has no code of the batch “{batch}”."
    told = [_told(line, zone) for line in lines]
    answer({"organization": org, "codes": told}, listed if lines else none, as_json=as_json)


@promo.command("disable")
def disable(
    code: Annotated[str, typer.Argument(help="The code; case makes no difference.")],
    org: Org,
    reason: Reason,
    enable: Annotated[bool, typer.Option("--enable", help="The other way: it can be redeemed again.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Let a code be redeemed no more. What it has given stays."""
    _in(org).ledger.disable_code(org, code, disabled=not enable, reason=reason, actor=CONSOLE)
    said = "can be redeemed again" if enable else "can be redeemed no more; what it has given stays"
    answer({"code": code.strip(), "disabled": not enable}, f"{code.strip()} {said}.", as_json=as_json)


def _in(org: str) -> Installation:
    """The installation, once the organization is known to be there."""
    here = installation().ready()
    here.organizations(org)
    return here


def _wallet(said: str) -> WalletType:
    try:
        return WalletType(said.upper())
    except ValueError:
        words = ", ".join(kind.value for kind in WalletType if kind is not WalletType.ROLLOVER)
        raise InvalidRequest(f"“{said}” is no kind of wallet. There are: {words}.") from None


def _day(said: str | None) -> date | None:
    if said is None:
        return None
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise typer.BadParameter(f"{said!r} is no day. Write it as 2026-12-31 (YYYY-MM-DD).") from None


def _row(line: CodeLine) -> tuple[str, ...]:
    terms = line.terms
    of = f" of {terms.total_limit:,}" if terms.total_limit else ""
    first, last = (day.isoformat() if day else "–" for day in (terms.valid_from, terms.valid_through))
    return (terms.code, line.standing, f"{terms.tokens:,}", f"{line.row.redeemed:,}{of}", f"{line.given:,}",
            first, last, line.row.batch)  # fmt: skip


def _told(line: CodeLine, zone: ZoneInfo) -> dict[str, object]:
    row = line.row
    return {"code": line.terms.code, "status": line.standing, "redeemed": row.redeemed, "given": line.given,
            "batch": row.batch, "created_at": row.created_at.astimezone(zone), "actor": row.actor,
            "reason": row.reason, "terms": line.terms}  # fmt: skip
