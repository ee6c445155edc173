"""Fills an empty database with the sample organizations, or goes on where filling it was interrupted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from creditbook.access import Access, Role, console
from creditbook.access.api_keys import SCOPES, ApiKeys
from creditbook.alerts.budgets import Budgets
from creditbook.clock import Clock
from creditbook.domain.errors import Conflict
from creditbook.ledger.ledger import Ledger, ledger_on
from creditbook.programs import load_program
from creditbook.settings import Settings
from creditbook.store import directory, samples
from creditbook.store.directory import Organization
from creditbook.store.engine import Store

from .acts import Begin, Person, Story
from .arriving import arrive
from .books import with_books
from .clock import StoryClock
from .credits import credits_
from .daily import daily
from .play import Player
from .studio import studio
from .teams import teams
from .wallets import wallets

STORIES: tuple[Callable[[int, datetime, datetime, int], Story], ...] = (daily, wallets, studio, credits_, teams)
SLUGS = ("daily", "wallets", "studio", "credits", "teams")
PASSWORD_ROUNDS = 6
"""Far fewer than for real people: these passwords are printed, and sixty-five of them would be most of the time."""

HOW_MADE = re.compile(r"seed=(\d+) days=(\d+) users=(\d+)")
_WORDS = ("mango", "river", "lantern", "monsoon", "saffron", "harbour", "velvet", "bamboo", "comet", "orchard", "tiger",
          "marble", "cobalt", "meadow", "pepper", "summit")  # fmt: skip


@dataclass(frozen=True, slots=True)
class SampleLogin:
    """Somebody who can sign in to the demo."""

    username: str
    password: str
    role: str
    name: str
    is_operator: bool


@dataclass(frozen=True)
class SampleOrganization:
    """One organization of the demo, with everybody who can sign in, and an API key of each scope."""

    slug: str
    program: str
    people: list[SampleLogin]
    api_keys: dict[str, str]


@dataclass
class Demo:
    """What the demo holds. ``acts`` is what was played now: 0 when all was there. Refusals are counted by name."""

    organizations: list[SampleOrganization] = field(default_factory=list)
    acts: int = 0
    refusals: dict[str, int] = field(default_factory=dict)
    seed: int = 0
    days: int = 0
    users: int = 0


Tell = Callable[[str, int, int], None]


def fill(store: Store, clock: Clock, *, seed: int, days: int, users: int, tell: Tell) -> Demo:
    """Fills the database at the newest schema. ``tell`` hears (organization, acts played, of how many).

    An interrupted demo goes on with the seed, days and users that it was begun with; a whole one is left as it is.
    Raises Conflict where anything but a demo is in the database.
    """
    there = {organization.slug: organization for organization in directory.organizations(store)}
    _refuse_real_data(store, there)
    end = clock()
    for slug in SLUGS:
        if slug in there:
            reason, start = samples.how_made(store, there[slug].org_id)
            begun = HOW_MADE.search(reason)
            if begun is None:
                raise Conflict(f"The organization {slug} is none of the demo's. Use a database of its own.")
            seed, days, users = map(int, begun.groups())
            end = start + timedelta(days=days)
            break
    made = Demo(seed=seed, days=days, users=users)
    for tale in STORIES:
        start = end - timedelta(days=days)
        story = with_books(tale(seed, start, end, users), start, end)
        made.organizations.append(_fill_one(store, story, end, made, tell))
    return made


def _refuse_real_data(store: Store, there: dict[str, Organization]) -> None:
    real = sorted(slug for slug, organization in there.items() if not organization.is_sample)
    if real or (not there and samples.anybody(store)):
        what = f"the organizations {', '.join(real)}" if real else "people"
        raise Conflict(
            f"This database holds real data ({what}). Sample data wants a database of its own: "
            "set CREDITBOOK_DATABASE_URL, for example to sqlite:///data/demo.db."
        )


def _fill_one(store: Store, story: Story, end: datetime, made: Demo, tell: Tell) -> SampleOrganization:
    clock = StoryClock(end - timedelta(days=made.days))
    with ledger_on(store, clock=clock) as ledger:
        return _told_to(ledger, clock, story, end, made, tell)


def _told_to(
    ledger: Ledger, clock: StoryClock, story: Story, end: datetime, made: Demo, tell: Tell
) -> SampleOrganization:
    store, start = ledger.core.store, clock.at
    if directory.organization_by_slug(store, story.slug) is None:
        program = replace(load_program(story.program), self_registration=True)
        ledger.create_organization(
            story.slug, program, name=story.name, zone=story.zone, is_sample=True, actor="demo",
            reason=f"sample data: seed={made.seed} days={made.days} users={made.users}",
        )  # fmt: skip
    logins = {person.user_name: login_of(story.slug, person, start) for person in story.people}
    last = story.acts[-1]
    operation = "reserve" if isinstance(last, Begin) else "capture"
    org_id = ledger.core.organization(story.slug).org_id
    if not samples.has_key(store, org_id, operation, f"demo/{last.key}"):
        _play(ledger, clock, story, logins, made, tell)
        clock.at = end
        ledger.sweep(story.slug)
    keys = _keys(ledger, clock, story, start, end)
    _budgets(ledger, clock, story)
    arrive(ledger, clock, story.slug, tuple(logins), end, made.seed)
    return SampleOrganization(story.slug, story.program, list(logins.values()), keys)


def _keys(ledger: Ledger, clock: StoryClock, story: Story, start: datetime, end: datetime) -> dict[str, str]:
    """A key of each scope: the same every time for this database, as passwords are."""
    clock.at = end
    organization, service = ledger.core.organization(story.slug), ApiKeys(ledger.core.store, clock)
    actor = console(organization.org_id, story.slug, story.name, story.zone)
    made: dict[str, str] = {}
    for scope in SCOPES:
        secret = hashlib.sha256(f"{story.slug}/key/{scope}/{start.isoformat()}".encode()).hexdigest()[:40]
        made[scope] = service.create(actor, f"Demo, {scope}", scope, reason="sample data", secret=secret).text
    return made


def _budgets(ledger: Ledger, clock: StoryClock, story: Story) -> None:
    """What finance watches; once, however often the demo is made."""
    organization = ledger.core.organization(story.slug)
    actor = console(organization.org_id, story.slug, story.name, story.zone)
    service = Budgets(ledger.core.store, actor, Settings.from_environment(), clock)
    if not service.listed():
        for terms in story.budgets:
            service.add(terms, "", reason="sample data")


def _play(
    ledger: Ledger, clock: StoryClock, story: Story, logins: dict[str, SampleLogin], made: Demo, tell: Tell
) -> None:
    organization = ledger.core.organization(story.slug)
    actor = console(organization.org_id, story.slug, story.name, story.zone)
    people = Access(ledger.core.store, clock).people
    cast = {person.user_name: person for person in story.people}

    def join(user_name: str) -> None:
        person, password = cast[user_name], logins[user_name].password
        role: Role = person.role  # type: ignore[assignment]
        try:
            person_id = people.add(
                actor, user_name, person.name, role, password, reason="sample data", is_operator=person.is_operator,
                password_rounds=PASSWORD_ROUNDS,
            )  # fmt: skip
        except Conflict:
            return
        people.give_account(actor, person_id, user_name, reason="sample data")

    player = Player(ledger, clock, story, join)
    for number, act in enumerate(story.acts, start=1):
        player.play(act)
        tell(story.slug, number, len(story.acts))
    player.flush()
    made.acts += len(story.acts)
    for name, count in player.refusals.items():
        made.refusals[name] = made.refusals.get(name, 0) + count


def login_of(slug: str, person: Person, start: datetime) -> SampleLogin:
    """The same password every time for this database, another one for the next."""
    digest = hashlib.sha256(f"{slug}/{person.user_name}/{start.isoformat()}".encode()).digest()
    words = "-".join(_WORDS[byte % len(_WORDS)] for byte in digest[:2])
    password = f"{words}-{int.from_bytes(digest[2:5], 'big') % 9_000_000 + 1_000_000}"
    return SampleLogin(person.user_name, password, person.role, person.name, person.is_operator)
