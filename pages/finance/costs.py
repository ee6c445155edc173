"""What does it cost, what does it earn, and what is left?"""

from functools import partial

import streamlit as st

from creditbook.installation import installation
from creditbook.reports.finance import costs
from creditbook.ui import page
from creditbook.ui.finance import budgets, listing, margin_rows, margin_split, margins, toolbar, unit_costs
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require("finance", "admin")
place = installation()
store, now = place.reports, place.clock()
page.header("Costs & margin", "What does it cost, what does it earn, and what is left?")
section = st.segmented_control(
    "Show",
    ["Margin", "Unit costs", "Budgets"],
    default="Margin",
    required=True,
    key="show",
    bind="query-params",
    label_visibility="collapsed",
)
if section == "Budgets":
    budgets.show(who, now)
    st.stop()
asked = toolbar.show(store, who, now, default="This month", filters=section == "Unit costs")
if section == "Unit costs":
    unit_costs.show(store, who, asked)
    st.stop()

found = read(partial(costs.costs, store, who, asked.wanted, asked.booking))
if isinstance(found, Unread):
    not_read("Cost and revenue", found)
    st.stop()
was = read(partial(costs.costs, store, who, asked.before, asked.booking)) if asked.before else None
if found.is_empty:
    page.empty(
        "Nothing was used or earned on these days",
        "Cost comes with the first request, revenue as plans run and packs are used. Choose other days above.",
    )
    st.stop()
margins.figures(found, None if isinstance(was, Unread) or (was and was.is_empty) else was, asked.booking)
margins.notes(found)
margins.trend(store, who, found)
margin_split.split(store, who, found)
listing.show(partial(margin_rows.find, store, who, found))
