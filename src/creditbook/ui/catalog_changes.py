"""Before a new version is in force: what differs, whom it touches and when, the reason; afterwards the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.access.values import Principal
from creditbook.domain.program import Program
from creditbook.installation import installation
from creditbook.programs import program_to_document
from creditbook.programs.editing import Change
from creditbook.reports import catalog as report
from creditbook.reports.catalog import Catalog
from creditbook.store.catalog import MOST, OnPlan

from . import catalog_draft, confirm, tables
from .catalog_draft import Draft
from .catalog_words import NEXT_PERIOD, acts, said, where
from .confirm import Act
from .format import DASH, esc, full, instant, plural
from .page import card, head, muted, row
from .reading import Unread, read
from .session import require


@dataclass(frozen=True, slots=True)
class Loaded:
    """A version that has come into force, the one before it, and what was said of it."""

    version: int
    before: int
    effect: str


def preview(there: Draft, found: Catalog, who: Principal, now: datetime, zone: ZoneInfo) -> None:
    """What the draft changes, whom it touches, and the way to put it in force."""
    changed = there.changed
    with card("changes"):
        head(
            "What changes", "Nothing is written yet" if changed else "Nothing so far: edit a plan, a table or the TOML"
        )
        _overtaken(there, found)
        if not changed:
            return
        difference(changed, found.program, there.document)
        ready = _sound(there, found)
        touches = report.touched(found, changed)
        if touches:
            _whom(touches, found, who, now, zone)
        elif any(one.part == "plans" for one in changed):
            muted("Nobody is on the edited plans: whoever takes one gets it as edited.")
        why = confirm.reason("catalog-why")
        with row(horizontal_alignment="right"):
            if st.button("Review and put in force", type="primary", icon=":material/arrow_forward:",
                         icon_position="right", disabled=not (ready and why), key="review",
                         help=None if why else "A reason is required"):  # fmt: skip
                said_so = effect(changed, touches, found, now, zone)
                _ask(there.version, there.program, said_so, why)


def _overtaken(there: Draft, found: Catalog) -> None:
    """Another administrator was faster: who, and how to go on without losing anything."""
    if there.version != found.version:
        newer = found.row(found.version)
        by = esc(newer.actor) if newer else "somebody"
        why = f" (“{esc(newer.reason)}”)" if newer else ""
        st.warning(f"**Version {found.version} came into force meanwhile**, by {by}{why}. Your changes were begun on "
                   f"version {there.version} and are all kept. Bring them over, then look at the difference again.",
                   icon=":material/merge:")  # fmt: skip
        if st.button(f"Bring my changes over to version {found.version}", type="primary", key="bring-over"):
            catalog_draft.bring_over(there, found)
            st.rerun()
    elif there.conflicts:
        fields = ", ".join(f"**{esc(where(one, found.program, there.document))}**" for one in there.conflicts)
        st.info(f"Your changes stand on version {there.version} now. Both of you changed {fields}: yours is kept here.",
                icon=":material/merge:")  # fmt: skip


def difference(
    changed: Sequence[Change], before: Program, after: Mapping[str, Any], *, key: str = "difference"
) -> None:
    """Field by field: before, after, and when it acts."""
    old, new = before.currency, str(after.get("currency") or before.currency)
    rows = [(where(one, before, after), said(_field(one), one.before, old),
             "Removed" if one.is_table and one.after is None else said(_field(one), one.after, new), acts(one, before))
            for one in changed]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["What", "Before", "After", "Acts"])
    columns = {"What": st.column_config.TextColumn(width=260), "Before": st.column_config.TextColumn(width=180),
               "After": st.column_config.TextColumn(width=180)}  # fmt: skip
    tall = 460 if len(rows) > 11 else "content"
    tables.grid(frame, columns, "What changes, field by field", height=tall, key=key)


def _field(change: Change) -> str:
    return next((step for step in reversed(change.path) if isinstance(step, str)), "")


def _sound(there: Draft, found: Catalog) -> bool:
    """Whether the draft may come into force; what keeps it from that is told."""
    if there.version != found.version:
        return False
    misfit = there.misfit
    if misfit is not None:
        place = esc(where(Change(misfit.path, None, None), found.program, there.document)) if misfit.path else "It"
        st.error(f"**It can't come into force yet.** {place} {esc(str(misfit))}.", icon=":material/block:")
        return False
    return kept(found, there.document)


def kept(found: Catalog, document: Mapping[str, Any]) -> bool:
    """Whether everybody's plan is still there; whose is not is told."""
    for one in report.stranded(found, document):
        st.error(f"**Plan {esc(found.program.plans[one.plan].title)} can't be removed**: "
                 f"{plural(one.accounts, 'account is', 'accounts are')} on it. Move them to another plan on *Members* "
                 "first, or leave it in.", icon=":material/block:")  # fmt: skip
        return False
    return True


