"""What am I on, what else is there, and what would it do to my balance?"""

from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.installation import installation
from creditbook.payments.providers import on_sale
from creditbook.reports.shop import Way, shop
from creditbook.ui import buying, confirm, offers, page, plan_status
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require()
place, zone = installation(), ZoneInfo(who.zone)
now = place.clock()
page.header("Plans & packages", "What am I on, what else is there, and what would it change?")
found = read(lambda: shop(place.store, place.ledger.core.batches, who, now))
if isinstance(found, Unread):
    not_read("Plans and packages", found)
    st.stop()

deal = confirm.result(buying.KEY)
if deal is not None and buying.result(deal):
    confirm.clear(buying.KEY)
    buying.keep(found, now, zone)

ways = {way.title: way for way in on_sale(place.settings)}
way = next(iter(ways.values()))
if len(ways) > 1:
    chosen = st.segmented_control("Pay with", list(ways), default=way.title, required=True, key="pay-with")
    way = ways[chosen or way.title]
may_change = buying.may_change(who, found)
may_buy = found.balance.status != "closed"

pressed = plan_status.standing(found, now, zone, may_change=may_change, may_buy=may_buy)
if way.name == buying.BY_HAND:
    page.muted(
        ":material/receipt_long: Payments go through your administrator: you ask here, she records the payment, and it "
        "happens."
    )
plan = offers.plans(found, may_change=may_change, may_buy=may_buy)
pack = offers.packages(found, may_buy=may_buy)
withdrawn = offers.bought(found.bought, "" if may_change else who.user_name, now, zone)

if pressed == "renew":
    buying.renew(found, way, now, zone)
elif pressed == "cancel":
    buying.cancel(found, now, zone)
elif pressed == "keep":
    buying.keep(found, now, zone)
elif plan is not None and plan.way is Way.BUY:
    buying.buy_plan(found, plan, way, now, zone)
elif plan is not None:
    buying.change(found, plan, now, zone)
elif pack is not None:
    buying.buy_package(found, pack, way)
elif withdrawn is not None:
    buying.withdraw(found, withdrawn)
