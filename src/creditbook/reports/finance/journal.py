"""The journal for an accounting system: what each month's books debit and credit, by account code, in balance.

Per month and currency: sales with their tax, what use and time earned, usage given back, breakage, money paid back, and
what the models cost, in the organization's own currency where that is the rupee, else in dollars.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel.numbers import get_currency_precision

from creditbook.access.values import Principal
from creditbook.domain.closing import title
from creditbook.domain.flow import Revenue
from creditbook.domain.money import NANOS, half_even
from creditbook.store.engine import Store
from creditbook.store.finance import account_codes, usage
from creditbook.store.finance.wanted import Wanted

from .books import books_by_month

ROLES = {
    "cash": ("1000", "Cash and payment providers"),
    "tax_payable": ("2200", "Tax payable"),
    "deferred_revenue": ("2400", "Deferred revenue"),
    "accrued_costs": ("2100", "Accrued model costs"),
    "revenue": ("4000", "Revenue from usage and plans"),
    "breakage": ("4100", "Revenue from tokens that lapsed"),
    "refunds": ("4900", "Revenue paid back"),
    "model_costs": ("5000", "Cost of models"),
}
"""Every account that the journal books to, with the code and the name that stand until somebody sets others."""

CENT = NANOS // 100
CSV_COLUMNS = ("date", "account", "account_name", "currency", "debit", "credit", "memo")


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One line of the journal, in minor units of its currency; either the debit or the credit is 0."""

    accounting_date: date
    role: str
    code: str
    name: str
    currency: str
    debit_minor: int
    credit_minor: int
    memo: str


def accounts(store: Store, who: Principal) -> dict[str, tuple[str, str]]:
    """Code and name of every account by its role: what was set, else ours."""
    with store.read(who.org_id) as connection:
        return {**ROLES, **account_codes.codes(connection, who.org_id)}


def journal(store: Store, who: Principal, first: date, last: date) -> list[JournalLine]:
    """The lines of every calendar month that these days touch, dated on its last day among them; in balance each."""
    named = accounts(store, who)
    lines: list[JournalLine] = []
    for month in books_by_month(store, who, first, last):
        booked = [
            (revenue.currency, *one) for revenue in month.revenue.values() for one in _of_sales(revenue, month.first)
        ]
        booked += _of_costs(store, who, month.first, month.last)
        for currency, role, amount, memo in booked:
            if amount:
                code, name = named[role]
                lines.append(JournalLine(month.last, role, code, name, currency, max(amount, 0), max(-amount, 0), memo))
    return lines


def csv_rows(lines: Iterable[JournalLine]) -> Iterator[tuple[object, ...]]:
    """The lines under `CSV_COLUMNS`, with amounts as exact decimals; empty where there is none."""
    for one in lines:
        debit, credit = _units(one.debit_minor, one.currency), _units(one.credit_minor, one.currency)
        yield one.accounting_date, one.code, one.name, one.currency, debit, credit, one.memo


def _units(minor: int, currency: str) -> Decimal | None:
    return Decimal(minor).scaleb(-get_currency_precision(currency)) if minor else None


def _of_sales(of: Revenue, month: date) -> Iterator[tuple[str, int, str]]:
    """What a currency's month books: (role, amount, memo); a debit is positive, a credit negative."""
    name = title(month)
    yield from _memo(
        f"Sales of {name}", cash=of.gross_minor, deferred_revenue=-of.sold_minor, tax_payable=-of.tax_minor
    )
    used, days = of.earned_packs_minor, of.earned_plans_minor
    yield from _memo(f"Earned by use in {name}", deferred_revenue=used, revenue=-used)
    yield from _memo(f"Earned by days of plans in {name}", deferred_revenue=days, revenue=-days)
    yield from _memo(f"Usage given back in {name}", revenue=of.returned_minor, deferred_revenue=-of.returned_minor)
    lapsed = of.breakage_minor
    yield from _memo(f"Lapsed in {name}", deferred_revenue=lapsed, breakage=-lapsed)
    yield from _memo(
        f"Money paid back in {name}",
        deferred_revenue=of.released_minor,
        refunds=of.reversed_minor,
        tax_payable=of.paid_back_tax_minor,
        cash=-of.paid_back_minor,
    )


def _memo(memo: str, **amounts: int) -> Iterator[tuple[str, int, str]]:
    for role, amount in amounts.items():
        yield role, amount, memo


def _of_costs(store: Store, who: Principal, first: date, last: date) -> list[tuple[str, str, int, str]]:
    with store.read(who.org_id) as connection:
        (used,) = usage.sums(connection, who.org_id, Wanted(first, last, basis="accounting"))
    rupees = who.currency == "INR"
    minor = half_even(used.cost_inr_nanos if rupees else used.cost_usd_nanos, CENT)
    currency, memo = "INR" if rupees else "USD", f"Models used in {title(first)}"
    return [(currency, "model_costs", minor, memo), (currency, "accrued_costs", -minor, memo)]
