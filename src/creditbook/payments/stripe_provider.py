"""Stripe: hosted checkouts opened through its client, webhooks verified by its library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from creditbook.domain.errors import Unavailable

from . import stripe_events
from .values import MARK, BadSignature, Checkout, ProviderOff, Sale, Told

if TYPE_CHECKING:
    from stripe import StripeClient


@dataclass(frozen=True)
class Stripe:
    """Off for checkouts without ``api_key`` and for webhooks without ``webhook_secret``.

    ``api_base`` leads elsewhere than to Stripe itself, for tests.
    """

    api_key: str | None = field(default=None, repr=False)
    webhook_secret: str | None = field(default=None, repr=False)
    api_base: str | None = None
    name: str = stripe_events.PROVIDER
    title: str = "Stripe"

    @property
    def sells(self) -> bool:
        """With an API key."""
        return self.api_key is not None

    def checkout(self, sale: Sale) -> Checkout:
        """A hosted page that pays this one sale. Asked again for the same sale, Stripe answers with the same page."""
        import stripe

        note = {MARK: sale.reference}
        try:
            session = self._client().v1.checkout.sessions.create(
                params={
                    "mode": "payment",
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": sale.currency.lower(),
                                "unit_amount": sale.price_minor,
                                "product_data": {"name": sale.title},
                            },
                        }
                    ],
                    "client_reference_id": sale.reference,
                    "metadata": note,
                    "payment_intent_data": {"metadata": note, "description": sale.title},
                    "success_url": sale.back_to,
                    "cancel_url": sale.back_to,
                },
                options={"idempotency_key": f"creditbook/{sale.reference}"},
            )
        except stripe.StripeError as error:
            said = error.user_message or str(error).splitlines()[0]
            raise Unavailable(f"Stripe opened no checkout: {said}") from error
        expires = session.expires_at
        return Checkout(session.id, session.url or "", expires_at=datetime.fromtimestamp(expires, UTC))

    def _client(self) -> StripeClient:
        from stripe import StripeClient

        if self.api_key is None:
            raise ProviderOff("Stripe takes no payments here yet: set CREDITBOOK_STRIPE_API_KEY.")
        if self.api_base is not None:
            return StripeClient(self.api_key, base_addresses={"api": self.api_base}, max_network_retries=0)
        return StripeClient(self.api_key)

    def read(self, body: bytes, headers: Mapping[str, str]) -> Told:
        """Signature and age (five minutes) are the library's to judge, by the wall's clock."""
        import stripe

        if self.webhook_secret is None:
            raise ProviderOff("Stripe's webhooks are not set up here: set CREDITBOOK_STRIPE_WEBHOOK_SECRET.")
        try:
            stripe.Webhook.construct_event(body, headers.get("stripe-signature"), self.webhook_secret)
            event = json.loads(body)
        except stripe.SignatureVerificationError as error:
            raise BadSignature(f"Stripe's signature does not hold: {str(error).splitlines()[0]}.") from error
        except (ValueError, AttributeError) as error:  # signed, yet not JSON, or no object
            raise BadSignature("This is no event of Stripe's: the body can't be read.") from error
        if not isinstance(event, dict) or not event.get("id"):
            raise BadSignature("This is no event of Stripe's: it has no id.")
        return stripe_events.understand(event)
