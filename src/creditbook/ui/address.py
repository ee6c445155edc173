"""What stands in the page's address beside the bound widgets: a line's id, where a keyset page begins."""

from __future__ import annotations

import streamlit as st


def number(name: str) -> int | None:
    """A row's id from the address; whatever else stands there is none."""
    said = st.query_params.get(name, "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 19 else None


def put(**values: int | str | None) -> None:
    """Write into the address; None takes a part out of it."""
    for name, value in values.items():
        if value is None:
            st.query_params.pop(name, None)
        elif st.query_params.get(name) != str(value):
            st.query_params[name] = str(value)


def clear(*names: str) -> None:
    """Take parts out of the address: as a widget's callback, for what another choice makes stale."""
    put(**dict.fromkeys(names))


def turn(first: int | None) -> None:
    """Turn to the keyset page that begins at this row (None: the newest), with no line opened."""
    put(**{"from": first, "line": None})
    st.rerun()
