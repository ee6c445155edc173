"""`creditbook grant` and `creditbook balance`."""

from __future__ import annotations

from typing import Annotated

import typer

from creditbook.commands.output import JsonOption, Said, answer, table
from creditbook.commands.values import CONSOLE, account_in, day_or_instant, instant
from creditbook.domain.balance import Balance
from creditbook.installation import installation

Account = Annotated[str, typer.Argument(help="ORG/USERNAME, or ORG for the pool.")]


def grant(
    account: Account,
    tokens: Annotated[int, typer.Argument(min=1, help="Whole tokens.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the audit log.")],
    wallet: Annotated[str, typer.Option(help="Which kind of wallet gets them.")] = "BONUS",
    expires: Annotated[str | None, typer.Option(help="Last day (YYYY-MM-DD), or an instant with its zone.")] = None,
    label: Annotated[str, typer.Option(help="What the account's owner reads.")] = "",
    key: Annotated[str | None, typer.Option(help="Idempotency key: the same one grants once.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Give tokens to an account."""
    here = installation().ready()
    receipt = here.ledger.grant(
        account_in(here, account),
        tokens,
        reason=reason,
        wallet=wallet,
        expires_at=None if expires is None else day_or_instant(expires),
        label=label,
        actor=CONSOLE,
        idempotency_key=key,
    )
    left = "unlimited" if receipt.available is None else f"{receipt.available:,}"
    done = "Granted before, nothing new" if receipt.replayed else f"Granted {receipt.tokens:,} tokens to {account}"
    answer(receipt, f"{done}. Available now: {left}.", as_json=as_json)


def balance(
    account: Account,
    at: Annotated[str | None, typer.Option(help="As of this instant, ISO 8601 with its zone.")] = None,
    feature: Annotated[str | None, typer.Option(help="Count what may be spent on this feature.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what an account has, now or at any moment."""
    here = installation().ready()
    found = here.ledger.balance(account_in(here, account), None if at is None else instant(at), feature)
    answer(found, _for_people(found), as_json=as_json)


def _for_people(found: Balance) -> list[Said]:
    summary = table("", "tokens", right=("tokens",))
    for name in ("posted", "held", "blocked", "available", "debt", "from_pool"):
        amount = getattr(found, name)
        summary.add_row(name.replace("_", " "), "unlimited" if amount is None else f"{amount:,}")
    wallets = table("wallet", "posted", "available", "next reset", right=("posted", "available"))
    for one in found.wallets:
        reset = "–" if one.next_reset is None else f"{one.next_reset:%Y-%m-%d %H:%M} UTC"
        wallets.add_row(one.label or one.type, f"{one.posted:,}", f"{one.available:,}", reset)
    heading = f"{found.account} at {found.at:%Y-%m-%d %H:%M} UTC ({found.plan or 'no plan'}, {found.status})"
    return [heading, summary, wallets]
