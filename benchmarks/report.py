"""What came out: a table for people, ratios first, and the same as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from creditbook.reports.proof import prove
from creditbook.store.engine import Store

from . import workload
from .measuring import Way, ratios, spread


@dataclass(frozen=True, slots=True)
class Mark:
    """A way has to reach so much of another's rate."""

    way: str
    against: str
    least: float


@dataclass(frozen=True, slots=True)
class Bench:
    """A database with the ways of spending on it. ``store`` is what the books are proved on afterwards."""

    title: str
    ways: list[Way]
    marks: tuple[Mark, ...]
    store: Store

    def way(self, name: str) -> Way:
        """The way of this name."""
        return next(way for way in self.ways if way.name == name)

    def broken(self) -> list[str]:
        """What breaks the books after all that was spent; nothing, if all is well."""
        proofs = prove(self.store, workload.ORG)
        return [f.check for proof in proofs for f in proof.findings if f.broken]


def summary(bench: Bench, broken: Sequence[str]) -> dict[str, Any]:
    """Everything that was measured, ready for JSON."""
    return {
        "database": bench.title,
        "ways": [_way(bench, way) for way in bench.ways],
        "marks": [_mark(bench, mark) for mark in bench.marks],
        "books": {"whole": not broken, "broken": list(broken)},
    }


def machine() -> dict[str, Any]:
    """Where and under what load this ran."""
    return {"cores": os.cpu_count(), "load_average": list(os.getloadavg()), "python": platform.python_version()}


def _way(bench: Bench, way: Way) -> dict[str, Any]:
    base = bench.way(way.against)
    middle, least, most = spread(ratios(way, base))
    per_second = spread([sample.per_second for sample in way.samples])
    return {
        "way": way.name,
        "against": way.against,
        "ratio": {"median": middle, "min": least, "max": most},
        "per_second": dict(zip(("median", "min", "max"), per_second, strict=True)),
        "p99_ms": way.p99_ms(),
        "client_cpu_us": way.client_us(),
        "server_cpu_us": way.server_us(),
        "cpu_ratio": _cpu(base) / _cpu(way) if _cpu(base) > 0 < _cpu(way) else None,
    }


def _cpu(way: Way) -> float:
    """CPU time of one operation in µs, on both sides of the wire."""
    return way.client_us() + (way.server_us() or 0.0)


def _mark(bench: Bench, mark: Mark) -> dict[str, Any]:
    way, base = bench.way(mark.way), bench.way(mark.against)
    reached = spread(ratios(way, base))[0]
    return {
        "way": mark.way, "against": mark.against, "least": mark.least, "reached": reached,
        "met": reached >= mark.least,
    }  # fmt: skip


def show(console: Console, found: dict[str, Any]) -> None:
    """The table of one database, its marks and whether its books are whole."""
    table = Table(title=found["database"], title_justify="left", title_style="bold")
    table.add_column("way of spending")
    for name in ("× rate", "min–max", "of", "per second", "min–max", "p99 ms", "CPU µs", "server µs", "× CPU"):
        table.add_column(name, justify="left" if name == "of" else "right")
    for way in found["ways"]:
        ratio, rate = way["ratio"], way["per_second"]
        table.add_row(
            way["way"],
            f"{ratio['median']:.2f}",
            f"{ratio['min']:.2f}–{ratio['max']:.2f}",
            way["against"].split(":")[0],
            f"{rate['median']:,.0f}",
            f"{rate['min']:,.0f}–{rate['max']:,.0f}",
            _number(way["p99_ms"], 1),
            _number(way["client_cpu_us"], 0),
            _number(way["server_cpu_us"], 0),
            _number(way["cpu_ratio"], 2),
        )
    console.print(table)
    for mark in found["marks"]:
        verdict = "[green]met[/green]" if mark["met"] else "[red]missed[/red]"
        console.print(f"  {verdict}: {mark['way']} ≥ {mark['least']} × {mark['against']}: {mark['reached']:.2f}")
    books = found["books"]
    console.print(f"  books: {'whole' if books['whole'] else 'BROKEN: ' + ', '.join(books['broken'])}\n")


def _number(value: float | None, digits: int) -> str:
    # Below nothing: pgbench did so little that its start outweighs it.
    return "–" if value is None or value <= 0 else f"{value:,.{digits}f}"
