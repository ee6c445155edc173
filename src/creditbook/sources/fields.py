"""What a piece of usage is made of, whoever tells of it, and how foreign values become ours."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.money import to_nanos

TEXT_FIELDS = ("account", "action", "agent", "model", "project", "description", "id", "provider")
TOKEN_FIELDS = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens", "tokens")
TIME_FIELD = "event_at"
COST_FIELD = "cost_usd"
FIELDS = (*TEXT_FIELDS, TIME_FIELD, *TOKEN_FIELDS, COST_FIELD)
"""Everything `--map` and `--set` may name. `cost_usd` is what the source says it cost; without it we price the row."""

Record = dict[str, object]
"""One row as its file holds it: column or key → value, nested objects and lists included."""

LONGEST_TEXT = {"description": 1_000}
LONGEST_NAME = 200
MOST_TOKENS = 10**12
"""More in one row is a wrong column, not usage."""

DEFAULT_ACTION = "usage"
"""What a row did when nobody says."""

_WHOLE = re.compile(r"[+-]?\d+(\.0*)?")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class BadRow(InvalidRequest):
    """This row can't be booked; the sentence is its reason in the file of refused rows."""


def text_of(name: str, value: object) -> str:
    """A field's text, trimmed and of a length that is kept. Raises BadRow for what is no text."""
    if isinstance(value, dict | list):
        raise BadRow(f"The {name} is no text but an object. Map what is inside it, such as --map {name}=column.inside.")
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    if _UNPRINTABLE.search(text):
        raise BadRow(f"The {name} holds characters that are no text. Save the file as UTF-8.")
    longest = LONGEST_TEXT.get(name, LONGEST_NAME)
    if len(text) > longest:
        raise BadRow(f"The {name} has {len(text)} characters; at most {longest} are kept.")
    return text


def tokens_of(name: str, value: object) -> int:
    """A field's whole number of tokens, 0 or more, however the file writes it. Raises BadRow for anything else."""
    if type(value) is int and 0 <= value <= MOST_TOKENS:
        return value
    if type(value) is str and value.isdecimal() and value.isascii() and len(value) < 13:
        return int(value)
    shown = name.replace("_", " ")
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise BadRow(f"The {shown} “{str(value)[:40]}” are no number.")
    text = str(value).strip()
    try:
        number = int(Decimal(text)) if not isinstance(value, str) or _WHOLE.fullmatch(text) else None
    except (InvalidOperation, ValueError, OverflowError):
        number = None
    if number is None or Decimal(text) != number:
        raise BadRow(f"The {shown} “{text[:40]}” are no whole number.")
    if number < 0:
        raise BadRow(f"The {shown} are {number}; usage can't be negative.")
    if number > MOST_TOKENS:
        raise BadRow(f"The {shown} are {number}; no request is that large. Check the column.")
    return number


def cost_nanos_of(value: object) -> int:
    """A cost in dollars as nano-dollars, 0 or more, however it is written. Raises BadRow for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise BadRow(f"The cost “{str(value)[:40]}” is no amount.")
    try:
        nanos = to_nanos(str(value).strip().removeprefix("$"))
    except InvalidRequest as error:
        raise BadRow(str(error)) from None
    if nanos < 0:
        raise BadRow(f"The cost {value} is negative.")
    return nanos
