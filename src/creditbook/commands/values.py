"""What people type on a command line, as values: instants, days, and who is typing."""

from __future__ import annotations

from datetime import UTC, date, datetime

import typer

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
        return instant(text)
