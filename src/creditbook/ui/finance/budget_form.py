"""A new budget: of what, how much, for when, and who is told; before anything is written, how it would stand now."""

from __future__ import annotations

from datetime import date

import streamlit as st

from creditbook.access.values import Principal
from creditbook.domain import budgets as rules
from creditbook.domain.budgets import BudgetTerms, Scope
from creditbook.domain.calendar import add_months
from creditbook.domain.errors import LedgerError
from creditbook.domain.money import to_nanos
from creditbook.installation import installation
from creditbook.reports.finance import usage
from creditbook.ui import confirm
from creditbook.ui.confirm import Act
from creditbook.ui.format import dollars_in_markdown, esc, percent
from creditbook.ui.page import card, head, muted
from creditbook.ui.reading import Unread, read
from creditbook.ui.session import require

from .budget_words import outlook, service
from .margin_amounts import amount

_SAID, _EMPTIED = "budgets-said", "budget-emptied"
_SCOPES = {"Everything": Scope.TOTAL, "Agent": Scope.AGENT, "Model": Scope.MODEL, "Feature": Scope.FEATURE}
_EVERY = "Every month"


def say(sentence: str) -> None:
    """What an act did, told at the next run."""
    st.session_state[_SAID] = sentence


def said() -> None:
    """What the last act did, once."""
    sentence: str | None = st.session_state.pop(_SAID, None)
    if sentence:
        st.success(sentence, icon=":material/check_circle:")


def form(who: Principal, running: date) -> None:
    """The fields, how it would stand, and the way to the question."""
    if st.session_state.pop(_EMPTIED, False):  # before they are drawn: afterwards the browser keeps what was typed
        st.session_state.update({"budget-name": "", "budget-amount": ""})
    with card("new-budget"):
        head("New budget", "Nothing is written before you have confirmed it")
        name = st.text_input("Name", placeholder="All models", max_chars=rules.LONGEST_NAME, key="budget-name")
        scope, subject = _about(who)
        month = _when(running)
        left, right = st.columns([3, 2], gap="small", vertical_alignment="bottom")
        with left:
            typed = st.text_input("Amount", placeholder="500", max_chars=20, key="budget-amount")
        with right:
            known = who.currency if who.currency in rules.CURRENCIES else "USD"
            currency = st.segmented_control(
                "Currency", list(rules.CURRENCIES), default=known, required=True, key="budget-currency",
                label_visibility="collapsed",
            )  # fmt: skip
        where = _where(who)
        terms, trouble = _terms(name or "", scope, subject, month, typed or "", currency or known)
        if terms is not None:
            _preview(who, terms)
        pressed = st.button(
            "Review and set", type="primary", icon=":material/arrow_forward:", icon_position="right",
            disabled=terms is None, help=trouble or None, key="budget-review",
        )  # fmt: skip
        if pressed and terms is not None:
            _ask(terms, where)


def _about(who: Principal) -> tuple[Scope, str]:
    label = st.segmented_control("Of", list(_SCOPES), default="Everything", required=True, key="budget-scope")
    scope = _SCOPES[label or "Everything"]
    if scope is Scope.TOTAL:
        return scope, ""
    found = read(lambda: usage.names(installation().reports, who))
    listed = [] if isinstance(found, Unread) else found[scope.value]  # type: ignore[index]
    subject = st.selectbox(
        f"Which {scope.value}", listed, None, key=f"budget-{scope.value}", accept_new_options=True,
        placeholder=f"Choose or type a {scope.value}" if scope is not Scope.AGENT else "Choose or type an agent",
    )  # fmt: skip
    return scope, subject or ""


def _when(running: date) -> date | None:
    following = add_months(running, 1)
    choices = {_EVERY: None, f"{running:%b %Y}": running, f"{following:%b %Y}": following}
    label = st.segmented_control("For", list(choices), default=_EVERY, required=True, key="budget-month")
    return choices[label or _EVERY]


def _where(who: Principal) -> str:
    mail = installation().settings.smtp_url is not None
    where = st.text_input(
        "Tell at 80% and when it is used up", who.email if mail else "",
        placeholder="fin@example.com or https://…" if mail else "https://…", max_chars=500, key="budget-where",
    )  # fmt: skip
    ways = "Slack, Discord, Google Chat or Telegram; empty: only this page tells"
    muted(f"E-mail, webhook, {ways}." if mail else f"A webhook, {ways}. Mail is not set up here.")
    return (where or "").strip()


def _terms(
    name: str, scope: Scope, subject: str, month: date | None, typed: str, currency: str
) -> tuple[BudgetTerms | None, str]:
    """The terms as far as they are typed, or a sentence that says what is missing."""
    if not name.strip() or not typed.strip():
        return None, "Give it a name and an amount."
    try:
        nanos = to_nanos(typed.replace(",", "").lstrip("$₹ "))
        terms = BudgetTerms(
            name=name, scope=scope, subject=subject, month=month, amount_nanos=nanos, currency=currency
        )  # fmt: skip
        return terms.checked(), ""
    except LedgerError as refusal:
        muted(f":red[{esc(str(refusal))}]")
        return None, str(refusal)


def _preview(who: Principal, terms: BudgetTerms) -> None:
    """What the budget would say now."""
    standing = read(lambda: service(who).preview(terms))
    if isinstance(standing, Unread):
        return
    share = percent(standing.actual_nanos, terms.amount_nanos)
    spent = amount(standing.actual_nanos, terms.currency)
    told = f"{standing.month:%B %Y} so far: {spent}, {share} of it. {outlook(standing, terms.currency)}"
    muted(dollars_in_markdown(told))


def _ask(terms: BudgetTerms, where: str) -> None:
    about = "all cost" if terms.scope is Scope.TOTAL else f"the {terms.scope.value} {esc(terms.subject)}"
    often = "every month" if terms.month is None else f"in {terms.month:%B %Y}"
    effect = f"**{esc(terms.name)}**: {about} may cost **{amount(terms.amount_nanos, terms.currency)}** {often}."
    told = "It is told at 80% and when it is used up." if where else "Nobody is told: it has no address."

    def run(_once: str, why: str) -> bool:
        service(require("finance", "admin")).add(terms, where, reason=why)
        st.session_state[_EMPTIED] = True
        say(f"{esc(terms.name)} is set.")
        return True

    act = Act(
        "set-budget", "Set this budget?", dollars_in_markdown(effect), "Set budget",
        f"{told} No request is ever refused because of a budget.", icon=":material/savings:", reason="",
    )  # fmt: skip
    confirm.ask(act, run)
