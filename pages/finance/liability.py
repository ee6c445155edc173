"""What do we owe to our accounts, in tokens and in money, and how did it come to be?"""

from functools import partial

import streamlit as st

from creditbook.installation import installation
from creditbook.reports.finance import books
from creditbook.ui import page
from creditbook.ui.finance import liability, liability_rows, listing, toolbar
from creditbook.ui.finance import sheets as sheet
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require("finance", "admin")
store, now = installation().reports, installation().clock()
page.header("Liability", "What do we owe to our accounts, in tokens and in money, and how did it come to be?")
asked = toolbar.show(store, who, now, default="This month", filters=False, compare=False, rupees=False)
period = asked.period
first, last = period.first, period.last
found = read(lambda: (books.books(store, who, first, last), books.books_by_month(store, who, first, last)))
if isinstance(found, Unread):
    not_read("The books", found)
    st.stop()
whole, months = found
if not whole.flows:
    page.empty(
        "Nothing is owed yet", "The first grant, allowance or purchase opens the books, and stands here at once."
    )
    st.stop()

tokens = liability.tokens(whole)
currency = liability.currency(who, whole)
liability.figures(whole, currency, tokens)
drawn, points = liability.waterfall(tokens)
sheet.draw(tokens, drawn, points=points, first="Table")
shown = [tokens]
if currency:
    money = liability.deferred(whole, currency)
    drawn, points = liability.waterfall(money)
    sheet.draw(money, drawn, points=points, first="Table")
    shown.append(money)
grant_class = liability.class_chosen(whole)
monthly = liability.by_month(months, grant_class)
drawn, points = liability.closings(monthly)
sheet.draw(monthly, drawn, points=points, first="Table")
listing.show(partial(liability_rows.beneath, store, who, period, currency, grant_class), [*shown, monthly])
