"""What can be bought, drawn: plans side by side, packages with what a thousand tokens cost, purchases so far."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.domain.program import Allowance, Package, Plan, Program
from creditbook.domain.sales import Purchase, PurchaseStatus
from creditbook.domain.units import number
from creditbook.reports.shop import PackOffer, PlanOffer, Shop, Way

from .format import dollars_in_markdown, esc, full, percent, plural, when
from .kinds import wallet_name
from .money import money, per_term, price_of_thousand, tax_words
from .page import card, head, muted, row

STATES: dict[str, tuple[str, str]] = {
    "pending": ("waits for the payment", "orange"),
    "paid": ("paid, not yet granted", "orange"),
    "granted": ("done", "green"),
    "failed": ("not paid", "gray"),
    "refunded": ("money back", "gray"),
    "disputed": ("disputed", "red"),
}
"""A purchase's status → what people call it, and its colour."""


def tokens_of(tokens: int, program: Program, *, strong: bool = True) -> str:
    """An amount in the program's unit with the exact tokens beside: ``**100 credits** (200,000 tokens)``."""
    mark, exact = "**" if strong else "", plural(tokens, "token")
    if program.unit.tokens_per_credit == 1:
        return f"{mark}{exact}{mark}"
    shown = number(tokens, program.unit)
    unit = program.unit.singular if shown == "1" else program.unit.plural
    return f"{mark}{shown} {esc(unit)}{mark} ({exact})"


def plans(shop: Shop, *, may_change: bool, may_buy: bool) -> PlanOffer | None:
    """Every plan beside the others; returns the one whose button was pressed."""
    if len(shop.plans) < 2:
        return None  # the card above tells all about the only one
    chosen: PlanOffer | None = None
    with st.container(key="plans"):
        whose = "Your team's members spend from it" if shop.of_team else "Change whenever you like"
        head("Plans", f"{whose}. What a change does to your balance is shown before anything happens.")
        grid = st.grid(min(4, max(2, len(shop.plans))), min_column_width=230, gap=("small", "small"))
        for offer in shop.plans:
            with grid, card(f"plan-{offer.plan.slug}", height="stretch"):
                _plan(shop, offer)
                allowed = may_buy if offer.way is Way.BUY else may_change
                if _plan_button(offer, allowed=allowed):
                    chosen = offer
    return chosen


def _plan(shop: Shop, offer: PlanOffer) -> None:
    plan, program = offer.plan, shop.program
    with row():
        st.markdown(f"**{esc(plan.title)}**", width="content")
        if offer.way is Way.RUNNING:
            st.badge("Your plan", color="blue")
        elif offer.way is Way.WAITS:
            st.badge("Comes next", color="orange")
        if plan.popular:
            st.badge("Most popular", icon=":material/star:", color="gray")
    _price(per_term(plan.term) if plan.is_paid else "for ever", offer, program)
    if plan.tagline:
        st.markdown(esc(plan.tagline))
    with st.container(gap="xsmall"):
        for point in points(program, plan):
            muted(point)
    st.space("stretch")


def _price(label: str, offer: PlanOffer | PackOffer, program: Program) -> None:
    """The price, with what of it is tax in the label and the exact figure one hover away."""
    tax = tax_words(program.tax) if offer.tax_minor else ""
    part = f"{money(offer.tax_minor, program.currency)} of it is tax" if tax else None
    st.metric(
        " · ".join(filter(None, (label, tax))),
        money(offer.price_minor, program.currency),
        help=dollars_in_markdown(part) if part else None,
    )


def points(program: Program, plan: Plan) -> list[str]:
    """What a plan gives, allows and holds back, one line of markdown each."""
    said = [":material/all_inclusive: **Unlimited**: work is recorded and costs no tokens"] if plan.unlimited else []
    said += [_gives(program, plan)] if plan.allowances else []
    said += [f":material/redo: {_rolls(one)}" for one in plan.allowances if one.rollover]
    if plan.max_request_tokens is not None:
        said.append(f":material/straighten: up to {full(plan.max_request_tokens)} tokens a request")
    if plan.requests_per_day is not None:
        said.append(f":material/speed: {full(plan.requests_per_day)} requests a day")
    return said + _features(program, plan)


def _gives(program: Program, plan: Plan) -> str:
    if len({one.every for one in plan.allowances}) > 1:
        each = (f"{tokens_of(one.tokens, program)} {per_term(one.every)}" for one in plan.allowances)
        return ":material/toll: " + " and ".join(each)
    total = sum(one.tokens for one in plan.allowances)
    return f":material/toll: {tokens_of(total, program)} {per_term(plan.allowances[0].every)}"


def _rolls(allowance: Allowance) -> str:
    most = f", at most {plural(allowance.rollover_cap, 'token')}" if allowance.rollover_cap is not None else ""
    share = percent(allowance.rollover.numerator, allowance.rollover.denominator)
    return f"{share} of what is unused rolls over once{most}"


def _features(program: Program, plan: Plan) -> list[str]:
    """Features by name where plans of this program differ in them: what each gets, what a plan leaves out."""
    own = {feature: one.tokens for one in plan.allowances for feature in one.features or ()}
    differ = any(one.features is not None or any(a.features for a in one.allowances) for one in program.plans.values())
    if not differ:
        return []
    titles = {action.spends_for: feature_title(program, action.spends_for) for action in program.actions.values()}
    return [
        f":material/check: {esc(title)}" + (f": {full(own[feature])}" if feature in own else "")
        if plan.allows(feature)
        else f":material/close: no {esc(title[:1].lower() + title[1:])}"
        for feature, title in titles.items()
    ]


