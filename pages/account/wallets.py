"""What is in my wallets, what expires when, and what burns next?"""

from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.installation import installation
from creditbook.ui import balance, page, wallets
from creditbook.ui.reading import Unread, not_read
from creditbook.ui.session import require

who = require()
now, zone = installation().clock(), ZoneInfo(who.zone)
page.header("Wallets", "What is in my wallets, what expires when, and what burns next?")
found = balance.now_of(who)
if isinstance(found, Unread):
    not_read("Your wallets", found)
    st.stop()

wallets.strip(now, found, zone)
wallets.burns_next(found, zone)
left, right = st.columns(2, gap="small")
with left:
    wallets.ahead(now, found, zone)
with right:
    wallets.pending(found, zone)
