"""SQLite at synchronous=FULL: ours alone, by threads and by tasks, beside the same statements by the same driver."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from creditbook import AsyncLedger, Ledger, open_ledger
from creditbook.ledger.calls import Call
from creditbook.store.engine import open_store
from creditbook.store.recipe_sqlite import driver

from . import api, measuring, workload
from .measuring import Way
from .report import Bench, Mark
from .sqlite_floor import SqliteFloor
from .workload import People

FLOOR, ALONE = "floor: the same statements, raw", "ours, alone"
EACH, GROUPED, TASKS = "16 threads, a commit each", "16 threads", "16 tasks"
MARKS = (Mark(ALONE, FLOOR, 0.5), Mark(GROUPED, EACH, 1.5))


class _CommitEach:
    """In the place of group commit: every call takes the lock and commits by itself."""

    def __init__(self, run: Callable[[Sequence[Call]], None]) -> None:
        self._run = run

    def call(self, call: Call) -> None:
        self._run([call])

    def close(self) -> None:
        pass


@contextmanager
def bench(folder: Path, accounts: int, *, with_api: bool) -> Iterator[Bench]:
    """A fresh file with everybody in it, and every way of spending there."""
    url = f"sqlite:///{folder / 'bench.db'}"
    floor_store = open_store(url)
    with open_ledger(url) as ledger, open_ledger(url) as each, floor_store.driver() as connection:
        people = workload.populate(ledger, accounts)
        each.core.group = lambda _org_id: _CommitEach(each.core.executor.run)  # type: ignore[method-assign,assignment,return-value]
        floor = SqliteFloor(connection, people)
        title = f"SQLite {driver().sqlite_version}, synchronous=FULL"
        ways = _ways(ledger, each, floor, people)
        with api.beside(ledger, url, people, TASKS, wanted=with_api) as (through_api, marks):
            yield Bench(title, [*ways, *through_api], (*MARKS, *marks), ledger.core.store)
    floor_store.close()


def _ways(ledger: Ledger, each: Ledger, floor: SqliteFloor, people: People) -> list[Way]:
    aledger = AsyncLedger(ledger)

    def anybody(dice: random.Random) -> str:
        return people.names[dice.randrange(len(people.names))]

    def spend(dice: random.Random) -> object:
        return ledger.spend(anybody(dice), **workload.work(dice))

    def hot(dice: random.Random) -> object:
        return ledger.spend(people.hot_name, **workload.work(dice))

    def pair(dice: random.Random) -> None:
        workload.reserve_and_capture(ledger, anybody(dice), dice)

    return [
        Way(FLOOR, FLOOR, measuring.alone(floor.spend)),
        Way(ALONE, FLOOR, measuring.alone(spend)),
        Way(EACH, FLOOR, measuring.threads(lambda dice: each.spend(anybody(dice), **workload.work(dice)))),
        Way(GROUPED, EACH, measuring.threads(spend)),
        Way(TASKS, EACH, measuring.tasks(lambda dice: aledger.spend(anybody(dice), **workload.work(dice)))),
        Way("16 threads, one hot account", EACH, measuring.threads(hot)),
        Way("reserve + capture, alone (pairs)", FLOOR, measuring.alone(pair)),
        Way("reserve + capture, 16 threads (pairs)", EACH, measuring.threads(pair)),
    ]
