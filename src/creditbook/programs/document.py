"""A program as a JSON document, as it stands in `program_version`: every field by its name, enums by their words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from fractions import Fraction
from typing import Any

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.program import Program

from .checking import check
from .reading import Misfit, dotted, read


def program_to_document(program: Program) -> dict[str, Any]:
    """The program as plain JSON values; shares are written as fractions, days as text, sets as sorted lists."""
    document: dict[str, Any] = plain(program)
    return document


def plain(value: Any) -> Any:
    """A program's value, or a part of it, as JSON has it."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    return value


def program_from_text(text: str) -> Program:
    """The program of a document as the database keeps it, JSON text."""
    return program_from_document(json.loads(text))


def program_from_document(document: Mapping[str, Any]) -> Program:
    """The program of a stored document. Fields that a later version of Creditbook wrote are passed over.

    Raises `InvalidRequest` that names the field.
    """
    try:
        program: Program = read(Program, document, strict=False)
        check(program)
    except Misfit as misfit:
        raise InvalidRequest(f"This program can't be read: {dotted(misfit.path) or 'it'} {misfit}.") from misfit
    return program
