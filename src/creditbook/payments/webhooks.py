"""Signed words from providers: verified, kept once, acted upon, and kept for a person where they match nothing.

    Webhooks(store, ledger, clock).take(provider, body, headers)

An event whose handling broke off stays `received` or `failed`; the provider sends it again, or a person replays it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from creditbook.clock import Clock
from creditbook.domain.errors import Conflict, InvalidRequest, LedgerError, NotFound, Unavailable
from creditbook.ledger.ledger import Ledger
from creditbook.store import audit, directory, webhooks
from creditbook.store.engine import Store
from creditbook.store.webhooks import FAILED, HANDLED, IGNORED, UNMATCHED, SaleRow

from . import acting, razorpay_events, stripe_events
from .acting import Deed
from .values import PaymentProvider, Told, What

_UNDERSTAND: dict[str, Callable[[dict[str, Any], str], Told]] = {
    stripe_events.PROVIDER: lambda payload, _id: stripe_events.understand(payload),
    razorpay_events.PROVIDER: razorpay_events.understand,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an event. ``status``: handled, unmatched, ignored or failed; ``note`` is a sentence for people."""

    kind: str
    status: str
    note: str
    purchase: str = ""
    replayed: bool = False


class Webhooks:
    """Takes what providers tell. Safe to share between threads."""

    def __init__(self, store: Store, ledger: Ledger, clock: Clock) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock

    def take(self, provider: PaymentProvider, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """One webhook as it came over the wire; header names in lower case.

        Raises `BadSignature`, `ProviderOff`, and `Unavailable` when the database does not answer: the provider has to
        send it again. Whatever else the ledger refuses is an outcome, kept for a person.
        """
        told = provider.read(body, headers)
        before = webhooks.receive(
            self._store, told.provider, told.event_id,
            at=self._clock(), kind=told.kind, payment=_kept_name(told), payload=told.payload,
        )  # fmt: skip
        if before in {HANDLED, UNMATCHED, IGNORED}:
            return Outcome(told.kind, before, "It was told before.", replayed=True)
        return self._handle(told, acting.find(self._store, told))

    def replay(self, provider: str, event_id: str) -> Outcome:
        """Handle an event once more; one that was handled changes nothing. Raises `NotFound`."""
        told = self._told(provider, event_id)
        return self._handle(told, acting.find(self._store, told))

    def assign(
        self, provider: str, event_id: str, org: str, purchase_id: int, *, actor: str, reason: str
    ) -> Outcome:  # fmt: skip
        """Say which purchase an unmatched event is about, and handle it. Raises `NotFound` or `Conflict`."""
        told = self._told(provider, event_id, open_only=True)
        tenant = directory.organization_by_slug(self._store, org)
        sale = webhooks.sale(self._store, tenant.org_id, purchase_id) if tenant else None
        if sale is None:
            raise NotFound(f"There is no purchase {purchase_id} in {org}.")
        self._record(sale.org_id, "webhook.assign", told, actor, reason, purchase=sale.reference)
        return self._handle(told, sale, chosen=True)

    def dismiss(self, provider: str, event_id: str, *, actor: str, reason: str) -> Outcome:
        """Set an open event aside: it is not about anything here. Raises `NotFound` or `Conflict`."""
        told = self._told(provider, event_id, open_only=True)
        if not reason.strip():
            raise InvalidRequest("Give a reason: it stands beside your name.")
        row = webhooks.event(self._store, provider, event_id)
        if row is not None and row.org_id is not None:
            self._record(row.org_id, "webhook.dismiss", told, actor, reason)
        note = f"Set aside by {actor}: {reason.strip()}"
        webhooks.settle(self._store, provider, event_id, status=IGNORED, note=note, handled_at=self._clock())
        return Outcome(told.kind, IGNORED, note)

    def _told(self, provider: str, event_id: str, *, open_only: bool = False) -> Told:
        row = webhooks.event(self._store, provider, event_id)
        if row is None or provider not in _UNDERSTAND:
            raise NotFound(f"No event {event_id} of {provider} was received.")
        if open_only and row.status in {HANDLED, IGNORED}:
            raise Conflict(f"This event is {row.status} already.")
        return _UNDERSTAND[provider](row.payload, event_id)

    def _record(self, org_id: int, act: str, told: Told, actor: str, reason: str, **after: str) -> None:
        subject = f"{told.provider}/{told.event_id}"
        with self._store.write(org_id) as connection:
            audit.record(
                connection, org_id, at=self._clock(), actor=actor, act=act, subject=subject, reason=reason,
                after={"kind": told.kind, **after},
            )  # fmt: skip

    def _handle(self, told: Told, sale: SaleRow | None, *, chosen: bool = False) -> Outcome:
        try:
            deed = acting.act(self._store, self._ledger, told, sale, chosen=chosen)
        except Unavailable:
            raise  # it stays `received`: nothing was decided, and the provider sends it again
        except (NotFound, Conflict) as moment:
            deed = Deed(UNMATCHED, str(moment), sale)
        except LedgerError as refusal:
            deed = Deed(FAILED, str(refusal), sale)
        self._settle(told, deed)
        if deed.status == HANDLED and deed.sale is not None:
            self._wake(told, deed.sale)
        elif deed.status == UNMATCHED and deed.sale is not None:
            deed = self._look_again(told, deed)
        return Outcome(told.kind, deed.status, deed.note, deed.sale.reference if deed.sale else "")

    def _settle(self, told: Told, deed: Deed) -> None:
        done = deed.status in {HANDLED, IGNORED}
        webhooks.settle(
            self._store, told.provider, told.event_id,
            status=deed.status, note=deed.note, handled_at=self._clock() if done else None,
            org_id=deed.sale.org_id if deed.sale else deed.org_id,
            purchase_id=deed.sale.purchase_id if deed.sale else None,
            **({"payment": told.payment} if done else {}),
        )  # fmt: skip

    def _wake(self, told: Told, sale: SaleRow) -> None:
        """What waited for this: refunds told before their payment, and further events of the same payment."""
        now = webhooks.sale(self._store, sale.org_id, sale.purchase_id)
        if now is None:
            return
        waiting = webhooks.waiting(
            self._store, told.provider, payments=told.payments, org_id=sale.org_id, purchase_id=sale.purchase_id
        )
        for row in waiting:
            again = _UNDERSTAND[told.provider](row.payload, row.event_id)
            same = row.payment in told.payments
            if same and again.what is not What.LINKED and now.provider_payment:
                again = replace(again, payments=(now.provider_payment, *again.payments), renews=False)
            self._handle(again, now, chosen=same)

    def _look_again(self, told: Told, deed: Deed) -> Deed:
        """The payment may have arrived between our look and our note: then nobody would wake this event."""
        assert deed.sale is not None
        now = webhooks.sale(self._store, deed.sale.org_id, deed.sale.purchase_id)
        if now is None or now.is_paid == deed.sale.is_paid:
            return deed
        outcome = self._handle(told, now)
        return Deed(outcome.status, outcome.note, now)


def _kept_name(told: Told) -> str:
    """The payment's name under which an event is looked up; a link waits under the name that a sale will know."""
    return told.payments[-1] if told.what is What.LINKED else told.payment
