"""How much have I left, how long does it last, when does it refill?"""

from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.installation import installation
from creditbook.reports import history, overview
from creditbook.site import PAGES
from creditbook.ui import alerting, balance, page, plan_status, wallets
from creditbook.ui import overview as draw
from creditbook.ui.format import DASH
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require
from creditbook.ui.trends import ate

who = require()
store, now, zone = installation().reports, installation().clock(), ZoneInfo(who.zone)
page.header("Overview", "How much have I left, and how long does it last?")
found = balance.now_of(who)
if isinstance(found, Unread):
    with page.card("hero"):
        st.metric("Available", DASH)
        page.muted("not known right now")
        not_read("The balance", found)
    st.stop()

available = found.balance.available
trend = read(lambda: overview.trend(store, who, available, now))
known = None if isinstance(trend, Unread) else trend
draw.notice(now, found, known, zone, alerting.low_mark(who, found.program))
hero, side = st.columns([5, 3], gap="small")
with hero:
    draw.hero(now, found, known, zone)
with side:
    draw.resets(now, found, zone)
    draw.ready(found)
    plan_status.strip(found, now, zone, PAGES / "account" / "plans.py")
wallets.strip(now, found, zone)
left, right = st.columns(2, gap="small")
with left:
    if isinstance(trend, Unread):
        not_read("This week's use", trend)
    else:
        ate(trend)
with right:
    lines = read(lambda: history.page(store, who, size=5).lines)
    if isinstance(lines, Unread):
        not_read("The latest activity", lines)
    else:
        draw.latest(lines, now, zone, PAGES / "account" / "history.py")
