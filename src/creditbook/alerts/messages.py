"""What an alert says, in words and in facts."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from creditbook.domain.units import available_words, left
from creditbook.settings import Settings
from creditbook.store.directory import Organization

from .figures import Figure
from .sending import Message


def message_for(org: Organization, rule: Any, figure: Figure, now: datetime, settings: Settings) -> Message:
    """The message of a rule (a row of `store.alerts.watched`) that its account has crossed."""
    name = f"{org.slug}/{rule.name}" if rule.name else org.slug
    words = available_words(figure.available, figure.unit)
    if rule.kind == "low_balance":
        title = f"{left(figure.available, figure.unit)} in {org.name}"
        why = f"{name}: {words}. You asked to hear at {rule.threshold:,} tokens or fewer."
    elif not figure.available:
        title = f"Nothing left in {org.name}"
        why = f"{name}: {words}. You asked to hear before it runs out."
    else:
        assert figure.empty_at is not None
        day = f"{figure.empty_at.astimezone(ZoneInfo(rule.zone)):%A, %-d %B}"
        title = f"Tokens in {org.name} run out by {day}"
        why = f"{name}: {words}. At the pace of the last seven days they are used up by {day}, before anything refills."
    return Message(title, _with_link(why, settings), facts(rule.kind, name, figure, now, rule.threshold))


def test_message(org: Organization, name: str, figure: Figure, now: datetime, settings: Settings) -> Message:
    """What the test button sends: how an alert will look here."""
    why = f"{name}: {available_words(figure.available, figure.unit)}. This is how an alert will reach you."
    return Message(f"A test alert from {org.name}", _with_link(why, settings), facts("test", name, figure, now, None))


def facts(kind: str, name: str, figure: Figure, now: datetime, threshold: int | None) -> dict[str, Any]:
    """For programs: whole tokens (None is unlimited) and ISO times."""
    return {
        "kind": kind,
        "account": name,
        "available": figure.available,
        "threshold": threshold,
        "empty_at": figure.empty_at.isoformat() if figure.empty_at else None,
        "at": now.isoformat(),
    }


def _with_link(text: str, settings: Settings) -> str:
    return f"{text}\n{settings.link()}" if settings.base_url else text
