"""An organization's pool with tokens for each feature, and the members who spend from it under their quotas."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from creditbook.domain.program import Every

from .acts import Act, Administer, Begin, Buy, Drain, Give, Person, SignUp, Story, TakeBack, Use, Work
from .cast import GOALS, teams_people
from .rhythm import chance, heavy_tail, pause, sessions
from .subscribing import BEFOREHAND, term_ends

ZONE = "Europe/London"
ADMIN, FINANCE = "imogen", "rupert"
FEATURES = ("lead_generation", "goal_generation", "strategy_analysis", "revenue_forecast", "general_insights")
OFTEN = (24, 14, 18, 14, 30)
"""How often each is used, in hundredths."""
MODELS = ("claude-sonnet-4-5", "gpt-4o", "gemini-2.5-flash", "gpt-4o-mini")
QUOTAS = (None, 260, None, 180, 90, 60)
"""Tokens that a member may take of the pool per period; None: as much as there is."""


def teams(seed: int, start: datetime, end: datetime, users: int) -> Story:
    """Everything that happens from ``start`` until ``end``."""
    people = teams_people(users)
    # In the middle of a period at the end, whatever the number of days.
    began = end - timedelta(days=30 * ((end - start).days // 30 - 1) + 20)
    acts: list[Act] = [SignUp(at=start, account="", key="pool/sign-up"), *_plans(began, end)]
    for place, person in enumerate(people):
        acts += _life(seed, person, place, start, began, end)
    acts += _turns(people, began, end)
    acts.sort(key=lambda act: (act.at, act.key))
    return Story("teams", "teams", "Beacon sales", ZONE, people, tuple(acts))


def _plans(began: datetime, end: datetime) -> Iterator[Act]:
    """Pro first; Enterprise in the middle of the first term, and paid ahead ever since."""
    higher = began + timedelta(days=11)
    yield Buy(at=began, account="", key="pool/pro", item="pro", kind="plan", reason="Pro plan, by invoice",
              actor=FINANCE)  # fmt: skip
    yield Buy(at=higher, account="", key="pool/enterprise", item="enterprise", kind="plan", actor=FINANCE,
              reason="Enterprise plan, by invoice")  # fmt: skip
    for number, ends in enumerate(term_ends(Every.DAYS_30, began, ZONE, end + BEFOREHAND), start=1):
        yield Buy(at=ends - BEFOREHAND, account="", key=f"pool/renewal{number}", item="enterprise", kind="renewal",
                  reason="Enterprise plan, next term", actor=FINANCE)  # fmt: skip


def _life(seed: int, person: Person, place: int, start: datetime, began: datetime, end: datetime) -> Iterator[Act]:
    random = chance(seed, "teams", person.user_name)
    name, zone = person.user_name, person.zone or ZONE
    joined = start + timedelta(hours=1 + place) + (end - start) * (0.4 * random.random() ** 2 if place > 4 else 0.0)
    quota = QUOTAS[place % len(QUOTAS)] if person.role == "user" else None
    yield SignUp(at=joined, account=name, key=f"{name}/sign-up", zone=person.zone, pool=True, quota=quota)
    begins = max(joined, began) + timedelta(hours=1)
    leaves = end - timedelta(days=21) if place == 8 else end - timedelta(hours=1)
    days = begins.astimezone(ZoneInfo(zone)).date(), leaves.astimezone(ZoneInfo(zone)).date()
    for number, at in enumerate(sessions(random, *days, zone, 0.15 + 6.5 * person.weight, growth=0.9)):
        if begins < at < leaves:
            yield from _session(random, person, at, f"{name}/{number:04}", leaves - timedelta(minutes=30))
    if place == 8:
        yield Administer(at=leaves + timedelta(hours=9), account=name, key=f"{name}/close", what="close_account",
                         reason="Has left the company", actor=ADMIN)  # fmt: skip


def _session(random: Random, person: Person, at: datetime, key: str, until: datetime) -> Iterator[Act]:
    project = random.choice(GOALS)
    for number in range(random.choice((1, 1, 2, 3))):
        (feature,) = random.choices(FEATURES, OFTEN)
        mine, action = f"{key}/{number}", feature
        reported: tuple[tuple[str, object], ...] = ()
        if feature == "revenue_forecast" and random.random() < 0.25:
            action, reported = "forecast_scenarios", (("scenarios", random.choice((2, 3, 3, 5))),)
        yield Use(at=at, account=person.user_name, key=mine, action=action, reported=reported,
                  work=_work(random, feature, project))  # fmt: skip
        if random.random() < 0.012:
            yield TakeBack(at=min(at + timedelta(hours=3), until), account=person.user_name, key=f"{mine}/back",
                           of=mine, reason="The figures were last year's", actor=ADMIN)  # fmt: skip
        at += pause(random, 240)


def _work(random: Random, feature: str, project: str) -> Work:
    return Work(
        agent=feature.partition("_")[0],
        model=random.choice(MODELS),
        project=project,
        input_tokens=heavy_tail(random, 2_600, 0.8, 80, 40_000),
        output_tokens=heavy_tail(random, 900, 0.7, 20, 6_000),
    )


def _turns(people: tuple[Person, ...], began: datetime, end: datetime) -> Iterator[Act]:
    users = [person.user_name for person in people if person.role == "user"]
    day = timedelta(days=1)
    yield Buy(at=began + 8 * day, account="", key="turn/boost", item="boost", reason="Boost for the trade fair",
              actor=FINANCE)  # fmt: skip
    yield Buy(at=end - 6 * day, account="", key="turn/leads", item="leads", reason="Leads for the new region",
              actor=FINANCE)  # fmt: skip
    yield Give(at=end - 9 * day, account=users[1], key="turn/own", tokens=25, days=60, label="Quarter's best",
               reason="Prize for the best quarter", actor=ADMIN)  # fmt: skip
    yield Administer(at=end - 4 * day, account=users[9 % len(users)], key="turn/freeze", what="freeze",
                     reason="On leave until further notice", actor=ADMIN)  # fmt: skip
    for place, (feature, leave) in enumerate((("goal_generation", 17), ("strategy_analysis", 90))):
        yield Drain(at=end - day / 8 + place * timedelta(hours=1), account=users[0], key=f"turn/{feature}",
                    action=feature, feature=feature, leave=leave + 2, fixed=True,
                    work=Work(feature.partition("_")[0], MODELS[0], GOALS[0], 2_900, 1_050))  # fmt: skip
    at = end - timedelta(minutes=3)
    pack = Buy(at=at, account="", key="end/pack", item="boost", reason="Boost for the region", actor=ADMIN)
    yield Begin(at=at, account=users[0], key="end", action="lead_generation", estimate=5,
                project=GOALS[1],
                if_short=pack)  # fmt: skip
