"""Buying and changing: what it does to the balance, the question, the act, the result with its way back.

Whoever presses a button is asked for again in that moment: the page around the dialog may be hours old.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.access import Principal
from creditbook.domain.balance import Balance
from creditbook.domain.errors import LedgerError, Refused
from creditbook.domain.program import Plan, Unit
from creditbook.domain.results import PlanReceipt
from creditbook.domain.sales import Purchase
from creditbook.domain.units import amount
from creditbook.installation import installation
from creditbook.ledger.previewing import Preview
from creditbook.payments import checkouts
from creditbook.payments.checkouts import Begun
from creditbook.payments.providers import provider
from creditbook.payments.values import PaymentProvider
from creditbook.reports.shop import PackOffer, PlanOffer, Shop, Way, shop

from . import confirm
from .confirm import Act
from .format import countdown, dollars_in_markdown, esc, full, instant, plural
from .kinds import wallet_name
from .money import money
from .offers import lives, tokens_of, wallet_words
from .page import card, head, row
from .session import public_page, require

KEY = "deal"
BY_HAND = "manual"


@dataclass(frozen=True, slots=True)
class Deal:
    """What was done: the words for it, and what of the plan can be taken back ('' for nothing)."""

    title: str
    note: str
    url: str = ""
    pay: str = ""
    keep: str = ""


def may_change(who: Principal, found: Shop) -> bool:
    """Whether this person may change the plan without paying: her own; her team's, as its administrator."""
    return found.balance.status != "closed" and (not found.of_team or who.has("admin"))


def buy_plan(found: Shop, offer: PlanOffer, way: PaymentProvider, now: datetime, zone: ZoneInfo) -> None:
    """Ask before a plan is bought."""
    seen = _looked(lambda: _previewed(found, offer.plan.slug, "plan"))
    if seen is not None:
        _ask_to_pay(found, "plan", offer, way, _begins(found, offer.plan, seen, now, zone), seen)


def renew(found: Shop, way: PaymentProvider, now: datetime, zone: ZoneInfo) -> None:
    """Ask before a further term, or the one that is due, is paid."""
    offer = found.renewal
    seen = None if offer is None else _looked(lambda: _previewed(found, "", "renewal"))
    if offer is None or seen is None or found.term.ends_at is None or found.paid_until is None:
        return
    title, running = esc(offer.plan.title), instant(found.term.ends_at, zone, now=now)
    begins = "after those that are paid already" if found.term.next_paid else (
        f"from **{instant(found.paid_until, zone, now=now)}** on")  # fmt: skip
    effect = f"The running term of **{title}** is paid until **{running}**." if found.term.unpaid else (
        f"One further term of **{title}** is paid, {begins}. Its tokens come then, not before.")  # fmt: skip
    _ask_to_pay(found, "renewal", offer, way, effect, seen)


def buy_package(found: Shop, offer: PackOffer, way: PaymentProvider) -> None:
    """Ask before a package is bought."""
    pack = offer.package
    seen = _looked(lambda: _previewed(found, pack.slug, "package"))
    if seen is not None:
        effect = f"{tokens_of(pack.tokens, found.program)} go into {wallet_words(pack)} and {lives(pack)}."
        _ask_to_pay(found, "package", offer, way, effect, seen)


def _ask_to_pay(
    found: Shop, kind: str, offer: PlanOffer | PackOffer, way: PaymentProvider, effect: str, seen: Preview
) -> None:
    """The question before a purchase is opened; it names the price and who goes on with it."""
    thing = offer.plan if isinstance(offer, PlanOffer) else offer.package
    price = money(offer.price_minor, found.program.currency)
    waits = found.waiting(kind, thing.slug)
    again = f" You have asked for it before: purchase {waits.purchase_id} waits for its payment." if waits else ""
    hand = way.name == BY_HAND
    after = "Nothing is charged here: an administrator sees your request and records the payment; then it happens." if (
        hand) else f"You pay at {way.title}. It happens as soon as {way.title} confirms the payment."  # fmt: skip
    act = Act(
        KEY,
        f"{thing.title} for {price}?",
        dollars_in_markdown(effect),
        f"Ask for {thing.title}" if hand else f"Go on to {way.title}",
        dollars_in_markdown(esc(after + again)),
        ":material/shopping_bag:",
        show=partial(before_and_after, seen.before, seen.after, found.program.unit),
    )
    item = "" if kind == "renewal" else thing.slug
    confirm.ask(act, partial(_begin, found.account, item, kind, way.name, f"{thing.title}, {price}", price))


