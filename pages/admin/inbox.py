"""What waits for a person, and what can be done about each?"""

from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.installation import installation
from creditbook.reports.inbox import inbox
from creditbook.ui import inbox as drawn
from creditbook.ui import page
from creditbook.ui.inbox_lines import say_what_was_done
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require("admin")
place, zone = installation(), ZoneInfo(who.org_zone or who.zone)
now = place.clock()
page.header("Inbox", "What waits for a person?")
found = read(lambda: inbox(place.store, who, now))
if isinstance(found, Unread):
    not_read("The inbox", found)
    st.stop()

say_what_was_done()
if found.count:
    drawn.draw(found, now, zone)
else:
    kinds = "Large grants, payments that match nothing, disputes, debts and refused imports will stand here."
    page.empty(":green[:material/check_circle:] Nothing waits", kinds)
