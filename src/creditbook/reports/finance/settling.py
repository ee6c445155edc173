"""A payment provider's settlement against purchases: what was paid, what it kept, what is missing or unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import Literal

from creditbook.access.values import Principal
from creditbook.store.engine import Store
from creditbook.store.finance import reconciling as rows
from creditbook.store.finance.reconciling import PaidFor

Kind = Literal["payment", "refund", "dispute", "fee", "payout", "other"]
Found = Literal["agrees", "refund agrees", "other amount", "unknown here", "not settled", "fee", "payout", "other"]


@dataclass(frozen=True, slots=True)
class SettledLine:
    """One line of a settlement, in minor units. Outflows are negative in `gross_minor` and `net_minor`.

    `fee_minor` is what the provider kept, `fee_tax_minor` the tax that is in it; `references` all names of the payment.
    """

    line: int
    day: date
    kind: Kind
    references: tuple[str, ...]
    currency: str
    gross_minor: int
    fee_minor: int
    fee_tax_minor: int
    net_minor: int
    what: str = ""

    @property
    def adds_up(self) -> bool:
        """Whether gross less fee is what was settled."""
        return self.gross_minor - self.fee_minor == self.net_minor


@dataclass(frozen=True, slots=True)
class Compared:
    """A line of the file, its purchase (None: none is known), and what that says; or a purchase without a line."""

    found: Found
    line: SettledLine | None
    purchase: PaidFor | None
    sentence: str

    @property
    def is_fine(self) -> bool:
        """Whether nobody has to look at it."""
        return self.found in ("agrees", "refund agrees", "fee", "payout")


@dataclass(slots=True)
class Total:
    """One currency of a settlement, in minor units; `net` is what reached the bank, before payouts."""

    payments: int = 0
    refunds: int = 0
    disputes: int = 0
    other: int = 0
    fees: int = 0
    fee_tax: int = 0
    net: int = 0
    expected: int = 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """The whole comparison; what has to be looked at comes first."""

    first: date
    last: date
    rows: tuple[Compared, ...]
    totals: dict[str, Total] = field(default_factory=dict)


def settle(store: Store, who: Principal, lines: Sequence[SettledLine], provider: str) -> Settlement:
    """Holds a settlement against this organization's purchases."""
    with store.read(who.org_id) as connection:
        paid = rows.paid(connection, who.org_id)
    first, last = min(line.day for line in lines), max(line.day for line in lines)
    by_name = {name: one for one in paid for name in (one.provider_payment, one.provider_order) if name}
    settled: set[int] = set()
    found: list[Compared] = []
    totals: dict[str, Total] = {}
    for line in lines:
        purchase = next((by_name[name] for name in line.references if name in by_name), None)
        if purchase is not None and line.kind == "payment":
            settled.add(purchase.purchase_id)
        found.append(_compared(line, purchase))
        _count(totals.setdefault(line.currency, Total()), line)
    for one in paid:
        in_days = one.paid_at is not None and first <= one.paid_at.astimezone(UTC).date() <= last
        if one.provider == provider and in_days and one.purchase_id not in settled:
            sentence = "Paid in these days, not in this file: look at the next one"
            found.append(Compared("not settled", None, one, sentence))
    for one in paid:
        if one.purchase_id in settled:
            totals.setdefault(one.currency, Total()).expected += one.price_minor
    found.sort(key=lambda row: (row.is_fine, row.line.day if row.line else last, row.line.line if row.line else 0))
    return Settlement(first, last, tuple(found), totals)


def _compared(line: SettledLine, purchase: PaidFor | None) -> Compared:
    if line.kind in ("fee", "payout", "other"):
        words = {"fee": "The provider's own charge", "payout": "Paid out to the bank"}
        return Compared(line.kind, line, purchase, words.get(line.kind, f"“{line.what}”: look at it by hand"))
    if purchase is None:
        return Compared("unknown here", line, None, "No purchase here has this payment")
    if line.kind in ("refund", "dispute"):
        if purchase.refunded_minor or purchase.status in ("refunded", "disputed"):
            return Compared("refund agrees", line, purchase, "Given back, and known here")
        return Compared("other amount", line, purchase, "Given back by the provider, not known here")
    if line.currency != purchase.currency:
        sentence = f"Sold in {purchase.currency}, settled in {line.currency}"
        return Compared("other amount", line, purchase, sentence)
    if line.gross_minor != purchase.price_minor:
        return Compared("other amount", line, purchase, "Settled at another amount than it was sold for")
    if not line.adds_up:
        return Compared("other amount", line, purchase, "In the file gross less fee is not net")
    return Compared("agrees", line, purchase, "Agrees")


def _count(total: Total, line: SettledLine) -> None:
    if line.kind == "payout":
        return
    if line.kind == "payment":
        total.payments += line.gross_minor
    elif line.kind == "refund":
        total.refunds += line.gross_minor
    elif line.kind == "dispute":
        total.disputes += line.gross_minor
    else:
        total.other += line.gross_minor
    total.fees += line.fee_minor
    total.fee_tax += line.fee_tax_minor
    total.net += line.net_minor
