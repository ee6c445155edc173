"""The proof of the books, drawn: a verdict, what was looked at, every invariant with the rows that break it."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.access import Principal
from creditbook.clock import Clock
from creditbook.reports import integrity, signing
from creditbook.reports.integrity import Proof
from creditbook.store.checks import Finding
from creditbook.store.engine import Store

from . import page
from .format import esc, full, plural, when
from .kinds import CLASSES, kind_name
from .page import card, head, muted, row
from .reading import Unread, not_read, read

_PROVED = "integrity-proof"
_GOOD, _BAD = ":green[:material/check_circle:]", ":red[:material/error:]"


def proved(store: Store, who: Principal, clock: Clock) -> Proof | None:
    """The proof of this session; made at once where that takes a moment, else when the button is pressed."""
    kept = st.session_state.get(_PROVED)
    here: Proof | None = kept if isinstance(kept, Proof) and kept.org_id == who.org_id else None
    with row():
        pressed = st.button("Prove the books now", type="primary", icon=":material/verified:", key="prove-books")
        space = st.empty()
    if not pressed and here is not None:
        return here
    if not pressed:
        quick = read(lambda: integrity.is_quick(store, who))
        if isinstance(quick, Unread):
            not_read("The books", quick)
            st.stop()
        if not quick:
            return None
    with space:
        bar = st.progress(0.0, "Proving the books", width=320)
    done = read(lambda: integrity.proof(store, who, clock, lambda share, name: _tell(bar, share, name)))
    space.empty()
    if isinstance(done, Unread):
        not_read("The books", done)
        st.stop()
    st.session_state[_PROVED] = done
    return done


def _tell(bar: Any, share: float, name: str) -> None:
    bar.progress(share, f"Proving {name.replace('_', ' ')}")


def waiting() -> None:
    """Before anybody asked: what would happen."""
    page.empty(
        "Not proved in this session",
        "There is a long history here: proving reads every transaction and entry once. It changes nothing and locks "
        "nobody out; you see how far it is.",
    )


def verdict(done: Proof, who: Principal, now: datetime, key_file: str | None) -> None:
    """Whether the books are whole, in one sentence, what was looked at, and the document to keep."""
    zone = ZoneInfo(who.org_zone or who.zone)
    held = len(done.findings) - len(done.broken)
    with card("verdict"):
        with row(horizontal_alignment="distribute"):
            with st.container(width="content", gap=None):
                if done.broken:
                    rows = plural(sum(one.broken for one in done.broken), "row")
                    one = plural(len(done.broken), "invariant")
                    head(
                        f"{_BAD} The books are broken", f"{one} of {len(done.findings)} broken, by {rows}, named below."
                    )
                else:
                    head(f"{_GOOD} The books are whole", f"All {held} invariants hold, row by row.")
            with row(width="content"):
                _download(done, who, key_file)
        muted(
            f"Proved {when(done.at, now, zone)} in {done.seconds:.1f} s, over "
            f"{plural(done.extent.transactions, 'transaction')} and {plural(done.extent.entries, 'entry', 'entries')}, "
            f"up to line `{done.extent.last_txn_id}`."
        )
        if key_file is None:
            muted("The proof carries a digest; it is signed too where CREDITBOOK\\_SIGNING\\_KEY\\_FILE names a key.")


def _download(done: Proof, who: Principal, key_file: str | None) -> None:
    document = integrity.document(done, who, version("creditbook"))
    built, unsigned = signing.sealed_anyhow(document, key_file)
    if unsigned:
        st.warning(f"The proof can't be signed. {esc(unsigned)}", icon=":material/key_off:")
    st.download_button(
        "Signed proof" if key_file and not unsigned else "Proof",
        built,
        f"proof-{who.org_slug}-{done.at:%Y%m%d-%H%M%S}.json",
        "application/json",
        icon=":material/download:",
        on_click="ignore",
        key="proof-json",
        help="Every invariant, the rows that break it and the head of the audit log, as one document to keep elsewhere",
    )


def figures(done: Proof) -> None:
    """What the proof stands on, in four figures."""
    grid = st.grid(4, min_column_width=160, gap="small", key="kpis")
    closed = done.extent.closed_through
    told = {
        "Invariants": (f"{len(done.findings) - len(done.broken)} of {len(done.findings)}", "That hold, of those asked"),
        "Transactions": (full(done.extent.transactions), f"{full(done.extent.entries)} entries beneath them"),
        "Acts sealed": (f"{full(done.chain.sealed)} of {full(done.chain.acts)}", "The audit log's hash chain"),
        "Closed through": (
            f"{closed.day} {closed:%b %Y}" if closed else "–",
            "Figures up to that day never move",
        ),
    }
    for label, (value, note) in told.items():
        with grid.cell():
            st.metric(label, value, help=note, border=True, height="stretch")


def classes(done: Proof) -> None:
    """Per class of grant: what came in less what went out is what is outstanding."""
    if not done.classes:
        return
    kinds = sorted({kind for one in done.classes for kind in one["by_kind"]})
    told = {
        "Moved by": [*map(kind_name, kinds), "Sum", "Outstanding"],
        **{
            CLASSES.get(one["class"], one["class"]): [
                *(one["by_kind"].get(kind, 0) for kind in kinds), one["sum"], one["outstanding"],
            ]
            for one in done.classes
        },
    }  # fmt: skip
    frame = pd.DataFrame(told)
    with card("classes"):
        head("Tokens by class", "Every column adds up to its sum, and that is what stands in the grants.")
        number = st.column_config.NumberColumn(format="localized")
        st.dataframe(
            frame,
            hide_index=True,
            column_config=dict.fromkeys(frame.columns[1:], number),
            height="content",
            alt="Tokens by class of grant and kind of transaction",
        )


def invariants(done: Proof) -> None:
    """Every invariant under what it is about; the rows that break one stand open beneath it."""
    for name, found in done.by_family.items():
        broken = [one for one in found if one.broken]
        said = f"{len(broken)} of {len(found)} broken" if broken else plural(len(found), "holds", "hold")
        with st.expander(f"{_BAD if broken else _GOOD} **{name}** · {said}", expanded=bool(broken)):
            for one in broken:
                _broken(one)
            whole = [one for one in found if not one.broken]
            if whole:
                st.markdown("  \n".join(f"{_GOOD} {esc(one.says)} :small[:gray[{esc(one.check)}]]" for one in whole))


def _broken(one: Finding) -> None:
    st.markdown(f"{_BAD} **{esc(one.says)}** :small[:gray[{esc(one.check)}]]")
    more = f", the first {len(one.examples)} of them" if one.broken > len(one.examples) else ""
    muted(f"{plural(one.broken, 'row')} {'breaks' if one.broken == 1 else 'break'} it{more}:")
    frame = pd.DataFrame([{name: str(value) for name, value in row.items()} for row in one.examples])
    st.dataframe(
        frame, hide_index=True, height="content", key=f"broken-{one.check}", alt=f"Rows that break {one.check}"
    )
