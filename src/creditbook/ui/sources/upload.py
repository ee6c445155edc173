"""A file of usage by upload: first what would become of it, then the import."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from creditbook.access.values import Principal
from creditbook.domain.errors import InvalidRequest, LedgerError
from creditbook.ingest.mapping import pairs
from creditbook.ingest.outcome import ImportRequest, ImportResult, Mode, Progress
from creditbook.ingest.usage import import_usage
from creditbook.installation import installation
from creditbook.ui.format import esc, full, plural
from creditbook.ui.page import card, facts, head, muted
from creditbook.ui.session import require

from .words import code

RESULT = "upload-result"
LARGEST_REFUSED = 20_000_000
_LOOKED = "upload-looked"
_MODE = {Mode.METER: "Records the cost", Mode.CHARGE: "Charges"}
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a file is to be read: lines of ``field=column``, lines of ``field=value``, and the zone of bare times."""

    mode: Mode
    by_hand: str
    fixed: str
    zone: str
    create_accounts: bool

    def request(self, path: Path, org: str, actor: str, *, dry_run: bool) -> ImportRequest:
        """What the import is asked. Raises InvalidRequest for a mapping that can't be read."""
        picked, given = (
            [one.strip() for one in text.splitlines() if one.strip()] for text in (self.by_hand, self.fixed)
        )
        return ImportRequest(path=path, org=org, mode=self.mode, by_hand=pairs(picked, "--map"),
                             fixed=pairs(given, "--set"), zone=self.zone, create_accounts=self.create_accounts,
                             dry_run=dry_run, actor=actor)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import, and its refused rows as a file."""

    result: ImportResult
    refused: bytes = b""


def button() -> None:
    """What opens the dialog."""
    if st.button("Upload a file", icon=":material/upload_file:", key="upload-open"):
        box()


@st.dialog("Upload a file of usage", icon=":material/upload_file:", width="large")
def box() -> None:
    """The file and how it is read; what would become of it; then the import."""
    who = require("admin")
    muted("CSV, JSON lines (also as .gz) or Parquet. The same file again, read in the same way, imports nothing twice.")
    file = st.file_uploader("File", ["csv", "jsonl", "ndjson", "json", "gz", "parquet"], key="upload-file")
    mode: Any = st.segmented_control("What it does", list(Mode), default=Mode.METER, required=True, key="upload-mode",
                                     format_func=lambda one: _MODE[one])  # fmt: skip
    create = st.toggle("Open accounts that are not there", key="upload-create", value=mode is Mode.CHARGE)
    with st.expander("How columns are read"):
        by_hand = st.text_area("Which column a field is in (--map)", key="upload-map",
                               placeholder="account=user_id\nevent_at=time",
                               help="One `field=column` a line, where the names don't tell by themselves.")  # fmt: skip
        fixed = st.text_area("What a field is in every row (--set)", key="upload-set", placeholder="action=chat",
                             help="One `field=value` a line.")  # fmt: skip
        zone = st.text_input("Zone of times without one", who.org_zone or who.zone, key="upload-zone")
    if file is None:
        return
    wanted = Wanted(mode or Mode.METER, by_hand or "", fixed or "", zone or "", create)
    question = (file.file_id, wanted)
    if st.session_state.get(_LOOKED, (None,))[0] != question:
        found = _tried(lambda: run(who, file.name, file.getvalue(), wanted, dry_run=True))
        if found is None:
            return
        st.session_state[_LOOKED] = (question, found)
    looked: Imported = st.session_state[_LOOKED][1]
    _told(looked.result)
    count = looked.result.imported
    with st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
        if st.button("Cancel", key="upload-cancel"):
            st.rerun()
        pressed = st.button(f"Import {plural(count, 'row')}", type="primary", disabled=not count, key="upload-confirm")
    if pressed:
        done = _tried(lambda: run(require("admin"), file.name, file.getvalue(), wanted, dry_run=False))
        if done is not None:
            st.session_state[RESULT] = done
            st.session_state.pop(_LOOKED, None)
            st.rerun()


def _tried(what: Any) -> Imported | None:
    try:
        found: Imported = what()
    except LedgerError as refusal:
        st.error(esc(str(refusal)), icon=":material/block:")
        if "--map" in str(refusal) or "--set" in str(refusal):
            muted("Write it under **How columns are read**, one a line.")
        return None
    return found


def run(who: Principal, name: str, content: bytes, wanted: Wanted, *, dry_run: bool) -> Imported:
    """Import it, or find out what that would do. Raises InvalidRequest for a file that can't be read as asked."""
    if not content:
        raise InvalidRequest("The file is empty.")
    bar = st.progress(0.0, "Reading …")

    def tell(progress: Progress) -> None:
        share = progress.bytes_read / max(progress.size_bytes, 1)
        bar.progress(min(share, 1.0), f"{progress.doing}: {full(progress.rows)} rows, {full(progress.refused)} refused")

    with tempfile.TemporaryDirectory(prefix="creditbook-upload-") as folder:
        path = Path(folder) / (_UNSAFE.sub("-", Path(name).name)[-100:].lstrip(".-") or "upload")
        path.write_bytes(content)
        asked = wanted.request(path, who.org_slug, who.user_name, dry_run=dry_run)
        try:
            made = import_usage(installation().ledger, asked, tell=tell)
        finally:
            bar.empty()
        kept = Path(made.refused_path) if made.refused_path else None
        refused = kept.read_bytes() if kept is not None and kept.stat().st_size <= LARGEST_REFUSED else b""
    return Imported(made, refused)


def _told(found: ImportResult) -> None:
    head("What would become of it" if found.dry_run else "What became of it",
         f"{plural(found.rows, 'row')} read as {esc(found.format)}")  # fmt: skip
    facts(
        {
            "Imported": full(found.imported), "There before": full(found.replayed), "Refused": full(found.refused),
            "Without a known price": full(found.unpriced), "Accounts opened": full(found.accounts_created),
            "Read from": ", ".join(f"{esc(name)} ← {code(one)}" for name, one in found.mapping.items()),
        }
    )  # fmt: skip
    for reason, count in sorted(found.reasons.items(), key=lambda pair: -pair[1])[:8]:
        muted(f":orange[:material/error:] {plural(count, 'row')}: {esc(reason)}")
    for note in found.notes:
        muted(esc(note))


def result() -> None:
    """What was imported, until it is put away."""
    done = st.session_state.get(RESULT)
    if not isinstance(done, Imported):
        return
    with card("upload-done"):
        head(f":green[:material/check_circle:] {esc(done.result.file)} is imported",
             "It stands in Usage, Costs and in everybody's own history.")  # fmt: skip
        _told(done.result)
        with st.container(horizontal=True, gap="xsmall"):
            if done.refused:
                st.download_button("Refused rows", done.refused, "refused.csv", icon=":material/download:",
                                   on_click="ignore", key="upload-refused")  # fmt: skip
            st.button("Done", type="primary", key="upload-forget",
                      on_click=lambda: st.session_state.pop(RESULT, None))  # fmt: skip
