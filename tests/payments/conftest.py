"""A shop on both databases: a pack and two paid plans, and what Stripe and Razorpay tell of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from support.ledgers import DAILY, MONTHLY, MovedClock, a_ledger
from support.paying import RAZORPAY_SECRET, STRIPE_SECRET, razorpay_signed, stripe_event, stripe_signed

from creditbook import Ledger
from creditbook.domain.program import Package
from creditbook.payments.razorpay_provider import Razorpay
from creditbook.payments.stripe_provider import Stripe
from creditbook.payments.webhooks import Outcome, Webhooks
from creditbook.store import webhooks as rows
from creditbook.store.engine import Store
from creditbook.store.webhooks import SaleRow

PRICE = 9_900
PACK = Package("starter", "Starter pack", 1_000, PRICE)
PRO = replace(MONTHLY, slug="pro", title="Pro", rank=5, price_minor=PRICE)
STRIPE = Stripe(webhook_secret=STRIPE_SECRET)
RAZORPAY = Razorpay(webhook_secret=RAZORPAY_SECRET)


@dataclass
class Shop:
    """`acme/asha` on a free plan, who buys."""

    ledger: Ledger
    clock: MovedClock

    @property
    def store(self) -> Store:
        return self.ledger.core.store

    @property
    def webhooks(self) -> Webhooks:
        return Webhooks(self.store, self.ledger, self.clock)

    def order(self, item: str = "starter", kind: str = "package", provider: str = "stripe") -> str:
        """Opens a purchase; returns its reference, `acme/ID`."""
        opened = self.ledger.open_purchase("acme/asha", item, kind=kind, provider=provider)
        return f"acme/{opened.purchase_id}"

    def stripe(self, kind: str, thing: dict[str, object], event_id: str = "") -> Outcome:
        """Takes one event of Stripe's, signed now."""
        body = stripe_event(kind, thing, event_id)
        return self.webhooks.take(STRIPE, body, stripe_signed(body))

    def razorpay(self, body: bytes) -> Outcome:
        """Takes one event of Razorpay's."""
        return self.webhooks.take(RAZORPAY, body, razorpay_signed(body))

    def sale(self, reference: str) -> SaleRow:
        org = self.ledger.core.organization("acme")
        found = rows.sale(self.store, org.org_id, int(reference.partition("/")[2]))
        assert found is not None
        return found

    def available(self) -> int | None:
        return self.ledger.balance("acme/asha").available

    def waiting(self) -> list[tuple[str, str]]:
        """What waits for a person: kinds and statuses."""
        return [(row.kind, row.status) for row in rows.open_events(self.store)]


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    clock = MovedClock()
    plans = {plan.slug: plan for plan in (DAILY, PRO)}
    terms: dict[str, object] = {"default_plan": "daily", "plans": plans, "packages": {"starter": PACK}}
    with a_ledger(database_url, clock, **terms) as ledger:
        ledger.open_account("acme/asha")
        yield Shop(ledger, clock)
