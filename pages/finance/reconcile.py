"""Does what providers bill and settle agree with what is booked?"""

from datetime import timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.domain.errors import InvalidRequest
from creditbook.ingest.invoices import Bill, NotMapped, read_bill
from creditbook.ingest.settlements import read_settlement
from creditbook.installation import installation
from creditbook.reports.finance import reconciling, settling
from creditbook.reports.finance.money import AS_BOOKED, Booking, rate_on
from creditbook.reports.finance.wanted import Wanted
from creditbook.ui import page
from creditbook.ui.finance import reconcile_bill, reconcile_sales, rows
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require("finance", "admin")
place = installation()
page.header("Reconcile", "Does what providers bill and settle agree with what is booked?")
view = st.segmented_control(
    "What",
    ["Model providers", "Payment providers"],
    default="Model providers",
    required=True,
    key="what",
    bind="query-params",
    label_visibility="collapsed",
)

if view == "Payment providers":
    file = reconcile_sales.upload()
    if file is None:
        st.stop()
    try:
        settled = read_settlement(file.getvalue())
    except InvalidRequest as refusal:
        reconcile_bill.refused_whole(file.name, refusal)
        st.stop()
    reconcile_bill.refused_lines(settled.refused)
    if settled.lines:
        compared = read(lambda: settling.settle(place.store, who, settled.lines, settled.provider))
        if isinstance(compared, Unread):
            not_read("Purchases", compared)
        else:
            reconcile_sales.show(settled.kind, compared)
    st.stop()

bills: list[Bill] = []
for number, file in enumerate(reconcile_bill.upload()):
    try:
        try:
            bill = read_bill(file.getvalue())
        except NotMapped as unknown:
            mapping = reconcile_bill.mapping(file.name, number, unknown.columns, unknown.guess)
            if mapping is None:
                st.stop()
            bill = read_bill(file.getvalue(), mapping)
    except InvalidRequest as refusal:
        reconcile_bill.refused_whole(file.name, refusal)
        st.stop()
    reconcile_bill.refused_lines(bill.refused)
    bills.append(bill)

lines = [line for bill in bills for line in bill.lines]
if lines:
    provider = next((bill.provider for bill in bills if bill.provider), "")
    pricer = place.ledger.core.pricer
    found = read(lambda: reconciling.reconcile(place.store, who, pricer, lines, provider))
    if isinstance(found, Unread):
        not_read("What is booked", found)
    else:
        booking = Booking(rate_on(place.store, found.last))
        reconcile_bill.show([bill.kind for bill in bills], found, booking, ZoneInfo(who.org_zone or who.zone))
        a_day = timedelta(days=1)  # no zone is further from UTC
        rows.show(place.store, who, Wanted(found.first - a_day, found.last + a_day), AS_BOOKED)
