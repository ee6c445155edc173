"""`python -m benchmarks.reading`: the page of usage on millions of transactions, beside DuckDB on its own native copy.

Every figure is compared before anything is timed: see `docs/performance.md`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from creditbook.access.values import Principal
from creditbook.reports.finance import usage, usage_sheet
from creditbook.reports.finance.money import AS_BOOKED
from creditbook.reports.finance.wanted import NAMED, Wanted
from creditbook.store import directory
from creditbook.store.engine import Store, open_store
from creditbook.store.recipe_sqlite import driver

from . import reading_judge, reading_rows, report
from .reading_judge import HEAT, Judge

SLUG = reading_rows.ORGANIZATIONS[0][0]


@dataclass(frozen=True, slots=True)
class Case:
    """What somebody asks the page for, and what it is held against."""

    name: str
    wanted: Wanted
    before: Wanted | None


CASES = (
    Case("this month", Wanted(date(2026, 9, 1), date(2026, 9, 30)), Wanted(date(2026, 8, 1), date(2026, 8, 31))),
    Case("7 days", Wanted(date(2026, 9, 24), date(2026, 9, 30)), Wanted(date(2026, 9, 17), date(2026, 9, 23))),
    Case("90 days", Wanted(date(2026, 7, 3), date(2026, 9, 30)), Wanted(date(2026, 4, 4), date(2026, 7, 2))),
    Case("any 41 days", Wanted(date(2026, 6, 10), date(2026, 7, 20)), Wanted(date(2026, 4, 30), date(2026, 6, 9))),
    Case("this fiscal year", Wanted(date(2026, 4, 1), date(2026, 9, 30)), Wanted(date(2025, 4, 1), date(2025, 9, 30))),
    Case("all", Wanted(date(2024, 9, 30), date(2026, 9, 30)), None),
    Case("a month of one model", Wanted(date(2026, 9, 1), date(2026, 9, 30), models=("gpt-4o",)),
         Wanted(date(2026, 8, 1), date(2026, 8, 31), models=("gpt-4o",))),
    Case("a month by the books", Wanted(date(2026, 9, 1), date(2026, 9, 30), basis="accounting"),
         Wanted(date(2026, 8, 1), date(2026, 8, 31), basis="accounting")),
)  # fmt: skip


def ours(store: Store, who: Principal, case: Case) -> tuple[Any, ...]:
    """What the page reads, as it reads it: the toolbar's names and days, whether there is anything, then the sheet."""
    sheet = usage_sheet.sheet(store, who, case.wanted, case.before, AS_BOOKED)
    return usage.days(store, who), usage.names(store, who), usage.total(store, who, case.wanted), sheet


def theirs(judge: Judge, case: Case, heat: Wanted) -> tuple[Any, ...]:
    """The same figures from the raw rows, in as few scans as ours takes. ``heat`` is what the heat map is asked for."""
    wanted, before = case.wanted, case.before
    day = "org_date" if wanted.basis == "event" else "accounting_date"
    spenders = judge.spenders(wanted, usage_sheet.SPENDERS)
    ids = tuple(row[0] for row in spenders)
    return (
        judge.days(), judge.names(), judge.total(wanted), judge.by(wanted, *NAMED), judge.by(wanted, day, "model"),
        judge.by(heat, *HEAT), spenders, judge.accounts(wanted), judge.by(before, *NAMED) if before else {},
        judge.by(before.only(*ids), "account_id") if before else {},
    )  # fmt: skip


def differences(mine: tuple[Any, ...], judged: tuple[Any, ...]) -> list[str]:
    """Which figures are not the judge's."""
    days, names, total, sheet = mine
    (judged_days, judged_names, judged_total, by_names, by_day, by_hour, spenders, accounts, before, past) = judged
    plain = {place: usage_sheet.folded(_usages(by_names), place) for place in range(len(NAMED))}
    pairs = {
        "days": (days, judged_days),
        "names": (names, {n: sorted({row[p] for row in judged_names} - {""}) for p, n in enumerate(NAMED)}),
        "total": (astuple(total), judged_total),
        "total of the sheet": (astuple(sheet.total), judged_total),
        "names' figures": (dict(sheet.names), {name: plain[place] for place, name in enumerate(NAMED)}),
        "by day": (sheet.days, _usages(by_day)),
        "heat map": (_flat(sheet.hours), _usages(by_hour)),
        "spenders": ([(holder.account_id, *astuple(figures)) for holder, figures in sheet.spenders], spenders),
        "accounts": (sheet.accounts, accounts),
        "before": (sheet.was, usage_sheet.added(_usages(before)) if before else None),
        "spenders before": (sheet.past or {}, {key[0]: figures for key, figures in _usages(past).items()}),
    }
    return [name for name, (here, there) in pairs.items() if here != there]


