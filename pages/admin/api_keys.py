"""Which programs may come in, and what may they do?"""

from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.installation import installation
from creditbook.reports import grants
from creditbook.ui import address, api_keys, confirm, page
from creditbook.ui.format import plural
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require("admin")
place, zone = installation(), ZoneInfo(who.org_zone or who.zone)
now = place.clock()
page.header("API keys", "Which programs may come in, and what may they do?")
found = read(lambda: (api_keys.keys().every(who), grants.receivers(place.store, who)))
if isinstance(found, Unread):
    not_read("The API keys", found)
    st.stop()
keys, receivers = found

with page.row(horizontal_alignment="distribute"):
    active = sum(key.state(now) in ("active", "ending") for key in keys)
    page.muted(f"{plural(active, 'key')} at work. Only digests are kept: nobody can read a key again.", width="content")
    if st.button("Make a key", icon=":material/key:", type="primary", key="make-key"):
        api_keys.create_dialog(receivers, zone.key)

if (made := api_keys.made()) is not None:
    api_keys.result(made, zone)
elif (gone := confirm.result("revoked")) is not None:
    api_keys.revoked(*gone)
if not keys:
    api_keys.nothing()
    st.stop()
listed, side = st.columns([2, 1], gap="small")
with listed:
    chosen = api_keys.table(keys, now, zone, address.number("key"))
    address.put(key=chosen)
key = next((one for one in keys if one.key_id == chosen), None)
with side:
    if key is None:
        page.empty("Choose a key", "What it may do, and how to rotate or revoke it, stands here.")
    else:
        with page.card("sheet"):
            st.button("Close", icon=":material/close:", type="tertiary", on_click=api_keys.close, key="sheet-close")
            api_keys.detail(key, keys, now, zone)
