"""Providers' bills and usage exports: OpenAI's and Anthropic's by their documented columns, others by a mapping.

Every line becomes a `BillLine`: a UTC day, a model, and what the file tells of it. What can't be read is told by line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.money import to_nanos
from creditbook.reports.finance.reconciling import BillLine

MOST_LINES = 500_000
FIELDS = ("day", "model", "requests", "input_tokens", "output_tokens", "cached_tokens", "cost")
Row = Mapping[str, str]


@dataclass(slots=True)
class Bill:
    """What a file says. `provider` as genai-prices calls it, '' for a mapped file; `kind` in words; dollars only."""

    provider: str
    kind: str
    lines: list[BillLine] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


class NotMapped(InvalidRequest):
    """The file is in no known shape: its columns have to be mapped. `columns` are its headings, `guess` a mapping."""

    def __init__(self, columns: tuple[str, ...], guess: dict[str, str]) -> None:
        super().__init__("This is no export of OpenAI or Anthropic that is known here. Say which column is which.")
        self.columns, self.guess = columns, guess


def read_bill(content: bytes, mapping: Mapping[str, str] | None = None) -> Bill:
    """Reads a CSV (or TSV). `mapping` names the column of each of `FIELDS`, where the file's shape is not a known one.

    Raises NotMapped without one, InvalidRequest for what is no table.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidRequest("This is no UTF-8 text. Export it as CSV and choose it again.") from None
    top = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t" if top.count("\t") > top.count(",") else ",")
    headings = tuple((name or "").strip() for name in reader.fieldnames or ())
    reader.fieldnames = headings
    known = {name.lower() for name in headings}
    for needed, provider, kind, read in _SHAPES:
        if needed <= known:
            return _all(reader, Bill(provider, kind), read)
    if mapping is None:
        if len(headings) < 2:
            raise InvalidRequest("The first line has to name the columns, with commas or tabs between them.")
        raise NotMapped(headings, _guess(headings))
    columns = dict(mapping)
    if not columns.get("day") or not columns.get("model"):
        raise InvalidRequest("Say which columns are the day and the model.")
    return _all(reader, Bill("", "mapped columns"), lambda row: _mapped(row, columns))


def _all(reader: csv.DictReader[str], bill: Bill, read: Callable[[Row], BillLine | None]) -> Bill:
    for row in reader:
        if reader.line_num > MOST_LINES:
            bill.refused.append(f"Only the first {MOST_LINES:,} lines are read. Split the file.")
            break
        told = {(name or "").lower(): (value or "").strip() for name, value in row.items() if isinstance(value, str)}
        try:
            line = read(told)
        except (InvalidRequest, ValueError) as error:
            said = str(error) if isinstance(error, InvalidRequest) else "a number or a date can't be read."
            bill.refused.append(f"Line {reader.line_num}: {said}")
        else:
            if line is not None:
                bill.lines.append(line)
    return bill


def _openai_usage(row: Row) -> BillLine | None:
    if not row["model"]:
        return None  # a day without a request
    return BillLine(
        _start(row), row["model"], _count(row, "num_model_requests"), _count(row, "input_tokens"),
        _count(row, "output_tokens"), _count(row, "input_cached_tokens"),
    )  # fmt: skip


def _openai_cost(row: Row) -> BillLine | None:
    if not row["amount_value"]:
        return None
    _dollars(row.get("amount_currency", ""))
    # "gpt-4o-2024-08-06, input": the line items of one model are its kinds of tokens.
    return BillLine(_start(row), row["line_item"].split(",")[0].strip(), usd_nanos=to_nanos(row["amount_value"]))


def _anthropic_usage(row: Row) -> BillLine | None:
    fresh, read = _count(row, "usage_input_tokens_no_cache"), _count(row, "usage_input_tokens_cache_read")
    written = sum(_count(row, name) or 0 for name in row if "cache_write" in name)
    whole = (fresh or 0) + (read or 0) + written
    return BillLine(
        _day(row["usage_date_utc"]), row["model_version"], None, whole, _count(row, "usage_output_tokens"), read
    )


def _anthropic_cost(row: Row) -> BillLine | None:
    return BillLine(_day(row["usage_date_utc"]), row["model"], usd_nanos=to_nanos(row["cost_usd"] or "0"))


_SHAPES: tuple[tuple[set[str], str, str, Callable[[Row], BillLine | None]], ...] = (
    ({"num_model_requests", "input_tokens", "output_tokens", "model"}, "openai", "OpenAI usage", _openai_usage),
    ({"amount_value", "line_item"}, "openai", "OpenAI costs", _openai_cost),
    ({"usage_date_utc", "model_version", "usage_output_tokens"}, "anthropic", "Anthropic usage", _anthropic_usage),
    ({"usage_date_utc", "model", "cost_usd"}, "anthropic", "Anthropic costs", _anthropic_cost),
)


def _mapped(row: Row, columns: Mapping[str, str]) -> BillLine | None:
    def told(name: str) -> str:
        return row.get((columns.get(name) or "").lower(), "") if columns.get(name) else ""

    if not told("day") and not told("model"):
        return None
    cost = told("cost").lstrip("$").replace(",", "")
    return BillLine(
        _day(told("day")), told("model"), _number(told("requests")), _number(told("input_tokens")),
        _number(told("output_tokens")), _number(told("cached_tokens")), to_nanos(cost) if cost else None,
    )  # fmt: skip


_GUESSES = {
    "day": ("date", "day", "usage_date", "timestamp", "time", "created"),
    "model": ("model", "model_name", "deployment"),
    "requests": ("requests", "num_requests", "calls", "count"),
    "input_tokens": ("input_tokens", "prompt_tokens", "input"),
    "output_tokens": ("output_tokens", "completion_tokens", "output"),
    "cached_tokens": ("cached_tokens", "cache_read_tokens", "cache_read_input_tokens"),
    "cost": ("cost", "cost_usd", "amount", "amount_usd", "spend", "total_cost"),
}


def _guess(headings: tuple[str, ...]) -> dict[str, str]:
    lower = {name.lower().replace(" ", "_"): name for name in headings}
    return {
        name: lower[found] for name, ways in _GUESSES.items() if (found := next((w for w in ways if w in lower), ""))
    }


def _start(row: Row) -> date:
    if row.get("start_time_iso"):
        return _day(row["start_time_iso"])
    return datetime.fromtimestamp(int(row["start_time"]), UTC).date()


def _day(text: str) -> date:
    """The UTC day: of an instant with a zone the UTC date, of anything else the date as it stands there."""
    try:
        if len(text) > 10:
            at = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
            return at.astimezone(UTC).date() if at.tzinfo else at.date()
        return date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise InvalidRequest(f"“{text}” is no date. Write it as 2026-10-30.") from None


def _count(row: Row, name: str) -> int | None:
    return _number(row.get(name, ""))


def _number(text: str) -> int | None:
    plain = text.replace(",", "")
    if not plain:
        return None
    whole, _, rest = plain.partition(".")
    if not whole.isdecimal() or rest.strip("0"):
        raise InvalidRequest(f"“{text}” is no whole number.")
    return int(whole)


def _dollars(currency: str) -> None:
    if currency and currency.lower() != "usd":
        raise InvalidRequest(f"The amount is in {currency.upper()}; costs are compared in dollars.")
