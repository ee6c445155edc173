"""What an alert says, in words and in facts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import format_currency

from creditbook.domain.budgets import Standing
from creditbook.domain.money import NANOS
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


def budget_message(
    org: Organization, budget: Any, standing: Standing, percent: int, now: datetime, settings: Settings
) -> Message:
    """The message of a budget (a row of `store.finance.budgets.watched`) that has passed a mark."""
    name, about = " ".join(budget.name.split()), f"{budget.scope} {budget.subject}" if budget.subject else "all cost"
    spent, whole = money(standing.actual_nanos, budget.currency), money(budget.amount_nanos, budget.currency)
    month = f"{standing.month:%B %Y}"
    title = f"{percent}% of the budget “{name}” is used" if percent < 100 else f"The budget “{name}” is used up"
    body = f"{org.name}: {spent} of {whole} are spent in {month} ({about}). {_outlook(standing, budget.currency)}"
    facts = {
        "kind": "budget",
        "organization": org.slug,
        "budget": name,
        "scope": budget.scope,
        "subject": budget.subject,
        "month": standing.month.isoformat(),
        "percent": percent,
        "actual_nanos": standing.actual_nanos,
        "amount_nanos": budget.amount_nanos,
        "projected_nanos": standing.projected_nanos,
        "currency": budget.currency,
        "at": now.isoformat(),
    }
    return Message(title, _with_link(body.strip(), settings), facts)


def _outlook(standing: Standing, currency: str) -> str:
    """What is left and where the month will end, or by how much it is overspent."""
    if standing.left_nanos < 0:
        return f"That is {money(-standing.left_nanos, currency)} more than it holds."
    left = f"{money(standing.left_nanos, currency)} are left."
    if standing.projected_nanos is None or standing.verdict in ("kept", "over"):
        return left
    ends = money(standing.projected_nanos, currency)
    if standing.gone_on is None:
        return f"{left} By the weekdays of the last four weeks the month ends at {ends}, within the budget."
    day = f"{standing.gone_on:%A, %-d %B}"
    return f"{left} By the weekdays of the last four weeks it is used up on {day}, and the month ends at {ends}."


def money(nanos: int, currency: str) -> str:
    """An amount of cost as people write it: `$81.20`, `₹1,00,000.00`."""
    return format_currency(Decimal(nanos) / NANOS, currency, locale="en_IN" if currency == "INR" else "en_US")
