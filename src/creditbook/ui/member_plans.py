"""A member's plan in an administrator's hands: moved, sold, renewed, cancelled, kept; seen before it is done."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.access import Member, Principal
from creditbook.domain.errors import LedgerError
from creditbook.installation import installation
from creditbook.ledger.previewing import Preview
from creditbook.ledger.subscribing import Subscription
from creditbook.reports.grants import Receiver
from creditbook.reports.shop import PlanOffer, Shop, Way, shop

from . import deeds
from .confirm import reason as ask_reason
from .deeds import Deed, account_of, name_of
from .format import DASH, dollars_in_markdown, esc, full, instant
from .money import money
from .page import muted
from .reading import Unread, not_read, read

RENEW, CANCEL, KEEP = "Renew", "Cancel at its end", "Keep the running plan"


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that may be done: its deed, and what it would change (None where it can't be worked out)."""

    deed: Deed
    preview: Callable[[], Preview]
    note: str = ""


def standing(found: Subscription, now: Any, zone: ZoneInfo) -> str:
    """How a plan stands, for the sheet: ``Pro, until 1 Dec; then Free``, as markdown."""
    said = esc(found.title)
    if found.of_pool:
        return f"{said} :gray[of the team]"
    ends = found.paid_until
    if ends is not None:
        mark = {"past_due": ":red[payment due]", "cancelling": ":orange[cancelled]"}.get(found.status, "")
        said += f" {mark}" if mark else ""
        said += f" :gray[until {instant(ends, zone, now=now)}]"
    elif found.status == "lapsed":
        said += " :orange[lapsed]"
    return said + (f" :gray[then {esc(found.next_plan)}]" if found.next_plan else "")


def seen_as(who: Principal, one: Member | Receiver) -> Principal:
    """The principal of an account of the administrator's organization, for reports that show one's own account."""
    name = one.account_name if isinstance(one, Member) else one.name
    return replace(who, account_id=one.account_id, account_name=name or "", zone=who.org_zone or who.zone)


def dialog(who: Principal, one: Member | Receiver) -> None:
    """Choose what happens to the plan, see what it changes, say why."""
    key, here = secrets.token_hex(8), installation()

    @st.dialog("Change the plan", icon=":material/swap_vert:", width="medium")
    def box() -> None:
        found = read(lambda: shop(here.store, here.ledger.core.batches, seen_as(who, one), here.clock()))
        if isinstance(found, Unread):
            not_read("The plan", found)
            return
        if found.of_team:
            muted("This account lives on its team's plan. Change the plan of the team's pool.")
            return
        ways = options(found)
        chosen = st.selectbox("What happens", list(ways), key="plan-what")
        offer = ways[chosen]
        at_once, payment = False, ""
        if offer is not None and offer.way is Way.LATER and found.plan.is_paid:
            at_once = st.toggle("Begin at once, with a full new term", key="plan-at-once")
        if chosen == RENEW or (offer is not None and offer.way is Way.BUY):
            payment = st.text_input("Payment", placeholder="The bank's reference, or a receipt's number", max_chars=80,
                                    key="plan-payment") or ""  # fmt: skip
        choice = choose(who, one, found, chosen, offer, at_once=at_once, payment=payment.strip())
        possible = _show(choice)
        deeds.confirm(choice.deed, ask_reason("deed-reason"), key, ready=possible)

    box()


def options(found: Shop) -> dict[str, PlanOffer | None]:
    """What may be chosen, in words: other plans by rank, then renewing, cancelling and keeping where they apply."""
    waits = found.next_plan is not None or found.term.status.value == "cancelling"
    ways: dict[str, PlanOffer | None] = {KEEP: None} if waits else {}
    for offer in found.plans:
        if offer.way not in (Way.RUNNING, Way.WAITS):
            ways[_way_words(offer, found)] = offer
    if found.renewal is not None:
        ways[RENEW] = None
    if found.plan.is_paid and found.term.status.value != "cancelling":
        ways[CANCEL] = None
    return ways


def _way_words(offer: PlanOffer, found: Shop) -> str:
    title = offer.plan.title
    if offer.way is Way.BUY:
        return f"{title}: sell it now, {money(offer.price_minor, found.program.currency)}"
    return f"{title}: {'when the time paid for ends' if offer.way is Way.LATER else 'now, it costs nothing'}"


def choose(
    who: Principal, one: Member | Receiver, found: Shop, chosen: str, offer: PlanOffer | None, *, at_once: bool,
    payment: str,
) -> Choice:  # fmt: skip
    """The deed behind a choice, and how to see what it would do."""
    ledger, account = installation().ledger, account_of(who, one)
    if chosen == RENEW:
        assert found.renewal is not None
        price = money(found.renewal.price_minor, found.program.currency)
        return Choice(
            sold(one, found, found.renewal, "renewal", payment),
            lambda: ledger.purchase_preview(account, "", "renewal"), f"Records a payment of {price}",
        )  # fmt: skip
    if chosen == CANCEL:
        return Choice(
            cancelled(one, found), lambda: ledger.plan_change_preview(account, found.program.default_plan)
        )  # fmt: skip
    if offer is None:
        return Choice(moved(one, found, found.plan.slug), lambda: ledger.plan_change_preview(account, found.plan.slug))
    if offer.way is Way.BUY:
        price = money(offer.price_minor, found.program.currency)
        return Choice(
            sold(one, found, offer, "plan", payment),
            lambda: ledger.purchase_preview(account, offer.plan.slug, "plan"), f"Records a payment of {price}",
        )  # fmt: skip
    return Choice(
        moved(one, found, offer.plan.slug, at_once=at_once),
        lambda: ledger.plan_change_preview(account, offer.plan.slug, at_once=at_once),
    )


