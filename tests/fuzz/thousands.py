"""Thousands of requests made up from our own OpenAPI, by every kind of caller, each judged.

    python tests/fuzz/thousands.py                        # 10,000 cases; stopped, it goes on where it was
    python tests/fuzz/thousands.py --cases 50000 --from 100
    python tests/fuzz/thousands.py --postgres --only usage --again

Exits 1 when an answer was wrong. What was done stands in `.hypothesis/fuzz-*.json` until `--again`.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests")]

from fuzz.campaign import Campaign, Tally  # noqa: E402
from fuzz.world import a_world  # noqa: E402
from support.databases import migrate, postgres_for_tests  # noqa: E402

RANDOM_CASES = 42


@contextmanager
def a_database(*, postgres: bool) -> Iterator[str]:
    """A fresh database for one round."""
    if postgres:
        with postgres_for_tests() as server, server.database(migrated=True) as url:
            yield url
        return
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/fuzz.db"
        migrate(url)
        yield url


class Done:
    """What earlier runs have behind them, by round and route."""

    def __init__(self, path: Path, *, again: bool) -> None:
        self._path = path
        self._told: dict[str, Any] = {} if again or not path.exists() else json.loads(path.read_text("utf-8"))

    def get(self, slot: str) -> Tally | None:
        """The tally of a round's route, if it was done."""
        found = self._told.get(slot)
        return None if found is None else Tally(
            found["cases"], Counter(found["callers"]), Counter(found["statuses"]), found["wrong"]
        )  # fmt: skip

    def put(self, slot: str, tally: Tally) -> None:
        """Keeps it."""
        self._told[slot] = vars(tally)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(self._told), "utf-8")


def a_round(number: int, asked: argparse.Namespace, done: Done, total: Tally) -> None:
    """Every route once: all that is tried by plan, shifted by one caller a round, then requests by chance."""
    with a_database(postgres=asked.postgres) as url, a_world(url) as world:
        campaign = Campaign(world, number)
        for label in (one for one in campaign.operations if asked.only in one):
            slot = f"{number} {label}"
            tally = done.get(slot)
            if tally is None:
                began = time.monotonic()
                tally = campaign.edges(label, number)
                tally.add(campaign.random_cases(label, number, RANDOM_CASES))
                world.pass_time(hours=5)
                done.put(slot, tally)
                took = time.monotonic() - began
                wrong = f"{len(tally.wrong)} wrong"
                print(f"{number:3} {label:48} {tally.cases:5} in {took:5.1f}s  {wrong}  {by_status(tally)}", flush=True)
            total.add(tally)
            if total.cases >= asked.cases and number > asked.begin:
                return


def main() -> int:
    """Runs rounds until so many cases were sent, and says what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--from", dest="begin", type=int, default=1, help="the first round; each has a seed of its own")
    parser.add_argument("--only", default="", help="routes whose name holds this")
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--again", action="store_true", help="forget what earlier runs did")
    asked = parser.parse_args()
    done = Done(ROOT / ".hypothesis" / f"fuzz-{'postgres' if asked.postgres else 'sqlite'}.json", again=asked.again)
    total, began = Tally(), time.monotonic()
    for number in count(asked.begin):
        a_round(number, asked, done, total)
        if total.cases >= asked.cases:
            break
    print(f"\n{total.cases} cases in {time.monotonic() - began:.0f}s on "
          f"{'PostgreSQL' if asked.postgres else 'SQLite'}; by caller {dict(total.callers)}")  # fmt: skip
    print("by status", by_status(total))
    print(f"{len(total.answered())} routes said yes; {len(total.wrong)} answers were wrong")
    for wrong in total.wrong[:20]:
        print("\n" + wrong)
    return 1 if total.wrong else 0


def by_status(total: Tally) -> dict[str, int]:
    """How often each status was answered."""
    told: Counter[str] = Counter()
    for name, many in total.statuses.items():
        told[name.rpartition(" ")[2]] += many
    return dict(sorted(told.items()))


if __name__ == "__main__":
    sys.exit(main())
