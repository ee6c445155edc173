"""Every version that was in force: who, when, why, what it changed; and the way back to it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.access.values import Principal
from creditbook.installation import installation
from creditbook.programs import program_to_document, program_to_toml
from creditbook.reports import catalog as report
from creditbook.reports.catalog import Catalog

from . import address, tables
from .catalog_changes import ask_again, difference
from .format import DASH, esc, when
from .page import card, head, muted, row


def show(found: Catalog, who: Principal, now: datetime, zone: ZoneInfo) -> None:
    """The list with one opened version, by its number in the address."""
    opened = address.number("version")
    with card("versions"):
        head("Versions", "Newest first; none is ever changed or lost")
        frame = pd.DataFrame(
            [(one.version, "In force" if one.in_force else "", when(one.created_at, now, zone),
              one.actor or DASH, one.reason or DASH) for one in found.versions],
            columns=["Version", "Status", "When", "Who", "Why"],
        )  # fmt: skip
        at = [i for i, one in enumerate(found.versions) if one.version == opened]
        columns = {"Version": st.column_config.NumberColumn(width=70), "Status": st.column_config.TextColumn(width=80)}
        picked = tables.grid(frame, columns, "Versions of the program, newest first", on_select="rerun",
                             height="content" if len(frame) < 12 else 460,
                             selection_mode="single-row", key=f"versions-{len(frame)}",
                             selection_default={"selection": {"rows": at}})  # fmt: skip
    chosen = [found.versions[i].version for i in picked.selection.rows]
    if chosen and chosen[0] != opened:
        address.put(version=chosen[0])
    number = chosen[0] if chosen else opened
    if found.row(number) is not None and number is not None:
        _detail(number, found, who, now, zone)


def _detail(number: int, found: Catalog, who: Principal, now: datetime, zone: ZoneInfo) -> None:
    store, line = installation().store, found.row(number)
    assert line is not None
    program = report.version_of(store, who, number)
    older = [one.version for one in found.versions if one.version < number]
    with card("version"):
        head(
            f"Version {number}", f"{when(line.created_at, now, zone)} by {esc(line.actor or DASH)}: {esc(line.reason)}"
        )
        if older:
            before = report.version_of(store, who, max(older))
            changed = report.between(before, program)
            if changed:
                difference(changed, before, program_to_document(program), key=f"version-{number}")
            else:
                muted(f"The same as version {max(older)}.")
        else:
            muted("The first one.")
        with row():
            same = not report.between(found.program, program)
            if st.button(f"Put version {number} in force again", icon=":material/history:", key="again", disabled=same,
                         help="It is what is in force" if same else None):  # fmt: skip
                ask_again(number, found, who, now, zone)
            st.download_button("TOML", program_to_toml(program), f"{program.name}-v{number}.toml", "application/toml",
                               icon=":material/download:", on_click="ignore", key="version-toml")  # fmt: skip
