"""What an export is before it has a format: columns that know what they hold, and rows read while they are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

Kind = Literal["text", "whole", "id", "money", "decimal", "day", "instant", "flag"]
"""`money` is a Decimal with `Column.digits` places, `decimal` one with as many as it has; `instant` an aware time."""

NANO_PLACES = 9
_NANO = Decimal("1E-9")


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its name in the file. ``adds_up``: a workbook ends it with its sum. ``unit`` is a currency's code."""

    name: str
    kind: Kind = "text"
    adds_up: bool = False
    digits: int = NANO_PLACES
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns, with a title and facts about them (name, value) that workbooks and Parquet files carry."""

    title: str
    columns: tuple[Column, ...]
    rows: Iterable[Sequence[Any]]
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> list[str]:
        """The columns' names, in order."""
        return [column.name for column in self.columns]


def whole(name: str) -> Column:
    """A column of whole numbers that adds up."""
    return Column(name, "whole", adds_up=True)


def cost(name: str, unit: str) -> Column:
    """A column of costs, exact to a nano of the currency, that adds up."""
    return Column(name, "money", adds_up=True, unit=unit)


def of_nanos(nanos: int | None) -> Decimal | None:
    """Nanos of a currency as its whole units, exactly; None stays unknown."""
    return None if nanos is None else Decimal(nanos) * _NANO


def of_minor(minor: int | None, digits: int) -> Decimal | None:
    """Minor units as whole ones, exactly."""
    return None if minor is None else Decimal(minor).scaleb(-digits)
