"""Who gets how many tokens, and what will that change?"""

from functools import partial
from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.installation import installation
from creditbook.reports import grants, members
from creditbook.ui import confirm, gifts, grant_file, granting, page
from creditbook.ui.format import full, plural
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require("admin")
place, zone = installation(), ZoneInfo(who.zone)
store, now = place.store, place.clock()
page.header("Grants", "Who gets how many tokens, and what will it change?")
found = read(lambda: (grants.receivers(store, who), grants.recent(store, who)))
if isinstance(found, Unread):
    not_read("Accounts and grants", found)
    st.stop()
receivers, recent = found

gifts.say_what_came_back()
if (given := confirm.result("grant")) is not None:
    left = grants.gift_of(store, who, [receipt.transaction_id for receipt in given.receipts])
    if gifts.result(given, left):
        gifts.ask_undo(grants.Gift(now, who.user_name, given.plan.reason, left))
    gifts.recent(recent, receivers, now, zone)
    st.stop()

form, side = st.columns([5, 7], gap="small")
with form, page.card("form", height="stretch"):
    page.head("1 · Who and how much")
    way = st.segmented_control(
        "Way",
        ["People", "Everyone", "CSV file"],
        default="People",
        required=True,
        key="way",
        label_visibility="collapsed",
    )
    help_text = "Bonus is spent before bought tokens"
    if way == "CSV file":
        rows = granting.from_file(receivers, who.org_slug)
        wallet = st.selectbox("Wallet", list(granting.WALLETS), key="wallet", help=help_text)
    else:
        chosen = granting.everyone(receivers) if way == "Everyone" else granting.choose(receivers)
        amount, pocket = st.columns(2, gap="small")
        tokens = amount.number_input("Tokens for each", 1, grant_file.MOST_TOKENS, 10_000, step=1_000, key="tokens")
        wallet = pocket.selectbox("Wallet", list(granting.WALLETS), key="wallet", help=help_text)
        rows = tuple((one, int(tokens)) for one in chosen)
    lives = list(granting.LIVES)
    life = st.segmented_control("Unspent tokens expire after", lives, default=lives[1], required=True, key="life")
    why = confirm.reason("why")

plan = granting.Plan(rows, wallet, life or lives[1], why)
before = read(partial(members.balances, place.ledger.core.batches, who, [one for one, _ in rows], now))
with side, page.card("preview", height="stretch"):
    note = f"Nothing is written yet. What is unspent {plan.ends(now, zone)}."
    page.head("2 · What will change", note if rows else "Choose at least one account.")
    if isinstance(before, Unread):
        not_read("What they have", before)
        st.stop()
    if rows:
        granting.preview(rows, before, granting.expected(plan, before), "After")
    granting.left_out(plan)
    with page.row(horizontal_alignment="distribute"):
        accounts = plural(len(plan.receiving), "account")
        st.markdown(f"**{full(plan.total)}** tokens to **{accounts}**", width="content")
        ready = bool(plan.receiving and why)
        if st.button(
            "Review and grant",
            type="primary",
            icon=":material/arrow_forward:",
            icon_position="right",
            disabled=not ready,
            help=None if why else "A reason is required",
            key="review",
        ):
            granting.ask(plan, before, now, zone)
gifts.recent(recent, receivers, now, zone)
