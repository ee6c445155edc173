"""What did each month begin and end with, and what have I paid?"""

import streamlit as st

from creditbook.exports import receipts, statement
from creditbook.exports.datasets import AccountName
from creditbook.installation import installation
from creditbook.ui import page
from creditbook.ui import statement as draw
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require()
store, now = installation().reports, installation().clock()
page.header("Statement", "What did each month begin and end with, and what have I paid?")
account = AccountName(who.account_id or -1, who.account_name or "")
months = read(lambda: statement.months(store, who, account, now))
if isinstance(months, Unread):
    not_read("Your statements", months)
    st.stop()
if not months:
    page.empty("No statement yet", "Each month of your account has one, from the month in which it is opened.")
    st.stop()

with page.row():
    month = draw.month_of(months)
    draw.files(who, account, month)


def shown() -> None:
    """The chosen month, drawn while its snapshot is open."""
    with statement.reading(store, who, account, month, now) as found:
        draw.figures(found)
        draw.movements(found)


drawn = read(shown)
if isinstance(drawn, Unread):
    not_read("This month", drawn)
paid = read(lambda: receipts.of_account(store, who))
if isinstance(paid, Unread):
    not_read("Your receipts", paid)
else:
    draw.receipts_of(who, paid)
