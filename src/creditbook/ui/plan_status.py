"""How a plan stands, in words: running, cancelled until, past due with its grace, lapsed, and what waits."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.domain.plans import PlanStatus, Term
from creditbook.domain.program import Plan
from creditbook.reports.shop import Shop
from creditbook.reports.standing import Standing

from .format import countdown, dollars_in_markdown, esc, instant, plural
from .money import money, per_term
from .offers import points
from .page import card, head, muted, row

BADGES = {
    PlanStatus.ACTIVE: ("Active", ":material/check_circle:", "green"),
    PlanStatus.CANCELLING: ("Cancelled", ":material/event_busy:", "orange"),
    PlanStatus.PAST_DUE: ("Payment due", ":material/error:", "red"),
    PlanStatus.LAPSED: ("Lapsed", ":material/history:", "orange"),
}


def badge(term: Term) -> None:
    """The status of a subscription."""
    word, icon, colour = BADGES[term.status]
    st.badge(word, icon=icon, color=colour)  # type: ignore[arg-type]


def words(plan: Plan, term: Term, paid_until: datetime | None, next_title: str, now: datetime, zone: ZoneInfo) -> str:
    """What happens to the plan next, and when, in one or two sentences of markdown; see `terms.paid_until`."""
    if term.status is PlanStatus.LAPSED:
        return f"The plan before was not paid in time and ended, so this account is on **{esc(plan.title)}** now."
    if term.ends_at is None:
        return "It costs nothing and goes on." if not plan.is_paid else "It has no end."
    end = paid_until or term.ends_at
    ends = f"**{instant(end, zone, now=now)}** · {countdown(end, now)}"
    then = f"Then **{esc(next_title)}** begins." if next_title else ""
    if term.next_paid:
        then += f" {plural(term.next_paid, 'term')} of it {'is' if term.next_paid == 1 else 'are'} paid already."
    if term.status is PlanStatus.PAST_DUE and term.grace_ends_at is not None:
        last = f"**{instant(term.grace_ends_at, zone, now=now)}** · {countdown(term.grace_ends_at, now)}"
        return f"The running term is not paid. Pay it before {last}, or what is left of its allowance closes."
    if term.status is PlanStatus.CANCELLING:
        return f"Ends {ends}. Until then everything stays as it is. {then}".strip()
    ahead = f", {plural(term.paid_ahead, 'term')} ahead" if term.paid_ahead else ""
    return f"Paid until {ends}{ahead}. {then or 'The next term is to be paid by then.'}"


def standing(shop: Shop, now: datetime, zone: ZoneInfo, *, may_change: bool, may_buy: bool) -> str | None:
    """The running plan with what can be done about it; returns `renew`, `cancel` or `keep` when it was pressed."""
    term, pressed = shop.term, None
    with card("plan-status"):
        head("Your team's plan" if shop.of_team else "Your plan")
        with row(horizontal_alignment="distribute"):
            with st.container(width="content", gap="xsmall"):
                with row():
                    st.markdown(f"**{esc(shop.plan.title)}**", width="content")
                    badge(term)
                    if shop.plan.is_paid:
                        price = f"{money(shop.plan.price_minor, shop.program.currency)} {per_term(shop.plan.term)}"
                        muted(dollars_in_markdown(price), width="content")
                title = shop.next_plan.title if shop.next_plan is not None else ""
                muted(words(shop.plan, term, shop.paid_until, title, now, zone))
                if len(shop.plans) == 1:
                    muted(" · ".join(points(shop.program, shop.plan)))
            with row(width="content"):
                for what, label, main in _choices(shop):
                    allowed = may_buy if what == "renew" else may_change
                    kind: Literal["primary", "secondary"] = "primary" if main else "secondary"
                    if allowed and st.button(label, type=kind, key=f"plan-{what}"):
                        pressed = what
    return pressed


def _choices(shop: Shop) -> list[tuple[str, str, bool]]:
    """What can be done about the running plan: (what, the button's words, whether it is the main one)."""
    term, found = shop.term, []
    if shop.renewal is not None and term.ends_at is not None:
        due = term.status is PlanStatus.PAST_DUE
        price = dollars_in_markdown(money(shop.renewal.price_minor, shop.program.currency))
        label = f"Pay {price} now" if due else f"Pay a further term · {price}"
        found.append(("renew", label, due))
    if shop.next_plan is not None and not term.next_paid:
        found.append(("keep", f"Keep {esc(shop.plan.title)}", False))
    ending = term.status is PlanStatus.CANCELLING or (shop.next_plan is not None and not shop.next_plan.is_paid)
    if shop.plan.is_paid and term.ends_at is not None and not ending:
        found.append(("cancel", "Cancel plan", False))
    return found


def strip(found: Standing, now: datetime, zone: ZoneInfo, shop_page: Path) -> None:
    """The same in one line for the overview, with the way to the plans."""
    title = found.program.plans[found.term.next_plan].title if found.term.next_plan in found.program.plans else ""
    with card("plan-strip"):
        with row(horizontal_alignment="distribute"):
            with row(width="content"):
                st.markdown(f"**{esc(found.plan.title)}** plan", width="content")
                badge(found.term)
            st.page_link(shop_page, label="Plans", icon=":material/arrow_forward:", icon_position="right")
        muted(words(found.plan, found.term, found.paid_until, title, now, zone))
