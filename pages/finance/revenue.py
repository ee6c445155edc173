"""What did we sell, what of it is earned, and who pays us?"""

from functools import partial

import streamlit as st

from creditbook.installation import installation
from creditbook.reports.finance import books, sales, subscriptions
from creditbook.ui import page
from creditbook.ui.finance import earning, listing, revenue, sold, toolbar
from creditbook.ui.finance import sheets as sheet
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require("finance", "admin")
store, now = installation().reports, installation().clock()
page.header("Revenue", "What did we sell, what of it is earned, and who pays us?")
asked = toolbar.show(store, who, now, default="This fiscal year", filters=False, rupees=False)
period, last = asked.period, asked.period.last
found = read(
    lambda: (
        sales.sold(store, who, period),
        sales.money_back(store, who, period),
        subscriptions.lives(store, who, last),
        books.books_by_month(store, who, period.first, last),
    )
)
if isinstance(found, Unread):
    not_read("Revenue", found)
    st.stop()
bought, back, lives, months = found
currency = revenue.currency(who, bought, subscriptions.worth_a_month(lives, last))
if not revenue.anything(months, lives):
    page.empty("Nothing sold yet", "The first purchase or paid plan appears here a moment after it is paid.")
    st.stop()

revenue.figures(store, who, asked, currency, months, lives)
earned, deferred = earning.earned(months, currency), earning.deferred(months, currency)
drawn, points = earning.picture(earned, deferred)
sheet.draw(earned, drawn, points=points, legend=earning.LEGEND)
sheet.draw(deferred)
drawn, points, legend = sold.picture(bought, period, currency)
sales_sheet = sold.sheet(bought, back, currency)
sheet.draw(sales_sheet, drawn, points=points, legend=legend)
shown = [earned, deferred, sales_sheet]
if any(life.moves for life in lives):
    shown += [revenue.recurring_cards(store, lives, period, currency)]
if lives:
    shown += revenue.joining_cards(lives, period)
listing.show(partial(revenue.beneath, store, who, period, currency, lives), shown)
