"""How finance keeps the sample organizations' books: a month is closed on the third of the next, the latest is open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

from creditbook.domain.calendar import add_months

from .acts import Act, CloseMonth, Story

ON_THE, AT = 3, time(10, 30)


def with_books(story: Story, start: datetime, end: datetime) -> Story:
    """The story with its months closed by whoever is in finance; the last whole month is left for the visitor."""
    people = [person.user_name for person in story.people if person.role == "finance"]
    if not people:
        return story
    acts = sorted([*story.acts, *_closes(people[0], story.zone, start, end)], key=lambda act: act.at)
    return replace(story, acts=tuple(acts))


def _closes(who: str, zone: str, start: datetime, end: datetime) -> Iterator[Act]:
    info = ZoneInfo(zone)
    month, running = start.astimezone(info).date().replace(day=1), end.astimezone(info).date().replace(day=1)
    while add_months(month, 2) <= running:
        at = datetime.combine(add_months(month, 1).replace(day=ON_THE), AT, info)
        if start < at < end:
            yield CloseMonth(at=at, account=who, key=f"close/{month:%Y-%m}", month=month)
        month = add_months(month, 1)
