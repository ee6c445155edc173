"""A server on loopback and the library on the same database, so that one scenario runs on both."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from support.ledgers import BARE, PROGRAM
from support.running import running

from creditbook import Ledger
from creditbook.access import console
from creditbook.access.api_keys import ApiKeys
from creditbook.client import AsyncClient, Client, Retries
from creditbook.domain.program import Action, Plan, Pricing, Program
from creditbook.installation import Installation, close_installations, installation

SMALL = replace(BARE, slug="small", title="Small", rank=3, max_request_tokens=100, requests_per_day=3)
NARROW = replace(BARE, slug="narrow", title="Narrow", rank=4, features=frozenset({"build"}))


def program(**changes: object) -> Program:
    """The tests' program, with plans that refuse something and an action for it."""
    plans: dict[str, Plan] = {**PROGRAM.plans, "small": SMALL, "narrow": NARROW}
    actions = {**PROGRAM.actions, "essay": Action("essay", Pricing.FIXED, 40)}
    return replace(PROGRAM, plans=plans, actions=actions, approval_above=100_000, **changes)  # type: ignore[arg-type]


@dataclass
class World:
    """A running server, and organizations of a test's own."""

    here: Installation
    url: str
    _number: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def ledger(self) -> Ledger:
        return self.here.ledger

    def organization(self, **changes: object) -> str:
        """A new organization that runs the tests' program; its slug."""
        slug = f"org{next(self._number)}"
        self.ledger.create_organization(slug, program(**changes))
        return slug

    def key(self, slug: str, scope: str = "admin") -> str:
        """A key of an organization."""
        org = self.ledger.core.organization(slug)
        boss = console(org.org_id, org.slug, org.name, org.zone)
        name = f"{scope} {next(self._number)}"
        return ApiKeys(self.here.store, self.here.clock).create(boss, name, scope, reason="test").text  # type: ignore[arg-type]


@contextmanager
def a_world() -> Iterator[World]:
    """Where the environment says."""
    try:
        with running() as url:
            yield World(installation(), url)
    finally:
        close_installations()


QUICK = Retries(tries=3, first_pause=0.001, longest_pause=0.01, patience=1.0)


class Awaited:
    """The verbs of an async client as if they were plain ones: each runs on this one loop until it is done."""

    def __init__(self, books: AsyncClient, loop: asyncio.Runner) -> None:
        self.books, self._loop = books, loop

    def reserve(self, account: str, **terms: Any) -> AwaitedJob:
        return AwaitedJob(self._loop.run(self.books.reserve(account, **terms)), self._loop)

    def __getattr__(self, verb: str) -> Any:
        return lambda *args, **kwargs: self._loop.run(getattr(self.books, verb)(*args, **kwargs))


class AwaitedJob:
    """An async job as if it were a plain one."""

    def __init__(self, job: Any, loop: asyncio.Runner) -> None:
        self._job, self._loop = job, loop

    def capture(self, **part: Any) -> Any:
        return self._loop.run(self._job.capture(**part))

    def __enter__(self) -> AwaitedJob:
        return self

    def __exit__(self, *raised: Any) -> None:
        self._loop.run(self._job.__aexit__(*raised))


@contextmanager
def face(name: str, world: World, slug: str) -> Iterator[Any]:
    """The same organization by one of the faces."""
    key = world.key(slug)
    if name == "library":
        yield world.ledger
    elif name == "client":
        with Client(world.url, key, retries=QUICK) as client:
            yield client
    else:
        with asyncio.Runner() as loop:
            books = AsyncClient(world.url, key, retries=QUICK)
            try:
                yield Awaited(books, loop)
            finally:
                loop.run(books.close())


FACES = ("library", "client", "async client")  # the async library's own tests are the ledger's


@dataclass
class Stage:
    """An organization with `asha` in it, seen by one face; ``library`` sets up what only it can."""

    books: Any
    library: Ledger
    slug: str

    @property
    def asha(self) -> str:
        return f"{self.slug}/asha"
