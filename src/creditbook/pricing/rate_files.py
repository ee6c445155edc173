"""Files of exchange rates, in the shapes in which they are published; the heading decides which one it is.

- Ours: `date, rate`, with `base`, `quote` or `currency` where a file holds several pairs.
- The European Central Bank's: one euro in `Date, USD, JPY, …` (`eurofxref.csv`, `eurofxref-hist.csv`), and the rows of
  its data portal (`CURRENCY, CURRENCY_DENOM, TIME_PERIOD, OBS_VALUE`).
- The Reserve Bank of India's reference rate archive, `Date, USD (INR / 1 USD), …, YEN (INR / 100 YEN)`, and that of
  FBIL, which computes it: `Date, Time, Currency Pairs, Rate` with pairs such as `INR / 100 JPY`.

Two currencies that are both told against a third are crossed to nine decimals. Banks publish on their business days
only; the days between have no rows, and the last rate before them holds.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.money import to_rate_nanos

_NINE_PLACES = Decimal("0.000000001")
_WIDE = Context(prec=50, rounding=ROUND_HALF_EVEN)
_PREAMBLE = 12
"""Lines that may stand above the heading: a bank's name, a title, an empty line."""

_RUPEES_PER = re.compile(r"inr\s*/\s*(\d+)\s*([a-z]+)")
_BANK_NAMES = {"EURO": "EUR", "YEN": "JPY"}
_NOTHING = {"", "n/a", "na", "nan", "-", "--"}
_MONTHS = ("%d %B %Y", "%d %b %Y", "%d-%b-%Y")
_DAY_FIRST = ("%d/%m/%Y", "%d-%m-%Y")


