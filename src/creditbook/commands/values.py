"""What people type on a command line, as values: instants, days, and who is typing."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import typer
from typer.core import TyperCommand

from creditbook.domain.errors import InvalidRequest, NotFound
from creditbook.installation import Installation
from creditbook.settings import Settings

# Who the books say it was: commands are run by somebody who may touch the database anyway.
CONSOLE = "console"


def instant(text: str) -> datetime:
    """An ISO 8601 instant with its zone, in UTC. Raises BadParameter (exit code 2) for anything else."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise typer.BadParameter(f"{text!r} is no instant. Write it with its zone: 2026-03-01T00:00:00+05:30 or …Z.")
    return at.astimezone(UTC)


def day_or_instant(text: str) -> date | datetime:
    """A local day (2026-03-31: to the end of it) or an instant with its zone. Raises BadParameter."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return instant(text)
    except typer.BadParameter:
        raise typer.BadParameter(
            f"{text!r} is no day and no instant. Write 2026-03-31 (YYYY-MM-DD, through that day) "
            "or an instant with its zone: 2026-03-31T18:00:00+05:30 or …Z."
        ) from None


def utc_day(text: str | None) -> date | None:
    """A date by which prices and exchange rates are dated; None where nothing was said. Raises InvalidRequest."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidRequest(f"“{text}” is no date. Write it as 2026-11-01.") from None


def whole_month(text: str) -> date:
    """The first day of a month as it is typed. Raises InvalidRequest."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise InvalidRequest(f"“{text}” is no month. Write it as 2026-11.") from None


def account_in(here: Installation, account: str) -> str:
    """An account as it was typed, once its organization is there. Raises NotFound, which shows how to write it."""
    slug, slash, _ = account.partition("/")
    there = [one.slug for one in here.organizations()]
    if not slash and there and slug not in there:
        raise NotFound(
            f"“{account}” is no organization here. Write an account as ORG/USERNAME, "
            f"such as {' or '.join(f'{org}/{account}' for org in there[:3])}."
        )
    here.organizations(slug)
    return account


def where_links_lead(settings: Settings) -> list[str]:
    """What to say below a link when nobody said where the dashboard is; nothing when somebody did."""
    if settings.base_url is not None:
        return []
    assumed = settings.link().rstrip("/")
    return [f"This assumes a dashboard at {assumed}; set CREDITBOOK_BASE_URL when people reach it elsewhere."]


class WholeTokens(TyperCommand):
    """A command that takes an amount: an amount below zero is told in a sentence, not mistaken for an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuses a lone `-5` before it is read as an option `-5`."""
        options = {name for parameter in self.params for name in parameter.opts}
        for before, word in zip(["", *args], args, strict=False):
            if re.fullmatch(r"-\d[\d.,_]*", word) and before not in options:
                raise typer.BadParameter(
                    f"{word} is less than 1. Write how many tokens to give, such as 500; "
                    "to take tokens back, revoke the grant on the Grants page.",
                    ctx=ctx,
                )
        return super().parse_args(ctx, args)
