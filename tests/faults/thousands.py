"""Ten thousand lost answers on each database, and a server that is killed again and again: each effect exactly once.

    python tests/faults/thousands.py                   # both databases
    python tests/faults/thousands.py --lost 2000 --only sqlite --pieces 0

Exits 1 when the books differ from what was sent.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import repeat
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests")]

from faults.insisting import Stood, a_site, storm  # noqa: E402
from support.browser import free_port  # noqa: E402
from support.cutting import cutting  # noqa: E402
from support.databases import migrate, postgres_for_tests  # noqa: E402

CUTS, WEIGHTS = ("through", "before", "after", "middle"), (2, 2, 4, 2)
LOST_BY_PIECE = 5.5
SECONDS_TO_LIVE = 3
DATABASES = ("sqlite", "postgresql")
SERVER = """
import os, signal, sys, time, uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from creditbook.api import api
port, seconds = int(sys.argv[1]), float(sys.argv[2])
while True:
    child = os.fork()
    if not child:
        uvicorn.run(Starlette(routes=[Mount("/api", app=api)]), port=port, log_level="critical", lifespan="off")
        os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print("killed", flush=True)
"""
"""Imports once, then gives birth to one server after another: each lives for some seconds."""


@contextmanager
def a_database(name: str) -> Iterator[str]:
    """A fresh database, which the environment names."""
    with ExitStack() as stack:
        if name == "postgresql":
            url = stack.enter_context(stack.enter_context(postgres_for_tests()).database(migrated=True))
        else:
            url = f"sqlite:///{stack.enter_context(tempfile.TemporaryDirectory())}/faults.db"
            migrate(url)
        os.environ["CREDITBOOK_DATABASE_URL"] = url
        yield url


def lose(name: str, lost: int) -> list[str]:
    """Sends work through a line that loses four of five requests, until so many are lost."""
    dice, began = random.Random(6), time.monotonic()
    with a_database(name) as url, a_site(url) as site:
        before = Stood.at(site)
        cuts = (dice.choices(CUTS, WEIGHTS)[0] for _ in repeat(None))
        with cutting(site.url, cuts) as line:
            expected, heard = storm(site, line.url, range(int(lost / LOST_BY_PIECE) + 16))
        wrong = expected.differs(site, before)
        print(f"{name}: {line.did.total()} requests, {heard} lost {dict(line.did)}, "
              f"{expected.transactions.total()} transactions, {expected.holds.total()} holds, "
              f"{time.monotonic() - began:.0f}s; {len(wrong)} wrong", flush=True)  # fmt: skip
        return wrong + ([] if heard >= lost else [f"only {heard} were lost"])


def kill(name: str, pieces: int) -> list[str]:
    """Sends work to a server that is killed every few seconds, by the signal that nobody can catch."""
    port, began = free_port(), time.monotonic()
    with a_database(name) as url, a_site(url, at=f"http://127.0.0.1:{port}/api") as site:
        before = Stood.at(site)
        server = subprocess.Popen([sys.executable, "-c", SERVER, str(port), str(SECONDS_TO_LIVE)],
                                  stdout=subprocess.PIPE, start_new_session=True)  # fmt: skip
        try:
            expected, heard = storm(site, site.url, range(pieces), pause=0.2)
        finally:
            os.killpg(server.pid, signal.SIGKILL)
        kills = server.communicate()[0].count(b"killed")
        wrong = expected.differs(site, before)
        print(f"{name}: server killed {kills} times, {heard} tries lost, {expected.transactions.total()} transactions, "
              f"{time.monotonic() - began:.0f}s; {len(wrong)} wrong", flush=True)  # fmt: skip
        return wrong + ([] if kills else ["the server was not killed once: send more pieces"])


def main() -> int:
    """Both, on each database."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lost", type=int, default=10_000, help="answers to lose on each database")
    parser.add_argument("--pieces", type=int, default=3_000, help="pieces of work for the server that is killed")
    parser.add_argument("--only", choices=DATABASES)
    asked = parser.parse_args()
    wrong: list[str] = []
    for name in [asked.only] if asked.only else DATABASES:
        wrong += lose(name, asked.lost) if asked.lost else []
        wrong += kill(name, asked.pieces) if asked.pieces else []
    for one in wrong:
        print(one)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