def _begin(account: str, item: str, kind: str, way: str, what: str, price: str, once: str, _why: str) -> Deal:
    """Open the purchase and its checkout, as whoever is signed in now. The same press opens the same ones."""
    who = require()
    refuse_foreign(who, account)
    place = installation()
    begun: Begun = checkouts.begin(
        place.ledger, provider(place.settings, way), account, item, kind=kind, back_to=public_page("plans"),
        actor=who.user_name, idempotency_key=once,
    )  # fmt: skip
    number = begun.receipt.purchase_id
    if begun.url:
        note = f"{what}. It happens as soon as the payment is confirmed, and shows here."
        return Deal(f"Purchase {number} waits for your payment", note, begun.url, f"Pay {price}")
    note = f"{what}. Ask your administrator for an invoice and name purchase {number}; it happens with the payment."
    return Deal(f"Purchase {number} is asked for", note)


def change(found: Shop, offer: PlanOffer, now: datetime, zone: ZoneInfo) -> None:
    """Ask before a plan that need not be paid now is taken: a lower one at the term's end, a free one at once."""
    seen = _looked(lambda: installation().ledger.plan_change_preview(found.account, offer.plan.slug))
    if seen is None:
        return
    later = offer.way is Way.LATER
    effect = _ends(found, offer.plan, now, zone) if later else _begins(found, offer.plan, seen, now, zone)
    done = f"{offer.plan.title} {'comes next' if later else 'runs now'}"
    _ask_to_change(found, f"Change to {offer.plan.title}?", effect, f"Change to {offer.plan.title}", done, seen,
                   partial(installation().ledger.change_plan, found.account, offer.plan.slug))  # fmt: skip


def cancel(found: Shop, now: datetime, zone: ZoneInfo) -> None:
    """Ask before a subscription is cancelled: it ends with the time that is paid for."""
    free = found.program.pool_plan if found.of_team and found.program.pool_plan else found.program.default_plan
    effect = _ends(found, found.program.plans[free], now, zone)
    _ask_to_change(found, f"Cancel {found.plan.title}?", effect, f"End {found.plan.title}",
                   f"{found.plan.title} is cancelled", None,
                   partial(installation().ledger.cancel_plan, found.account))  # fmt: skip


def keep(found: Shop, now: datetime, zone: ZoneInfo) -> None:
    """Ask before what waits for the term's end is taken back."""
    title = esc(found.plan.title)
    when = f" after **{instant(found.paid_until, zone, now=now)}**" if found.paid_until else ""
    waits = found.next_plan.title if found.next_plan is not None else "What waits"
    effect = f"**{title}** goes on{when}; {esc(waits)} no longer waits. The next term is to be paid by then."
    _ask_to_change(found, f"Keep {found.plan.title}?", effect, f"Keep {found.plan.title}",
                   f"{found.plan.title} goes on", None,
                   partial(installation().ledger.change_plan, found.account, found.plan.slug))  # fmt: skip


def withdraw(found: Shop, line: Purchase) -> None:
    """Ask before a purchase that waits for its payment is given up."""
    effect = f"**{esc(line.title)}** for {money(line.price_minor, line.currency)} is no longer asked for."
    act = Act(
        KEY, f"Withdraw purchase {line.purchase_id}?", dollars_in_markdown(effect), "Withdraw it",
        "If it was paid for already, it still counts as soon as the payment is known.", ":material/close:",
    )  # fmt: skip

    def run(once: str, _why: str) -> Deal:
        who = require()
        refuse_foreign(who, found.account)
        installation().ledger.fail_purchase(
            found.account, line.purchase_id, reason="withdrawn", actor=who.user_name, idempotency_key=once
        )
        return Deal(f"Purchase {line.purchase_id} is withdrawn", "Nothing was charged.")

    confirm.ask(act, run)


def _ask_to_change(
    found: Shop, title: str, effect: str, button: str, done: str, seen: Preview | None, verb: Callable[..., PlanReceipt]
) -> None:
    act = Act(
        KEY, title, effect, button, icon=":material/swap_vert:", reason="" if found.of_team else None,
        show=None if seen is None or seen.before == seen.after else partial(
            before_and_after, seen.before, seen.after, found.program.unit),
    )  # fmt: skip

    def run(once: str, why: str) -> Deal:
        who = require("admin") if found.of_team else require()
        refuse_foreign(who, found.account)
        receipt = verb(reason=why, actor=who.user_name, idempotency_key=once)
        undo = found.plan.slug if receipt.what in ("cancelling", "scheduled") else ""
        return Deal(done, _effect_of(receipt, who), keep=undo)

    confirm.ask(act, run)


