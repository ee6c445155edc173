"""The audit log, drawn: filters in the address, the acts, one act with what it changed, the seal, the export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.access.values import Principal
from creditbook.reports import audit, signing
from creditbook.reports.audit import Act, AuditFilter, Chain
from creditbook.store.engine import Store

from . import address, confirm, tables
from .format import DASH, esc, full, instant, plural, when, zone_mark
from .page import card, facts, head, muted, row
from .reading import Unread, read

ACTS: dict[str, str] = {
    "grant": "Tokens given", "grant.ask": "Grant sent to the inbox", "grant.approve": "Grant approved",
    "grant.decline": "Grant declined", "revoke": "Tokens taken back", "expire": "Grant ended",
    "refund": "Usage refunded", "write_off": "Debt written off", "dispute": "Grant disputed", "reset": "Reset forced",
    "reset.run": "Resets run", "freeze": "Account frozen", "unfreeze": "Account unfrozen", "close": "Account closed",
    "set_zone": "Time zone changed", "set_quota": "Quota changed", "open_wallet": "Wallet opened",
    "wallet_on": "Wallet switched on", "wallet_off": "Wallet switched off", "change_plan": "Plan changed",
    "cancel_plan": "Plan cancelled", "sell": "Sale recorded", "pay_purchase": "Payment recorded",
    "refund_purchase": "Purchase refunded", "dispute_purchase": "Purchase disputed", "reward": "Reward given",
    "promo.create": "Promo codes made", "promo.disable": "Promo code disabled", "promo.enable": "Promo code enabled",
    "program.load": "Program changed", "organization.create": "Organization created",
    "operator.first": "First administrator", "price.set": "Price set", "member.invite": "Member invited",
    "member.add": "Member added", "member.account": "Account given", "member.role": "Role changed",
    "member.deactivate": "Access taken", "member.reactivate": "Access given back",
    "member.link": "One-time link made", "member.password": "Password changed", "member.register": "Registered",
    "member.look": "Pages looked at", "key.create": "API key made", "key.revoke": "API key revoked",
    "key.rotate": "API key rotated", "export": "Exported",
}  # fmt: skip
"""Act → what people call it; an act that is not here is shown as it is written."""

EMPTY: dict[str, Any] = {"who": [], "what": [], "account": "", "since": None, "until": None}
IDS = {"transactions", "run", "key", "approval", "purchase", "replaces", "replaced_by"}
"""What names a row and is no amount."""
CHECK_AT_ONCE = 5_000
"""Up to so many sealed acts are proved without asking."""
_PROVED, _CLOSED = "audit-proved", "audit-closed"


def act_name(act: str) -> str:
    """What people call an act."""
    return ACTS.get(act, act.replace("_", " ").replace(".", " ").capitalize())


def chosen(store: Store, who: Principal, on_change: Callable[[], None]) -> AuditFilter:
    """The filters, all of them in the address."""
    found = read(lambda: audit.names(store, who))
    actors, acts = ([], []) if isinstance(found, Unread) else found
    more: dict[str, Any] = {"bind": "query-params", "on_change": on_change}
    quiet: dict[str, Any] = {"label_visibility": "collapsed", **more}
    people = st.multiselect("Who", actors, key="who", placeholder="Everybody", width=190, **quiet)
    words = {act_name(act): act for act in acts}
    what = st.multiselect("What", sorted(words), key="what", placeholder="Every act", width=210, **quiet)
    text = st.text_input(
        "Account", key="account", placeholder="Account or reason", icon=":material/search:", width=190, **quiet
    )
    days = sum(bool(st.session_state.get(name)) for name in ("since", "until"))
    with st.popover(f"Period · {days}" if days else "Period", icon=":material/date_range:"):
        first: date | None = st.date_input("From day", None, key="since", width=240, **more)
        last: date | None = st.date_input("To day", None, key="until", width=240, **more)
    since, until = audit.period(who, first, last)
    return AuditFilter(tuple(people), tuple(words[w] for w in what if w in words), (text or "").strip(), since, until)


def clear(fresh: Callable[[], None]) -> None:
    """Every filter away, and back to the newest act."""
    st.session_state.update(EMPTY)
    fresh()


def rows(acts: Sequence[Act], now: datetime, zone: ZoneInfo, *, opened: int | None, org_slug: str) -> int | None:
    """The acts as a table with one opened row, the first where none is asked for; returns the id that was chosen.

    None means that nobody chose: the first act stands open by itself.
    """
    at = next((i for i, act in enumerate(acts) if act.audit_id == opened), 0)
    frame = pd.DataFrame(
        {
            "when": [when(act.at, now, zone) for act in acts],
            "what": [act_name(act.act) for act in acts],
            "whom": [act.subject.removeprefix(f"{org_slug}/") for act in acts],
            "who": [act.actor for act in acts],
            "why": [act.reason for act in acts],
        }
    )
    column = st.column_config
    picked = tables.grid(
        frame,
        {
            "when": column.TextColumn(f"When ({zone_mark(zone, now)})", width=136),
            "what": column.TextColumn("What", width=134),
            "whom": column.TextColumn("Whom", width=98),
            "who": column.TextColumn("Who", width=78),
            "why": column.TextColumn("Why", width=170),
        },
        "Acts, newest first",
        key=f"acts-{acts[0].audit_id}-{acts[-1].audit_id}-{len(acts)}-{st.session_state.get(_CLOSED, 0)}",
        on_select="rerun",
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [at]}},
    )
    place: int = picked.selection.rows[0] if picked.selection.rows else at
    return acts[place].audit_id if place != at or acts[at].audit_id == opened else None


def close() -> None:
    """No act is chosen any more."""
    st.session_state[_CLOSED] = st.session_state.get(_CLOSED, 0) + 1
    address.clear("line")


def detail(act: Act, zone: ZoneInfo) -> None:
    """One act: who, what, to whom, why, and what it changed."""
    local = act.at.astimezone(zone)
    muted(f"`{act.audit_id}` · {local:%a} {local.day} {local:%b %Y, %H:%M:%S} {zone_mark(zone, act.at)}")
    head(esc(act_name(act.act)))
    facts({"Who": esc(act.actor) or DASH, "Whom": esc(act.subject) or DASH, "Why": f"“{esc(act.reason)}”"})
    changes = changed(act)
    if not changes:
        muted("It changed no figure of its own.")
        return
    frame = pd.DataFrame(changes, columns=["", "Before", "After"])
    st.table(frame, border="horizontal", hide_index=True, alt="What it changed")


def changed(act: Act) -> list[tuple[str, str, str]]:
    """Field, before and after, as markdown; in the order in which they were written."""
    fields = list(dict.fromkeys([*act.before, *act.after]))
    return [
        (f":gray[{esc(name.replace('_', ' '))}]", _value(act.before, name), _value(act.after, name)) for name in fields
    ]  # fmt: skip


def _value(values: dict[str, Any], name: str) -> str:
    if name not in values:
        return ""
    value = values[name]
    if name in IDS:
        return ", ".join(f"`{one}`" for one in (value if isinstance(value, list) else [value])) or "none"
    return _shown(value)


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return full(value)
    if isinstance(value, list):
        shown = ", ".join(_shown(one) for one in value[:4]) or "none"
        return shown + (f" and {full(len(value) - 4)} more" if len(value) > 4 else "")
    if isinstance(value, dict):
        return ", ".join(f"{esc(str(name))} {_shown(one)}" for name, one in value.items()) or "none"
    return esc(str(value)) or "none"


def span(acts: Sequence[Act], now: datetime, zone: ZoneInfo) -> None:
    """From when to when the page's acts are."""
    first, last = (instant(act.at, zone, now=now) for act in (acts[0], acts[-1]))
    muted(f"{first} back to {last}", width="content")


