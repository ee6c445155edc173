"""One plan of the draft in a form: price, allowances, rollover, limits, features."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pandas as pd
import streamlit as st

from creditbook.domain.program import Every

from .catalog_draft import Draft
from .catalog_tables import FILLABLE, Money, features, in_words, records, said, whole
from .catalog_words import EVERY, share
from .format import esc
from .page import card, head, muted, row
from .tables import ROW_HEIGHT

_OPENED = "catalog-plan"
_NEW: dict[str, Any] = {
    "grant_class": "plan", "allowances": [], "price_minor": 0, "unlimited": False, "features": None,
    "max_request_tokens": None, "requests_per_day": None, "every": None, "popular": False, "tagline": "",
}  # fmt: skip


def opened(there: Draft) -> str | None:
    """The plan whose form is open."""
    slug = st.session_state.get(_OPENED)
    return slug if slug in there.document["plans"] else None


def show(slug: str | None) -> None:
    """Open the form of a plan, or close it."""
    st.session_state[_OPENED] = slug


def add(there: Draft) -> None:
    """The way to a further plan."""
    with st.popover("New plan", icon=":material/add:"):
        name = st.text_input("Short name", placeholder="team", help="a–z, 0–9, hyphens, underscores", key="new-plan")
        slug = (name or "").strip().lower()
        taken = slug in there.document["plans"]
        if taken:
            muted("There is a plan of that name.")
        sound = bool(re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", slug)) and not taken
        if st.button("Add it", disabled=not sound, key="add-plan"):
            rank = max((plan["rank"] for plan in there.document["plans"].values()), default=-1) + 1
            there.document["plans"][slug] = {
                "slug": slug,
                "title": slug.replace("_", " ").title(),
                "rank": rank,
                **_NEW,
            }
            there.settle()
            show(slug)
            st.rerun()


def form(there: Draft, slug: str) -> None:
    """The form. What is typed comes into the draft when it is taken over."""
    plan, key = there.document["plans"][slug], f"{slug}-{there.turn}"
    with card("plan-form"):
        head(f"Plan {esc(plan['title'])}", "Whoever is on it keeps the running period as it is")
        with st.form(f"plan-{key}", border=False):
            typed = _head(plan, Money(there.document["currency"]), key)
            allowances = _allowances(plan, there, key)
            typed |= _limits(plan, there, key)
            taken = st.form_submit_button("Take over", type="primary", icon=":material/check:", key="take-plan")
        with row():
            if st.button("Close", key="close-plan"):
                show(None)
                st.rerun()
            if st.button("Remove this plan", icon=":material/delete:", key="remove-plan"):
                del there.document["plans"][slug]
                there.settle()
                show(None)
                st.rerun()
    if taken:
        there.document["plans"][slug] = {**plan, **typed, "allowances": allowances}
        there.settle()
        show(None)
        st.rerun()


def _head(plan: Mapping[str, Any], money: Money, key: str) -> dict[str, Any]:
    name, line, place = st.columns([3, 4, 1], gap="small")
    title = name.text_input("Title", plan["title"], max_chars=60, key=f"title-{key}")
    tagline = line.text_input("Tagline", plan["tagline"], max_chars=120, key=f"tagline-{key}")
    rank = place.number_input("Rank", 0, 1_000, plan["rank"], key=f"rank-{key}", help="Higher is better")
    cost, kind, when = st.columns(3, gap="small")
    shown = money.shown(plan["price_minor"] or 0)
    price = cost.number_input(f"Price per term ({money.currency})", 0.0, None, shown,
                              step=1.0, format=money.format, key=f"price-{key}", help="0: a free plan")  # fmt: skip
    kinds = {"free": "Free", "plan": "Paid plan", "promotional": "Promotional", "purchased": "Bought"}
    grant_class = kind.selectbox("Its tokens are", list(kinds), list(kinds).index(plan["grant_class"]),
                                 format_func=kinds.__getitem__, key=f"class-{key}")  # fmt: skip
    terms = ["", *(one.value for one in Every)]
    every = when.selectbox("Term without allowances", terms, terms.index(plan["every"] or ""), key=f"every-{key}",
                           format_func=lambda one: EVERY.get(one, "As its allowances"))  # fmt: skip
    with row():
        popular = st.checkbox("Most popular", plan["popular"], key=f"popular-{key}")
        unlimited = st.checkbox("Unlimited: work costs no tokens", plan["unlimited"], key=f"unlimited-{key}")
    return {"title": (title or "").strip(), "tagline": (tagline or "").strip(), "rank": rank, "popular": popular,
            "price_minor": money.minor(price), "grant_class": grant_class, "every": every or None,
            "unlimited": unlimited}  # fmt: skip


def _allowances(plan: Mapping[str, Any], there: Draft, key: str) -> list[dict[str, Any]]:
    order = ["tokens", "every", "features", "rollover", "rollover_cap", "wallet", "label", "first_label"]
    rows = [{**one, "rollover": share(one["rollover"])} for one in plan["allowances"]]
    column = st.column_config
    columns = {
        "tokens": column.NumberColumn("Tokens", min_value=0, step=1, required=True, width=100, format="localized"),
        "every": column.SelectboxColumn("Every", options=list(EVERY), required=True, width=150,
                                        default="anniversary_month", format_func=lambda one: EVERY[str(one)]),
        "rollover": column.TextColumn("Rolls over", default="0%", width=90, help="Of what is unused: 50%, 1/3"),
        "rollover_cap": column.NumberColumn("At most", min_value=0, step=1, width=90, help="Empty: all of that share"),
        "wallet": column.SelectboxColumn("Wallet", options=FILLABLE, required=True, default="MONTHLY", width=110,
                                         format_func=in_words),
        "features": column.MultiselectColumn("Only for", options=features(there), width=150, help="Empty: everything"),
        "label": column.TextColumn("Label", width=140),
        "first_label": column.TextColumn("First one is called", width=140),
    }  # fmt: skip
    st.markdown("**Allowances** :small[:gray[given anew every period; the last row adds one]]")
    edited = st.data_editor(pd.DataFrame(rows, columns=order).astype(object), column_config=columns, hide_index=True,
                            num_rows="dynamic", row_height=ROW_HEIGHT, height="content", placeholder="",
                            key=f"allowances-{key}")  # fmt: skip
    return [_allowance(one) for one in records(edited)]


def _allowance(typed: Mapping[str, Any]) -> dict[str, Any]:
    text = {name: str(typed[name]).strip() if said(typed.get(name)) else "" for name in ("label", "first_label")}
    only = typed.get("features")
    return {"wallet": typed["wallet"], "tokens": whole(typed.get("tokens")), "every": typed["every"],
            "features": sorted(only) if isinstance(only, list) and only else None, **text,
            "rollover": _fraction(typed.get("rollover")), "rollover_cap": whole(typed.get("rollover_cap"))}  # fmt: skip


def _fraction(typed: Any) -> str:
    """A share as documents have it; what is none stays as it was typed, for the check to name it."""
    text = str(typed).strip() if said(typed) else "0"
    try:
        return str(Fraction(text[:-1]) / 100 if text.endswith("%") else Fraction(text))
    except (ValueError, ZeroDivisionError):
        return text


def _limits(plan: Mapping[str, Any], there: Draft, key: str) -> dict[str, Any]:
    a_request, a_day = st.columns(2, gap="small")
    tokens = a_request.number_input("Tokens a request, at most", 1, None, plan["max_request_tokens"], step=1,
                                    placeholder="No limit", key=f"request-{key}")  # fmt: skip
    requests = a_day.number_input("Requests a day, at most", 0, None, plan["requests_per_day"], step=1,
                                  placeholder="No limit", key=f"day-{key}")  # fmt: skip
    every = st.checkbox("Everything may be started", plan["features"] is None, key=f"all-{key}",
                        help="Otherwise only what is chosen below; nothing chosen: nothing")  # fmt: skip
    known = sorted({*features(there), *(plan["features"] or ())})
    only = st.multiselect("Only these may be started", known, plan["features"] or [], key=f"features-{key}")
    return {"max_request_tokens": tokens, "requests_per_day": requests, "features": None if every else sorted(only)}
