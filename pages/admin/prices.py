"""What does each model cost, and what has no price yet?"""

from functools import partial
from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.installation import installation
from creditbook.reports.finance import prices
from creditbook.ui import address, confirm, page
from creditbook.ui.finance import price_form, price_models, price_preview, rates
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require("admin", "finance")
place, zone = installation(), ZoneInfo(who.org_zone or who.zone)
store, now, pricer = place.store, place.clock(), place.ledger.core.pricer
page.header("Prices", "What does each model cost, and what has no price yet?")
view = st.segmented_control(
    "View",
    ["Models", "Exchange rates"],
    default="Models",
    required=True,
    key="view",
    bind="query-params",
    label_visibility="collapsed",
)

if view == "Exchange rates":
    found = read(lambda: prices.rates(store, now))
    if isinstance(found, Unread):
        not_read("Exchange rates", found)
        st.stop()
    rates.show(who, found, place.settings.fx_url, now, zone)
    st.stop()

lines = read(lambda: prices.models(store, who, pricer, now))
if isinstance(lines, Unread):
    not_read("Models and their prices", lines)
    st.stop()
if (applied := confirm.result("price")) is not None:
    price_preview.result(applied)
if not lines:
    page.empty("No model was used yet", "Models appear here with the first request that names one, priced or not.")
    st.stop()

price_models.notice(lines)
opened = st.query_params.get("of", lines[0].name if lines[0].unpriced else None)
left, right = st.columns([7, 5], gap="small")
with left:
    chosen = price_models.table(lines, opened)
    opened = opened if chosen is None else chosen
    address.put(of=opened)
line = next((one for one in lines if one.name == opened), None)
if line is None:
    with right:
        price_models.nothing_chosen()
    st.stop()
with right:
    asked = price_form.show(line, lines, now, zone)
if asked is not None and applied is None:
    price_preview.show(store, who, pricer, line, asked)
found_versions = read(partial(prices.versions, store, who, pricer, line.name, now))
if isinstance(found_versions, Unread):
    not_read("This model's prices", found_versions)
else:
    price_models.versions(line, found_versions)
