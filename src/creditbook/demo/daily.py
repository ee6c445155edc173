"""The website builder: five tokens a day, one a website; chat, previews and deployments are free but recorded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from .acts import (
    Act,
    Administer,
    Begin,
    Buy,
    Drain,
    Earn,
    GiveUp,
    Part,
    Person,
    SignUp,
    Story,
    TakeBack,
    Use,
    Work,
)
from .cast import SITES, daily_people
from .rhythm import chance, heavy_tail, pause, sessions

ZONE = "Asia/Bangkok"
ADMIN = "somchai"
MODELS = ("gpt-4o-mini", "gpt-4o-mini", "claude-haiku-4-5", "gemini-2.5-flash-lite")


def daily(seed: int, start: datetime, end: datetime, users: int) -> Story:
    """Everything that happens from ``start`` until ``end``."""
    people = daily_people(users)
    acts: list[Act] = []
    for place, person in enumerate(people):
        acts += _life(seed, person, place, people, start, end)
    acts += _turns(people, start, end)
    acts.sort(key=lambda act: (act.at, act.key))
    return Story("daily", "daily", "Sabai site builder", ZONE, people, tuple(acts))


def _life(
    seed: int, person: Person, place: int, people: tuple[Person, ...], start: datetime, end: datetime
) -> Iterator[Act]:
    random = chance(seed, "daily", person.user_name)
    name = person.user_name
    joined = start + (end - start) * (0.8 * random.random() ** 2 if place > 2 else 0.0)
    # Every other one came by a friend's invitation; both are thanked when she builds her first website.
    friend = people[2 if place % 4 == 1 else 0].user_name if place > 4 and place % 2 else ""
    yield SignUp(at=joined, account=name, key=f"{name}/sign-up", zone=person.zone, referred_by=friend)
    zone = ZoneInfo(person.zone or ZONE)
    first, last = joined.astimezone(zone).date(), end.astimezone(zone).date()
    number = 0
    for at in sessions(random, first, last, person.zone or ZONE, 0.4 + 6 * person.weight):
        if joined + timedelta(hours=1) < at < end - timedelta(hours=1):
            number += 1
            yield from _session(random, person, at, f"{name}/{number:04}", end - timedelta(minutes=30))


def _session(random: Random, person: Person, at: datetime, key: str, until: datetime) -> Iterator[Act]:
    """A website, or only some talk about one."""
    site = random.choice(SITES)
    for number in range(random.choice((0, 1, 1, 2, 3))):
        yield _free(random, person, at, f"{key}/chat{number}", "chat", site)
        at += pause(random, 90)
    if random.random() < 0.55:
        built = random.random() > 0.12
        yield Begin(at=at, account=person.user_name, key=key, action="project_creation", estimate=1, project=site,
                    if_short=_pack(random, person, at, key))  # fmt: skip
        at += pause(random, 150)
        if not built:
            yield GiveUp(at=at, account=person.user_name, key=f"{key}/void", of=key)
            return
        yield Part(at=at, account=person.user_name, key=f"{key}/built", of=key, action="project_creation",
                   work=_work(random, site, "builder", 6_500), final=True)  # fmt: skip
        if random.random() < 0.015:
            yield TakeBack(at=min(at + timedelta(hours=3), until), account=person.user_name, key=f"{key}/refund",
                           of=f"{key}/built", reason="The page came out blank", actor=ADMIN)  # fmt: skip
        for action in ("preview", "deploy")[: random.choice((0, 1, 1, 2))]:
            at += pause(random, 60)
            yield _free(random, person, at, f"{key}/{action}", action, site)


def _free(random: Random, person: Person, at: datetime, key: str, action: str, site: str) -> Use:
    work = _work(random, site, "assistant", 520) if action == "chat" else Work(project=site)
    return Use(at=at, account=person.user_name, key=key, action=action, work=work)


def _work(random: Random, site: str, agent: str, median: float) -> Work:
    output = heavy_tail(random, median * 0.3, 0.8, 10, 6_000)
    input_ = heavy_tail(random, median * 0.7, 0.9, 20, 60_000)
    cached = round(input_ * 0.5) if random.random() < 0.3 else 0
    return Work(agent, random.choice(MODELS), site, input_, output, cached)


def _pack(random: Random, person: Person, at: datetime, key: str) -> Buy | None:
    if random.random() > 0.4:
        return None
    slug = "sixty" if random.random() < 0.15 else "ten"
    return Buy(at=at, account=person.user_name, key=f"{key}/pack", item=slug, reason=f"Pack of {slug} bought",
               actor=ADMIN)  # fmt: skip


def _turns(people: tuple[Person, ...], start: datetime, end: datetime) -> Iterator[Act]:
    users = [person.user_name for person in people if person.role == "user"]
    day, span = timedelta(days=1), end - start
    for place, ago in ((0, span / 3), (1, span / 4), (5, 3 * day)):
        yield Earn(at=end - ago, account=users[place % len(users)], key=f"turn/reward{place}", actor=ADMIN,
                   activity="published_site", reason="Her site is online")  # fmt: skip
    yield Administer(at=end - span / 5, account=users[1 % len(users)], key="turn/reset", what="reset",
                     reason="Lost the day to our outage", actor=ADMIN)  # fmt: skip
    yield Administer(at=end - 5 * day, account=users[3 % len(users)], key="turn/freeze", what="freeze",
                     reason="Sites reported for phishing", actor=ADMIN)  # fmt: skip
    for place, leave in ((2, 1), (4, 0)):
        yield Drain(at=end - timedelta(minutes=50 - place), account=users[place % len(users)], key=f"turn/left{leave}",
                    action="project_creation", leave=leave, fixed=True,
                    work=Work("builder", "gpt-4o-mini", SITES[place], 4_100, 1_900))  # fmt: skip
    at = end - timedelta(minutes=3)
    pack = Buy(at=at, account=users[0], key="end/pack", item="ten", reason="Pack of ten bought", actor=ADMIN)
    yield Begin(at=at, account=users[0], key="end", action="project_creation", estimate=1,
                project=SITES[0],
                if_short=pack)  # fmt: skip
