"""What of a foreign payload may be kept: plain, short attributes to map from; never what people or models said."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from creditbook.domain.errors import InvalidRequest

from .fields import LONGEST_NAME, Record

MOST_ATTRIBUTES = 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MICROSECONDS = 10**6 * 7_258_118_400
"""The year 2200."""

_LARGEST_EXPONENT = 18

_WORDS = re.compile(r"[^a-z0-9]+")
_SAID = frozenset({
    "message", "messages", "prompt", "prompts", "completion", "completions", "content", "contents", "instruction",
    "instructions", "argument", "arguments", "result", "results", "input", "output", "definition", "definitions",
    "document", "documents", "query", "schema", "sequences", "body", "text", "traceback",
})  # fmt: skip
"""Words of names under which prompts, answers and tools' data travel."""
_SECRET = frozenset(
    {
        "header",
        "headers",
        "authorization",
        "cookie",
        "credential",
        "credentials",
        "hash",
        "passwd",
        "password",
        "secret",
    }
)
_PRIVATE = frozenset({"ip", "address"})
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


class Unreadable(InvalidRequest):
    """The bytes are not what their sender says they are: nothing in them can be read."""


def plain(value: object, longest: int = LONGEST_NAME) -> str:
    """A name that somebody else wrote, as a text that every database keeps: on one line, and cut where it is long."""
    if value is None or isinstance(value, bool | list | dict):
        return ""
    return _UNPRINTABLE.sub(" ", str(value)).strip()[:longest].rstrip()


def attributes(found: Iterable[tuple[str, object]]) -> dict[str, object]:
    """Those of a payload's attributes that may be kept, the first of a name and a hundred of them at most."""
    kept: dict[str, object] = {}
    for name, value in found:
        if len(kept) == MOST_ATTRIBUTES:
            break
        if name not in kept and _may_be_kept(name) and (told := _told(value)) is not None:
            kept[name] = told
    return kept


def _may_be_kept(name: str) -> bool:
    words = [word for word in _WORDS.split(name.lower()) if word]
    if not words or len(name) > LONGEST_NAME or _UNPRINTABLE.search(name):
        return False
    if words[-1] == "tokens":
        return True
    if words[-1] in {"token", "apikey"} or words[-2:] == ["api", "key"]:
        return False
    return (_SAID | _SECRET | _PRIVATE).isdisjoint(words)


def _told(value: object) -> object:
    """A scalar as JSON keeps it; None for what is long, nested, or a document of its own."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else None
    if isinstance(value, float | Decimal):
        return float(value) if math.isfinite(value) else None
    if not isinstance(value, str) or len(value) > LONGEST_NAME or value[:1] in {"{", "["}:
        return None
    return plain(value) or None


def flat(found: Mapping[str, Any], before: str = "", depth: int = 3) -> Iterable[tuple[str, object]]:
    """An object's scalars with their names; objects inside are written with dots."""
    for name, value in found.items():
        if isinstance(value, Mapping):
            if depth:
                yield from flat(value, f"{before}{name}.", depth - 1)
        else:
            yield before + str(name), value


def counted(fields: Record) -> Record:
    """The same counts with the whole of what they name in parts.

    Cached tokens are among the input and reasoning among the output. Some senders count them apart; that is sure only
    where the parts are more than the whole, and there they are added.
    """
    parts = [fields.get("cached_tokens"), fields.get("cache_write_tokens")]
    apart = sum(part for part in parts if type(part) is int)
    for whole, besides in (("input_tokens", apart), ("output_tokens", fields.get("reasoning_tokens"))):
        count = fields.get(whole, 0)
        if type(count) is int and type(besides) is int and besides > count >= 0:
            fields[whole] = count + besides
    return fields


def number(value: object) -> object:
    """A count or an amount as JSON keeps it: whole where it is, else its text, which whoever checks it will refuse."""
    if value is None or (type(value) is int and abs(value) < 2**63):
        return value
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) <= _LARGEST_EXPONENT:
        return int(value) if value == value.to_integral_value() else f"{value:f}"
    return plain(value, 40) or "?"


def instant(microseconds: int) -> datetime | None:
    """A moment told in microseconds since 1970; None for one that nobody can have meant."""
    return EPOCH + timedelta(microseconds=microseconds) if 0 < microseconds < _LAST_MICROSECONDS else None


def read_json(text: bytes | str) -> Any:
    """JSON with its numbers exact and without NaN. Raises ValueError."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=lambda _name: None)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
