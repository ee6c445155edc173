"""What did we use, on which agent and model, for whom and when, and what did it cost?"""

from collections.abc import Callable
from functools import partial

import streamlit as st

from creditbook.installation import installation
from creditbook.reports.finance import usage
from creditbook.reports.finance.usage_sheet import sheet
from creditbook.reports.usage import Usage
from creditbook.ui import page
from creditbook.ui.finance import changes as why
from creditbook.ui.finance import rows, toolbar
from creditbook.ui.finance import usage as draw
from creditbook.ui.finance.usage_choices import MOVERS, choices, movers_by, nothing
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require("finance", "admin")
store, now = installation().reports, installation().clock()
page.header("Usage & cost", "What did we use, for whom and when, and what did it cost?")
used = read(lambda: usage.days(store, who))
if isinstance(used, Unread):
    not_read("Usage", used)
    st.stop()
if used is None:
    page.empty("Nothing used yet", "The first request of anybody appears here a moment after it is made.")
    st.stop()

asked = toolbar.show(store, who, now)
wanted, booking = asked.wanted, asked.booking
total = read(lambda: usage.total(store, who, wanted))
if isinstance(total, Unread):
    not_read("Usage", total)
    st.stop()
if total == Usage():
    nothing(used, wanted)
    st.stop()
kpis = st.container()
measure, split = choices(total)
seen = read(lambda: sheet(store, who, wanted, asked.before, booking, split=split, movers_by=movers_by()))
if isinstance(seen, Unread):
    not_read("Usage", seen)
    st.stop()
with kpis:
    draw.figures(seen, wanted, booking.words)
draw.by_day(seen.days, wanted, measure, split)
cards: list[Callable[[], None]] = [
    *draw.rankings(seen.names, measure),
    partial(draw.heat, seen.hours, measure, of_all=seen.hours_of_all),
    partial(draw.spenders, seen),
]
if seen.why is not None:
    chosen = next(word for word, dimension in MOVERS.items() if dimension == movers_by())
    cards += [partial(why.bridge, *seen.why), partial(why.movers, seen.movers, seen.moved, chosen, list(MOVERS))]
draw.in_pairs(cards)
rows.show(store, who, wanted, booking)
