"""Alerts drawn: what one is told of and where, a new one beside it, and what was sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.access.values import Principal
from creditbook.alerts.rules import LARGEST, Alerts, Rule, Sent
from creditbook.domain.errors import LedgerError
from creditbook.domain.program import Program, Unit
from creditbook.domain.units import amount
from creditbook.installation import installation

from .format import esc, full, plural, when, zone_mark
from .page import card, head, muted, numbers, row
from .reading import Unread, read
from .session import require

KINDS = {"Low balance": "low_balance", "Runs out soon": "run_out"}
_TITLES = {"low_balance": "Low balance", "run_out": "Runs out soon", "test": "Test"}
_ICONS = {"low_balance": ":material/trending_down:", "run_out": ":material/hourglass_bottom:"}
_SAID = "alerts-said"
_JOINER = "\u2060"  # takes no room and breaks no line


def of(who: Principal) -> Alerts:
    """The signed-in person's alerts."""
    place = installation()
    return Alerts(place.ledger, who, place.settings)


def low_mark(who: Principal, program: Program) -> int | None:
    """At how many tokens the overview says that they run low: her own threshold, else the program's."""
    found = read(of(who).threshold)
    return program.low_balance_tokens if found is None or isinstance(found, Unread) else found


def said() -> None:
    """What the last click did, once."""
    done: tuple[str, str] | None = st.session_state.pop(_SAID, None)
    if done is not None:
        tone, sentence = done
        show = {"good": st.success, "bad": st.warning}[tone]
        show(sentence, icon=":material/check_circle:" if tone == "good" else ":material/error:")


def listed(rules: Sequence[Rule], unit: Unit, now: datetime, zone: ZoneInfo) -> None:
    """Every rule with its state and what can be done with it."""
    with card("alert-rules", height="stretch"):
        head("Your alerts", "Each crossing is told once, and again after the balance has recovered")
        if not rules:
            muted("You have none yet. Say on this page what you want to hear about, and where.")
        for rule in rules:
            with st.container(border=True, gap="xsmall", key=f"rule-{rule.alert_id}"):
                _rule(rule, unit, now, zone)


def _rule(rule: Rule, unit: Unit, now: datetime, zone: ZoneInfo) -> None:
    with row(horizontal_alignment="distribute"):
        st.markdown(f"{_ICONS[rule.kind]} **{_wish(rule, unit)}**", width="content")
        _state(rule, now, zone)
    muted(f"to {_plain(rule.where)}")
    with row(gap="xsmall"):
        st.button("Send a test", key=f"test-{rule.alert_id}", on_click=_test, args=(rule,), icon=":material/send:")
        label = "Turn off" if rule.is_on else "Turn on"
        st.button(label, key=f"switch-{rule.alert_id}", on_click=_switch, args=(rule,), type="tertiary")
        st.button("Remove", key=f"remove-{rule.alert_id}", on_click=_remove, args=(rule,), type="tertiary")


def _wish(rule: Rule, unit: Unit) -> str:
    if rule.kind == "run_out":
        return f"Used up within {plural(rule.threshold, 'day')}"
    return f"At or below {_counted(rule.threshold, unit)}"


def _counted(tokens: int, unit: Unit) -> str:
    exact = plural(tokens, "token")
    return exact if unit.tokens_per_credit == 1 else f"{exact} ({amount(tokens, unit)})"


def _plain(where: str) -> str:
    """An address for reading: markdown would make a link of it, and a webhook is no place to go to."""
    return esc(where).replace("@", f"@{_JOINER}").replace("//", f"{_JOINER}//")


def _state(rule: Rule, now: datetime, zone: ZoneInfo) -> None:
    if not rule.is_on:
        st.badge("Off", icon=":material/notifications_off:", color="gray")
    elif rule.is_armed:
        st.badge("Watching", icon=":material/notifications_active:", color="green")
    else:
        told = f"Told {when(rule.last_fired_at, now, zone)}" if rule.last_fired_at else "Told"
        st.badge(told, icon=":material/notifications:", color="orange", help="Watches again once you have recovered")


def form(who: Principal, program: Program, available: int | None) -> None:
    """A new alert: of what, from where on, and to whom."""
    settings = installation().settings
    with card("new-alert", height="stretch"):
        head("New alert")
        label = st.segmented_control("Tell me of", list(KINDS), default="Low balance", required=True, key="alert-kind")
        kind = KINDS[label or "Low balance"]
        if kind == "low_balance":
            least = program.low_balance_tokens or max(1, (available or 0) // 10)
            threshold = st.number_input("At or below how many tokens", 0, LARGEST[kind], least, key="alert-tokens")
            muted(_counted(int(threshold), program.unit))
        else:
            threshold = st.number_input("Within how many days", 1, LARGEST[kind], 3, key="alert-days")
            muted("At the pace of the last seven days, unless a reset comes first.")
        mail = settings.smtp_url is not None
        where = st.text_input(
            "Where to",
            who.email if mail else "",
            placeholder="asha@example.com or https://…" if mail else "https://…",
            max_chars=500,
            key="alert-where",
        )
        muted("E-mail, webhook, Slack, Discord, Google Chat or Telegram." if mail else
              "A webhook, Slack, Discord, Google Chat or Telegram. Mail is not set up here.")  # fmt: skip
        if st.button("Add alert", type="primary", icon=":material/add_alert:", key="alert-add"):
            _add(kind, int(threshold), where or "")


def _add(kind: str, threshold: int, where: str) -> None:
    try:
        of(require()).add(kind, threshold, where)
    except LedgerError as refusal:
        st.error(esc(str(refusal)), icon=":material/block:")
    else:
        st.session_state[_SAID] = ("good", "Added. Send a test to see it arrive.")
        st.rerun()


def _test(rule: Rule) -> None:
    def send() -> tuple[str, str]:
        error = of(require()).test(rule.alert_id)
        return ("bad", f"It did not arrive. {esc(error)}") if error else ("good", f"Sent to {_plain(rule.where)}.")

    _do(send)


def _switch(rule: Rule) -> None:
    def turn() -> tuple[str, str]:
        of(require()).switch(rule.alert_id, on=not rule.is_on)
        return "good", "Turned off." if rule.is_on else "Turned on: it watches again."

    _do(turn)


def _remove(rule: Rule) -> None:
    def forget() -> tuple[str, str]:
        of(require()).remove(rule.alert_id)
        return "good", "Removed, with the address in it."

    _do(forget)


def _do(act: Callable[[], tuple[str, str]]) -> None:
    try:
        st.session_state[_SAID] = act()
    except LedgerError as refusal:
        st.session_state[_SAID] = ("bad", esc(str(refusal)))


def sent(lines: Sequence[Sent], unit: Unit, now: datetime, zone: ZoneInfo) -> None:
    """What was sent lately, and what could not be."""
    with card("alerts-sent"):
        head("What was sent", "Newest first, tests too" if lines else "")
        if not lines:
            muted("Nothing yet.")
            return
        rows = [(when(one.at, now, zone), _TITLES[one.kind], one.figure, _outcome(one)) for one in lines]
        columns = [f"when ({zone_mark(zone, now)})", "alert", "available", "outcome"]
        frame = pd.DataFrame(rows, columns=columns)
        st.table(numbers(frame, available=full), border="horizontal", hide_index=True, alt="Alerts that were sent")


def _outcome(one: Sent) -> str:
    return ":green[:material/check: Delivered]" if one.delivered else f":red[:material/close: {esc(one.error)}]"
