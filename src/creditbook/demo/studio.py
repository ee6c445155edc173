"""The agent studio: projects run agent by agent as parts of one hold, packs bought when tokens run short."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from creditbook.domain.budgets import BudgetTerms, Scope
from creditbook.domain.money import NANOS
from creditbook.domain.program import Every

from .acts import (
    Act,
    Administer,
    Ask,
    Begin,
    Buy,
    Choose,
    Drain,
    Give,
    GiveUp,
    MakeCode,
    Order,
    Part,
    Person,
    Quarrel,
    Redeem,
    SignUp,
    Story,
    TakeBack,
    Use,
    Work,
)
from .cast import PROJECTS, studio_people
from .rhythm import chance, heavy_tail, pause, sessions
from .subscribing import began, subscribed

ZONE = "Asia/Kolkata"
ADMIN = "meera"
BUDGETS = tuple(
    BudgetTerms(name=name, scope=scope, subject=subject, month=None, amount_nanos=units * NANOS, currency=currency)
    for name, scope, subject, units, currency in (
        ("All models", Scope.TOTAL, "", 1_000, "INR"),
        ("Claude Sonnet", Scope.MODEL, "claude-sonnet-4-5", 4, "USD"),
        ("Code agent", Scope.AGENT, "code", 5, "USD"),
    )
)
"""One that will hold, one that is used up, one to watch."""
WHOLE_PROJECT = 20_000

AGENTS = {"idea": 2_000, "srs": 3_500, "code": 5_000, "uml": 2_500, "report": 4_000, "ppt": 1_500, "viva": 2_000}
"""Agent → typical tokens (PROGRAMS.md), in the order in which a project runs them."""

MODELS = {
    "idea": ("claude-haiku-4-5", "gpt-5-mini"),
    "srs": ("claude-sonnet-4-5", "gpt-4o"),
    "code": ("claude-sonnet-4-5", "claude-sonnet-4-5", "deepseek/deepseek-chat"),
    "uml": ("gpt-4o-mini", "gemini-2.5-flash"),
    "report": ("gpt-4o", "claude-sonnet-4-5"),
    "ppt": ("gemini-2.5-flash", "gpt-4o-mini"),
    "viva": ("claude-haiku-4-5", "o4-mini"),
}
OWN_MODEL = "studio-finetune-v2"
"""A model that no price list knows: what it does waits as unpriced."""

THINKING = frozenset({"o4-mini", "gpt-5-mini", "gemini-2.5-flash"})


def studio(seed: int, start: datetime, end: datetime, users: int) -> Story:
    """Everything that happens from ``start`` until ``end``."""
    people = studio_people(users)
    acts: list[Act] = []
    for place, person in enumerate(people):
        acts += _life(seed, person, place, start, end)
    acts += _turns(people, start, end)
    acts.sort(key=lambda act: (act.at, act.key))
    return Story("studio", "studio", "Meridian agent studio", ZONE, people, tuple(acts), BUDGETS)


def _life(seed: int, person: Person, place: int, start: datetime, end: datetime) -> Iterator[Act]:
    random = chance(seed, "studio", person.user_name)
    name = person.user_name
    # The first people are there from the beginning, the last ones came a month ago.
    joined = start + (end - start) * (0.75 * random.random() ** 2 if place > 2 else 0.0)
    yield SignUp(at=joined, account=name, key=f"{name}/sign-up", zone=person.zone)
    if place % 3 == 0:
        yield Redeem(at=joined + timedelta(hours=2), account=name, key=f"{name}/welcome", code="WELCOME2024")
    if person.plan in ("basic", "pro"):
        # One of the Basic people forgot to pay, months ago, and lives on Free since.
        zone = person.zone or ZONE
        when = began(
            Every.ANNIVERSARY_MONTH, zone, joined + timedelta(hours=1), end, ends_in=28 if place == 2 else 23 - place
        )
        renewals = 1 if place == 2 + _ROLES["forgot"] else None
        yield from subscribed(
            name, person.plan, Every.ANNIVERSARY_MONTH, when, zone, end, actor=ADMIN, renewals=renewals
        )  # fmt: skip
    info = ZoneInfo(person.zone or ZONE)
    first, last = joined.astimezone(info).date(), end.astimezone(info).date()
    number = 0
    for at in sessions(random, first, last, person.zone or ZONE, 0.25 + 3.2 * person.weight):
        if joined + timedelta(hours=3) < at < end - timedelta(hours=1):
            number += 1
            yield from _session(random, person, at, f"{name}/{number:04}", end - timedelta(minutes=30))


def _session(random: Random, person: Person, at: datetime, key: str, until: datetime) -> Iterator[Act]:
    project = random.choice(PROJECTS)
    pack = _pack(person, at, key, random)
    if person.plan == "free" and random.random() < 0.75:
        for number in range(1 + (random.random() < 0.35)):
            agent = random.choice(("idea", "ppt", "viva", "uml"))
            work = _work(random, agent, project, 0.28)
            yield Use(at=at, account=person.user_name, key=f"{key}/{number}", action=agent, work=work, if_short=pack)
            if random.random() < 0.02:
                yield _refund(random, person, at, f"{key}/{number}", until)
            at += pause(random, 240)
        return
    yield from _project(random, person, at, key, project, pack, until)


def _project(
    random: Random, person: Person, at: datetime, key: str, project: str, pack: Buy | None, until: datetime
) -> Iterator[Act]:
    whole = random.random() < 0.45
    agents = list(AGENTS) if whole else sorted(random.sample(list(AGENTS), 3), key=list(AGENTS).index)
    estimate = WHOLE_PROJECT if whole else sum(AGENTS[agent] for agent in agents)
    name = person.user_name
    yield Begin(
        at=at, account=name, key=key, action="project", estimate=estimate, project=project, minutes=30, if_short=pack
    )
    fate = random.random()
    stop = random.randrange(1, len(agents)) if fate < 0.1 else len(agents)
    for number, agent in enumerate(agents[:stop]):
        at += pause(random, 75)
        work = _work(random, agent, project, 0.24)
        final = number == len(agents) - 1
        yield Part(at=at, account=name, key=f"{key}/{agent}", of=key, action=agent, work=work, final=final)
        if random.random() < 0.006:
            yield _refund(random, person, at, f"{key}/{agent}", until)
    if stop < len(agents) and fate < 0.08:
        yield GiveUp(at=at + timedelta(seconds=20), account=name, key=f"{key}/void", of=key)


def _work(random: Random, agent: str, project: str, sigma: float) -> Work:
    model = random.choice(MODELS[agent]) if random.random() > 0.012 else OWN_MODEL
    total = heavy_tail(random, AGENTS[agent] * 0.96, sigma, 300, 8_000)
    output = round(total * random.uniform(0.25, 0.6))
    input_ = total - output
    return Work(
        agent=agent,
        model=model,
        project=project,
        input_tokens=input_,
        output_tokens=output,
        cached_tokens=round(input_ * random.uniform(0.2, 0.7)) if random.random() < 0.4 else 0,
        reasoning_tokens=round(output * random.uniform(0.1, 0.5)) if model in THINKING else 0,
    )


def _pack(person: Person, at: datetime, key: str, random: Random) -> Buy | None:
    """What she does when tokens run short: most people wait for the next month, some buy."""
    if random.random() > (0.12 if person.plan == "free" else 0.6):
        return None
    slug = "pro" if person.plan == "pro" and random.random() < 0.4 else "starter"
    return Buy(at=at, account=person.user_name, key=f"{key}/pack", item=slug, reason=f"{slug.title()} pack bought",
               actor=ADMIN)  # fmt: skip


def _refund(random: Random, person: Person, at: datetime, of: str, until: datetime) -> TakeBack:
    reasons = ("The answer broke off in the middle", "Wrong language in the report", "The diagram came out empty")
    when = min(at + timedelta(hours=random.uniform(0.5, 20)), until)
    return TakeBack(
        at=when, account=person.user_name, key=f"{of}/refund", of=of, reason=random.choice(reasons), actor=ADMIN
    )


def _turns(people: tuple[Person, ...], start: datetime, end: datetime) -> Iterator[Act]:
    """What an administrator did, and the states that the screens must show: frozen, low, empty, in debt, at work."""
    users = [person.user_name for person in people if person.role == "user"]
    who = {name: users[place % len(users)] for name, place in _ROLES.items()}
    day = timedelta(days=1)
    span = end - start
    yield Redeem(at=end - span / 3, account=who["launch"], key="turn/launch", code="launch50 ")
    yield Redeem(at=end - 5 * day, account=who["beta"], key="turn/beta", code="BETA100")
    yield MakeCode(at=end - 12 * day, account=ADMIN, key="turn/campus", code="CAMPUS", tokens=5_000, count=25,
                   total_limit=1, lifetime_days=60, label="Campus tour",
                   reason="Handed out at the campus tour")  # fmt: skip
    yield from _sales(who, end)
    yield Choose(at=end - 2 * day, account=who["cancels"], key="turn/cancels", plan="", actor=who["cancels"])
    yield Ask(at=end - day / 2, account=who["beta"], key="turn/ask", tokens=150_000, actor=ADMIN,
              reason="Sponsored final-year project")  # fmt: skip
    yield Give(at=end - 6 * day, account=who["launch"], key="turn/thanks", tokens=5_000, kind="reward", days=9,
               label="Bug bounty", reason="Found a fault in the diagram agent", actor=ADMIN)  # fmt: skip
    yield Give(at=end - span / 2, account=who["mistake"], key="turn/mistake", tokens=25_000,
               reason="Workshop at the college", actor=ADMIN)  # fmt: skip
    yield TakeBack(at=end - span / 2 + day / 3, account=who["mistake"], key="turn/mistake/back", of="turn/mistake",
                   reason="Meant for another account", actor=ADMIN, revoke=True)  # fmt: skip
    yield Administer(at=end - span / 4, account=who["moves"], key="turn/moves", what="set_zone", zone="Europe/London",
                     reason="Moved to London", actor=ADMIN)  # fmt: skip
    yield Administer(at=end - 9 * day, account=who["frozen"], key="turn/freeze", what="freeze",
                     reason="Card payment under dispute", actor=ADMIN)  # fmt: skip
    yield Give(at=end - day / 4, account=who["low"], key="turn/low/courtesy", tokens=3_000, days=30,
               reason="Courtesy for the outage", actor=ADMIN)  # fmt: skip
    yield Drain(at=end - day / 6, account=who["low"], key="turn/low", action="report", leave=640, most=6_000,
                work=Work(agent="report", model="gpt-4o", project=PROJECTS[3]))  # fmt: skip
    yield Drain(at=end - day / 8, account=who["empty"], key="turn/empty", action="code", leave=0, most=6_000,
                work=Work(agent="code", model="claude-sonnet-4-5", project=PROJECTS[7]))  # fmt: skip
    yield from _overrun(who["debt"], end - day / 10)
    at = end - timedelta(minutes=4)
    pack = Buy(at=at, account=users[0], key="end/pack", item="starter", reason="Starter pack bought", actor=ADMIN)
    yield Begin(at=at, account=users[0], key="end", action="project", estimate=9_000, project=PROJECTS[0], minutes=15,
                if_short=pack)  # fmt: skip
    work = Work("idea", "claude-haiku-4-5", PROJECTS[0], 1_150, 890)
    yield Part(at=at + timedelta(minutes=2), account=users[0], key="end/idea", of="end", action="idea", work=work,
               final=False)  # fmt: skip


_ROLES = {"launch": 1, "mistake": 2, "moves": 8, "frozen": 3, "low": 4, "empty": 7, "debt": 6, "cancels": 2,
          "forgot": 5, "beta": 9, "disputes": 8, "returns": 1, "orders": 7}  # fmt: skip


def _sales(who: dict[str, str], end: datetime) -> Iterator[Act]:
    """Sales that did not end with the grant: one waits for its money, one is disputed, one went back in part."""
    day = timedelta(days=1)
    for name, ago in (("disputes", 16), ("returns", 11)):
        yield Buy(at=end - ago * day, account=who[name], key=f"turn/{name}", item="starter", actor=ADMIN,
                  reason="Starter pack bought")  # fmt: skip
    yield Quarrel(at=end - 3 * day, account=who["disputes"], key="turn/disputes/opened", of="turn/disputes",
                  reason="The card's owner says that it was not her", actor="stripe")  # fmt: skip
    yield Quarrel(at=end - 10 * day, account=who["returns"], key="turn/returns/half", of="turn/returns", refund=True,
                  amount_minor=4_950, reason="Bought twice by mistake", actor=ADMIN)  # fmt: skip
    yield Order(at=end - day, account=who["orders"], key="turn/orders", item="pro")


def _overrun(name: str, at: datetime) -> Iterator[Act]:
    """Work that took more than its hold and more than there was: visible debt."""
    yield Give(at=at - timedelta(hours=1), account=name, key="turn/debt/courtesy", tokens=4_000, days=30,
               reason="Courtesy for yesterday's broken run", actor=ADMIN)  # fmt: skip
    yield Drain(at=at, account=name, key="turn/debt/before", action="report", leave=2_600, most=6_000,
                work=Work(agent="report", model="gpt-4o", project=PROJECTS[11]))  # fmt: skip
    at += timedelta(minutes=5)
    yield Begin(at=at, account=name, key="turn/debt", action="project", estimate=2_500, project=PROJECTS[11])
    work = Work("code", "claude-sonnet-4-5", PROJECTS[11], 3_900, 2_450)
    yield Part(at=at + timedelta(minutes=2), account=name, key="turn/debt/code", of="turn/debt", action="code",
               work=work, final=True)  # fmt: skip


def last_day(end: datetime) -> date:
    """The studio's local date at the end."""
    return end.astimezone(ZoneInfo(ZONE)).date()
