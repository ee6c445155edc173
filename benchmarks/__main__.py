"""`python -m benchmarks`: see `docs/performance.md`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from . import measuring, on_sqlite, report

QUICK = {"rounds": 1, "seconds": 0.1, "accounts": 20}


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark. Ends with 1 when the books are broken afterwards; a missed mark is only shown."""
    given = _read(arguments)
    talk = Console(stderr=True)
    before = report.machine()
    found = []
    for name in given.only or ("sqlite", "postgresql"):
        with _opened(name, given) as bench:
            measuring.interleave(
                bench.ways, given.rounds, given.seconds, lambda said, name=name: talk.print(f"{name}: {said}")
            )
            found.append(report.summary(bench, bench.broken()))
    whole = {"machine": {"before": before, "after": report.machine()}, "rounds": given.rounds, "databases": found}
    _tell(whole, given)
    return 0 if all(one["books"]["whole"] for one in found) else 1


def _read(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description="What the complete path costs.")
    parser.add_argument("--rounds", type=int, default=7, help="counted rounds (default 7)")
    parser.add_argument("--seconds", type=float, default=1.0, help="seconds of every way in a round (default 1)")
    parser.add_argument("--accounts", type=int, default=1_000, help="accounts that spend (default 1000)")
    parser.add_argument("--only", action="append", choices=("sqlite", "postgresql"), help="one database only")
    parser.add_argument("--no-api", dest="api", action="store_false", help="leave out what goes through the API")
    parser.add_argument("--postgres", help="a server of yours (SQLAlchemy URL of an empty database)")
    parser.add_argument("--within", metavar="FOLDER", help="where the databases lie (default: the temporary folder)")
    parser.add_argument("--json", metavar="FILE", help="also write everything as JSON; - for standard output")
    parser.add_argument("--quick", action="store_true", help="one short round on few accounts: does it run at all?")
    given = parser.parse_args(arguments)
    if given.quick:
        for name, value in QUICK.items():
            setattr(given, name, value)
    return given


@contextmanager
def _opened(name: str, given: argparse.Namespace) -> Iterator[report.Bench]:
    with ExitStack() as stack:
        if name == "sqlite":
            temporary = tempfile.TemporaryDirectory(prefix="creditbook-bench-", dir=given.within)
            yield stack.enter_context(
                on_sqlite.bench(Path(stack.enter_context(temporary)), given.accounts, with_api=given.api)
            )
            return
        from . import on_postgres

        yield stack.enter_context(on_postgres.bench(given.postgres, given.within, given.accounts, with_api=given.api))


def _tell(whole: dict[str, Any], given: argparse.Namespace) -> None:
    if given.json == "-":
        print(json.dumps(whole, indent=1))
        return
    console = Console(width=150)
    loads = [" ".join(f"{load:.1f}" for load in whole["machine"][when]["load_average"]) for when in ("before", "after")]
    console.print(
        f"{whole['rounds']} rounds, {whole['machine']['before']['cores']} cores, load average {loads[0]} → {loads[1]}\n"
    )
    for one in whole["databases"]:
        report.show(console, one)
    if given.json:
        Path(given.json).write_text(json.dumps(whole, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
