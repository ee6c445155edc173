"""Which months are closed, and may the next one be?"""

from functools import partial
from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.domain.closing import last_day, title
from creditbook.installation import installation
from creditbook.reports.finance import books, checklist, journal, periods
from creditbook.ui import confirm, page, tables
from creditbook.ui.finance import closing, liability, listing
from creditbook.ui.finance import journal as drawn
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require("finance", "admin")
place, zone = installation(), ZoneInfo(who.org_zone or who.zone)
store, today = place.store, periods.today(who, place.clock())
page.header("Close", "Which months are closed, and may the next one be?")
done = confirm.result(closing.ACT)
if done is not None:
    closing.result(done)
found = read(lambda: (books.closings(store, who), books.next_to_close(store, who, today)))
if isinstance(found, Unread):
    not_read("The closed months", found)
    st.stop()
closed, due = found
by_month = {one.month: one for one in closed}
month = closing.chosen(checklist.months(closed, due, today), by_month, due)
first, last = month, last_day(month)
tables.about(who.org_slug, first, last)
figures = read(lambda: (books.books(store, who, first, last), journal.journal(store, who, first, last)))
if isinstance(figures, Unread):
    not_read(f"The books of {title(month)}", figures)
    st.stop()
live, lines = figures
kept = checklist.frozen(by_month[month]) if month in by_month else live

if month in by_month:
    closing.seal(by_month[month], checklist.stands(by_month[month], live), zone)
elif month == due:
    points = read(lambda: checklist.points(store, who, month, closing.proved(who)))
    if isinstance(points, Unread):
        not_read("The checklist", points)
    else:
        closing.due(who, month, points, kept, zone)
else:
    closing.not_yet(month, due, today)
unit = liability.currency(who, kept)
shown = closing.figures(kept, unit)
drawn.show(lines, title(month))
tables.about(who.org_slug)  # all of its months
closing.closed_months(closed, zone)
tables.about(who.org_slug, first, last)
accounts = read(lambda: journal.accounts(store, who))
if isinstance(accounts, Unread):
    not_read("The account codes", accounts)
else:
    drawn.codes(accounts)
listing.show(partial(closing.beneath, store, who, periods.custom(first, last), unit), shown)
