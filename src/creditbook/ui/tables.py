"""Tables to download. What a spreadsheet could run is defused in text cells only: a column of debits still adds up."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from creditbook.domain.closing import last_day
from creditbook.exports.cells import cell, csv_bytes

__all__ = ["ROW_HEIGHT", "about", "cell", "csv_bytes", "csv_of", "download", "file_name", "frame_csv", "grid"]

ROW_HEIGHT = 38
_ABOUT = "files-about"


def frame_csv(frame: pd.DataFrame) -> bytes:
    """A small frame as CSV; missing values become empty cells."""
    rows = frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None)
    return csv_bytes([str(c) for c in frame.columns], rows)


def about(organization: str, first: date | None = None, last: date | None = None) -> None:
    """What the page tells of: files that are downloaded from it carry it in their names, ``acme-journal-2026-10``."""
    st.session_state[_ABOUT] = organization, _days(first, last or first) if first is not None else ""


def _days(first: date, last: date) -> str:
    if first.day == 1 and last == last_day(first):
        return f"{first:%Y-%m}"
    return first.isoformat() if last == first else f"{first}-to-{last}"


def file_name(stem: str) -> str:
    """A name that two exports never share: Streamlit names large downloads by a part of their content."""
    organization, days = st.session_state.get(_ABOUT, ("", ""))
    words = (organization, stem, days, secrets.token_hex(3))
    return f"{'-'.join(word for word in words if word)}.csv"


def download(build: Callable[[], bytes], stem: str, help_text: str, *, key: str) -> None:
    """The CSV button; the file is built when it is pressed."""
    st.download_button(
        "CSV",
        build,
        file_name(stem),
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=key,
        help=help_text,
    )


def grid(frame: pd.DataFrame, columns: Mapping[str, Any], alt: str, **more: Any) -> Any:
    """Many rows: compact, whole height, no index. ``columns`` are Streamlit column configurations by name."""
    how: dict[str, Any] = {"height": "content", "row_height": ROW_HEIGHT} | more
    return st.dataframe(frame, hide_index=True, column_config=dict(columns), alt=alt, **how)


def csv_of(columns: Sequence[str], rows: Callable[[], Iterable[Sequence[Any]]]) -> bytes:
    """`csv_bytes` of rows that are read only when the button is pressed."""
    return csv_bytes(columns, rows())
