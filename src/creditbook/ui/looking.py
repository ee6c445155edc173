"""A member's pages as she sees them, for her administrator: read only, with a reason, written into the audit log.

The address says whose pages (`?as=`) and which one (`?see=`). Nothing here writes but that one line of the log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.access import Member, Principal
from creditbook.installation import installation
from creditbook.reports import grants, history, overview, usage
from creditbook.reports.grants import Receiver
from creditbook.reports.standing import Standing, standing
from creditbook.reports.usage import UsageFilter
from creditbook.store import audit, directory

from . import address, confirm, explaining, lines, page, usage_charts, wallets
from . import overview as draw
from .format import esc
from .measures import MEASURES
from .page import card, empty, head, muted, row
from .reading import Unread, not_read, read
from .session import require
from .trends import ate

POOL = "-"
"""How the pool, whose name is empty, stands in the address."""
_LOOKS = "looks"


@dataclass(frozen=True, slots=True)
class Seen:
    """Whose pages are looked at: what people call the account, and the principal that its pages are read for."""

    shown: str
    name: str
    principal: Principal

    @property
    def zone(self) -> ZoneInfo:
        """The account's own time zone: its owner sees her days."""
        return ZoneInfo(self.principal.zone)


def open_pages(one: Member | Receiver) -> None:
    """Go to the pages of a member; why is asked there."""
    name = one.account_name if isinstance(one, Member) else one.name
    st.query_params["as"] = name or POOL
    st.rerun()


def whose(who: Principal) -> Seen | None:
    """Whom the address names, in the administrator's own organization; None where it names nobody there."""
    said = st.query_params.get("as", "")
    name = "" if said == POOL else said
    store = installation().store
    ref = directory.account_by_name(store, who.org_id, name) if said else None
    if ref is None:
        return None
    shown = next((one.shown for one in grants.receivers(store, who) if one.account_id == ref.account_id), name)
    zone = directory.account_zone(store, ref)
    # Only what reports read of a principal: the account and its zone. Who acts stays the administrator.
    return Seen(shown, name, replace(who, account_id=ref.account_id, account_name=name, zone=zone))


def back() -> None:
    """Leave the pages; the list shows the same member as before."""
    address.clear("as", "see", "from", "line")


def show(who: Principal) -> None:
    """The pages of whom the address names, once the administrator has said why."""
    seen = read(lambda: whose(who))
    if isinstance(seen, Unread):
        not_read("The member", seen)
        return
    if seen is None:
        empty("Nobody is called that here", "The address names no account of your organization.")
        st.button("Back to members", icon=":material/arrow_back:", on_click=back, key="look-back")
        return
    if (who.org_id, seen.name) not in st.session_state.setdefault(_LOOKS, set()):
        _ask_why(seen)
        return
    with row(horizontal_alignment="distribute"):
        with st.container(width="content"):
            st.info(f"**You see {esc(seen.shown)}'s pages.** Read only: nothing here can be changed. "
                    f"Times in {seen.zone.key}.", icon=":material/visibility:")  # fmt: skip
        st.button("Back to members", icon=":material/arrow_back:", on_click=back, key="look-back")
    view = st.segmented_control("Page", list(VIEWS), default="Overview", required=True, key="see",
                                bind="query-params", label_visibility="collapsed")  # fmt: skip
    VIEWS[view or "Overview"](seen, installation().clock())


def _ask_why(seen: Seen) -> None:
    with card("look"):
        head(f"See {esc(seen.shown)}'s pages?", "Overview, wallets, history and usage, as their owner sees them")
        muted("It is read only. That you looked, and why, is written into the audit log.")
        with row(vertical_alignment="bottom"):
            with st.container(width=420):
                why = confirm.reason("look-why", placeholder="Why? The audit log keeps it")
            if st.button("Open the pages", type="primary", disabled=not why, key="look-open",
                         help=None if why else "A reason is required"):  # fmt: skip
                note(seen, why)
                st.rerun()
            st.button("Back to members", icon=":material/arrow_back:", on_click=back, key="look-back")


def note(seen: Seen, why: str) -> None:
    """Write down that somebody looks, and let her, until she signs out."""
    who, here = require("admin"), installation()
    with here.store.write(who.org_id) as connection:
        audit.record(connection, who.org_id, at=here.clock(), actor=who.user_name, act="member.look",
                     subject=who.named(seen.name), reason=why)  # fmt: skip
    st.session_state.setdefault(_LOOKS, set()).add((who.org_id, seen.name))