def moved(one: Member | Receiver, found: Shop, slug: str, *, at_once: bool = False) -> Deed:
    """Another plan that need not be paid now; the running one again cancels what waits."""

    def run(actor: Principal, reason: str, key: str) -> None:
        installation().ledger.change_plan(
            account_of(actor, one), slug, at_once=at_once, reason=reason, actor=actor.user_name, idempotency_key=key
        )

    name, title = esc(name_of(one)), found.program.plans[slug].title if slug in found.program.plans else slug
    if slug == found.plan.slug:
        was = esc(found.next_plan.title) if found.next_plan else "ending"
        return Deed("Change the plan", ":material/swap_vert:", f"**{name}** keeps **{esc(title)}**.",
                    f"Keep {title}", f"{name} keeps {esc(title)}", run, ("At the end", was, esc(title)))  # fmt: skip
    later = found.plan.is_paid and not at_once
    what = "At the end" if later else "Plan"
    effect = f"**{name}** moves to **{esc(title)}**" + (" when the time paid for ends." if later else " now.")
    return Deed(
        "Change the plan", ":material/swap_vert:", effect, f"Move to {title}",
        f"{name} {'moves' if later else 'has moved'} to {esc(title)}", run, (what, esc(found.plan.title), esc(title)),
        _from(found) if later else "The running allowance closes and a full new term begins.",
        (lambda: moved(one, found, found.plan.slug)) if later else None,
    )  # fmt: skip


def _from(found: Shop) -> str:
    """From when a change that waits acts."""
    at, zone = found.paid_until, ZoneInfo(found.balance.zone)
    return "" if at is None else f"It begins {instant(at, zone, now=found.balance.at)} in {zone.key}."


def cancelled(one: Member | Receiver, found: Shop) -> Deed:
    """The subscription ends with the time paid for."""

    def run(actor: Principal, reason: str, key: str) -> None:
        installation().ledger.cancel_plan(
            account_of(actor, one), reason=reason, actor=actor.user_name, idempotency_key=key
        )

    name, plan = esc(name_of(one)), esc(found.plan.title)
    falls = found.program.plans[found.program.default_plan].title
    return Deed(
        "Change the plan", ":material/event_busy:", f"**{name}**'s **{plan}** ends with the time paid for.",
        f"Cancel {found.plan.title}", f"{name}'s {plan} is cancelled", run, ("At the end", plan, esc(falls)),
        f"Until then everything stays as it is. {_from(found)}".strip(), lambda: moved(one, found, found.plan.slug),
    )  # fmt: skip


def sold(one: Member | Receiver, found: Shop, offer: PlanOffer, kind: str, payment: str) -> Deed:
    """A payment that the administrator has: the plan, or its next term, is paid and given in one operation."""

    def run(actor: Principal, reason: str, key: str) -> None:
        installation().ledger.sell(
            account_of(actor, one), offer.plan.slug if kind == "plan" else "", kind=kind, payment=payment,
            reason=reason, actor=actor.user_name, idempotency_key=key,
        )  # fmt: skip

    name, title = esc(name_of(one)), esc(offer.plan.title)
    if kind == "renewal":
        return Deed("Change the plan", ":material/autorenew:", f"**{name}** has paid the next term of **{title}**.",
                    "Record the payment", f"{name}'s {title} is paid for a further term", run)  # fmt: skip
    return Deed(
        "Change the plan", ":material/shopping_bag:", f"**{name}** has paid for **{title}**: it begins now.",
        "Record the payment", f"{name} is on {title} now", run, ("Plan", esc(found.plan.title), title),
        "To take it back, refund the purchase.",
    )  # fmt: skip


def _show(choice: Choice) -> bool:
    """What the choice would change; False where it would be refused."""
    st.markdown(choice.deed.effect)
    try:
        found = choice.preview()
    except LedgerError as refusal:
        st.error(esc(str(refusal)), icon=":material/block:")
        return False
    rows = [("Available", _tokens(found.before.available), _tokens(found.after.available))]
    if choice.deed.change is not None:
        rows.append(choice.deed.change)
    frame = pd.DataFrame(
        {"": [f":gray[{what}]" for what, _, _ in rows], "Before": [before for _, before, _ in rows],
         "After": [f"**{after}**" for _, _, after in rows]}
    )  # fmt: skip
    st.table(frame, border="horizontal", hide_index=True)
    if told := ". ".join(note.rstrip(".") for note in (choice.note, choice.deed.after) if note):
        muted(dollars_in_markdown(f"{told}."))
    return True


def _tokens(available: int | None) -> str:
    return "Unlimited" if available is None else full(available) or DASH
