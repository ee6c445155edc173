"""The whole program as TOML: read, downloaded, uploaded, edited; what makes no sense is told with line and field."""

from __future__ import annotations

import streamlit as st

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.program import Program
from creditbook.programs import program_from_toml, program_to_document, program_to_toml
from creditbook.programs.editing import readable

from .catalog_draft import Draft
from .format import esc
from .page import card, head, row

LARGEST = 512 * 1024
TYPED = "the text"


def show(program: Program, there: Draft | None, version: int) -> None:
    """The text, to edit where a draft is under way."""
    with card("toml"):
        head("As TOML", "The whole program; `creditbook program load` takes it too")
        if there is not None and readable(there.document) is None:
            st.error("**The draft can't be written as TOML yet.** What is wrong stands below; put it right first.",
                     icon=":material/block:")  # fmt: skip
            return
        text = program_to_toml(program)
        offered = {} if there is None else _editor(there, text)
        if there is None:
            st.code(text, language="toml", height=520)
        pressed = None
        with row():
            for name in offered:
                if st.button(f"Take over {esc(name)}", icon=":material/check:", key=_key(name)):
                    pressed = name
            st.download_button("Download", text, f"{program.name}-v{version}.toml", "application/toml",
                               icon=":material/download:", on_click="ignore", key="toml-download")  # fmt: skip
        if there is not None and pressed is not None:
            _take(there, offered[pressed], pressed)


def _editor(there: Draft, text: str) -> dict[str, str]:
    """What may be taken over, by its name: the text as it stands, and a file once there is one."""
    key = f"toml-{there.turn}"

    def keep() -> None:
        there.text = st.session_state.get(key)

    if key not in st.session_state:  # never as its value: one that changes while people type is another field
        st.session_state[key] = text if there.text is None else there.text
    typed = st.text_area("Program", height=520, key=key, on_change=keep, label_visibility="collapsed")
    file = st.file_uploader("Or upload a file", type=["toml"], max_upload_size=1, key=f"toml-file-{there.turn}")
    return {TYPED: typed or ""} | ({} if file is None else {file.name: _decoded(file.getvalue())})


def _key(name: str) -> str:
    return "take-toml" if name == TYPED else "take-file"


def _decoded(content: bytes) -> str:
    """The text of a file; what is no UTF-8 or far too large reads as no TOML, with a sentence."""
    if len(content) > LARGEST:
        return "this file is larger than any program"
    return content.decode("utf-8-sig", errors="replace")


def _take(there: Draft, text: str, name: str) -> None:
    try:
        program = program_from_toml(text, name.capitalize() if name == TYPED else name)
    except InvalidRequest as refusal:
        st.error(f"**Nothing was taken over.** {esc(str(refusal))}", icon=":material/block:")
        return
    there.take(program_to_document(program))
    st.rerun()