def _whom(touches: Sequence[OnPlan], found: Catalog, who: Principal, now: datetime, zone: ZoneInfo) -> None:
    """Per plan: how many accounts, and when their running periods end; each one below."""
    titles = {slug: plan.title for slug, plan in found.program.plans.items()}
    st.markdown("**Whom it touches** :small[:gray[nobody's running period changes; new people get the plan as edited]]")
    rows = [(titles.get(one.plan, one.plan), full(one.accounts), _end(one.ends_first, now, zone),
             _end(one.ends_last, now, zone)) for one in touches]  # fmt: skip
    right = {"Accounts": st.column_config.TextColumn(alignment="right", width=90)}
    frame = pd.DataFrame(rows, columns=["Plan", "Accounts", "First period ends", "Last period ends"])
    tables.grid(frame, right, "Accounts on the edited plans", key="touched")
    with st.expander(
        "Each account's running period", icon=":material/event:", key="each-period", on_change="rerun"
    ) as each:
        if each.open:
            ends = read(lambda: report.ends(installation().store, who, touches))
            if isinstance(ends, Unread):
                muted("They could not be read.")
                return
            frame = pd.DataFrame([(one.account or "The team's pool", titles.get(one.plan, one.plan),
                                   _end(one.ends_at, now, zone)) for one in ends],
                                 columns=["Account", "Plan", "Its running period ends"])  # fmt: skip
            tables.grid(frame, {}, "Accounts and the ends of their running periods",
                        height="content" if len(ends) < 10 else 380, key="period-ends")  # fmt: skip
            if len(ends) == MOST:
                muted(f"The first {MOST}, soonest first.")


def _end(at: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    if at is None:
        return DASH
    return "Now, with the next run" if at <= now else instant(at, zone, now=now)


def effect(changed: Sequence[Change], touches: Sequence[OnPlan], found: Catalog, now: datetime, zone: ZoneInfo) -> str:
    """One paragraph of markdown: the version, what acts at once, whom it reaches and when."""
    parts = [f"**{plural(len(changed), 'change')}** in version **{max(one.version for one in found.versions) + 1}**."]
    later = [one for one in changed if acts(one, found.program) == NEXT_PERIOD]
    if len(later) < len(changed):
        parts.append(f"**{full(len(changed) - len(later))}** at once.")
    if later and touches:
        accounts = sum(one.accounts for one in touches)
        ends = [one.ends_first for one in touches if one.ends_first]
        first = f"; the first period ends {_end(min(ends), now, zone)}" if ends else ""
        parts.append(f"**{plural(accounts, 'account keeps', 'accounts keep')}** the running period as it is{first}.")
    elif later:
        parts.append("Nobody is on the edited plans now.")
    return " ".join(parts)


def _ask(edited: int, program: Program, said_so: str, why: str) -> None:
    act = Act("catalog", "Put this version in force?", said_so, "Put in force",
              "The version before can be put in force again at any time.", ":material/storefront:")  # fmt: skip
    confirm.ask(act, partial(load, program, edited, said_so, why))


def load(program: Program, edited: int, said_so: str, why: str, _once: str, asked: str) -> Loaded:
    """Put a program in force, unless another version came into force since it was looked at."""
    who = require("admin")
    version = installation().ledger.load_program(
        who.org_slug, program, reason=why or asked, actor=who.user_name, edited=edited
    )
    catalog_draft.discard()
    return Loaded(version, edited, said_so)


def ask_again(version: int, found: Catalog, who: Principal, now: datetime, zone: ZoneInfo) -> None:
    """The question before an older version comes into force again, as a new one; or why it can't."""
    program = report.version_of(installation().store, who, version)
    changed = report.between(found.program, program)
    if not kept(found, program_to_document(program)):
        return
    said_so = effect(changed, report.touched(found, changed), found, now, zone)
    act = Act("catalog", f"Put version {version} in force again?", said_so, f"Put version {version} in force",
              "It becomes a new version; none is ever lost.", ":material/history:",
              reason=f"Back to version {version}",
              show=partial(difference, changed, found.program, program_to_document(program), key="back"))  # fmt: skip
    confirm.ask(act, partial(load, program, found.version, said_so, ""))


def result(done: Loaded) -> bool:
    """The new version and the way back; True when the way back was pressed."""
    with card("loaded"):
        head(f":green[:material/check_circle:] Version {done.version} is in force", done.effect)
        with row():
            st.button("Done", key="loaded-done", on_click=confirm.clear, args=("catalog",))
            return st.button(f"Put version {done.before} in force again", icon=":material/undo:", key="put-back")
