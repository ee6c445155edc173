"""Code generation and review by credits: people on Free, Pro and Enterprise, and in every state between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from creditbook.domain.program import Every

from .acts import Act, Begin, Choose, Drain, Give, Person, SignUp, Story, TakeBack, Use, Work
from .cast import REPOSITORIES, credits_people
from .rhythm import chance, heavy_tail, pause, sessions
from .subscribing import began, subscribed

ZONE = "Europe/Berlin"
ADMIN = "katrin"
CREDIT = 2_000
WORK = ("code_generation", "code_generation", "code_review")
MODELS = {
    "code_generation": ("claude-sonnet-4-5", "gpt-5-mini", "deepseek/deepseek-chat"),
    "code_review": ("claude-sonnet-4-5", "gpt-4o"),
}
A_DAY = {"free": 0.07, "enterprise": 1.3}
"""Sessions of a working day; whoever pays for Pro has 0.8."""


def credits_(seed: int, start: datetime, end: datetime, users: int) -> Story:
    """Everything that happens from ``start`` until ``end``."""
    people = credits_people(users)
    acts: list[Act] = []
    for place, person in enumerate(people):
        acts += _life(seed, person, place, start, end)
    acts += _turns(people, end)
    acts.sort(key=lambda act: (act.at, act.key))
    return Story("credits", "credits", "Codewerk", ZONE, people, tuple(acts))


def _life(seed: int, person: Person, place: int, start: datetime, end: datetime) -> Iterator[Act]:
    random = chance(seed, "credits", person.user_name)
    name, zone = person.user_name, person.zone or ZONE
    joined = start + (end - start) * (0.5 * random.random() ** 2 if person.plan == "free" and place > 3 else 0.0)
    yield SignUp(at=joined, account=name, key=f"{name}/sign-up", zone=person.zone)
    yield from _plan(person, place, joined, end)
    days = joined.astimezone(ZoneInfo(zone)).date(), end.astimezone(ZoneInfo(zone)).date()
    for number, at in enumerate(sessions(random, *days, zone, A_DAY.get(person.plan or "free", 0.8))):
        if joined + timedelta(hours=12) < at < end - timedelta(hours=1):
            yield from _session(random, person, at, f"{name}/{number:04}", end - timedelta(minutes=30))


def _plan(person: Person, place: int, joined: datetime, end: datetime) -> Iterator[Act]:
    """How she pays, or stopped to."""
    name, zone, soon = person.user_name, person.zone or ZONE, joined + timedelta(hours=3)
    ends_in = {"pro": 5 + place, "enterprise": 17, "cancelling": 8, "past_due": -1, "lapsed": -18}.get(person.plan)
    if ends_in is None:
        return
    since = soon if ends_in > 0 else end - timedelta(days=70)
    when = began(Every.DAYS_30, zone, max(soon, since), end, ends_in=ends_in)
    plan = "enterprise" if person.plan == "enterprise" else "pro"
    until = end if ends_in > 0 else end + timedelta(days=ends_in - 2)
    yield from subscribed(name, plan, Every.DAYS_30, when, zone, until, actor=ADMIN)
    if person.plan == "cancelling":
        yield Choose(at=end - timedelta(days=4), account=name, key=f"{name}/cancel", plan="", actor=name)


def _session(random: Random, person: Person, at: datetime, key: str, until: datetime) -> Iterator[Act]:
    repository = random.choice(REPOSITORIES)
    for number in range(random.choice((1, 2, 2, 3, 4))):
        action = random.choice(WORK)
        output = heavy_tail(random, 1_400, 0.7, 30, 12_000)
        work = Work(
            agent=action.removeprefix("code_") + "-agent",
            model=random.choice(MODELS[action]),
            project=repository,
            input_tokens=heavy_tail(random, 5_200, 0.9, 100, 90_000),
            output_tokens=output,
            reasoning_tokens=output // 3 if random.random() < 0.2 else 0,
        )
        yield Use(at=at, account=person.user_name, key=f"{key}/{number}", action=action, work=work)
        if person.plan != "enterprise" and random.random() < 0.01:
            yield TakeBack(at=min(at + timedelta(hours=5), until), account=person.user_name, key=f"{key}/{number}/back",
                           of=f"{key}/{number}", reason="The review was about another file", actor=ADMIN)  # fmt: skip
        at += pause(random, 300)


def _turns(people: tuple[Person, ...], end: datetime) -> Iterator[Act]:
    users = [person.user_name for person in people if person.role == "user"]
    day = timedelta(days=1)
    yield Give(at=end - 10 * day, account=users[3], key="turn/bonus", tokens=3 * CREDIT, days=60, label="Bonus credits",
               reason="Spoke at the meet-up", actor=ADMIN)  # fmt: skip
    yield Give(at=end - 2 * day, account=users[0], key="turn/odd", tokens=1_300, days=30, label="Goodwill",
               reason="Half a review was lost", actor=ADMIN)  # fmt: skip
    yield Drain(at=end - day / 8, account=users[5], key="turn/empty", action="code_review", leave=CREDIT - 1,
                fixed=True, work=Work("review-agent", "gpt-4o", REPOSITORIES[3], 6_100, 1_250))  # fmt: skip
    yield Drain(at=end - day / 9, account=users[1], key="turn/low", action="code_generation", leave=2 * CREDIT,
                fixed=True, work=Work("generation-agent", "gpt-5-mini", REPOSITORIES[5], 4_800, 1_900))  # fmt: skip
    yield Begin(at=end - timedelta(minutes=3), account=users[0], key="end", action="code_generation", estimate=CREDIT,
                project=REPOSITORIES[0])  # fmt: skip
