"""From a file's row to our fields: `--map` picks columns, `--set` gives values, the automatic map does what is left.

`--set` beats the automatic map; where the same field is also mapped by hand, it fills the rows whose column is empty.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from creditbook.sources.fields import FIELDS, TOKEN_FIELDS, Record

from .shapes import automatic_map, columns_of
from .values import BadMapping

Derive = Callable[[Record], Record]
"""Fields worked out of a whole row, for rows that hold a provider's own usage object."""

_NOTHING = frozenset({"", "none", "null", "nan", "n/a", "undefined"})
_COUNTS = frozenset(TOKEN_FIELDS)
_ANSWERED = frozenset({"account", "event_at", "model", "agent", "project", "id", "action", "provider"})


def is_missing(value: object) -> bool:
    """Whether a cell says nothing: empty, null, NaN, or the words that programs write for these."""
    if value is None:
        return True
    if isinstance(value, str):
        return value.strip().lower() in _NOTHING
    return isinstance(value, float) and math.isnan(value)


def pairs(given: Sequence[str], option: str, fields: Sequence[str] = FIELDS) -> dict[str, str]:
    """What stands after `--map` or `--set`, as field → text. Raises BadMapping with what to write instead."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not value:
            raise BadMapping(
                f"{option} {text}: write it as {option} FIELD={'COLUMN' if option == '--map' else 'VALUE'}."
            )
        if name not in fields:
            raise BadMapping(f"{option} {text}: there is no field “{name}”. Fields: {', '.join(fields)}.")
        if name in found:
            raise BadMapping(f"{option} names the field {name} twice.")
        found[name] = value
    return found


@dataclass(frozen=True)
class FieldMap:
    """The mapping of one file. `by_hand` and `automatic` are field → column, `fixed` is field → value."""

    by_hand: Mapping[str, str]
    fixed: Mapping[str, str]
    automatic: Mapping[str, str] = field(default_factory=dict)
    derive: Derive | None = None

    def fields(self, record: Record) -> Record:
        """The row's fields that have a value, by name."""
        found: Record = {}
        if self.derive is not None:
            found.update(self.derive(record))
            if not _COUNTS.isdisjoint(self.by_hand) or not _COUNTS.isdisjoint(self.fixed):
                found.pop("extracted", None)  # counts that somebody else names are priced as they stand
        for name, column in self.automatic.items():
            if name not in found:
                found[name] = value_at(record, column)
        found.update(self.fixed)
        for name, column in self.by_hand.items():
            value = value_at(record, column)
            if not is_missing(value) or name not in self.fixed:
                found[name] = value
        return {name: value for name, value in found.items() if not is_missing(value)}

    def says(self, name: str) -> bool:
        """Whether rows of this file can have the field at all."""
        return name in self.by_hand or name in self.fixed or name in self.automatic

    def described(self) -> dict[str, str]:
        """Field → where it comes from, as people read it."""
        shown = {name: column for name, column in self.automatic.items() if name not in self.fixed}
        if self.derive is not None:
            shown |= dict.fromkeys((*TOKEN_FIELDS[:5], "model", "id", "provider", "cost_usd"), "the usage object")
        shown |= {name: f"= {value}" for name, value in self.fixed.items()}
        for name, column in self.by_hand.items():
            shown[name] = f"{column}, else {self.fixed[name]}" if name in self.fixed else column
        return dict(sorted(shown.items(), key=lambda pair: FIELDS.index(pair[0])))


def value_at(record: Mapping[str, object], column: str) -> object:
    """The value under a column's name, or else along its dots into objects and lists; None where there is none."""
    if column in record:
        return record[column]
    if "." not in column:
        return None
    here: object = record
    for step in column.split("."):
        if isinstance(here, Mapping):
            here = here.get(step)
        elif isinstance(here, list) and step.isdecimal() and int(step) < len(here):
            here = here[int(step)]
        else:
            return None
    return here


def make_map(
    by_hand: Mapping[str, str],
    fixed: Mapping[str, str],
    columns: Sequence[str] | None,
    sample: Iterable[Record],
    derive: Derive | None = None,
) -> FieldMap:
    """The map of a file with these headings, or (None) with rows like these.

    Raises BadMapping when a mapped column is in no row, or when nothing says whose usage a row is, or when.
    """
    records = list(sample)
    paths = columns_of(records)
    names = paths if columns is None else tuple(dict.fromkeys((*columns, *paths)))
    for name, column in by_hand.items():
        if column not in names and all(value_at(record, column) is None for record in records):
            raise BadMapping(f"--map {name}={column}: there is no such column. Columns: {_listed(names)}.")
    found = {name: column for name, column in automatic_map(names).items() if name not in by_hand}
    if derive is not None:
        found = {name: column for name, column in found.items() if name in _ANSWERED}
    made = FieldMap(by_hand, fixed, found, derive)
    _require(made, names)
    return made


def _require(made: FieldMap, names: Sequence[str]) -> None:
    if not made.says("account"):
        raise BadMapping(
            "No column says whose usage a row is. Give --map account=COLUMN, or --set account=NAME for all of them. "
            f"Columns: {_listed(names)}."
        )
    if not made.says("event_at") and made.derive is None:
        raise BadMapping(
            "No column says when it happened. Give --map event_at=COLUMN, or --set event_at=TIME for all of them. "
            f"Columns: {_listed(names)}."
        )


def _listed(names: Sequence[str], most: int = 30) -> str:
    shown = ", ".join(names[:most]) or "none"
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
