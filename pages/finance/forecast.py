"""Who runs out and when, what is lost unspent, and what will next month cost?"""

from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.installation import installation
from creditbook.reports.finance import coming_costs, forecasting
from creditbook.ui import page
from creditbook.ui.finance import forecast, forecast_account
from creditbook.ui.format import full, plural
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require("finance", "admin")
place = installation()
now, zone = place.clock(), ZoneInfo(who.org_zone or who.zone)
page.header("Forecast", "Who runs out and when, what is lost unspent, and what will next month cost?")

costs = read(lambda: coming_costs.costs(place.reports, who, now))
if isinstance(costs, Unread):
    not_read("The forecast", costs)
    st.stop()
if costs is None:
    page.empty(
        "Nothing to look ahead from",
        "Nothing was used in the last half year. A forecast appears with the first use, and knows its own error after "
        "three weeks.",
    )
    st.stop()
limit = forecasting.LISTED if not st.session_state.get("everybody") else 5_000
found = read(lambda: forecast.looked_ahead(place, who, now, limit))
if isinstance(found, Unread):
    not_read("The forecast", found)
    st.stop()

forecast.figures(costs, found)
if found.accounts:
    chosen = forecast.accounts(found)
    if found.active > limit:
        st.button(
            f"Look at all {full(found.active)}",
            key="everybody-button",
            on_click=st.session_state.update,
            kwargs={"everybody": True},
            help="About a second per forty accounts",
        )
    if chosen is not None:
        forecast_account.balance_ahead(chosen, found.today)
    forecast_account.losses(found, now, zone)
else:
    page.empty("No account to live ahead", f"No tokens were charged in the last {plural(forecasting.RECENT, 'day')}.")
forecast.cost_ahead(costs)
with st.expander("How this is computed", icon=":material/info:"):
    st.markdown(forecast.METHOD)
