"""What does my team do with its pool, who uses how much, and how long does it last?"""

from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.installation import installation
from creditbook.reports.activity import activity
from creditbook.site import PAGES
from creditbook.ui import activity as draw
from creditbook.ui import page
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require()
place, zone = installation(), ZoneInfo(who.zone)
now = place.clock()
page.header("Activity", "What does my team do with its pool, and how long does it last?")
if who.pool_id is None:
    page.empty("No team", "Your account draws on no pool. An administrator can let it draw on your organization's.")
    st.stop()
found = read(lambda: activity(place.store, place.ledger.core.batches, who, now))
if isinstance(found, Unread):
    not_read("Your team's pool", found)
    st.stop()

draw.figures(found, now, zone)
draw.bars(found, now, zone, PAGES / "account" / "plans.py")
left, right = st.columns(2, gap="small")
with left:
    draw.today(found)
with right:
    draw.spenders(found, now, zone)
draw.members(found)
draw.months(found)
