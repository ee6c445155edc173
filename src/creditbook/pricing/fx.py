"""Exchange rates by date, and the files they come in.

A rate is what one unit of the base currency is worth in the quoted one, in whole nanos. The rate in force is the last
one on or before the UTC date of the event; one entered later for a date moves nothing that was booked (rule 3).
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.money import to_rate_nanos
from creditbook.store.prices import FxRow

_NINE_PLACES = Decimal("0.000000001")
_WIDE = Context(prec=50, rounding=ROUND_HALF_EVEN)


class FxTable:
    """The rates of one pair of currencies, for looking up. Rows come by date and, within one, by entry."""

    def __init__(self, rows: Sequence[FxRow]) -> None:
        last_of_day = {row.day: row for row in rows}
        self._rows = list(last_of_day.values())
        self._days = list(last_of_day)
        self._asked: tuple[date | None, FxRow | None] = (None, None)

    def on(self, day: date) -> FxRow | None:
        """The rate in force on a date; None before the first."""
        asked, row = self._asked
        if asked == day:
            return row  # work comes in the order of its days
        place = bisect_right(self._days, day)
        row = self._rows[place - 1] if place else None
        self._asked = (day, row)
        return row


@dataclass(slots=True)
class RateFile:
    """What a file of rates says: (date, rate in nanos) in its order, and what could not be read, with line numbers."""

    rates: list[tuple[date, int]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def read_rates(lines: Iterable[str], base: str, quote: str) -> RateFile:
    """Reads a CSV of exchange rates, whose header decides how.

    - `date, rate` (also `base`, `quote` or `currency`: rows of other pairs are left out);
    - the ECB's: `Date, USD, JPY, …`, what one euro was worth. Another base than EUR is crossed to nine decimals.

    Raises InvalidRequest when the header is neither.
    """
    table = _numbered(lines)
    header = [name.lower().lstrip("\ufeff") for name in next(table, (0, []))[1]]
    base, quote = base.upper(), quote.upper()
    if "date" not in header:
        raise InvalidRequest(
            "The file needs a heading with “date” and “rate”, or the ECB's with “Date” and currencies."
        )
    result = RateFile()
    rows = _generic(table, header, base, quote) if "rate" in header else _ecb(table, header, base, quote)
    for number, day, rate in rows:
        try:
            result.rates.append((_day(day), to_rate_nanos(rate)))
        except InvalidRequest as error:
            result.refused.append(f"Line {number}: {error}")
    return result


Table = Iterator[tuple[int, list[str]]]
Rows = Iterator[tuple[int, str, Decimal | str]]


def _numbered(lines: Iterable[str]) -> Table:
    """Rows with their line numbers, without empty ones and comments."""
    reader = csv.reader(lines)
    for cells in reader:
        if any(cells) and not cells[0].startswith("#"):
            yield reader.line_num, [cell.strip() for cell in cells]


def _generic(table: Table, header: list[str], base: str, quote: str) -> Rows:
    for number, cells in table:
        row = dict(zip(header, cells, strict=False))
        pair = (row.get("base", base).upper(), (row.get("quote") or row.get("currency") or quote).upper())
        if pair == (base, quote):
            yield number, row.get("date", ""), row.get("rate", "")


def _ecb(table: Table, header: list[str], base: str, quote: str) -> Rows:
    missing = [code for code in (base, quote) if code != "EUR" and code.lower() not in header]
    if missing:
        raise InvalidRequest(f"The file has no column {' or '.join(missing)}, and no column “rate” either.")
    for number, cells in table:
        row = dict(zip(header, cells, strict=False))
        legs = [row.get(code.lower(), "") if code != "EUR" else "1" for code in (base, quote)]
        if row.get("date") and not {"", "N/A"} & set(legs):
            yield number, row["date"], _cross(*legs)


def _cross(one_euro_in_base: str, one_euro_in_quote: str) -> Decimal | str:
    """Base in quote by way of the euro, at nine decimals; what is no number is handed on to be refused."""
    try:
        rate = _WIDE.divide(Decimal(one_euro_in_quote), Decimal(one_euro_in_base))
        return rate.quantize(_NINE_PLACES, context=_WIDE)
    except (InvalidOperation, ZeroDivisionError):
        return f"{one_euro_in_quote} / {one_euro_in_base}"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"“{text}” is no date. Write it as 2026-10-30.") from None