def _standing(seen: Seen, now: datetime) -> Standing | None:
    here = installation()
    found = read(lambda: standing(here.store, here.ledger.core.batches, seen.principal, now))
    if isinstance(found, Unread):
        not_read("The balance", found)
        return None
    return found


def _overview(seen: Seen, now: datetime) -> None:
    store, found = installation().reports, _standing(seen, now)
    if found is None:
        return
    trend = read(lambda: overview.trend(store, seen.principal, found.balance.available, now))
    known = None if isinstance(trend, Unread) else trend
    draw.notice(now, found, known, seen.zone, links=False)
    hero, side = st.columns([5, 3], gap="small")
    with hero:
        draw.hero(now, found, known, seen.zone)
    with side:
        draw.resets(now, found, seen.zone)
        draw.ready(found)
    left, right = st.columns(2, gap="small")
    with left:
        if isinstance(trend, Unread):
            not_read("This week's use", trend)
        else:
            ate(trend)
    with right:
        latest = read(lambda: history.page(store, seen.principal, size=5).lines)
        if isinstance(latest, Unread):
            not_read("The latest activity", latest)
        else:
            draw.latest(latest, now, seen.zone, None)


def _wallets(seen: Seen, now: datetime) -> None:
    found = _standing(seen, now)
    if found is None:
        return
    wallets.strip(now, found, seen.zone)
    wallets.burns_next(found, seen.zone)
    left, right = st.columns(2, gap="small")
    with left:
        wallets.ahead(now, found, seen.zone)
    with right:
        wallets.pending(found, seen.zone)


def _history(seen: Seen, now: datetime) -> None:
    store, start = installation().reports, address.number("from") or address.number("line")
    shown = read(lambda: history.page(store, seen.principal, upto=start))
    if isinstance(shown, Unread):
        not_read("The history", shown)
        return
    if not shown.lines:
        lines.nothing(filtered=False, clear=back)
        return
    top, bottom = shown.lines[0], shown.lines[-1]
    table, side = st.columns([17, 10], gap="small")
    with table:
        line = lines.rows(shown.lines, now, seen.zone, opened=address.number("line"), key=lines.table_key(top, bottom))
        address.put(line=line)
        with row():
            if st.button("Newer", icon=":material/chevron_left:", disabled=not shown.newer, key="newer"):
                above = history.page(store, seen.principal, newer_than=top.txn_id)
                address.turn(above.lines[0].txn_id if above.newer else None)
            if st.button("Older", icon=":material/chevron_right:", icon_position="right", disabled=not shown.older,
                         key="older"):  # fmt: skip
                address.turn(bottom.txn_id - 1)
            lines.span(shown.lines, now, seen.zone)
    opened = read(lambda: history.opened(store, seen.principal, line or top.txn_id))
    with side, card("sheet" if line else "opened"):
        if isinstance(opened, Unread):
            not_read("This line", opened)
        elif opened is not None:
            if line:
                st.button("Close", icon=":material/close:", type="tertiary", on_click=lines.close, key="sheet-close")
            lines.detail(opened, seen.zone)


def _explain(seen: Seen, now: datetime) -> None:
    explaining.show(seen.principal, now)


def _usage(seen: Seen, now: datetime) -> None:
    store, today = installation().reports, now.astimezone(seen.zone).date()
    used = read(lambda: usage.days(store, seen.principal))
    if isinstance(used, Unread):
        not_read("The usage", used)
        return
    if used is None:
        empty("Nothing used yet", "The first request appears here a moment after it is made.")
        return
    last = max(today, used[1])
    wanted = UsageFilter(max(used[0], last - timedelta(days=29)), last, (), ())
    sums = usage.total(store, seen.principal, wanted)
    muted(f"{page.days(wanted.first, wanted.last)}. Days in {seen.zone.key}")
    by_day = usage.by(store, seen.principal, wanted, "account_date")
    usage_charts.figures(sums, None, usage.series(by_day, wanted))
    ranked = {name: usage.by(store, seen.principal, wanted, name) for name in ("agent", "model", "feature")}
    split: usage.Dimension = "model" if any(name for (name,) in ranked["model"]) else "feature"
    measure = MEASURES["Charged" if sums.charged or not sums.requests else "Model tokens"]
    usage_charts.by_day(usage.by(store, seen.principal, wanted, "account_date", split), wanted, measure,
                        unnamed=f"no {split}")  # fmt: skip
    usage_charts.rankings(ranked, measure)


VIEWS: dict[str, Callable[[Seen, datetime], None]] = {
    "Overview": _overview, "Wallets": _wallets, "History": _history, "Explain": _explain, "Usage": _usage,
}  # fmt: skip
