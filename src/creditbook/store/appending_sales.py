"""From journals to rows of plans, sales, codes and rewards: tuples in the order of their statement's columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from creditbook.domain.journal import Journal
from creditbook.domain.sales import Purchase
from creditbook.store import statements as to
from creditbook.store.codec import Codec

Row = tuple[Any, ...]
Rows = list[Row]


def made(journal: Journal, codec: Codec) -> Iterator[tuple[to.Statement, Rows]]:
    """New rows."""
    org, when, day = journal.org_id, codec.to_when, codec.to_day
    if journal.purchases:
        yield to.PURCHASE, [_purchase(org, purchase, codec) for purchase in journal.purchases]
    if journal.redemptions:
        yield (
            to.REDEMPTION,
            [(org, r.code_id, r.account_id, r.number, r.txn_id, r.grant_id, when(r.at)) for r in journal.redemptions],
        )
    if journal.awards:
        yield (
            to.AWARD,
            [(org, a.account_id, a.name, day(a.period), a.txn_id, a.grant_id, when(a.at)) for a in journal.awards],
        )
    if journal.owed_referrals:
        yield (
            to.REFERRAL_OWED,
            [(org, o.friend_id, o.referrer_id, o.tokens, when(o.at)) for o in journal.owed_referrals],
        )
    if journal.plan_events:
        yield to.PLAN_EVENT, [
            (
                org, e.event_id, e.account_id, when(e.at), e.what, e.plan_before, e.plan_after, e.price_minor,
                e.currency, day(e.term_first), when(e.term_ends_at), e.program_id, e.purchase_id, e.actor, e.reason,
            )
            for e in journal.plan_events
        ]  # fmt: skip


def moved(journal: Journal, codec: Codec) -> Iterator[tuple[to.Statement, Rows]]:
    """Rows that were there before; a new purchase carries its final state already."""
    org = journal.org_id
    if journal.touched_purchases:
        new = {purchase.purchase_id for purchase in journal.purchases}
        purchases = [purchase for id_, purchase in sorted(journal.touched_purchases.items()) if id_ not in new]
        if purchases:
            yield to.PURCHASE_MOVED, [(*_purchase_state(one, codec), org, one.purchase_id) for one in purchases]
    if journal.touched_codes:
        yield (
            to.CODE_MOVED,
            [(code.redeemed, code.is_disabled, org, id_) for id_, code in sorted(journal.touched_codes.items())],
        )


def _purchase_state(purchase: Purchase, codec: Codec) -> Row:
    when = codec.to_when
    return (
        purchase.provider, purchase.provider_order, purchase.provider_payment, purchase.status.value,
        when(purchase.paid_at), when(purchase.granted_at), when(purchase.closed_at), purchase.txn_id, purchase.grant_id,
        purchase.refunded_minor, purchase.refunded_tokens, purchase.missed_tokens, purchase.dispute_open,
        purchase.trouble,
    )  # fmt: skip


def _purchase(org: int, purchase: Purchase, codec: Codec) -> Row:
    return (
        org, purchase.purchase_id, purchase.account_id, purchase.kind.value, purchase.item, purchase.title,
        purchase.tokens, purchase.price_minor, purchase.tax_minor, purchase.tax_label, purchase.tax_rate,
        purchase.tax_inclusive, purchase.currency, purchase.program_id, codec.to_when(purchase.created_at),
        purchase.actor, purchase.reason, *_purchase_state(purchase, codec),
    )  # fmt: skip