def nothing(*, filtered: bool, fresh: Callable[[], None]) -> None:
    """No act to show: none at all yet, or none that matches."""
    with card("empty"):
        if not filtered:
            head("Nothing was done yet", "Whatever an administrator changes becomes a line here, with its reason.")
            return
        head("Nothing matches these filters", "No act is like that. Take a filter away, or look at a longer period.")
        st.button("Clear filters", icon=":material/filter_alt_off:", on_click=clear, args=(fresh,), key="clear-filters")


def export(store: Store, who: Principal, wanted: AuditFilter, now: datetime) -> None:
    """Everything that matches as a file. It is an act itself, so it asks why."""
    with st.popover("Export", icon=":material/download:", key="audit-export"):
        why = confirm.reason("export-why", placeholder="What is it for?")
        muted("Every act that matches, whole. The export is written into the log.")

        def csv() -> bytes:
            audit.exported(store, who, now, "csv", why)
            return tables.csv_bytes(audit.COLUMNS, audit.csv_rows(store, who, wanted))

        def lines() -> bytes:
            audit.exported(store, who, now, "jsonl", why)
            return audit.jsonl(store, who, wanted)

        name = partial(tables.file_name, "audit")
        with row():
            st.download_button("CSV", csv, name(), "text/csv", disabled=not why, on_click="ignore", key="audit-csv")
            st.download_button("JSONL", lines, name().removesuffix("csv") + "jsonl", "application/jsonl",
                               disabled=not why, on_click="ignore", key="audit-jsonl")  # fmt: skip


