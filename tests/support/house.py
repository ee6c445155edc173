"""Reads the sources as trees and says where they break the house rules. Each check returns complaints."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src"

# A part may import parts that stand lower. Services may import each other as long as no circle closes.
RANK = {
    "domain": 0,
    "client": 1, "store": 1,
    "access": 2, "alerts": 2, "exports": 2, "ledger": 2, "payments": 2, "pricing": 2, "programs": 2, "reports": 2,
    "sources": 2,
    "creditbook": 3,
    "installation": 3,
    "ingest": 3,
    "api": 4, "demo": 4, "scheduler": 4, "ui": 4,
    "commands": 5,
    "cli": 6,
    "__main__": 7,
    "app": 7, "pages": 7,
}  # fmt: skip
# Constants about the process and the place: anybody may read them, and they read nothing.
LEAVES = {"clock", "logs", "settings", "site"}
SIBLINGS_MAY = {2}
# The client speaks to a server somewhere else: of ours it knows the values and the errors, no place and no clock.
ONLY = {"client": {"domain"}}
# `creditbook serve` finds app.py by its path, so that commands need neither.
NEVER = {("commands", "api"), ("commands", "ui"), ("cli", "api"), ("cli", "ui")}

OWNERS = {
    "sqlalchemy": {"store"}, "alembic": {"store"}, "psycopg": {"store"}, "pysqlite3": {"store"}, "sqlite3": {"store"},
    "streamlit": {"app", "pages", "ui"},
    "fastapi": {"api"}, "starlette": {"api", "app"}, "uvicorn": {"app"},
    "typer": {"cli", "commands"},
    "stripe": {"payments"}, "razorpay": {"payments"}, "apprise": {"alerts"}, "apscheduler": {"scheduler"},
    "httpx": {"client"}, "fpdf": {"exports"}, "xlsxwriter": {"exports"},
}  # fmt: skip
NO_INPUT_OR_OUTPUT = {
    "asyncio", "io", "logging", "os", "pathlib", "random", "secrets", "shutil", "socket", "sqlite3", "subprocess",
    "sys", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip

FILE_LINES, PAGE_LINES, FUNCTION_LINES = 300, 100, 60


@dataclass(frozen=True)
class Source:
    """One file: `module` is its dotted name, `part` the room of the house it is in."""

    module: str
    text: str
    is_package: bool = False

    @property
    def part(self) -> str:
        names = self.module.split(".")
        if names[0] != "creditbook":
            return names[0]
        return names[1] if len(names) > 1 else "creditbook"

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.module)


def sources() -> list[Source]:
    """Everything that ships: src/creditbook, pages/ and app.py."""
    found = []
    for base, folder in ((SOURCES, SOURCES / "creditbook"), (ROOT, ROOT / "pages"), (ROOT, ROOT / "app.py")):
        for path in [folder] if folder.is_file() else sorted(folder.rglob("*.py")):
            names = list(path.relative_to(base).with_suffix("").parts)
            is_package = names[-1] == "__init__"
            module = ".".join(names[:-1] if is_package else names)
            found.append(Source(module, path.read_text(encoding="utf-8"), is_package))
    return found


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """Line and absolute name of everything a file imports, wherever in the file it does so."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(source, node)
            # `from creditbook import store` names a part as `from creditbook.store import x` does.
            inner = base == "creditbook"
            yield from ((node.lineno, f"{base}.{alias.name}" if inner else base) for alias in node.names)


def _absolute(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = source.module.split(".") if source.is_package else source.module.split(".")[:-1]
    kept = package[: len(package) - node.level + 1]
    return ".".join([*kept, node.module] if node.module else kept)


def _part_of(name: str) -> str | None:
    names = name.split(".")
    if names[0] in {"app", "pages"}:
        return names[0]
    if names[0] != "creditbook":
        return None
    known = len(names) > 1 and (names[1] in RANK or names[1] in LEAVES)
    return names[1] if known else "creditbook"


def wrong_arrows(source: Source) -> list[str]:
    """Imports of a part that does not stand lower, and rooms that the plan does not know."""
    here = source.part
    if here not in RANK and here not in LEAVES:
        return [f"{source.module}: no such part in the plan of the house; add it to RANK with a decision page"]
    complaints = []
    for line, name in imports(source):
        there = _part_of(name)
        if there is None or there == here or (there in LEAVES and here not in ONLY):
            continue
        beside = here in RANK and RANK[here] == RANK.get(there) and RANK[here] in SIBLINGS_MAY
        lower = here in RANK and RANK.get(there, 0) < RANK[here] and there in ONLY.get(here, {there})
        if not (lower or beside) or (here, there) in NEVER:
            complaints.append(f"{source.module}:{line} imports {name}: {here} must not know {there}")
    return complaints


def circles(files: list[Source]) -> list[str]:
    """Services that import each other in a circle."""
    arrows: dict[str, set[str]] = {}
    for source in files:
        if RANK.get(source.part) in SIBLINGS_MAY:
            parts = {_part_of(name) for _, name in imports(source)}
            arrows.setdefault(source.part, set()).update(
                part for part in parts if part and part != source.part and RANK.get(part) in SIBLINGS_MAY
            )
    return sorted(f"{part} imports itself through {', '.join(sorted(arrows[part]))}"
                  for part in arrows if part in _reached(arrows, part))  # fmt: skip


def _reached(arrows: dict[str, set[str]], start: str) -> set[str]:
    reached: set[str] = set()
    waiting = list(arrows.get(start, ()))
    while waiting:
        part = waiting.pop()
        if part not in reached:
            reached.add(part)
            waiting.extend(arrows.get(part, ()))
    return reached


def foreign_libraries(source: Source) -> list[str]:
    """Libraries imported outside the room that owns them; in `domain`, all but a standard library without I/O."""
    complaints = []
    for line, name in imports(source):
        top = name.split(".")[0]
        owners = OWNERS.get(top)
        if owners is not None and source.part not in owners:
            complaints.append(f"{source.module}:{line} imports {top}, which belongs to {', '.join(sorted(owners))}")
            continue
        pure = top == "creditbook" or (top in sys.stdlib_module_names and top not in NO_INPUT_OR_OUTPUT)
        if source.part == "domain" and not pure:
            complaints.append(f"{source.module}:{line} imports {top}; domain is pure and standard library only")
    return complaints


def clocks(source: Source) -> list[str]:
    """Reads of the wall clock outside `creditbook.clock`."""
    if source.module == "creditbook.clock":
        return []
    return [
        f"{source.module}:{node.lineno} reads the clock; take a clock as an argument"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"now", "utcnow", "today"}
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"datetime", "date"}
    ]


def too_long(source: Source) -> list[str]:
    """Files, pages and functions that no longer fit a reader's head. Migrations are history and may."""
    if ".migrations" in source.module:
        return []
    limit = PAGE_LINES if source.part == "pages" else FILE_LINES
    lines = len(source.text.splitlines())
    complaints = [f"{source.module}: {lines} lines, at most {limit}"] if lines > limit else []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                complaints.append(f"{source.module}:{node.lineno} {node.name} has {length} lines; a screen is 40")
    return complaints


def unguarded(source: Source) -> list[str]:
    """Pages whose first statement after the imports is not their own require(role)."""
    if source.part != "pages" or source.is_package:
        return []
    for node in source.tree.body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if is_docstring or isinstance(node, ast.Import | ast.ImportFrom):
            continue
        value = node.value if isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign) else None
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "require":
            return []
        return [f"{source.module}:{node.lineno} comes before require(role)"]
    return [f"{source.module}: never calls require(role)"]
