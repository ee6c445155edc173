"""Reads tables of plain values (TOML or JSON) into the values of `domain.program`, field by field.

The dataclasses are the schema: their field names and types say what a table may hold. What does not fit is a `Misfit`,
which names the place by its path; whoever holds the text turns the path into a line.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from difflib import get_close_matches
from enum import Enum
from fractions import Fraction
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

Path = tuple[str | int, ...]


class Misfit(Exception):
    """A value that a program can't have; an `InvalidRequest` where the text is known.

    ``path`` leads to it, and the message goes on where the path ends: “is missing”.
    """

    def __init__(self, path: Path, message: str) -> None:
        self.path = path
        super().__init__(message)


def dotted(path: Path) -> str:
    """The path as people write it: `plans.free.allowances[1].tokens`, counted from 1."""
    said = ""
    for step in path:
        said += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if said else str(step)
    return said


def read(kind: type, table: object, path: Path = (), *, strict: bool = True) -> Any:
    """A value of a dataclass from a table. ``strict`` refuses fields that the dataclass does not have.

    Raises `Misfit`. A table in a table of tables gets its first field (`slug`, `name`) from its key.
    """
    if not isinstance(table, Mapping):
        raise Misfit(path, "has to be a table of fields")
    known = {one.name: one for one in fields(kind)}
    if strict:
        for name in table:
            if name not in known:
                raise Misfit((*path, name), f"is no field here{_meant(name, known)}")
    hints = _hints(kind)
    values: dict[str, Any] = {}
    for name, one in known.items():
        if name in table:
            values[name] = _value(hints[name], table[name], (*path, name), strict)
        elif _is_required(one):
            raise Misfit((*path, name), "is missing")
    return kind(**values)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _is_required(one: Field[Any]) -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def _meant(name: str, known: Mapping[str, object]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else f". There are: {', '.join(known)}"


def _value(hint: Any, value: Any, path: Path, strict: bool) -> Any:
    """One field's value as its type wants it."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        if value is None:
            return None
        return _value(next(one for one in inner if one is not type(None)), value, path, strict)
    if origin is dict:
        return _tables(inner[1], value, path, strict)
    if origin is tuple:
        return tuple(_value(inner[0], one, (*path, place), strict) for place, one in enumerate(_listed(value, path)))
    if origin is frozenset:
        return frozenset(
            _value(inner[0], one, (*path, place), strict) for place, one in enumerate(_listed(value, path))
        )
    if is_dataclass(hint):
        assert isinstance(hint, type)
        return read(hint, value, path, strict=strict)
    if hint is Fraction:
        return _share(value, path)
    if hint is date:
        return _day(value, path)
    if issubclass(hint, Enum):
        return _word(hint, value, path)
    return _plain(hint, value, path)


def _tables(kind: Any, value: Any, path: Path, strict: bool) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise Misfit(path, "has to be a table of tables")
    key_field = fields(kind)[0].name
    found = {}
    for key, table in value.items():
        where = (*path, key)
        if not isinstance(table, Mapping):
            raise Misfit(where, "has to be a table of fields")
        if table.get(key_field, key) != key:
            raise Misfit((*where, key_field), f"has to be “{key}”, as the table is called")
        found[key] = read(kind, {key_field: key, **table}, where, strict=strict)
    return found


def _listed(value: Any, path: Path) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise Misfit(path, "has to be a list")
    return list(value)


def _share(value: Any, path: Path) -> Fraction:
    """A share of a whole, written “50%”, “1/3” or 1; a decimal such as 0.1 is no exact share."""
    try:
        if isinstance(value, str):
            number = value.strip()
            return Fraction(number[:-1]) / 100 if number.endswith("%") else Fraction(number)
        if isinstance(value, int) and not isinstance(value, bool):
            return Fraction(value)
    except (ValueError, ZeroDivisionError):
        pass
    raise Misfit(path, f"is no share: write it as “50%” or “1/2”, not {value!r}")


def _day(value: Any, path: Path) -> date:
    """A day as TOML has it, or as text: stored documents are JSON, which knows no days."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise Misfit(path, f"has to be a day such as 2026-12-31, not {value!s}") from None


def _word(kind: type[Enum], value: Any, path: Path) -> Enum:
    try:
        return kind(value)
    except ValueError:
        words = ", ".join(str(one.value) for one in kind)
        raise Misfit(path, f"can't be {value!r}; choose one of {words}") from None


_SAID = {str: "text in quotes", int: "a whole number", bool: "true or false"}


def _plain(kind: type, value: Any, path: Path) -> Any:
    if type(value) is not kind:
        raise Misfit(path, f"has to be {_SAID[kind]}, not {value!r}")
    return value
