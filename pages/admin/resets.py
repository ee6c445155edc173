"""Is everybody's allowance up to date, and what would a run do?"""

from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.installation import installation
from creditbook.reports import due, grants
from creditbook.reports import resets as report
from creditbook.ui import confirm, forcing, page, resetting, scheduling
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require("admin")
place, zone = installation(), ZoneInfo(who.org_zone or who.zone)
store, now = place.store, place.clock()
page.header("Resets", "Is everybody's allowance up to date, and what would a run do?")
found = read(lambda: (report.health(store, who, now), grants.receivers(store, who), due.due_families(store, who, now)))
if isinstance(found, Unread):
    not_read("How resets stand", found)
    st.stop()
health, receivers, families = found
names = {one.account_id: one for one in receivers}

swept, forced = confirm.result("sweep"), confirm.result("force")
if swept is not None:
    resetting.result(swept)
if forced is not None:
    forcing.result(forced)
wide, narrow = st.columns([17, 9], gap="small")
with wide:
    resetting.health(health, zone)
with narrow:
    scheduling.scheduler(health, place.settings.sweep_seconds)

if swept is None and health.zones:
    resetting.run_card(who, health, families, names, zone)
left, right = st.columns([15, 11], gap="small")
with left:
    resetting.runs(health.runs, now, zone)
with right:
    if forced is None:
        forcing.form(who, receivers, now)
