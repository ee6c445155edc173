"""Promo codes outside the write path: made, disabled, listed; and the referrers who are still owed (rule 32).

Functions that take a connection commit nothing; the others are one transaction each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from creditbook.domain.journal import OwedReferral
from creditbook.domain.program import PromoTerms
from creditbook.domain.redeeming import normalized

from . import ids
from .engine import Store
from .loading_sales import terms_document, terms_of
from .tables.ledger import account
from .tables.sales import award, promo_code, redemption, referral_owed

MANY = 500


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A code as administrators see it; ``code`` is normalized, ``terms.code`` as it was typed."""

    code_id: int
    code: str
    terms: PromoTerms
    redeemed: int
    is_disabled: bool
    batch: str
    created_at: datetime
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class RedemptionRow:
    """Who redeemed a code, and when; ``account`` is the user name, '' for the pool."""

    account: str
    number: int
    at: datetime
    txn_id: int
    grant_id: int


def add_codes(
    connection: sa.Connection,
    org_id: int,
    terms: Iterable[PromoTerms],
    *,
    at: datetime,
    batch: str = "",
    actor: str,
    reason: str,
) -> list[str]:
    """Make those codes that are not there yet, redeemed by nobody. Returns them as they were typed."""
    wanted = {normalized(one.code): one for one in terms}
    there = known_codes(connection, org_id, wanted)
    new = {code: one for code, one in wanted.items() if code not in there}
    rows = [
        {
            "org_id": org_id, "code_id": code_id, "code": code, "terms": terms_document(one), "tokens": one.tokens,
            "total_limit": one.total_limit, "redeemed": 0, "is_disabled": False, "batch": batch, "created_at": at,
            "actor": actor, "reason": reason,
        }
        for code_id, (code, one) in zip(ids.take(connection, len(new)) if new else (), new.items(), strict=True)
    ]  # fmt: skip
    if rows:
        connection.execute(sa.insert(promo_code), rows)
    return [one.code for one in new.values()]


def known_codes(connection: sa.Connection, org_id: int, codes: Collection[str]) -> set[str]:
    """Those of some normalized codes that are there already."""
    wanted, found = sorted(codes), set[str]()
    for start in range(0, len(wanted), MANY):
        some = promo_code.c.code.in_(wanted[start : start + MANY])
        found.update(connection.scalars(sa.select(promo_code.c.code).where(promo_code.c.org_id == org_id, some)))
    return found


def has_batch(connection: sa.Connection, org_id: int, batch: str) -> bool:
    """Whether there are codes of this batch."""
    some = sa.select(promo_code.c.code_id).where(promo_code.c.org_id == org_id, promo_code.c.batch == batch)
    return connection.scalar(some.limit(1)) is not None


def set_disabled(connection: sa.Connection, org_id: int, code: str, disabled: bool) -> bool | None:
    """Disable or enable a code. Tells what it was before; None where there is no such code."""
    here = (promo_code.c.org_id == org_id) & (promo_code.c.code == code)
    before = connection.scalar(sa.select(promo_code.c.is_disabled).where(here).with_for_update())
    if before is not None:
        connection.execute(sa.update(promo_code).where(here).values(is_disabled=disabled))
    return None if before is None else bool(before)


def codes(
    store: Store,
    org_id: int,
    *,
    code: str | None = None,
    batch: str | None = None,
    before_id: int | None = None,
    most: int | None = None,
) -> list[CodeRow]:
    """Every code of an organization, newest first; of one name or batch, before an id, at most so many where asked."""
    c = promo_code.c
    wanted = sa.select(promo_code).where(c.org_id == org_id).order_by(c.code_id.desc()).limit(most)
    if code is not None:
        wanted = wanted.where(c.code == normalized(code))
    if batch is not None:
        wanted = wanted.where(c.batch == batch)
    if before_id is not None:
        wanted = wanted.where(c.code_id < before_id)
    with store.read(org_id) as connection:
        rows = connection.execute(wanted).all()
    return [
        CodeRow(
            row.code_id, row.code, terms_of(row.terms), row.redeemed, bool(row.is_disabled), row.batch, row.created_at,
            row.actor, row.reason,
        )
        for row in rows
    ]  # fmt: skip


def code_id(store: Store, org_id: int, code: str) -> int | None:
    """The id of a normalized code."""
    wanted = sa.select(promo_code.c.code_id).where(promo_code.c.org_id == org_id, promo_code.c.code == code)
    with store.read(org_id) as connection:
        found: int | None = connection.scalar(wanted)
    return found


def redemptions(store: Store, org_id: int, code_id: int, *, most: int = MANY) -> list[RedemptionRow]:
    """Who redeemed a code, latest first."""
    wanted = (
        sa.select(account.c.name, redemption.c.number, redemption.c.at, redemption.c.txn_id, redemption.c.grant_id)
        .join(account, (account.c.org_id == redemption.c.org_id) & (account.c.account_id == redemption.c.account_id))
        .where(redemption.c.org_id == org_id, redemption.c.code_id == code_id)
        .order_by(redemption.c.txn_id.desc())
        .limit(most)
    )
    with store.read(org_id) as connection:
        return [RedemptionRow(*row) for row in connection.execute(wanted)]


def owed_referrals(store: Store, org_id: int) -> list[tuple[OwedReferral, int]]:
    """Referrers who are owed for a friend and were not paid, each with its family's root. Closed ones get nothing."""
    owed = referral_owed.c
    name = sa.literal("referral:", sa.Text) + sa.cast(owed.friend_id, sa.Text)
    paid = sa.exists().where(
        award.c.org_id == owed.org_id, award.c.account_id == owed.referrer_id, award.c.name == name
    )
    wanted = (
        sa.select(owed.friend_id, owed.referrer_id, owed.tokens, owed.at, account.c.pool_id)
        .join(account, (account.c.org_id == owed.org_id) & (account.c.account_id == owed.referrer_id))
        .where(owed.org_id == org_id, account.c.status != "closed", ~paid)
        .order_by(owed.friend_id)
    )
    with store.read(org_id) as connection:
        rows = connection.execute(wanted).all()
    return [(OwedReferral(*row[:4]), row.pool_id or row.referrer_id) for row in rows]


def root_of(store: Store, org_id: int, account_id: int) -> int:
    """The root of an account's family."""
    here = (account.c.org_id == org_id) & (account.c.account_id == account_id)
    with store.read(org_id) as connection:
        pool_id = connection.scalar(sa.select(account.c.pool_id).where(here))
    return pool_id or account_id
