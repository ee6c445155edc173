"""What operations around codes, purchases, rewards and referrals name, from rows to the domain's values.

All books of one organization in a batch share one set of them: two accounts that redeem the last of a code see each
other's redemption.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from creditbook.domain.program import PromoTerms, WalletType
from creditbook.domain.sales import PromoCode, Purchase, PurchaseKind, PurchaseStatus
from creditbook.domain.state import Book, Grant
from creditbook.store.codec import Codec, read_document

Row = Sequence[Any]

_KIND = {member.value: member for member in PurchaseKind}
_STATUS = {member.value: member for member in PurchaseStatus}
_LONGEST_PERIOD = timedelta(days=32)


def oldest_award(until: datetime) -> date:
    """The earliest period of a reward, a day or a month, that can still run anywhere at this instant."""
    return until.date() - _LONGEST_PERIOD


def terms_document(terms: PromoTerms) -> dict[str, Any]:
    """A code's terms as they stand in `promo_code.terms`."""
    return {
        "code": terms.code,
        "tokens": terms.tokens,
        "wallet": terms.wallet.value,
        "features": None if terms.features is None else sorted(terms.features),
        "lifetime_days": terms.lifetime_days,
        "valid_from": terms.valid_from.isoformat() if terms.valid_from else None,
        "valid_through": terms.valid_through.isoformat() if terms.valid_through else None,
        "total_limit": terms.total_limit,
        "per_account": terms.per_account,
        "plans": None if terms.plans is None else sorted(terms.plans),
        "first_purchase": terms.first_purchase,
        "label": terms.label,
    }


def terms_of(document: dict[str, Any]) -> PromoTerms:
    """The terms of a document that `terms_document` made."""
    said = dict(document)
    said["wallet"] = WalletType(said["wallet"])
    for name in ("features", "plans"):
        said[name] = None if said[name] is None else frozenset(said[name])
    for name in ("valid_from", "valid_through"):
        said[name] = date.fromisoformat(said[name]) if said[name] else None
    return PromoTerms(**said)


def promo_of(row: Row, codec: Codec) -> PromoCode:
    """From a row of `CODES`. Its text as it was typed stands in the terms; the first column is the normalized one."""
    _code, code_id, terms, created_at, is_disabled, redeemed, batch, actor, reason = row
    return PromoCode(
        code_id, terms_of(read_document(terms)), codec.when(created_at), bool(is_disabled), redeemed, batch, actor,
        reason,
    )  # fmt: skip


def purchase_of(row: Row, codec: Codec) -> Purchase:
    """From a row of `PURCHASES`, whose columns are in the order of the value's fields."""
    when = codec.when
    (id_, account_id, kind, item, title, tokens, price, tax, currency, program_id, created_at, provider, order, payment,
     status, tax_label, tax_rate, inclusive, paid_at, granted_at, closed_at, txn_id, grant_id, refunded_minor,
     refunded_tokens, missed_tokens, dispute_open, trouble, actor, reason) = row  # fmt: skip
    return Purchase(
        id_, account_id, _KIND[kind], item, title, tokens, price, tax, currency, program_id, when(created_at), provider,
        order, payment, _STATUS[status], tax_label, tax_rate, bool(inclusive), when(paid_at), when(granted_at),
        when(closed_at), txn_id, grant_id, refunded_minor, refunded_tokens, missed_tokens, bool(dispute_open), trouble,
        actor, reason,
    )  # fmt: skip


@dataclass(slots=True)
class Sales:
    """Codes, purchases with their grants, payments and awards while they are being filled."""

    codec: Codec
    codes: dict[str, PromoCode] = field(default_factory=dict)
    buyers: set[int] = field(default_factory=set)
    purchases: dict[int, Purchase] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    payments: dict[tuple[str, str], int] = field(default_factory=dict)
    awards: set[tuple[int, str, date]] = field(default_factory=set)

    def put_codes(self, rows: Iterable[Row], redeemed: Iterable[Row], buyers: Iterable[Row]) -> None:
        """Rows of `CODES`, `REDEEMED` and `BUYERS`."""
        for row in rows:
            self.codes[row[0]] = promo_of(row, self.codec)
        for code, account_id, number in redeemed:
            self.codes[code].by_account[account_id] = number
        self.buyers.update(account_id for (account_id,) in buyers)

    def put_purchases(self, rows: Iterable[Row], grants: Iterable[Grant]) -> None:
        """Rows of `PURCHASES`, and the grants that they brought, dead or alive."""
        for row in rows:
            self.purchases[row[0]] = purchase_of(row, self.codec)
        self.grants += grants

    def put_payment(self, payment: tuple[str, str], rows: Iterable[Row]) -> None:
        """The row of `PAYMENT`, if there is one."""
        for (purchase_id,) in rows:
            self.payments[payment] = purchase_id

    def put_awards(self, rows: Iterable[Row]) -> None:
        """Rows of `AWARDS`."""
        self.awards.update((account_id, name, self.codec.day(period)) for account_id, name, period in rows)

    def put_into(self, book: Book) -> None:
        """Give a book its share: what may concern others is common to all books, a purchase is its account's."""
        book.codes, book.buyers, book.payments, book.awards = self.codes, self.buyers, self.payments, self.awards
        for purchase in self.purchases.values():
            if purchase.account_id in book.accounts:
                book.purchases[purchase.purchase_id] = purchase
        for grant in self.grants:
            if grant.account_id in book.accounts:
                book.accounts[grant.account_id].grants.setdefault(grant.grant_id, grant)
