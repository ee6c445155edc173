"""Which providers there are here, by the environment."""

from __future__ import annotations

from creditbook.settings import Settings

from .manual import Manual
from .razorpay_provider import Razorpay
from .stripe_provider import Stripe
from .values import PaymentProvider, ProviderOff


def providers(settings: Settings) -> dict[str, PaymentProvider]:
    """Every provider by name, the ones that are off too: those answer `ProviderOff`, which says what to set."""
    everyone: tuple[PaymentProvider, ...] = (
        Stripe(settings.stripe_api_key, settings.stripe_webhook_secret),
        Razorpay(settings.razorpay_key_id, settings.razorpay_key_secret, settings.razorpay_webhook_secret),
        Manual(),
    )
    return {one.name: one for one in everyone}


def provider(settings: Settings, name: str) -> PaymentProvider:
    """The provider of this name. Raises `ProviderOff` for one that nobody knows."""
    everyone = providers(settings)
    if name not in everyone:
        raise ProviderOff(f"There is no payment provider “{name}”. Use one of {', '.join(everyone)}.")
    return everyone[name]


def on_sale(settings: Settings) -> list[PaymentProvider]:
    """Where one can pay here, the best way first: Razorpay or Stripe where set up, by hand always."""
    return [one for one in providers(settings).values() if one.sells]
