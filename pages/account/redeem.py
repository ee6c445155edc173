"""Have I a code, a friend, a reward, and what did they bring?"""

from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.installation import installation
from creditbook.reports.rewards import chances
from creditbook.ui import page, redeeming
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require()
place, zone = installation(), ZoneInfo(who.zone)
now = place.clock()
page.header("Redeem", "Have I a code, a friend, a reward, and what did they bring?")
found = read(lambda: chances(place.store, place.ledger.core.batches, who, now))
if isinstance(found, Unread):
    not_read("What there is to get", found)
    st.stop()

left, right = st.columns(2, gap="small")
with left:
    done = redeeming.done()
    if done is None:
        redeeming.form(found)
    else:
        redeeming.result(done, found.program, now, zone)
with right:
    redeeming.friends(found, who)
    redeeming.rewards(found)
    if not (found.program.referral or found.rewards):
        redeeming.gifts(found, now, zone)
if found.program.referral or found.rewards:
    redeeming.gifts(found, now, zone)
