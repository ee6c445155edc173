"""Settlement files of Stripe and Razorpay by their documented columns; amounts in whole units, as both export them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from babel.numbers import get_currency_precision

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.money import exact
from creditbook.reports.finance.settling import Kind, SettledLine

Row = Mapping[str, str]
MOST_LINES = 200_000


@dataclass(slots=True)
class SettlementFile:
    """What a file says: whose it is, in which shape, its lines, and sentences about those that can't be read."""

    provider: str
    kind: str
    lines: list[SettledLine] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def read_settlement(content: bytes) -> SettlementFile:
    """Reads a settlement. Raises InvalidRequest for a file that is in no known shape."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidRequest("This is no UTF-8 text. Export it as CSV and choose it again.") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    known = {(name or "").strip().lower() for name in reader.fieldnames or ()}
    for needed, provider, kind, read in _SHAPES:
        if needed <= known:
            return _all(reader, SettlementFile(provider, kind), read)
    raise InvalidRequest(
        "This is no settlement that is known here: Stripe's payout reconciliation or balance history, or Razorpay's "
        "settlement recon, each with its heading."
    )


def _all(
    reader: csv.DictReader[str], file: SettlementFile, read: Callable[[int, Row], SettledLine | None]
) -> SettlementFile:
    for row in reader:
        if reader.line_num > MOST_LINES:
            file.refused.append(f"Only the first {MOST_LINES:,} lines are read. Split the file.")
            break
        told = {(name or "").strip().lower(): value.strip() for name, value in row.items() if isinstance(value, str)}
        try:
            line = read(reader.line_num, told)
        except InvalidRequest as error:
            file.refused.append(f"Line {reader.line_num}: {error}")
        else:
            if line is not None:
                file.lines.append(line)
    return file


_STRIPE_KINDS: dict[str, Kind] = {
    "charge": "payment", "payment": "payment", "refund": "refund", "payment_refund": "refund",
    "partial_capture_reversal": "refund", "refund_failure": "payment", "payment_failure_refund": "refund",
    "dispute": "dispute", "dispute_reversal": "dispute", "adjustment": "dispute", "fee": "fee", "stripe_fee": "fee",
    "network_cost": "fee", "tax": "fee", "payout": "payout", "payout_reversal": "payout",
}  # fmt: skip


def _stripe_recon(number: int, row: Row) -> SettledLine | None:
    names = ("payment_intent_id", "charge_id", "invoice_id", "source_id", "balance_transaction_id")
    day = row.get("created_utc") or row.get("created") or row.get("available_on_utc") or row.get("available_on") or ""
    return _line(number, row, _STRIPE_KINDS.get(row["reporting_category"].lower(), "other"), names, day,
                 row["gross"], row["fee"], "0", row["net"], row["reporting_category"])  # fmt: skip


def _stripe_balance(number: int, row: Row) -> SettledLine | None:
    names = ("payment_intent id", "payment intent id", "source", "id")
    return _line(number, row, _STRIPE_KINDS.get(row["type"].lower(), "other"), names,
                 row.get("created (utc)") or row.get("created") or "", row["amount"], row["fee"], "0", row["net"],
                 row["type"])  # fmt: skip


_RAZORPAY_KINDS: dict[str, Kind] = {
    "payment": "payment", "refund": "refund", "dispute": "dispute", "chargeback": "dispute", "settlement": "payout",
}  # fmt: skip


def _razorpay(number: int, row: Row) -> SettledLine | None:
    kind = _RAZORPAY_KINDS.get(row["type"].lower(), "other")
    credit, debit = row.get("credit") or "0", row.get("debit") or "0"
    out = exact(debit) > exact(credit)
    amount = row.get("amount") or credit
    gross = f"-{amount}" if out and not amount.startswith("-") else amount
    net = f"-{debit}" if out else credit
    return _line(number, row, kind, ("payment_id", "entity_id", "order_id"), row.get("settled_at") or row["created_at"],
                 gross, row.get("fee") or "0", row.get("tax") or "0", net, row["type"])  # fmt: skip


_SHAPES: tuple[tuple[set[str], str, str, Callable[[int, Row], SettledLine | None]], ...] = (
    (
        {"reporting_category", "gross", "fee", "net", "currency"},
        "stripe",
        "Stripe payout reconciliation",
        _stripe_recon,
    ),
    ({"type", "source", "amount", "fee", "net", "currency"}, "stripe", "Stripe balance history", _stripe_balance),
    ({"entity_id", "type", "debit", "credit", "fee", "tax"}, "razorpay", "Razorpay settlement recon", _razorpay),
)


def _line(
    number: int, row: Row, kind: Kind, names: tuple[str, ...], day: str, gross: str, fee: str, tax: str, net: str,
    what: str,
) -> SettledLine:  # fmt: skip
    currency = (row.get("currency") or "INR").upper()
    references = tuple(dict.fromkeys(row[name] for name in names if row.get(name)))
    kept, its_tax = _minor(fee, currency), _minor(tax, currency)
    return SettledLine(
        number,
        _day(day),
        kind,
        references,
        currency,
        _minor(gross, currency),
        kept,
        its_tax,
        _minor(net, currency),
        what,
    )


def _minor(text: str, currency: str) -> int:
    amount = exact((text or "0").replace(",", "")) * int(10 ** get_currency_precision(currency))
    if amount.denominator != 1:
        raise InvalidRequest(f"“{text}” has more decimals than {currency} has.")
    return amount.numerator


def _day(text: str) -> date:
    plain = text.strip()
    if plain.isdecimal() and len(plain) == 10:
        return datetime.fromtimestamp(int(plain), UTC).date()
    for way in ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y", "%d-%m-%Y"):
        try:
            return datetime.strptime(plain, way).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    try:
        return date.fromisoformat(plain[:10])
    except ValueError:
        raise InvalidRequest(f"“{text}” is no date.") from None
