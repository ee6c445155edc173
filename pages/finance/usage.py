"""What did we use, on which agent and model, for whom and when, and what did it cost?"""

from functools import partial

import streamlit as st

from creditbook.installation import installation
from creditbook.reports.finance import changes, usage
from creditbook.reports.finance.wanted import NAMED
from creditbook.reports.usage import Usage
from creditbook.ui import page
from creditbook.ui.finance import changes as why
from creditbook.ui.finance import rows, toolbar
from creditbook.ui.finance import usage as draw
from creditbook.ui.finance.usage_choices import choices, hours, movers_by, nothing
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
wanted, before, booking = asked.wanted, asked.before, asked.booking
whole = read(lambda: usage.total(store, who, wanted))
if isinstance(whole, Unread):
    not_read("Usage", whole)
    st.stop()
total = booking.of(whole)
if total == Usage():
    nothing(used, wanted)
    st.stop()
was = booking.of(usage.total(store, who, before)) if before and before.last >= used[0] else None
by_day = booking.each(usage.by(store, who, wanted, "org_date"))
draw.figures(total, was, usage.series(by_day, wanted), booking.words)
draw.unpriced(total.unpriced, who.has("admin", "finance"))

measure, split = choices(total)
draw.by_day(booking.each(usage.by(store, who, wanted, "org_date", split)), wanted, measure, split)
by_name = {name: booking.each(usage.by(store, who, wanted, name)) for name in NAMED}
top, many = usage.top(store, who, wanted)
past = usage.of_accounts(store, who, before, [one.account_id for one, _ in top]) if before else None
found, note = hours(store, who, wanted, whole.requests)
cards = [
    partial(draw.spenders, [(one, booking.of(its)) for one, its in top], past, many, total),
    partial(draw.heat, booking.each(found), measure, note, opens=not note),
]
draw.in_pairs([*draw.rankings(by_name, measure), *cards])
if was is not None and before is not None:
    models = booking.each(usage.by(store, who, before, "model"))
    dollars, rupees = changes.why(models, by_name["model"])
    draw.in_pairs([partial(why.bridge, dollars, rupees), partial(movers_by, store, who, before, wanted, booking)])
rows.show(store, who, wanted, booking)
