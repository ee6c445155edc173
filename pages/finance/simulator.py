"""What would last month have been under another program?"""

from functools import partial

import streamlit as st

from creditbook.installation import installation
from creditbook.reports import catalog
from creditbook.reports.finance import simulating
from creditbook.ui import page
from creditbook.ui.finance import simulation, simulator
from creditbook.ui.format import plural
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require("finance", "admin")
place = installation()
store, now = place.reports, place.clock()
window = simulating.last_month(who, now)
month = f"{window.first:%B %Y}"
page.header("Simulator", "What would last month have been under another program, and who would be worse off?")
found = read(lambda: catalog.catalog_of(store, who))
active = read(lambda: simulating.active(store, who, window))
for unread in (found, active):
    if isinstance(unread, Unread):
        not_read("The month", unread)
        st.stop()
assert not isinstance(found, Unread)
assert not isinstance(active, Unread)
if not active:
    page.empty(
        f"Nothing to replay in {month}",
        "Nobody used anything in the last whole month. The simulator replays real work: come back when there is some.",
    )
    st.stop()

span = page.days(window.first, window.last)
page.muted(f"Replays {month} ({span}) by the real rules, in memory: {plural(active, 'account')} used something in it. "
           "The books are read and never written")  # fmt: skip
change = simulator.ask(found.program, found.version)
running = simulation.begun()
with page.row(horizontal_alignment="right"):
    if running is not None:
        st.button("Clear", icon=":material/close:", key="clear", on_click=simulator.clear)
    if st.button(
        f"Replay {month}", type="primary", icon=":material/play_arrow:", disabled=change is None, key="replay"
    ):
        assert change is not None
        parts = simulating.run(store, place.ledger.core.batches, who, window, change, now)
        running = simulation.begin(change, parts)
if running is None:
    st.stop()
done = read(partial(simulation.go_on, running))
if isinstance(done, Unread):
    simulation.forget()
    not_read("The replay", done)
    st.stop()
if change is not None and change != running.change:
    st.info("The tables above have changed since: replay again to see what that does.", icon=":material/update:")
simulation.proof(running)
if running.found:
    simulation.figures(running)
    simulation.who(running)
    simulation.left(running)
