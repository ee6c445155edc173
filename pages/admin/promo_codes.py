"""Which codes are out, what do they give, and who redeemed them?"""

from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.installation import installation
from creditbook.reports import codes
from creditbook.ui import address, confirm, page, promo_codes
from creditbook.ui.format import full, plural
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require("admin")
place, zone = installation(), ZoneInfo(who.org_zone or who.zone)
store, now = place.store, place.clock()
page.header("Promo codes", "Which codes are out, what do they give, and who redeemed them?")
found = read(lambda: (codes.codes(store, who, now), place.ledger.program(who.org_slug)))
if isinstance(found, Unread):
    not_read("Promo codes", found)
    st.stop()
lines, program = found

promo_codes.say_what_was_switched()
left, right = st.columns([5, 7], gap="small")
with left:
    if (made := confirm.result("codes")) is not None:
        promo_codes.result(made)
    else:
        with page.card("form"):
            page.head("New code", "Made once, redeemed by many")
            terms, count = promo_codes.form(program)
            why = confirm.reason("code-why")
            if terms is not None:
                st.markdown(promo_codes.effect(terms, count))
            pressed = st.button("Review and create", type="primary", icon=":material/arrow_forward:",
                                icon_position="right", disabled=terms is None or not why,
                                help=None if why else "A reason is required", key="review")  # fmt: skip
            if pressed and terms is not None:
                promo_codes.ask(terms, count, why)

with right, page.card("codes"):
    given = sum(one.given for one in lines)
    page.head("Codes", f"{plural(len(lines), 'code')} · **{full(given)}** tokens given by them" if lines else "")
    if not lines:
        page.muted("No code was made yet. The first one is a minute away.")
        st.stop()
    words = st.text_input("Search", placeholder="Code or batch", key="search", label_visibility="collapsed") or ""
    standing = st.pills("Status", list(promo_codes.WORDS), format_func=promo_codes.WORDS.__getitem__, key="standing",
                        label_visibility="collapsed")  # fmt: skip
    fitting = promo_codes.matching(lines, words, standing)
    if not fitting:
        page.muted("No code fits. Change the words or the status above.")
        st.stop()
    opened = address.number("code")
    chosen = promo_codes.table(fitting, opened)
    if len(fitting) > promo_codes.SHOWN:
        page.muted(f"The newest {promo_codes.SHOWN} of {full(len(fitting))}: search for a code or its batch.")
    if chosen is not None and chosen != opened:
        address.put(code=chosen)
    line = next((one for one in lines if one.row.code_id == (chosen or opened)), None)
    if line is not None:
        promo_codes.detail(line, now, zone)