def seal(
    store: Store, who: Principal, found: Chain, now: datetime, zone: ZoneInfo, key_file: str | None = None
) -> None:
    """How far the log is sealed, whether the chain is whole, and its head to keep elsewhere."""
    with card("seal"):
        broken = _proof(store, who, found)
        waiting = found.acts - found.sealed
        with row(horizontal_alignment="distribute"):
            with st.container(width="content", gap=None):
                head(_verdict(found, broken), _sealed_to(found, waiting, now, zone))
            with row(width="content"):
                if broken is None and found.sealed and st.button("Prove it", icon=":material/verified:", key="prove"):
                    st.session_state[_PROVED] = (found.digest, audit.broken(store, who))
                    st.rerun()
                built, unsigned = signing.sealed_anyhow(audit.head(who, found, now), key_file)
                if unsigned:
                    st.warning(f"The head can't be signed. {esc(unsigned)}", icon=":material/key_off:")
                st.download_button(
                    "Chain's head", built, f"audit-head-{who.org_slug}.json",
                    "application/json", icon=":material/key:", on_click="ignore", disabled=not found.digest,
                    key="audit-head", help="Keep it elsewhere: it tells whether anything before it is ever changed",
                )  # fmt: skip
        if found.digest:
            st.code(found.digest, language=None, wrap_lines=True)


def _proof(store: Store, who: Principal, found: Chain) -> int | None:
    """How many seals are broken, proved once for this head; None where nobody has asked for a long look."""
    kept = st.session_state.get(_PROVED)
    if kept is not None and kept[0] == found.digest:
        number: int = kept[1]
        return number
    if found.sealed > CHECK_AT_ONCE:
        return None
    number = audit.broken(store, who)
    st.session_state[_PROVED] = (found.digest, number)
    return number


def _verdict(found: Chain, broken: int | None) -> str:
    if broken:
        return f":red[:material/gpp_bad:] The chain is broken at {plural(broken, 'place')}"
    if not found.sealed:
        return ":material/shield: Nothing is sealed yet"
    if broken is None:
        return ":material/shield: Sealed"
    return ":green[:material/verified_user:] The chain is whole"


def _sealed_to(found: Chain, waiting: int, now: datetime, zone: ZoneInfo) -> str:
    said = f"{full(found.sealed)} of {plural(found.acts, 'act')} sealed"
    if found.at is not None:
        said += f", up to {when(found.at, now, zone)}"
    return said + (f"; the next sweep seals {full(waiting)} more." if waiting else ".")


def turn(store: Store, who: Principal, wanted: AuditFilter, shown: audit.Page) -> None:
    """Newer and Older, by the ids of the rows at the ends."""
    if st.button("Newer", icon=":material/chevron_left:", disabled=not shown.newer, key="newer"):
        above = audit.page(store, who, wanted, newer_than=shown.acts[0].audit_id)
        address.turn(above.acts[0].audit_id if above.newer else None)
    if st.button("Older", icon=":material/chevron_right:", icon_position="right", disabled=not shown.older,
                 key="older"):  # fmt: skip
        address.turn(shown.acts[-1].audit_id - 1)
