"""Razorpay: payment links opened through its client, webhooks verified by its library."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from creditbook.domain.errors import Unavailable

from . import razorpay_events
from .values import MARK, BadSignature, Checkout, ProviderOff, Sale, Told, name_of

ANSWERS_WITHIN_SECONDS = 20


@dataclass(frozen=True)
class Razorpay:
    """Off for checkouts without both keys and for webhooks without ``webhook_secret``.

    ``api_base`` leads elsewhere than to Razorpay itself, for tests.
    """

    key_id: str | None = None
    key_secret: str | None = field(default=None, repr=False)
    webhook_secret: str | None = field(default=None, repr=False)
    api_base: str | None = None
    name: str = razorpay_events.PROVIDER
    title: str = "Razorpay"

    @property
    def sells(self) -> bool:
        """With a key and its secret."""
        return self.key_id is not None and self.key_secret is not None

    def checkout(self, sale: Sale) -> Checkout:
        """A payment link for this one sale. Razorpay refuses a second link of the same reference."""
        import razorpay.errors

        wanted: dict[str, Any] = {
            "amount": sale.price_minor,
            "currency": sale.currency,
            "description": sale.title,
            "reference_id": f"creditbook-{sale.purchase_id}",  # at most 40 characters: a slug may be longer
            "notes": {MARK: sale.reference},
            "callback_url": sale.back_to,
            "callback_method": "get",
        }
        refusals = (razorpay.errors.BadRequestError, razorpay.errors.GatewayError, razorpay.errors.ServerError)
        try:
            link = self._client().payment_link.create(wanted, timeout=ANSWERS_WITHIN_SECONDS)
        except refusals as error:
            raise Unavailable(f"Razorpay opened no payment link: {error}") from error
        except (OSError, ValueError) as error:  # what its client lets through of `requests` and of JSON
            raise Unavailable("Razorpay opened no payment link: it could not be reached.") from error
        return Checkout(name_of(link), str(link.get("short_url") or ""))

    def _client(self) -> Any:
        import razorpay

        if not self.sells:
            raise ProviderOff("Razorpay takes no payments here yet: set CREDITBOOK_RAZORPAY_KEY_ID and …_KEY_SECRET.")
        more = {"base_url": self.api_base} if self.api_base is not None else {}
        return razorpay.Client(auth=(self.key_id, self.key_secret), **more)

    def read(self, body: bytes, headers: Mapping[str, str]) -> Told:
        """The signature covers the body alone, so the event goes by the body's hash (`razorpay_events`)."""
        import razorpay.errors
        from razorpay.utility import Utility

        if self.webhook_secret is None:
            raise ProviderOff("Razorpay's webhooks are not set up here: set CREDITBOOK_RAZORPAY_WEBHOOK_SECRET.")
        try:
            text = body.decode()
            Utility().verify_webhook_signature(text, headers.get("x-razorpay-signature", ""), self.webhook_secret)
            event = json.loads(text)
        except (razorpay.errors.SignatureVerificationError, TypeError) as error:
            raise BadSignature("Razorpay's signature does not hold.") from error
        except ValueError as error:
            raise BadSignature("This is no event of Razorpay's: the body can't be read.") from error
        if not isinstance(event, dict):
            raise BadSignature("This is no event of Razorpay's: it is no object.")
        return razorpay_events.understand(event, hashlib.sha256(body).hexdigest())
