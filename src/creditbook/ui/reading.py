"""Reading so that a page stands whatever the database does: a value, or a reference to what was logged."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import streamlit as st

from creditbook.domain.errors import LedgerError

from .format import esc

Value = TypeVar("Value")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be read. ``reference`` stands in the log beside the reason; people can quote it."""

    reference: str
    sentence: str


def read(what: Callable[[], Value]) -> Value | Unread:
    """The value, or `Unread`: nothing that a read can raise takes the page down."""
    try:
        return what()
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the person gets a page and a reference
        reference = secrets.token_hex(2).upper()
        _log.error("Reading failed, reference %s", reference, exc_info=error)
        return Unread(reference, str(error) if isinstance(error, LedgerError) else "")


def not_read(what: str, unread: Unread) -> None:
    """The error state: what could not be read, that nothing was lost, and what to quote."""
    said = f" {esc(unread.sentence)}" if unread.sentence else ""
    st.error(
        f"**{what} could not be read**  \nNothing was charged and nothing is lost.{said} "
        f"Shown again as soon as the database answers. Reference {unread.reference}.",
        icon=":material/cloud_off:",
    )
    st.button("Try again", key=f"again-{what}")
