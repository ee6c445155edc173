"""Receipts: one per purchase that was paid, numbered without a gap within each fiscal year of an organization.

A receipt says what was frozen when the purchase was opened and when it was paid, and nothing that moves later: no
person's name (she may change or erase it), no refund. So the same number is the same paper for ever.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

from creditbook.access.values import NotAllowed, Principal
from creditbook.domain.errors import NotFound
from creditbook.reports.finance.periods import fiscal_year
from creditbook.store import directory
from creditbook.store.engine import Store
from creditbook.store.finance import receipts as rows
from creditbook.store.finance.receipts import Receipt

__all__ = ["Receipt", "find", "issue_all", "issue_due", "number_words", "of_account", "write"]


def issue_due(store: Store, org_id: int, zone: str, at: datetime) -> int:
    """Give every paid purchase of an organization its receipt, once. Returns how many were issued.

    The fiscal year is that of the payment on the organization's own calendar; it begins in April.
    """
    local = ZoneInfo(zone)
    return rows.issue(store, org_id, lambda paid_at: fiscal_year(paid_at.astimezone(local).date()), at)


def issue_all(store: Store, at: datetime) -> int:
    """The same for every organization."""
    return sum(issue_due(store, one.org_id, one.zone, at) for one in directory.organizations(store))


def number_words(receipt: Receipt) -> str:
    """The number as it is printed: ``R/2026-27/00042``, at most 16 characters as Indian tax law wants it."""
    return f"R/{receipt.fiscal_year}/{receipt.number:05}"


def of_account(store: Store, who: Principal) -> list[Receipt]:
    """The receipts of the person's own account, newest payment first."""
    return [] if who.account_id is None else rows.of_account(store, who.org_id, who.account_id)


def find(store: Store, who: Principal, said: str) -> Receipt:
    """A receipt by its printed number. Raises NotFound, NotAllowed for one of somebody else's account."""
    year, _, number = said.strip().upper().removeprefix("R/").partition("/")
    found = rows.find(store, who.org_id, year, int(number)) if number.isdecimal() else None
    if found is None:
        raise NotFound(f"There is no receipt “{said}” in {who.org_slug}. Numbers look like R/2026-27/00042.")
    if not (who.has("finance", "admin") or found.purchase.account_id == who.account_id):
        raise NotAllowed("This receipt is of another account. Ask finance or an administrator.")
    return found


def write(receipt: Receipt, who: Principal, path: Path) -> int:
    """Draw the receipt into a new file; the same receipt makes the same file. Returns 1, the receipts in it."""
    from . import receipt_pdf

    return receipt_pdf.write(receipt, who, path)


def percent(rate: str) -> str:
    """A stored rate (``0.18``, ``9/50``, ``18%``) as a percentage; as it stands where it is none of these."""
    text = rate.strip()
    try:
        above, _, below = text.partition("/")
        share = Decimal(above) / Decimal(below or 1)
    except (InvalidOperation, ZeroDivisionError):
        return text
    return f"{(share * 100).normalize():f}%"