def feature_title(program: Program, feature: str) -> str:
    """What people call a feature: the title of the action that is it."""
    action = program.actions.get(feature)
    return action.title if action is not None and action.title else feature.replace("_", " ").capitalize()


def _plan_button(offer: PlanOffer, *, allowed: bool) -> bool:
    words = {
        Way.RUNNING: "Your plan",
        Way.WAITS: "Comes next",
        Way.BUY: f"Get {offer.plan.title}",
        Way.NOW: f"Change to {offer.plan.title}",
        Way.LATER: f"Go down to {offer.plan.title}",
    }
    idle = offer.way in (Way.RUNNING, Way.WAITS)
    return st.button(
        esc(words[offer.way]),
        type="primary" if offer.way is Way.BUY and offer.plan.popular else "secondary",
        disabled=idle or not allowed,
        help=None if idle or allowed else "An administrator of your team changes its plan",
        key=f"choose-{offer.plan.slug}",
        width="stretch",
    )


def packages(shop: Shop, *, may_buy: bool) -> PackOffer | None:
    """Every package with its price; returns the one whose button was pressed."""
    if not shop.packages:
        return None
    chosen: PackOffer | None = None
    with st.container(key="packages"):
        whose = "They go to your team's pool" if shop.of_team else "They are spent after what expires sooner"
        head("Packages", f"Tokens beside the plan, paid once. {whose}.")
        grid = st.grid(min(4, max(2, len(shop.packages))), min_column_width=200, gap=("small", "small"))
        for offer in shop.packages:
            with grid, card(f"pack-{offer.package.slug}", height="stretch"):
                _pack(shop, offer)
                if st.button("Buy", key=f"buy-{offer.package.slug}", disabled=not may_buy, width="stretch"):
                    chosen = offer
    return chosen


def _pack(shop: Shop, offer: PackOffer) -> None:
    pack, program = offer.package, shop.program
    with row():
        st.markdown(f"**{esc(pack.title)}**", width="content")
        if pack.popular:
            st.badge("Most popular", icon=":material/star:", color="gray")
    _price(_rate(shop, offer), offer, program)
    if plural(pack.tokens, "token") != pack.title:
        st.markdown(tokens_of(pack.tokens, program))
    muted(f":material/hourglass_empty: {lives(pack)}")
    if pack.features:
        muted(f":material/filter_alt: only {esc(', '.join(sorted(pack.features)).replace('_', ' '))}")
    if pack.tagline:
        st.markdown(esc(pack.tagline))
    st.space("stretch")


def _rate(shop: Shop, offer: PackOffer) -> str:
    """The price of 1,000 tokens; of one credit, or one token, where these are what people buy."""
    tokens, unit, currency = offer.package.tokens, shop.program.unit, shop.program.currency
    if unit.tokens_per_credit > 1:
        each = price_of_thousand(offer.price_minor * unit.tokens_per_credit, tokens * 1000, currency)
        return f"{each} per {esc(unit.singular)}"
    if max(one.package.tokens for one in shop.packages) < 1000:
        return f"{price_of_thousand(offer.price_minor, tokens * 1000, currency)} per token"
    return f"{price_of_thousand(offer.price_minor, tokens, currency)} per 1,000 tokens"


def lives(pack: Package) -> str:
    """How long the tokens of a package live."""
    return "never expire" if pack.lifetime_days is None else f"expire {plural(pack.lifetime_days, 'day')} after"


def bought(lines: Sequence[Purchase], asker: str, now: datetime, zone: ZoneInfo) -> Purchase | None:
    """What was bought or asked for of late, each with what became of it.

    Returns the one that is to be withdrawn: one of ``asker``'s that waits for its payment ('' for anybody's).
    """
    withdrawn = None
    with card("bought"):
        head("Purchases", f"Times in {zone.key}" if lines else "Nothing was bought here yet.")
        if lines:
            frame = pd.DataFrame([_bought(line, now, zone) for line in lines], columns=["What", "Price", "Status"])
            st.table(frame, border="horizontal", hide_index=True, alt="Purchases, newest first")
        with row():
            for line in lines:
                if line.status is PurchaseStatus.PENDING and asker in ("", line.actor):
                    label, number = f"Withdraw No. {line.purchase_id}", line.purchase_id
                    if st.button(label, icon=":material/close:", type="tertiary", key=f"withdraw-{number}"):
                        withdrawn = line
    return withdrawn


def _bought(line: Purchase, now: datetime, zone: ZoneInfo) -> tuple[str, str, str]:
    kinds = {"package": plural(line.tokens, "token"), "plan": "plan", "renewal": "a further term"}
    what = f"{esc(line.title)} :gray[· {kinds.get(line.kind, line.kind)}]"
    where = f"No. {line.purchase_id} · {when(line.created_at, now, zone)}"
    tax = f"  \n:small[:gray[{esc(line.tax_label)} {money(line.tax_minor, line.currency)}]]" if line.tax_minor else ""
    word, colour = STATES.get(line.status, (line.status, "gray"))
    state = f":{colour}[{word}]" + (f"  \n:small[:gray[{esc(line.trouble)}]]" if line.trouble else "")
    if line.refunded_minor:
        state += f"  \n:small[:gray[{money(line.refunded_minor, line.currency)} back]]"
    price = money(line.price_minor, line.currency)
    return f"{what}  \n:small[:gray[{where}]]", dollars_in_markdown(price + tax), dollars_in_markdown(state)


def wallet_words(pack: Package) -> str:
    """Where a package's tokens go."""
    return f"the *{esc(wallet_name(pack.wallet.value, ''))}* wallet"
