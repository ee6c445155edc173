"""Money that comes in beside any provider: an invoice, a bank transfer, cash. An administrator records it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .values import Checkout, ProviderOff, Sale, Told


@dataclass(frozen=True)
class Manual:
    """Always on. Its checkout is a pending purchase in the administrators' inbox; it has no webhooks."""

    name: str = "manual"
    title: str = "By invoice"
    sells: bool = True

    def checkout(self, sale: Sale) -> Checkout:
        """Nowhere to pay: the sentence says who goes on with it."""
        return Checkout("", note=f"Ask your administrator for an invoice and name purchase {sale.purchase_id}.")

    def read(self, body: bytes, headers: Mapping[str, str]) -> Told:
        """Nobody tells anything on this way."""
        raise ProviderOff("Payments by hand have no webhooks: an administrator records them.")