@dataclass(slots=True)
class RateFile:
    """What a file of rates says: (date, rate in nanos) in its order, and what could not be read, with line numbers."""

    rates: list[tuple[date, int]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


Table = Iterator[tuple[int, list[str]]]
Rows = Iterator[tuple[int, str, Decimal | str]]


def read_rates(lines: Iterable[str], base: str, quote: str) -> RateFile:
    """Reads what one `base` was worth in `quote` from a CSV in any of this module's shapes.

    Raises InvalidRequest when the heading is of none of them, or the file does not tell these currencies.
    """
    base, quote = base.upper(), quote.upper()
    table = _numbered(lines)
    header = _heading(table)
    columns = {name: place for place, name in enumerate(header)}
    day_first = False
    if {"time_period", "obs_value", "currency", "currency_denom"} <= columns.keys():
        rows = _portal(table, header, base, quote)
    elif "rate" in columns and any(name.startswith("currency pair") for name in header):
        rows, day_first = _fbil(table, header, base, quote), True
    elif any(_RUPEES_PER.search(name) for name in header):
        rows, day_first = _rbi(table, header, base, quote), True
    elif "rate" in columns:
        rows = _generic(table, header, base, quote)
    else:
        rows = _ecb(table, header, base, quote)
    result = RateFile()
    for number, day, rate in rows:
        try:
            result.rates.append((_day(day, day_first=day_first), to_rate_nanos(rate)))
        except InvalidRequest as error:
            result.refused.append(f"Line {number}: {error}")
    return result


def _numbered(lines: Iterable[str]) -> Table:
    """Rows with their line numbers, without empty ones and comments."""
    reader = csv.reader(lines)
    for cells in reader:
        if any(cells) and not cells[0].startswith("#"):
            yield reader.line_num, [cell.strip() for cell in cells]


def _heading(table: Table) -> list[str]:
    for _, (_, cells) in zip(range(_PREAMBLE), table, strict=False):
        names = [" ".join(cell.lower().lstrip("\ufeff").split()) for cell in cells]
        if "date" in names or "time_period" in names:
            return names
    raise InvalidRequest(
        "The file needs a heading with “date” and “rate”, the ECB's with “Date” and currencies, or the RBI's with "
        "“Date” and “USD (INR / 1 USD)”."
    )


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
        if row.get("date") and not {leg.lower() for leg in legs} & _NOTHING:
            yield number, row["date"], _crossed(legs[1], legs[0])


def _portal(table: Table, header: list[str], base: str, quote: str) -> Rows:
    """The ECB's data portal: a row for each currency and day, what one euro was worth in it."""
    legs: dict[str, dict[str, str]] = {}
    last: dict[str, int] = {}
    for number, cells in table:
        row = dict(zip(header, cells, strict=False))
        told = row.get("obs_value", "").lower() not in _NOTHING
        if told and row.get("currency_denom", "").upper() == "EUR":
            legs.setdefault(row["time_period"], {"EUR": "1"})[row["currency"].upper()] = row["obs_value"]
            last[row["time_period"]] = number
    _need(set().union(*legs.values()) if legs else set(), base, quote)
    for day, found in legs.items():
        if base in found and quote in found:
            yield last[day], day, _crossed(found[quote], found[base])


def _rbi(table: Table, header: list[str], base: str, quote: str) -> Rows:
    """The RBI's archive: a column for each currency, whose heading says of how many units the rupees are told."""
    columns: dict[str, tuple[int, int]] = {}
    for place, name in enumerate(header):
        if found := _RUPEES_PER.search(name):
            columns[_code(found[2])] = (place, int(found[1]))
    _need({"INR", *columns}, base, quote)
    for number, cells in table:
        rupees: dict[str, tuple[str, int]] = {"INR": ("1", 1)}
        for code, (place, units) in columns.items():
            if place < len(cells) and cells[place].lower() not in _NOTHING:
                rupees[code] = (cells[place].replace(",", ""), units)
        if base in rupees and quote in rupees:
            yield number, cells[header.index("date")], _by_way_of_rupees(rupees[base], rupees[quote])


def _fbil(table: Table, header: list[str], base: str, quote: str) -> Rows:
    """FBIL's export: a row for each pair and day, rupees per so many units of the other currency."""
    pair_column = next(place for place, name in enumerate(header) if name.startswith("currency pair"))
    day_column, rate_column = header.index("date"), header.index("rate")
    days: dict[str, dict[str, tuple[str, int]]] = {}
    last: dict[str, int] = {}
    for number, cells in table:
        found = _RUPEES_PER.search(cells[pair_column].lower()) if pair_column < len(cells) else None
        if found and rate_column < len(cells) and cells[rate_column].lower() not in _NOTHING:
            rupees = days.setdefault(cells[day_column], {"INR": ("1", 1)})
            rupees[_code(found[2])] = (cells[rate_column].replace(",", ""), int(found[1]))
            last[cells[day_column]] = number
    _need(set().union(*days.values()) if days else set(), base, quote)
    for day, rupees in days.items():
        if base in rupees and quote in rupees:
            yield last[day], day, _by_way_of_rupees(rupees[base], rupees[quote])


def _code(name: str) -> str:
    return _BANK_NAMES.get(name.upper(), name.upper())


def _need(told: set[str], base: str, quote: str) -> None:
    missing = [code for code in (base, quote) if code not in told]
    if missing:
        raise InvalidRequest(f"The file tells no rate of {' or '.join(missing)}.")


def _by_way_of_rupees(base: tuple[str, int], quote: tuple[str, int]) -> Decimal | str:
    """Base in quote: each is (rupees, of so many units). Rupees per one dollar stay as they were published."""
    if quote == ("1", 1) and base[1] == 1:
        return base[0]
    try:
        return _crossed(str(Decimal(base[0]) / base[1]), str(Decimal(quote[0]) / quote[1]))
    except (InvalidOperation, ZeroDivisionError):
        return f"{base[0]} / {quote[0]}"


def _crossed(above: str, below: str) -> Decimal | str:
    """One over the other at nine decimals; what is no number is handed on to be refused."""
    try:
        rate = _WIDE.divide(Decimal(above), Decimal(below))
        return rate.quantize(_NINE_PLACES, context=_WIDE)
    except (InvalidOperation, ZeroDivisionError):
        return f"{above} / {below}"


def _day(text: str, *, day_first: bool) -> date:
    """A date as banks write it. “03/04/2026” is read only where the bank's own format says that the day comes first."""
    try:
        return date.fromisoformat(text[:10] if text[10:11] in {" ", "T"} else text)
    except ValueError:
        for way in (*_MONTHS, *(_DAY_FIRST if day_first else ())):
            try:
                return datetime.strptime(text, way).replace(tzinfo=UTC).date()
            except ValueError:
                continue
    raise InvalidRequest(f"“{text}” is no date. Write it as 2026-10-30.") from None
