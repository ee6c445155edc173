"""Who tells me before my tokens run out?"""

from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.installation import installation
from creditbook.ui import alerting, balance, page
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require()
now, zone = installation().clock(), ZoneInfo(who.zone)
page.header("Alerts", "Who tells me before my tokens run out?")
found = balance.now_of(who)
alerts = read(lambda: (alerting.of(who).rules(), alerting.of(who).sent()))
if isinstance(found, Unread):
    not_read("Your balance", found)
    st.stop()
if isinstance(alerts, Unread):
    not_read("Your alerts", alerts)
    st.stop()

rules, sent = alerts
alerting.said()
left, right = st.columns([5, 3], gap="small")
with left:
    alerting.listed(rules, found.program.unit, now, zone)
with right:
    alerting.form(who, found.program, found.balance.available)
alerting.sent(sent, found.program.unit, now, zone)
