"""Closing a month drawn: the checklist, what is about to be frozen, the question, and closed months as they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.access.values import Principal
from creditbook.domain.closing import ClosedMonth, last_day, title
from creditbook.domain.flow import Revenue
from creditbook.installation import installation
from creditbook.reports.finance import checklist
from creditbook.reports.finance.books import Books
from creditbook.reports.finance.checklist import Point, Proved, State
from creditbook.reports.finance.periods import Period
from creditbook.reports.proof import prove
from creditbook.store.engine import Store
from creditbook.ui import confirm, tables
from creditbook.ui.confirm import Act
from creditbook.ui.format import esc, full, inr, instant, plural, usd, zone_mark
from creditbook.ui.money import money
from creditbook.ui.navigation import SCREENS
from creditbook.ui.page import card, facts, head, muted, row
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

from . import earning, liability, liability_rows, sheets
from .listing import Listing
from .sheets import Picked, Sheet

ROLES = ("finance", "admin")
ACT = "close-month"
_PROVED = "close-proved"
_MARKS = {
    State.FINE: ":green[:material/check_circle:]",
    State.LOOK: ":orange[:material/error:]",
    State.STOP: ":red[:material/block:]",
    State.OPEN: ":gray[:material/radio_button_unchecked:]",
}


def proved(who: Principal) -> Proved | None:
    """What the last proof of this visit found, of this organization."""
    kept = st.session_state.get(_PROVED)
    return kept[1] if kept is not None and kept[0] == who.org_id else None


def check(who: Principal) -> None:
    """Prove the books now, and keep what was found for this visit."""
    place = installation()
    with st.status("Proving the books", expanded=False) as status:
        found = read(lambda: prove(place.store, who.org_slug, progress=lambda name: status.update(label=name)))
        if isinstance(found, Unread):
            status.update(label="The books could not be proved", state="error")
            not_read("The proof", found)
            return
        st.session_state[_PROVED] = (who.org_id, checklist.proved(found, place.clock()))
    st.rerun()


def due(who: Principal, month: date, found: Sequence[Point], of: Books, zone: ZoneInfo) -> None:
    """A month that is over and open: what to look at on the left, what would be frozen on the right."""
    left, right = st.columns([15, 11], gap="small")
    with left, card("checklist", height="stretch"):
        head("Before it is closed", f"Left as it is, what is marked books in {title(_after(month))} when it comes")
        for one in found:
            _point(one)
        told = proved(who)
        with row():
            label = "Prove the books" if told is None else "Prove them again"
            if st.button(label, icon=":material/verified:", key="prove"):
                check(who)
            if told is not None:
                muted(f"Proved {instant(told.at, zone)} {zone_mark(zone, told.at)}", width="content")
    with right, card("close", height="stretch"):
        head(f"Close {title(month)}", "Nothing is closed yet")
        facts(_figures(of))
        why = confirm.reason("close-why", placeholder="Why now? It stands in the audit log")
        ready = checklist.may_close(found)
        if st.button("Review and close", type="primary", icon=":material/arrow_forward:", icon_position="right",
                     key="review-close", disabled=not (ready and why), help=_missing(ready, why)):  # fmt: skip
            confirm.ask(question(month, of, found, why), partial(run, month, why))


def _missing(ready: bool, why: str) -> str | None:
    if not ready:
        return "Prove the books first"
    return None if why else "A reason is required"


def _after(month: date) -> date:
    return date.fromordinal(last_day(month).toordinal() + 1)


def _point(one: Point) -> None:
    screen = next((screen for screen in SCREENS if screen.url_path == one.page), None)
    with row(gap="xsmall", vertical_alignment="top"):
        st.markdown(f"{_MARKS[one.state]} **{one.name}**  \n:small[{esc(one.sentence)}]", width="stretch")
        if screen is not None:
            st.markdown(f":small[[{screen.title}](/{screen.url_path})]", width="content")


def _figures(of: Books) -> dict[str, str]:
    """What a month's closing is about, in words."""
    said = {"Tokens owed": full(sum(one.tokens.closing for one in of.flows))}
    for currency, one in of.revenue.items():
        said |= _revenue(one, currency)
    return said


def _revenue(one: Revenue, currency: str) -> dict[str, str]:
    return {
        f"Sold, {currency}": f"{money(one.gross_minor, currency)}, tax {money(one.tax_minor, currency)}",
        f"Revenue, {currency}": money(one.revenue_minor, currency),
        f"Deferred, {currency}": money(one.deferred_closing_minor, currency),
    }


def _said(minor: int, currency: str) -> str:
    return esc(money(minor, currency))


def question(month: date, of: Books, found: Sequence[Point], reason: str) -> Act:
    """The question before a month is closed."""
    left = [one.name.lower() for one in found if one.state is State.LOOK]
    marked = f" Left as they are: {', '.join(left)}." if left else ""
    sums = "; ".join(
        f"{_said(one.revenue_minor, currency)} revenue, {_said(one.deferred_closing_minor, currency)} deferred"
        for currency, one in of.revenue.items()
    )
    tokens = full(sum(one.tokens.closing for one in of.flows))
    return Act(
        ACT,
        f"Close {title(month)}?",
        f"Its figures are frozen and never move again: {sums or 'nothing sold'}; **{tokens} tokens** owed.{marked} "
        f"Reason: “{esc(reason)}”",
        f"Close {title(month)}",
        f"What is due is settled first; what comes late books on {_after(month):%-d %B %Y}. A closed month stays so.",
        ":material/lock:",
    )


