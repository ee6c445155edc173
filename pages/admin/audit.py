"""Who did what to whom, and why?"""

from functools import partial
from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.installation import installation
from creditbook.reports import audit
from creditbook.ui import address, audit_log, page
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require("admin")
place, zone = installation(), ZoneInfo(who.org_zone or who.zone)
store, now = place.store, place.clock()
page.header("Audit", "Who did what to whom, and why?")
fresh = partial(address.clear, "from", "line")

with page.row():
    wanted = audit_log.chosen(store, who, fresh)
    st.space("stretch")
    audit_log.export(store, who, wanted, now)

start = address.number("from") or address.number("line")
shown = read(lambda: audit.page(store, who, wanted, upto=start))
if isinstance(shown, Unread):
    not_read("The audit log", shown)
    st.stop()
chain = read(lambda: audit.chain(store, who))
if shown.acts:
    table, side = st.columns([17, 10], gap="small")
    with table:
        line = audit_log.rows(shown.acts, now, zone, opened=address.number("line"), org_slug=who.org_slug)
        address.put(line=line)
        with page.row():
            audit_log.turn(store, who, wanted, shown)
            audit_log.span(shown.acts, now, zone)
    with side, page.card("sheet" if line else "opened"):
        if line:
            st.button("Close", icon=":material/close:", type="tertiary", on_click=audit_log.close, key="sheet-close")
        audit_log.detail(next((act for act in shown.acts if act.audit_id == line), shown.acts[0]), zone)
else:
    audit_log.nothing(filtered=wanted != audit.NO_FILTER, fresh=fresh)
if isinstance(chain, Unread):
    not_read("The seal", chain)
else:
    audit_log.seal(store, who, chain, now, zone, place.settings.signing_key_file)
