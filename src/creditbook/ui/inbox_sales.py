"""Purchases that wait for a person, drawn: to be paid by hand, stuck, or disputed."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from creditbook.access import Principal
from creditbook.installation import installation
from creditbook.store.purchases import Sold

from . import page
from .confirm import Act
from .format import esc, when
from .inbox_lines import POOL, button, said
from .money import money
from .page import muted


def _sale(one: Sold, now: datetime, zone: ZoneInfo) -> None:
    sale = one.purchase
    trouble = f" · :orange[{esc(sale.trouble)}]" if sale.trouble else ""
    kind, price = sale.kind.value.capitalize(), esc(money(sale.price_minor, sale.currency))
    said(
        f"**{esc(sale.title)}** for **{esc(one.account or POOL)}** · **{price}**",
        f"{kind} {sale.purchase_id}, {sale.status.value}, {when(sale.created_at, now, zone)}{trouble}",
    )


def to_pay(one: Sold, now: datetime, zone: ZoneInfo) -> None:
    """A purchase that an administrator may mark as paid."""
    _sale(one, now, zone)
    sale = one.purchase
    price = esc(money(sale.price_minor, sale.currency))

    def paid(who: Principal, once: str, why: str) -> str:
        receipt = installation().ledger.pay_purchase(
            who.named(one.account),
            sale.purchase_id,
            provider="manual",
            payment=why,
            reason=why,
            actor=who.user_name,
            idempotency_key=once,
        )
        return esc(receipt.trouble) or f"Paid. {esc(sale.title)} is given."

    with page.row(gap="xsmall"):
        button(
            Act(
                f"paid-{sale.purchase_id}",
                "Is the money there?",
                f"**{price}** for **{esc(sale.title)}**: it is given at once.",
                "Mark as paid",
                "Name the payment (a bank's reference, a receipt's number): each counts once.",
                ":material/payments:",
                reason="",
            ),
            paid,
            primary=True,
        )
        button(_give_up(sale.purchase_id), partial(_fail, one))


def _give_up(purchase_id: int) -> Act:
    return Act(
        f"fail-{purchase_id}",
        "Give this purchase up?",
        "It is marked as failed. Nothing was given.",
        "Give up",
        "Money that comes after all still counts.",
        ":material/block:",
        reason="",
    )


def _fail(one: Sold, who: Principal, once: str, why: str) -> str:
    installation().ledger.fail_purchase(
        who.named(one.account), one.purchase.purchase_id, reason=why, actor=who.user_name, idempotency_key=once
    )
    return "Marked as failed."


def stuck(one: Sold, now: datetime, zone: ZoneInfo) -> None:
    """A purchase that is paid and not given, or waits for its payment for too long."""
    _sale(one, now, zone)
    sale = one.purchase

    def refund(who: Principal, once: str, why: str) -> str:
        installation().ledger.refund_purchase(
            who.named(one.account), sale.purchase_id, reason=why, actor=who.user_name, idempotency_key=once
        )
        return "Booked as refunded. Send the money back where it came from."

    with page.row(gap="xsmall"):
        if sale.paid_at is not None:
            button(
                Act(
                    f"refund-{sale.purchase_id}",
                    "Give the money back?",
                    "The purchase is booked as refunded; what is left of it is taken back.",
                    "Refund",
                    "The payment itself is sent back at the provider, or by hand.",
                    reason="",
                ),
                refund,
            )
        else:
            button(_give_up(sale.purchase_id), partial(_fail, one))


def dispute(one: Sold, now: datetime, zone: ZoneInfo) -> None:
    """A purchase whose payment is disputed."""
    _sale(one, now, zone)

    def end(what: str, who: Principal, once: str, why: str) -> str:
        installation().ledger.dispute_purchase(
            who.named(one.account),
            one.purchase.purchase_id,
            what,
            reason=why,
            actor=who.user_name,
            idempotency_key=once,
        )
        return "The tokens are free again." if what == "won" else "Booked as refunded."

    key = one.purchase.purchase_id
    muted("Its tokens are frozen until the dispute ends; a provider tells that by itself.")
    with page.row(gap="xsmall"):
        button(
            Act(
                f"won-{key}", "Was it won?", "What is left of the pack thaws and can be spent again.", "Won", reason=""
            ),
            partial(end, "won"),
        )
        button(
            Act(
                f"lost-{key}",
                "Was it lost?",
                "What is left of the pack is taken back, as for a refund.",
                "Lost",
                reason="",
            ),
            partial(end, "lost"),
        )
