"""The catalog to read: plans, packages, actions, what is given away, the rules around them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from creditbook.domain.program import Action, Pricing, Program, PromoTerms
from creditbook.store.catalog import OnPlan

from . import tables
from .catalog_words import PRICING
from .format import DASH, esc, full, plural
from .kinds import wallet_name
from .money import money, per_term, price_of_thousand, tax_words
from .offers import points
from .page import card, facts, head, muted, row

SECTIONS = {"Plans": "plans", "Packages": "packages", "Actions": "actions", "Given away": "given", "Rules": "rules",
            "TOML": "toml", "Versions": "versions"}  # fmt: skip


def plans(program: Program, on_plans: Mapping[str, OnPlan]) -> str | None:
    """Every plan by rank with how many are on it; returns the one whose Edit was pressed."""
    pressed = None
    ranked = sorted(program.plans.values(), key=lambda plan: plan.rank)
    grid = st.grid(min(4, max(2, len(ranked))), min_column_width=230, gap=("small", "small"))
    for plan in ranked:
        with grid, card(f"plan-{plan.slug}", height="stretch"):
            with row():
                st.markdown(f"**{esc(plan.title)}**", width="content")
                if plan.popular:
                    st.badge("Most popular", icon=":material/star:", color="gray")
            price = money(plan.price_minor, program.currency) if plan.is_paid else "Free"
            term = f" :small[:gray[{per_term(plan.term)}]]" if plan.is_paid else ""
            st.markdown(f"### {esc(price)}{term}")
            if plan.tagline:
                muted(esc(plan.tagline))
            with st.container(gap="xsmall"):
                for point in points(program, plan):
                    muted(point)
            st.space("stretch")
            there = on_plans.get(plan.slug)
            with row(horizontal_alignment="distribute"):
                muted(
                    f":material/group: {plural(there.accounts, 'account') if there else 'nobody yet'}", width="content"
                )
                if st.button("Edit", icon=":material/edit:", key=f"edit-{plan.slug}", type="tertiary"):
                    pressed = plan.slug
    return pressed


def packages(program: Program) -> None:
    """What is sold once: price, tokens, what a thousand cost."""
    sold = sorted(program.packages.values(), key=lambda one: one.price_minor)
    with card("packages"):
        head("Packages", _sold(program))
        if not sold:
            muted("No package is sold. Press *Edit* to add the first one.")
            return
        frame = pd.DataFrame({
            "Package": [one.title + (" ★" if one.popular else "") for one in sold],
            "Tokens": [full(one.tokens) for one in sold],
            "Price": [money(one.price_minor, program.currency) for one in sold],
            "1,000 tokens": [price_of_thousand(one.price_minor, one.tokens, program.currency) for one in sold],
            "Goes into": [wallet_name(one.wallet.value, "") for one in sold],
            "Expires": [f"after {plural(one.lifetime_days, 'day')}" if one.lifetime_days else "never" for one in sold],
            "Only for": [", ".join(sorted(one.features)) if one.features else DASH for one in sold],
        })  # fmt: skip
        right = {name: st.column_config.TextColumn(alignment="right") for name in ("Tokens", "Price", "1,000 tokens")}
        tables.grid(frame, right, "Packages with their prices")


def _sold(program: Program) -> str:
    tax = tax_words(program.tax)
    return "Bought once, spent when wanted" + (f"; prices {esc(tax)}" if tax else "")


def actions(program: Program) -> None:
    """What work costs."""
    with card("actions"):
        head("Actions", "What applications charge for; a price of 0 is free and still recorded")
        charged = program.actions.values()
        if not charged:
            muted("No action is charged. Press *Edit* to add the first one.")
            return
        frame = pd.DataFrame({
            "Action": [one.title or one.name for one in charged],
            "Costs": [cost(one) for one in charged],
            "Typical run": [full(one.estimate) if one.estimate else DASH for one in charged],
            "Name in the API": [one.name for one in charged],
            "Feature": [one.spends_for for one in charged],
        })  # fmt: skip
        tables.grid(frame, {"Typical run": st.column_config.TextColumn(alignment="right")}, "Actions with their prices")


def cost(action: Action) -> str:
    """What one run costs, in words."""
    if action.pricing is Pricing.FIXED:
        return plural(action.tokens, "token") if action.tokens else "free"
    return action.formula if action.pricing is Pricing.FORMULA else PRICING["actual"].lower()


def given(program: Program) -> None:
    """Codes of the program, referrals, rewards."""
    with card("codes-of-program"):
        head("Promo codes", "Those that the program brings; all codes with their counts stand on *Promo codes*")
        if program.promo_codes:
            facts({esc(code): _code(terms) for code, terms in program.promo_codes.items()})
        else:
            muted("The program brings none.")
    left, right = st.columns(2, gap="small")
    with left, card("referral", height="stretch"):
        head("Referral")
        if (referral := program.referral) is None:
            muted("Nothing is paid for a referral.")
        else:
            when = "signs up" if referral.when.value == "sign_up" else f"first spends {esc(referral.action)}".rstrip()
            facts({"Referrer gets": plural(referral.referrer_tokens, "token"),
                   "Friend gets": plural(referral.friend_tokens, "token"),
                   "When": f"Once, when the friend {when}", "Expires": _expires(referral.lifetime_days)})  # fmt: skip
    with right, card("rewards", height="stretch"):
        head("Rewards")
        if program.rewards:
            often = {"ever": "once", "day": "once a day", "month": "once a month"}
            facts({esc(one.title): f"**{plural(one.tokens, 'token')}** {often[one.once.value]}"
                   for one in program.rewards.values()})  # fmt: skip
        else:
            muted("No activity is rewarded.")


def _code(terms: PromoTerms) -> str:
    limit = f", {plural(terms.total_limit, 'time')} in all" if terms.total_limit else ""
    each = "once per account" if terms.per_account == 1 else f"{terms.per_account} times per account"
    return f"**{plural(terms.tokens, 'token')}**, {each}{limit}, {_expires(terms.lifetime_days)}"


def _expires(days: int | None) -> str:
    return f"expires after {plural(days, 'day')}" if days else "never expires"


def rules(program: Program) -> None:
    """The head of the program: what holds for everybody."""
    how = {"charge": "Charge", "shadow": "Shadow: charge what is there, refuse nothing", "off": "Off: only record"}
    over = {"debt": "Goes into debt", "reject": "Is refused"}
    with card("rules"):
        head("Rules", "They hold for everybody and act at once")
        facts({
            "Enforcement": how[program.enforcement.value],
            "Work that takes more than is there": over[program.overrun.value],
            "Everybody begins on": esc(program.plans[program.default_plan].title),
            "Sign-up without invitation": "Yes" if program.self_registration else "No",
            "Grants need a second administrator": _above(program.approval_above),
            "Days of grace for an unpaid term": full(program.grace_days),
            "Low-balance notice": _below(program.low_balance_tokens),
            "Shown as": esc(_unit(program)),
            "Tax": esc(tax_words(program.tax)) or "None is shown",
            "Currency": esc(program.currency),
        })  # fmt: skip


def _above(tokens: int | None) -> str:
    return f"Above {plural(tokens, 'token')}" if tokens is not None else "Never"


def _below(tokens: int | None) -> str:
    return f"Below {plural(tokens, 'token')}" if tokens is not None else "Only at 0"


def _unit(program: Program) -> str:
    unit = program.unit
    if unit.tokens_per_credit == 1:
        return unit.plural
    return f"1 {unit.singular} = {plural(unit.tokens_per_credit, 'token')}"
