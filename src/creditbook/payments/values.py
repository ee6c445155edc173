"""What a payment provider is to the ledger: somewhere to pay, and signed words about what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from creditbook.domain.errors import InvalidRequest, NotFound

MARK = "creditbook_purchase"
"""The name in a provider's metadata or notes whose value is the sale's reference, `SLUG/PURCHASE_ID`."""


class BadSignature(InvalidRequest):
    """The words are not the provider's, were changed on the way, or are too old."""


class ProviderOff(NotFound):
    """This provider is not set up here; the sentence names the variables to set."""


class What(StrEnum):
    """What an event of a provider means to a purchase."""

    PAID = "paid"
    FAILED = "failed"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    DISPUTE_WON = "dispute won"
    DISPUTE_LOST = "dispute lost"
    LINKED = "linked"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a provider, read. Money is in minor units; ``currency`` in capitals, '' where not said.

    ``purchase`` is the sale's reference where the event carries our mark; ``payments`` are the provider's names of the
    payment (the first is the one we keep), ``orders`` those of its checkout. ``refunded_minor`` is everything given
    back of this payment so far, not this refund alone. ``renews`` marks a further term of a subscription at
    the provider. ``case`` is its name of the dispute. `LINKED` tells nothing but that its ``payments`` are one
    and the same.
    """

    provider: str
    event_id: str
    kind: str
    what: What
    purchase: str = ""
    payments: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    amount_minor: int | None = None
    currency: str = ""
    refunded_minor: int | None = None
    renews: bool = False
    case: str = ""
    why: str = ""
    payload: dict[str, Any] = field(default_factory=dict)

    @property
    def payment(self) -> str:
        """The name under which this payment is kept, '' when the event names none."""
        return self.payments[0] if self.payments else ""


@dataclass(frozen=True, slots=True)
class Sale:
    """A pending purchase as a provider needs to know it. ``reference`` is `SLUG/PURCHASE_ID`."""

    reference: str
    purchase_id: int
    title: str
    price_minor: int
    currency: str
    back_to: str


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where to pay. ``order`` is the provider's name of the checkout; no ``url`` where ``note`` says what to do."""

    order: str
    url: str = ""
    note: str = ""
    expires_at: datetime | None = None


class PaymentProvider(Protocol):
    """Somebody who takes money for a sale and tells us about it."""

    @property
    def name(self) -> str:
        """As purchases and addresses name it: `stripe`."""

    @property
    def title(self) -> str:
        """As people know it: `Stripe`."""

    @property
    def sells(self) -> bool:
        """Whether it can open checkouts here."""

    def checkout(self, sale: Sale) -> Checkout:
        """Open a place to pay. Raises `ProviderOff`, or `Unavailable` when the provider does not answer."""

    def read(self, body: bytes, headers: Mapping[str, str]) -> Told:
        """Verify a webhook and say what it means; header names are lower case. Raises `BadSignature`, `ProviderOff`."""


def dig(document: Any, *path: str) -> Any:
    """What stands at a path of nested objects, None where a part of it is missing."""
    for name in path:
        if not isinstance(document, dict):
            return None
        document = document.get(name)
    return document


def name_of(thing: Any) -> str:
    """The id of what may be an id, an expanded object or nothing."""
    if isinstance(thing, dict):
        thing = thing.get("id")
    return thing if isinstance(thing, str) else ""


def names(*things: Any) -> tuple[str, ...]:
    """Those ids that are there, each once, in order."""
    return tuple(dict.fromkeys(found for found in map(name_of, things) if found))


def marked(*notes: Any) -> str:
    """Our mark in the first of these metadata objects that has it."""
    for one in notes:
        if isinstance(one, dict) and isinstance(one.get(MARK), str) and one[MARK]:
            found: str = one[MARK]
            return found
    return ""


def minor(amount: Any) -> int | None:
    """A whole number of minor units, None for anything else."""
    return amount if isinstance(amount, int) and not isinstance(amount, bool) else None
