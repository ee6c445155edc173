"""A program while it is edited: its document, what stands between two of them, and bringing changes over to a third.

A document may make no sense yet; `misfit_in` says where, and nothing that was typed is lost.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from creditbook.domain.program import Program

from .checking import check
from .reading import Misfit, Path, read

Document = dict[str, Any]

NAMED = ("plans", "actions", "packages", "promo_codes", "rewards")
"""Tables of tables: what a program calls by name."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs. A whole table that only one of both documents has is one change, the other side None."""

    path: Path
    before: Any
    after: Any

    @property
    def part(self) -> str:
        """The part of the program that it is in: `plans`, `actions`, …; the field's own name in the head."""
        return str(self.path[0])

    @property
    def is_table(self) -> bool:
        """Whether a whole plan, action, … came or went."""
        return len(self.path) == 2 and self.path[0] in NAMED


def program_in(document: Mapping[str, Any]) -> Program:
    """The program of a document. Raises `Misfit`."""
    program: Program = read(Program, document)
    check(program)
    return program


def misfit_in(document: Mapping[str, Any]) -> Misfit | None:
    """The first thing in a document that no program can mean, with its path; None when it is sound."""
    try:
        program_in(document)
    except Misfit as misfit:
        return misfit
    return None


def readable(document: Mapping[str, Any]) -> Program | None:
    """The program of a document to look at, though it may not make sense as a whole; None when its fields don't fit."""
    try:
        program: Program = read(Program, document)
    except Misfit:
        return None
    return program


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What differs between two documents, field by field, in the order of the second."""
    return list(_changes((), before, after))


def _changes(path: Path, before: Any, after: Any) -> Iterator[Change]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*after, *(one for one in before if one not in after)]:
            yield from _changes((*path, key), before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list) and _tables(before) and _tables(after):
        for place in range(max(len(before), len(after))):
            yield from _changes((*path, place), _at(before, place), _at(after, place))
    else:
        yield Change(path, before, after)


def _tables(listed: list[Any]) -> bool:
    return all(isinstance(one, Mapping) for one in listed)


def _at(listed: list[Any], place: int) -> Any:
    return listed[place] if place < len(listed) else None


def brought_over(base: Document, mine: Document, theirs: Document) -> tuple[Document, list[Change]]:
    """My changes to ``base`` made to ``theirs`` instead, and where both changed the same field: there mine stands.

    A conflict's ``before`` is theirs, its ``after`` mine.
    """
    conflicts: list[Change] = []
    merged: Document = _brought((), base, mine, theirs, conflicts)
    return merged, conflicts


def _brought(path: Path, base: Any, mine: Any, theirs: Any, conflicts: list[Change]) -> Any:
    if mine in (base, theirs):
        return copy.deepcopy(theirs)
    if theirs == base:
        return copy.deepcopy(mine)
    if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
        old = base if isinstance(base, Mapping) else {}
        keys = [*theirs, *(key for key in mine if key not in theirs)]
        found = {key: _brought((*path, key), old.get(key), mine.get(key), theirs.get(key), conflicts) for key in keys}
        # A table that both documents lack now, or that one took away: fields hold None, tables are gone.
        in_tables = len(path) == 1 and path[0] in NAMED
        return {key: one for key, one in found.items() if not (in_tables and one is None)}
    conflicts.append(Change(path, theirs, mine))
    return copy.deepcopy(mine)
