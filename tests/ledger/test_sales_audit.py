"""Rule 38: what administrators sell, give back, make and approve stands in the audit log, in whose name and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from support.ledgers import MovedClock
from support.sales import a_shop

from creditbook import Ledger
from creditbook.domain.program import PromoTerms
from creditbook.store.tables.ledger import audit


@pytest.fixture
def shop(database_url: str, clock: MovedClock) -> Iterator[Ledger]:
    opened = a_shop(database_url, clock)
    yield opened
    opened.close()


def logged(shop: Ledger) -> list[Any]:
    """What the log has after the organization was made."""
    org_id = shop.core.organization("acme").org_id
    with shop.core.store.read(org_id) as connection:
        return list(connection.execute(sa.select(audit).where(audit.c.org_id == org_id).order_by(audit.c.audit_id)))[1:]


def test_sales_and_refunds_say_who_what_and_why(shop: Ledger) -> None:
    sold = shop.sell("acme/asha", "starter", payment="UPI 1", reason="paid by UPI", actor="mary")
    shop.refund_purchase("acme/asha", sold.purchase_id, reason="sorry", actor="john")
    first, second = logged(shop)
    assert (first.act, first.actor, first.subject, first.reason) == ("sell", "mary", "acme/asha", "paid by UPI")
    assert (first.before, first.after["available"]) == ({"available": 0}, 100)
    assert (first.after["purchase"], first.after["bought"]) == (sold.purchase_id, "granted")
    assert (second.act, second.actor, second.reason) == ("refund_purchase", "john", "sorry")
    assert (second.before, second.after["available"], second.after["bought"]) == ({"available": 100}, 0, "refunded")


def test_what_providers_and_users_do_is_no_administrative_act(shop: Ledger) -> None:
    order = shop.open_purchase("acme/asha", "starter", provider="stripe", actor="asha")
    shop.pay_purchase("acme/asha", order.purchase_id, provider="stripe", payment="pi_1", actor="stripe")
    shop.dispute_purchase("acme/asha", order.purchase_id, "opened", actor="stripe")
    shop.redeem("acme/asha", "WELCOME", actor="asha")
    shop.reward("acme/asha", "site")
    assert logged(shop) == []


def test_what_an_administrator_does_for_a_provider_is_one(shop: Ledger) -> None:
    order = shop.open_purchase("acme/asha", "starter")
    shop.pay_purchase("acme/asha", order.purchase_id, provider="manual", payment="b 1", reason="seen at the bank")
    shop.dispute_purchase("acme/asha", order.purchase_id, "opened", reason="the bank called")
    shop.reward("acme/asha", "site", reason="seen it", actor="mary")
    assert [row.act for row in logged(shop)] == ["pay_purchase", "dispute_purchase", "reward"]


def test_codes_are_made_and_disabled_in_somebody_s_name(shop: Ledger) -> None:
    shop.create_codes("acme", PromoTerms("LAUNCH", 5), count=3, batch="b", reason="launch", actor="mary")
    shop.disable_code("acme", "WELCOME", reason="abused", actor="john")
    made, off = logged(shop)
    assert (made.act, made.actor, made.subject, made.reason) == ("promo.create", "mary", "LAUNCH", "launch")
    assert made.after == {"codes": 3, "tokens": 5, "batch": "b"}
    assert (off.act, off.subject, off.before, off.after) == (
        "promo.disable", "WELCOME", {"is_disabled": False}, {"is_disabled": True}
    )  # fmt: skip


def test_a_large_grant_names_who_asked_and_who_approved(shop: Ledger) -> None:
    number = shop.ask_grant("acme/asha", 20_000, reason="a big customer", actor="mary")
    receipt = shop.approve("acme", number, actor="john", note="fine")
    asked, given, approved = logged(shop)
    assert (asked.act, asked.actor, asked.after) == ("grant.ask", "mary", {"approval": number, "tokens": 20_000})
    assert (given.act, given.actor, given.reason) == ("grant", "mary", "a big customer")
    assert (given.after["transactions"], given.after["approved_by"]) == ([receipt.transaction_id], "john")
    assert (approved.act, approved.actor, approved.subject, approved.reason) == (
        "grant.approve", "john", "acme/asha", "fine"
    )  # fmt: skip


def test_a_declined_grant_says_why(shop: Ledger) -> None:
    number = shop.ask_grant("acme/asha", 20_000, reason="a big customer", actor="mary")
    shop.decline("acme", number, actor="john", note="not this year")
    declined = logged(shop)[-1]
    assert (declined.act, declined.actor, declined.reason) == ("grant.decline", "john", "not this year")