def _effect_of(receipt: PlanReceipt, who: Principal) -> str:
    """What a change did, in one sentence; what waits acts at the end of the time paid for."""
    if receipt.what in ("cancelling", "scheduled", "resumed") and receipt.paid_until is not None:
        at = instant(receipt.paid_until, ZoneInfo(who.zone), now=installation().clock())
        return f"Nothing changes before {at}. Until then you can take it back." if receipt.what != "resumed" else (
            f"Nothing ends on {at} any more.")  # fmt: skip
    return "Unlimited" if receipt.available is None else f"{plural(receipt.available, 'token')} are available now."


def refuse_foreign(who: Principal, account: str) -> None:
    """Raise unless the account is this person's, or her team's pool: the page may be older than her membership."""
    place = installation()
    if shop(place.store, place.ledger.core.batches, who, place.clock()).account != account:
        raise Refused("This is no longer your account. Load the page again.")


def _previewed(found: Shop, item: str, kind: str) -> Preview:
    return installation().ledger.purchase_preview(found.account, item, kind)


def _looked(preview: Callable[[], Preview]) -> Preview | None:
    """What it would do; what can't be is told instead."""
    try:
        return preview()
    except LedgerError as refusal:
        st.error(esc(str(refusal)), icon=":material/block:")
        return None


def _begins(found: Shop, plan: Plan, seen: Preview, now: datetime, zone: ZoneInfo) -> str:
    """What taking a plan now does to the running one (rule 31)."""
    title, ends = esc(plan.title), seen.term_ends_at
    until = f" until **{instant(ends, zone, now=now)}**" if ends is not None else ""
    if ends is not None and ends == found.term.ends_at:
        lost = f" {plural(found.term.paid_ahead, 'term')} paid ahead is lost." if found.term.paid_ahead else ""
        return f"**{title}** begins now in the running term{until}. What it gives more is added to what you have.{lost}"
    return (
        f"**{title}** begins now with a full new term{until}. What is left of {esc(found.plan.title)}'s allowance "
        "closes, and the whole new one opens. Bought, bonus and rolled-over tokens stay."
    )


def _ends(found: Shop, plan: Plan, now: datetime, zone: ZoneInfo) -> str:
    """What going down does, and when."""
    gives = sum(one.tokens for one in plan.allowances)
    brings = f", with {tokens_of(gives, found.program)}" if gives else ", without an allowance of its own"
    if found.paid_until is None:
        return f"**{esc(plan.title)}** begins now{brings}."
    at = f"**{instant(found.paid_until, zone, now=now)}** · {countdown(found.paid_until, now)}"
    return (
        f"Until {at}, the end of the time paid for, everything stays as it is. Then **{esc(plan.title)}** begins"
        f"{brings}. Bought, bonus and rolled-over tokens stay."
    )


def before_and_after(before: Balance, after: Balance, unit: Unit) -> None:
    """Available and every wallet that changes, before and after."""
    had = {one.wallet_id: one for one in before.wallets}
    rows = [("**Available**", _tokens(before.available), _tokens(after.available))]
    if unit.tokens_per_credit > 1:
        rows.insert(0, (f"**In {esc(unit.plural)}**", amount(before.available, unit), amount(after.available, unit)))
    for wallet in after.wallets:
        was = had.pop(wallet.wallet_id, None)
        old, name = was.posted if was is not None else 0, esc(wallet_name(wallet.type, wallet.label))
        rows.append((f":gray[{name}]", full(old), full(wallet.posted)))
    if before.debt or after.debt:
        rows.append((":gray[Debt]", full(before.debt), full(after.debt)))
    frame = pd.DataFrame([(name, old, f"**{new}**" if old != new else new) for name, old, new in rows])
    frame.columns = pd.Index(["", "Now", "After"])
    st.table(frame, border="horizontal", hide_index=True, alt="Tokens now and after")


def _tokens(available: int | None) -> str:
    return "Unlimited" if available is None else full(available)


def result(deal: Deal) -> bool:
    """What was done, with where to pay or the way back; tells whether Undo was pressed."""
    with card("deal-done"):
        mark = ":orange[:material/hourglass_top:]" if deal.url else ":green[:material/check_circle:]"
        head(f"{mark} {esc(deal.title)}", dollars_in_markdown(esc(deal.note)))
        with row():
            if deal.url:
                st.link_button(dollars_in_markdown(deal.pay), deal.url, type="primary", icon=":material/open_in_new:")
            st.button("Done", type="secondary" if deal.url else "primary", key="deal-forget",
                      on_click=confirm.clear, args=(KEY,))  # fmt: skip
            return bool(deal.keep) and st.button("Undo", icon=":material/undo:", key="deal-undo")