def _usages(figures: dict[tuple[Any, ...], tuple[Any, ...]]) -> dict[tuple[Any, ...], Any]:
    return {key: usage.Usage(*line) for key, line in figures.items()}


def _flat(hours: Any) -> dict[tuple[Any, ...], Any]:
    """The heat map's keys are one pair."""
    return {pair: figures for (pair,), figures in hours.items()}


@dataclass
class Timed:
    """Seconds of both, a pair a round."""

    case: Case
    ours: list[float]
    theirs: list[float]
    wrong: list[str]

    @property
    def ratio(self) -> float:
        """How many times as long DuckDB takes, the median of the rounds."""
        return median(there / here for here, there in zip(self.ours, self.theirs, strict=True))


def run(sqlite: Path, native: Path, rounds: int) -> list[Timed]:
    """Holds every figure of every case against the judge, then times both in turns."""
    store = open_store(f"sqlite:///{sqlite}")
    store.upgrade()
    org = directory.organization_by_slug(store, SLUG)
    if org is None:
        raise SystemExit(f"There is no organization “{SLUG}” in {sqlite}: make it with --transactions.")
    who = Principal(1, "fay", "Fay", "finance", org.org_id, SLUG, org.name, org.zone, org_zone=org.zone)
    judge = Judge(native, org.org_id)
    timed = []
    for case in CASES:
        mine = ours(store, who, case)
        heat = Wanted(case.wanted.first, case.wanted.last) if mine[3].hours_of_all else case.wanted
        timed.append(Timed(case, [], [], differences(mine, theirs(judge, case, heat))))
        for _ in range(rounds):
            timed[-1].ours.append(_seconds(lambda case=case: ours(store, who, case)))
            timed[-1].theirs.append(_seconds(lambda case=case, heat=heat: theirs(judge, case, heat)))
    judge.close()
    store.close()
    return timed


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def whole_set(timed: list[Timed]) -> list[float]:
    """Per round: how many times as long DuckDB took for all cases together."""
    rounds = range(len(timed[0].ours))
    return [sum(one.theirs[n] for one in timed) / sum(one.ours[n] for one in timed) for n in rounds]


def main(arguments: list[str] | None = None) -> int:
    """Ends with 1 when a figure differs; who is faster is shown."""
    parser = argparse.ArgumentParser(prog="make bench-reading ARGS=…", description="The page of usage, beside DuckDB.")
    parser.add_argument("--transactions", type=int, default=10_000_000, help="default 10,000,000")
    parser.add_argument("--rounds", type=int, default=5, help="counted rounds (default 5)")
    parser.add_argument("--within", metavar="FOLDER", type=Path, help="keep both files there, and use them again")
    parser.add_argument("--json", metavar="FILE", type=Path, help="also write every time as JSON")
    given = parser.parse_args(arguments)
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="creditbook-reading-") as temporary:
        folder = given.within or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        sqlite, native = (folder / f"reading-{given.transactions}.{kind}" for kind in ("db", "duckdb"))
        if not sqlite.exists():
            reading_rows.write(sqlite, given.transactions, say=console.print)
        if not native.exists():
            console.print("DuckDB's native copy")
            reading_judge.copy(sqlite, native)
        timed = run(sqlite, native, given.rounds)
        sizes = [file.stat().st_size / 2**20 for file in (sqlite, native)]
    _tell(timed, given.transactions, sizes)
    if given.json:
        given.json.write_text(
            json.dumps([{"case": one.case.name, "ours": one.ours, "duckdb": one.theirs} for one in timed])
        )
    return 1 if any(one.wrong for one in timed) else 0


def _tell(timed: list[Timed], transactions: int, sizes: list[float]) -> None:
    load = " ".join(f"{one:.1f}" for one in report.machine()["load_average"])
    print(
        f"{transactions:,} transactions; SQLite {driver().sqlite_version} ({sizes[0]:,.0f} MiB) and DuckDB "
        f"{duckdb.__version__} ({sizes[1]:,.0f} MiB); {len(timed[0].ours)} rounds, load average {load}\n"
    )
    table = Table("the page asked for", "ours ms", "DuckDB ms", "DuckDB ÷ ours", "figures")
    for one in timed:
        said = ", ".join(one.wrong) or "equal"
        table.add_row(
            one.case.name, f"{median(one.ours) * 1e3:.1f}", f"{median(one.theirs) * 1e3:.1f}", f"{one.ratio:.1f}", said
        )
    ratios = whole_set(timed)
    sums = [sum(median(getattr(one, side)) for one in timed) * 1e3 for side in ("ours", "theirs")]
    table.add_row("the whole set", *(f"{one:.1f}" for one in sums), f"{median(ratios):.1f}", "", end_section=True)
    Console(width=110).print(table)
    print(f"The whole set: DuckDB took {median(ratios):.1f} times as long ({min(ratios):.1f}–{max(ratios):.1f}).")


if __name__ == "__main__":
    sys.exit(main())
