"""A program as a JSON document, as it stands in `program_version`: every field by its name, enums by their words."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from enum import Enum
from fractions import Fraction
from typing import Any

from creditbook.domain.program import (
    Action,
    Allowance,
    Enforcement,
    Every,
    GrantClass,
    Overrun,
    Package,
    Plan,
    Pricing,
    Program,
    Unit,
    WalletType,
)


def program_to_document(program: Program) -> dict[str, Any]:
    """The program as plain JSON values; shares are written as fractions, feature sets as sorted lists."""
    document: dict[str, Any] = _plain(program)
    return document


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value


def program_from_text(text: str) -> Program:
    """The program of a document as the database keeps it, JSON text."""
    return program_from_document(json.loads(text))


def program_from_document(document: dict[str, Any]) -> Program:
    """The program that `program_to_document` wrote down."""
    rest = {name: value for name, value in document.items() if name not in {"plans", "actions", "packages", "unit"}}
    rest["overrun"], rest["enforcement"] = Overrun(rest["overrun"]), Enforcement(rest["enforcement"])
    return Program(
        plans={slug: _plan(plan) for slug, plan in document["plans"].items()},
        actions={
            name: Action(**action | {"pricing": Pricing(action["pricing"])})
            for name, action in document["actions"].items()
        },
        packages={
            slug: Package(**package | {"wallet": WalletType(package["wallet"])})
            for slug, package in document["packages"].items()
        },
        unit=Unit(**document["unit"]),
        **rest,
    )


def _plan(plan: dict[str, Any]) -> Plan:
    return Plan(
        **plan
        | {
            "grant_class": GrantClass(plan["grant_class"]),
            "features": _features(plan["features"]),
            "allowances": tuple(_allowance(one) for one in plan["allowances"]),
        }
    )


def _allowance(one: dict[str, Any]) -> Allowance:
    return Allowance(
        **one
        | {
            "wallet": WalletType(one["wallet"]),
            "every": Every(one["every"]),
            "features": _features(one["features"]),
            "rollover": Fraction(one["rollover"]),
        }
    )


def _features(names: list[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)
