"""The script that Streamlit runs for every page: the gate first, then the navigation, then the page.

It stands beside no folder called pages/, which Streamlit would serve without the gate.
"""

from __future__ import annotations

import logging
import secrets

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from creditbook.access import Principal
from creditbook.domain.errors import LedgerError
from creditbook.site import PAGES
from creditbook.ui import session, sign_in, tables, user_menu
from creditbook.ui.doorway import ASSETS, logo
from creditbook.ui.navigation import SCREENS, Screen
from creditbook.ui.page import CSS

_log = logging.getLogger(__name__)
HOME = "home"


def main() -> None:
    """Show the sign-in screen, or the page that was asked for."""
    mark = ASSETS / "mark-light.svg"
    st.set_page_config(page_title="Creditbook", page_icon=str(mark), layout="wide")
    try:
        who = session.principal(active=True)
    except Exception as error:  # noqa: BLE001 - without the database there is nothing to show but this
        _unreachable(error)
        return
    session.keep_state_of(who)
    if who is None or "link" in st.query_params:
        _closed().run()
        return
    st.query_params.pop("setup", None)
    st.logo(logo(), size="large", icon_image=logo())
    page = _open(who)
    user_menu.foot(who)
    tables.about(who.org_slug)
    if who.is_sample:
        _sample_notice()
    page.run()


def _closed() -> StreamlitPage:
    """Every address shows the door, so that whoever signs in lands where the link led."""
    addresses = [st.Page(sign_in.front_door, title="Creditbook", url_path=screen.url_path, visibility="hidden")
                 for screen in SCREENS]  # fmt: skip
    # Named like everybody's home page: a part of that page that refreshes itself a moment late must not clear the door.
    home = st.Page(sign_in.front_door, title="Creditbook", url_path=HOME, default=True)
    return st.navigation([home, *addresses], position="hidden")


def _open(who: Principal) -> StreamlitPage:
    """Her pages in their sections; the first one is also the home address."""
    home = next((screen for screen in SCREENS if screen.is_for(who)), None)
    sections: dict[str, list[StreamlitPage]] = {}
    for screen in SCREENS:
        drawn = _page(screen, is_home=screen is home) if screen.is_for(who) else _sign(screen)
        sections.setdefault(screen.section, []).append(drawn)
        if screen is home:
            sections[screen.section].append(_way_home(screen, drawn))
    if home is None:
        sections[""] = [st.Page(session.not_yours, title="Welcome", url_path=HOME, default=True, visibility="hidden")]
    # An administrator has more pages than Streamlit shows by itself; hers must not hide behind "View more".
    return st.navigation(sections, position="sidebar", expanded=True)


def _page(screen: Screen, *, is_home: bool) -> StreamlitPage:
    icon = f":material/{screen.icon}:"
    # The home page is served at "/" alone; its own name must stay free for the way home.
    url_path = HOME if is_home else screen.url_path
    return st.Page(PAGES / screen.file, title=screen.title, icon=icon, url_path=url_path, default=is_home)


def _way_home(screen: Screen, home: StreamlitPage) -> StreamlitPage:
    """The home page stands at "/"; its own name leads there too."""

    def go() -> None:
        st.switch_page(home)

    return st.Page(go, title=screen.title, url_path=screen.url_path, visibility="hidden")


def _sign(screen: Screen) -> StreamlitPage:
    """At the address of a page that is not hers stands a sentence, not an error."""
    return st.Page(lambda: session.not_yours(*screen.roles), title=screen.title, url_path=screen.url_path,
                   visibility="hidden")  # fmt: skip


def _sample_notice() -> None:
    with st.container(key="sample-data"):
        st.markdown(":orange-badge[:material/science: Sample data] :small[:gray[Invented, to look around in.]]")


def _unreachable(error: Exception) -> None:
    """The database does not answer: say so, keep the reason in the log, give a reference to both."""
    reference = secrets.token_hex(2).upper()
    _log.error("The gate could not read who is there, reference %s", reference, exc_info=error)
    st.html(CSS)
    st.title("Creditbook is resting", anchor=False)
    said = str(error) if isinstance(error, LedgerError) else ""
    st.error(f"The database does not answer, so nobody can come in. Nothing is lost. {said} Reference {reference}.",
             icon=":material/cloud_off:")  # fmt: skip
    st.button("Try again", key="try-again")


main()
