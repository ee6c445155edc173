"""What usage comes in by itself, and what of it could not be booked?"""

from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.installation import installation
from creditbook.reports.finance.periods import today
from creditbook.sources import reading
from creditbook.sources.settings import sources_of
from creditbook.ui import address, api_keys, confirm, page
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require
from creditbook.ui.sources import acts, deciding, listing, senders, settings, upload, waiting

who = require("admin")
place, zone = installation(), ZoneInfo(who.org_zone or who.zone)
now, base = place.clock(), place.settings.base_url or "http://127.0.0.1:8501"
page.header("Sources", "What usage comes in by itself, and what of it could not be booked?")
DAYS = {"7 days": 7, "30 days": 30, "90 days": 90}
last = today(who, now)
found = read(lambda: (sources_of(place.store, who), api_keys.keys().every(who)))
if isinstance(found, Unread):
    not_read("The sources", found)
    st.stop()
sources, keys = found
if (done := confirm.result(acts.KEY)) is not None:
    acts.result(done)
upload.result()
if not sources:
    upload.button()
    senders.nothing(base, who.org_slug)
    st.stop()

with page.row(horizontal_alignment="distribute"):
    span = st.segmented_control("Period", list(DAYS), default="30 days", required=True, key="span", bind="query-params",
                                label_visibility="collapsed")  # fmt: skip
    upload.button()
days = listing.days_of(last - timedelta(days=DAYS[span or "30 days"] - 1), last)
standings = read(partial(reading.standings, place.store, who, days[0], days[-1]))
if isinstance(standings, Unread):
    not_read("What arrived", standings)
    st.stop()
page.muted(listing.words(sources, standings, now, zone))
chosen = listing.table(sources, standings, days, now, zone, address.number("source"))
address.put(source=chosen)
source = next((one for one in sources if one.source_id == chosen), sources[0])
standing = standings.get(source.source_id, reading.Standing())

left, right = st.columns([7, 5], gap="small")
with left:
    listing.by_day(source, standing, days)
with right:
    settings.card(source, keys, base, zone, now)
groups = read(partial(reading.groups, place.store, who, source.source_id))
if isinstance(groups, Unread):
    not_read("What could not be booked", groups)
    st.stop()
if "settings" in st.query_params:
    settings.edit(who, source, keys)
if groups:
    deciding.show(who, source, groups, now, zone)
else:
    waiting.nothing()
