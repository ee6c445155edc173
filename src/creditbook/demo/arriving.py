"""What other programs send to two of the sample organizations by themselves, and what of it nobody can place yet."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from creditbook.ledger.ledger import Ledger
from creditbook.sources.otlp import NO_TOKENS
from creditbook.sources.settings import source_for
from creditbook.sources.taking import take
from creditbook.sources.values import Event, Kind
from creditbook.store import sources as rows

from .clock import StoryClock

DAYS = 21
MODELS = ("claude-sonnet-4-5", "gpt-5", "gemini-2.5-flash")


@dataclass(frozen=True, slots=True)
class Sender:
    """A program that sends: under which attribute it names people, and what else goes wrong with it."""

    slug: str
    kind: Kind
    who: str
    other: str
    agents: tuple[str, ...]
    strangers: tuple[str, ...]
    streams: bool = False


SENDERS = (
    Sender("studio", "otlp", "user.id", "session.owner", ("review", "docs"), ("contractor-7",), streams=True),
    Sender("teams", "litellm", "end_user", "metadata.requester", ("helpdesk",), ("intern.one", "intern.two")),
)
"""Both name some people by an attribute that nothing reads yet: the settings that take it book what waits."""


def arrive(ledger: Ledger, clock: StoryClock, slug: str, people: tuple[str, ...], end: datetime, seed: int) -> None:
    """Three weeks of arrivals, each day's once, however often the demo is made."""
    for sender in SENDERS:
        if sender.slug == slug:
            _send(ledger, clock, sender, people, end, seed)


def _send(ledger: Ledger, clock: StoryClock, sender: Sender, people: tuple[str, ...], end: datetime, seed: int) -> None:
    org, store = ledger.core.organization(sender.slug), ledger.core.store
    zone = ZoneInfo(org.zone)
    days = [end.astimezone(zone).date() - timedelta(days=n) for n in range(DAYS, 0, -1)]
    with store.read(org.org_id) as connection:
        known = rows.accounts(connection, org.org_id, people)
        seen = {row.org_date for row in rows.days(connection, org.org_id, days[0], days[-1])}
    names = sorted(name for name in known.values() if name)
    for day in days:
        if day not in seen:
            clock.at = datetime.combine(day, time(21), zone)
            source = source_for(store, org.org_id, sender.kind, None, clock.at)
            take(ledger, sender.slug, source, list(_events(sender, names, day, zone, seed)), actor="key:Demo, spend")
    clock.at = end


def _events(sender: Sender, names: list[str], day: date, zone: ZoneInfo, seed: int) -> Iterator[Event]:
    dice = random.Random(f"{seed}/{sender.slug}/{day.isoformat()}")  # noqa: S311
    for number in range(dice.randint(4, 12) if day.weekday() < 5 else dice.randint(0, 3)):
        at = datetime.combine(day, time(9), zone) + timedelta(minutes=dice.randint(0, 600))
        asked, told = int(dice.lognormvariate(6.8, 0.8)), int(dice.lognormvariate(5.6, 0.9))
        fields = {"action": "chat", "agent": dice.choice(sender.agents), "model": dice.choice(MODELS),
                  "input_tokens": asked, "output_tokens": told}  # fmt: skip
        luck = dice.random()
        if luck < 0.06:
            whose = {sender.who: dice.choice(sender.strangers)}
        else:
            whose = {sender.other if luck < 0.16 else sender.who: dice.choice(names)}
        problem = NO_TOKENS if sender.streams and luck > 0.95 else ""
        yield Event(
            f"demo/{day.isoformat()}/{number}", at, fields, {**whose, "service.name": sender.agents[0]}, problem
        )
