"""Who is here, what may they do, and what do they have?"""

from functools import partial

import streamlit as st

from creditbook.access import ROLE_TITLES
from creditbook.installation import installation
from creditbook.reports import members as report
from creditbook.ui import address, deeds, members, page
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import door, require

who = require("admin")
page.header("Members", "Who is here, what may they do, and what do they have?")

everybody = read(lambda: door().people.members(who))
if isinstance(everybody, Unread):
    not_read("The list of members", everybody)
    st.stop()

with page.row():
    roles = st.pills("Role", list(ROLE_TITLES.values()), selection_mode="multi", key="role", bind="query-params",
                     label_visibility="collapsed")  # fmt: skip
    text = st.text_input("Find", key="find", placeholder="Name or address", icon=":material/search:", width=220,
                         bind="query-params", label_visibility="collapsed")  # fmt: skip
    st.space("stretch")
    if st.button("Invite", icon=":material/person_add:", type="primary", key="invite"):
        members.invite_dialog(who, everybody)

found = members.matching(everybody, text or "", roles)
shown = found[: members.SHOWN]
here = installation()
balances = read(partial(report.balances, here.ledger.core.batches, who, shown, here.clock()))
if isinstance(balances, Unread):
    not_read("What the members have", balances)
    balances = {}

plans = read(lambda: {plan.slug: plan.title for plan in here.ledger.program(who.org_slug).plans.values()})
titles = {} if isinstance(plans, Unread) else plans

listed, side = st.columns([17, 10], gap="small")
with listed:
    if shown:
        page.muted(members.counted(len(everybody), len(found)))
        chosen = members.table(shown, balances, titles, address.number("member"))
        address.put(member=chosen)
    else:
        chosen = None
        page.empty(*members.NOBODY_FITS if everybody else members.NOBODY)
member = next((m for m in shown if m.person_id == chosen), None)
with side:
    if done := deeds.done():
        with page.card("sheet"):
            deeds.result(done)
    elif member is not None:
        with page.card("sheet"):
            st.button("Close", icon=":material/close:", type="tertiary", on_click=members.close, key="sheet-close")
            members.detail(who, member, balances.get(member.account_id or 0), titles)
    elif shown:
        page.empty("Choose somebody", "What may be done for a member stands here.")
