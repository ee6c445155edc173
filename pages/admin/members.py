"""Who is here, what may they do, and what do they have?"""

from functools import partial

import streamlit as st

from creditbook.access import ROLE_TITLES, Member
from creditbook.installation import installation
from creditbook.reports import grants
from creditbook.reports import members as report
from creditbook.ui import address, deeds, looking, members, page
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import door, require

who = require("admin")
page.header("Members", "Who is here, what may they do, and what do they have?")
if "as" in st.query_params:
    looking.show(who)
    st.stop()

here = installation()
people = read(lambda: (door().people.members(who), grants.without_person(here.store, who)))
if isinstance(people, Unread):
    not_read("The list of members", people)
    st.stop()
everybody: list[members.Listed] = [*people[0], *people[1]]

with page.row():
    titles_of = [*ROLE_TITLES.values(), *([members.NO_SIGN_IN] if people[1] else [])]
    roles = st.pills("Role", titles_of, selection_mode="multi", key="role", bind="query-params",
                     label_visibility="collapsed")  # fmt: skip
    text = st.text_input("Find", key="find", placeholder="Name or address", icon=":material/search:", width=220,
                         bind="query-params", label_visibility="collapsed")  # fmt: skip
    st.space("stretch")
    if st.button("Invite", icon=":material/person_add:", type="primary", key="invite"):
        members.invite_dialog(who, people[0])

found = members.matching(everybody, text or "", roles)
shown = found[: members.SHOWN]
balances = read(partial(report.balances, here.ledger.core.batches, who, shown, here.clock()))
if isinstance(balances, Unread):
    not_read("What the members have", balances)
    balances = {}

plans = read(lambda: {plan.slug: plan.title for plan in here.ledger.program(who.org_slug).plans.values()})
titles = {} if isinstance(plans, Unread) else plans

listed, side = st.columns([2, 1], gap="small")
with listed:
    if shown:
        page.muted(members.counted(everybody, found))
        chosen = members.table(shown, balances, titles, address.number("member"))
        address.put(member=chosen)
    else:
        chosen = None
        page.empty(*members.NOBODY_FITS if everybody else members.NOBODY)
member = next((m for m in shown if members.id_of(m) == chosen), None)
with side:
    if done := deeds.done():
        with page.card("sheet"):
            deeds.result(done)
    elif member is not None:
        with page.card("sheet"):
            st.button("Close", icon=":material/close:", type="tertiary", on_click=members.close, key="sheet-close")
            balance = balances.get(member.account_id or 0)
            if isinstance(member, Member):
                members.detail(who, member, balance, titles)
            else:
                members.account_detail(who, member, balance, titles, people[0])
    elif shown:
        page.empty("Choose somebody", "What may be done for a member stands here.")
