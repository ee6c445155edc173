"""Several wallets at once: five tokens a day, and premium ones beside them, opened by an administrator or bought."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from .acts import Act, Administer, Begin, Buy, Drain, GiveUp, Part, Person, Pocket, SignUp, Story, TakeBack, Use, Work
from .cast import SITES, wallets_people
from .rhythm import chance, heavy_tail, pause, sessions

ZONE = "America/New_York"
ADMIN = "grace"
MODELS = ("gpt-4o-mini", "claude-haiku-4-5", "gemini-2.5-flash")


def wallets(seed: int, start: datetime, end: datetime, users: int) -> Story:
    """Everything that happens from ``start`` until ``end``."""
    people = wallets_people(users)
    acts: list[Act] = []
    for place, person in enumerate(people):
        acts += _life(seed, person, place, start, end)
    acts += _turns(people, start, end)
    acts.sort(key=lambda act: (act.at, act.key))
    return Story("wallets", "wallets", "Sketchpad", ZONE, people, tuple(acts))


def _life(seed: int, person: Person, place: int, start: datetime, end: datetime) -> Iterator[Act]:
    random = chance(seed, "wallets", person.user_name)
    name, zone = person.user_name, person.zone or ZONE
    joined = start + (end - start) * (0.8 * random.random() ** 2 if place > 2 else 0.0)
    yield SignUp(at=joined, account=name, key=f"{name}/sign-up", zone=person.zone)
    if place % 3 == 2:
        yield Pocket(at=joined + timedelta(hours=1), account=name, key=f"{name}/premium", wallet="PREMIUM", tokens=10,
                     days=30, reason="Welcome gift for the first customers", actor=ADMIN)  # fmt: skip
    days = joined.astimezone(ZoneInfo(zone)).date(), end.astimezone(ZoneInfo(zone)).date()
    for number, at in enumerate(sessions(random, *days, zone, 0.3 + 6 * person.weight)):
        if joined + timedelta(hours=2) < at < end - timedelta(hours=1):
            yield from _session(random, person, at, f"{name}/{number:04}", end - timedelta(minutes=30))


def _session(random: Random, person: Person, at: datetime, key: str, until: datetime) -> Iterator[Act]:
    """A project or two, built while their tokens are held; some are paid from a wallet that the application names."""
    for number in range(random.choice((1, 1, 1, 2))):
        project = random.choice(SITES)
        mine = f"{key}/{number}"
        pack = None
        if random.random() < 0.3:
            pack = Buy(at=at, account=person.user_name, key=f"{mine}/pack", item="premium", actor=ADMIN,
                       reason="Premium pack bought")  # fmt: skip
        if random.random() < 0.3:
            yield Use(at=at, account=person.user_name, key=mine, action="project_creation", wallet="PREMIUM",
                      work=_work(random, project), if_short=pack,
                      reported=(("projectId", f"p-{random.randrange(10_000, 99_999)}"),))  # fmt: skip
            if random.random() < 0.03:
                yield TakeBack(at=min(at + timedelta(hours=2), until), account=person.user_name, key=f"{mine}/refund",
                               of=mine, reason="The project was empty", actor=ADMIN)  # fmt: skip
        else:
            yield Begin(at=at, account=person.user_name, key=mine, action="project_creation", estimate=1,
                        project=project, if_short=pack)  # fmt: skip
            at += pause(random, 120)
            if random.random() < 0.1:
                yield GiveUp(at=at, account=person.user_name, key=f"{mine}/void", of=mine)
            else:
                yield Part(at=at, account=person.user_name, key=f"{mine}/built", of=mine, action="project_creation",
                           work=_work(random, project), final=True)  # fmt: skip
        at += pause(random, 400)


def _work(random: Random, project: str) -> Work:
    return Work("builder", random.choice(MODELS), project, heavy_tail(random, 4_200, 0.8, 50, 60_000),
                heavy_tail(random, 1_900, 0.7, 20, 8_000))  # fmt: skip


def _turns(people: tuple[Person, ...], start: datetime, end: datetime) -> Iterator[Act]:
    users = [person.user_name for person in people if person.role == "user"]
    day, span = timedelta(days=1), end - start
    for place, ago in ((0, 6 * day), (1, 9 * day), (4, 3 * day)):
        yield Pocket(at=end - ago, account=users[place], key=f"turn/premium{place}", wallet="PREMIUM", tokens=10,
                     days=30, reason="Thanks for the interview", actor=ADMIN)  # fmt: skip
    yield Pocket(at=end - 3 * day, account=users[0], key="turn/bonus", wallet="BONUS", tokens=5, days=45,
                 reason="Won the sketch of the week", actor=ADMIN)  # fmt: skip
    yield Administer(at=end - 2 * day, account=users[4], key="turn/off", what="wallet_off", wallet="PREMIUM",
                     reason="Paid with a stolen card", actor=ADMIN)  # fmt: skip
    yield Administer(at=end - span / 3, account=users[5 % len(users)], key="turn/freeze", what="freeze",
                     reason="Asked to pause", actor=ADMIN)  # fmt: skip
    yield Administer(at=end - span / 4, account=users[5 % len(users)], key="turn/unfreeze", what="unfreeze",
                     reason="Is back", actor=ADMIN)  # fmt: skip
    yield Drain(at=end - timedelta(minutes=40), account=users[2], key="turn/empty", action="project_creation", leave=0,
                fixed=True, work=Work("builder", MODELS[0], SITES[2], 3_800, 1_700))  # fmt: skip
    yield Use(at=end - timedelta(minutes=20), account=users[0], key="turn/used", action="project_creation",
              work=Work("builder", MODELS[1], SITES[7], 4_400, 2_100),
              reported=(("projectId", "p-20417"),))  # fmt: skip
    at = end - timedelta(minutes=3)
    pack = Buy(at=at, account=users[0], key="end/pack", item="premium", reason="Premium pack bought", actor=ADMIN)
    yield Begin(at=at, account=users[0], key="end", action="project_creation", estimate=1,
                project=SITES[1],
                if_short=pack)  # fmt: skip