def run(month: date, reason: str, _once: str, _why: str) -> ClosedMonth:
    """Close it, as whoever is signed in now."""
    who = require(*ROLES)
    return installation().ledger.close_month(who.org_slug, month, reason=reason, actor=who.user_name)


def result(closed: ClosedMonth) -> None:
    """What was done."""
    with card("closed-now"):
        head(f":green[:material/check_circle:] {title(closed.month)} is closed",
             f"By you, just now · “{esc(closed.reason)}” · digest `{closed.digest[:16]}`")  # fmt: skip
        with row():
            st.button("Done", type="primary", key="close-done", on_click=_again)


def _again() -> None:
    confirm.clear(ACT)
    st.session_state.pop("close-why", None)


def seal(closed: ClosedMonth, stands: bool, zone: ZoneInfo) -> None:
    """Who closed it, when and why, its digest, and whether everything still says the same."""
    with card("seal"):
        mark = zone_mark(zone, closed.closed_at)
        head(f":material/lock: {title(closed.month)} is closed", "Its figures, as they were frozen")
        facts(
            {
                "By": esc(closed.actor or "system"),
                "When": f"{instant(closed.closed_at, zone)} {closed.closed_at.astimezone(zone).year} {mark}",
                "Why": esc(closed.reason),
                "Models": _models(closed.figures["usage"]),
                "Digest": f"`{closed.digest}`",
            }
        )
        if closed.is_sound and stands:
            muted(":green[:material/check_circle:] The digest fits the figures, and the rows still add up to them.")
        else:
            what = "the digest does not fit the figures" if not closed.is_sound else "the rows add up to other figures"
            st.error(f"This closed month does not hold: {what}. Verify the books, and restore a backup if need be.")


def _models(used: Mapping[str, int]) -> str:
    requests, dollars, rupees = (used.get(name, 0) for name in ("requests", "cost_usd_nanos", "cost_inr_nanos"))
    return f"{plural(requests, 'request')}, {usd(dollars)} · {inr(rupees)}"


def closed_months(found: Sequence[ClosedMonth], zone: ZoneInfo) -> None:
    """Every closed month, newest first, with what was frozen."""
    with card("closed-months"):
        with row(horizontal_alignment="distribute"):
            with st.container(width="content", gap=None):
                head("Closed months", _CHOOSE if found else "None yet: the first one will stand here")
            if not found:
                return
            frame = _frame(found, zone)
            tables.download(
                lambda: tables.csv_bytes(checklist.CLOSED_COLUMNS, checklist.closed_rows(found)),
                "closed-months",
                "Download the closed months",
                key="closed-csv",
            )
        tables.grid(frame, _closed_columns(), "Closed months, newest first", key="closed-table")


_CHOOSE = "Choose one above to see all of its figures"


def _closed_columns() -> dict[str, Any]:
    """What people look for keeps its width; of a long reason the beginning is shown, a click on it shows the rest."""
    text = st.column_config.TextColumn
    return {
        "Month": text(width=122, pinned=True),
        **{name: text(alignment="right", width=118) for name in ("Revenue", "Deferred", "Tokens owed")},
        "Closed": text(width=142),
        "By": text(width=84),
        "Reason": text(width=190),
        "Digest": text(width=134),
    }


def _frame(found: Sequence[ClosedMonth], zone: ZoneInfo) -> pd.DataFrame:
    rows = [
        (
            title(one.month),
            "; ".join(money(Revenue(**of).revenue_minor, name) for name, of in one.figures["revenue"].items()) or "–",
            "; ".join(money(of["deferred_closing_minor"], name) for name, of in one.figures["revenue"].items()) or "–",
            full(sum(of["tokens"]["closing"] for of in one.figures["flows"].values())),
            f"{one.closed_at.astimezone(zone):%d %b %Y, %H:%M}",
            one.actor or "system",
            one.reason,
            one.digest[:16],
        )
        for one in reversed(found)
    ]
    columns = ["Month", "Revenue", "Deferred", "Tokens owed", "Closed", "By", "Reason", "Digest"]
    return pd.DataFrame(rows, columns=columns)


def chosen(months: Sequence[date], closed: Mapping[date, ClosedMonth], due: date | None) -> date:
    """The month that is looked at: the one to close, else the last closed one; which lives in the address."""
    names = {title(month): month for month in months}
    first = due or (max(closed) if closed else months[0])
    with row():
        name = st.selectbox(
            "Month", list(names), list(names).index(title(first)), key="month", bind="query-params",
            label_visibility="collapsed", width=190,
        )  # fmt: skip
        month = names.get(name or "", first)
        state = ":material/lock: closed" if month in closed else "open, to be closed next" if month == due else "open"
        muted(state, width="content")
    return month


def not_yet(month: date, due: date | None, today: date) -> None:
    """A month that can't be closed now, and why."""
    if last_day(month) >= today:
        why = f"It runs until {last_day(month):%-d %B}. These are its figures so far."
    else:
        why = f"Close {title(due)} first: months are closed one after the other." if due else "Nothing is booked in it."
    with card("not-yet"):
        head(f"{title(month)} is open", why)


def figures(of: Books, unit: str) -> list[Sheet]:
    """The month's figures, every one of them opening to its rows; ``unit`` is the currency of the money."""
    shown = [liability.tokens(of)]
    if unit:
        shown += [liability.deferred(of, unit), earning.earned([of], unit)]
    for one in shown:
        sheets.draw(one)
    return shown


def beneath(store: Store, who: Principal, period: Period, unit: str, picked: Picked) -> Listing | None:
    """The rows beneath a figure of the month."""
    if picked.sheet == earning.EARNED:
        return earning.beneath(store, who, period, unit, picked)
    return liability_rows.beneath(store, who, period, unit, "", picked)
