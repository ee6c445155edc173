"""A page of the dashboard as somebody sees it, opened straight at its address."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from creditbook.access import Principal
from creditbook.site import DASHBOARD, PAGES
from creditbook.ui.session import TEST_USER


def look(page: str, who: Principal, *, from_home: bool = False, **query: str) -> AppTest:
    """The page (its path under pages/) with this address. ``from_home`` runs the home page first.

    Only from home does Streamlit's runner know which pages the person has, and refuse another one.
    """
    at = AppTest.from_file(str(DASHBOARD), default_timeout=30)
    at.session_state[TEST_USER] = who
    for name, value in query.items():
        at.query_params[name] = value
    if from_home:
        at.run()
    return at.switch_page(str(PAGES / page)).run()
