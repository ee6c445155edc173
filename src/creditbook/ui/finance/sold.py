"""What was sold, its tax and what went back, as a sheet by month and item; the purchases beneath each figure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from creditbook.access.values import Principal
from creditbook.domain.calendar import start_of_day
from creditbook.reports.finance import periods, sales
from creditbook.reports.finance.periods import Period
from creditbook.reports.finance.sales import Bought, MoneyBack, Sale
from creditbook.store.engine import Store
from creditbook.ui import charts
from creditbook.ui.format import DASH, esc, plural, zone_mark
from creditbook.ui.inbox_lines import POOL
from creditbook.ui.money import money
from creditbook.ui.page import days

from .listing import Listing, Row, of_list
from .sheets import Column, Line, Picked, Sheet, exact, month_axis, summed

SHEET = "sold"
BACK = "back"
_COLOURS = (
    "#0C7F74",
    "#22A597",
    "#6D4DE0",
    "#9781F0",
    "#2A62E4",
    "#5C92F4",
    "#B0439A",
    "#CF6188",
    "#94602F",
    "#A88A1C",
)
_KINDS = {"package": "Package", "plan": "Plan", "renewal": "Renewal"}


def sheet(found: Sequence[Sale], back: Sequence[MoneyBack], currency: str) -> Sheet:
    """Sales of one currency by month and item, and money back as lines of its own with a minus; the total is what is
    left."""
    lines = [
        Line(
            f"{sale.month:%Y-%m}:{sale.kind}:{sale.item}",
            (f"{sale.month:%b %Y}", sale.title, _KINDS.get(sale.kind, sale.kind)),
            (sale.purchases, sale.gross_minor, sale.tax_minor, sale.net_minor),
        )
        for sale in found
        if sale.currency == currency
    ]
    lines += _given_back([one for one in back if one.currency == currency])
    lines.sort(key=lambda line: line.slug)
    columns = (
        Column("purchases", "Purchases"),
        Column("gross", "Paid", currency, "What buyers paid, tax included"),
        Column("tax", "Tax", currency, "The tax in it, frozen on each purchase"),
        Column("net", "Net", currency, "Paid less tax: what is earned as it is consumed"),
    )
    heads = ("Month", "Item", "Kind")
    total = summed(("Total", "", ""), lines) if lines else None
    return Sheet(
        SHEET,
        f"Sold, in {currency}",
        _note(found, back, currency),
        heads,
        columns,
        tuple(lines),
        total,
        f"Sales in {currency} by month and item, with tax and what went back",
    )


def _given_back(back: Sequence[MoneyBack]) -> list[Line]:
    by_month: dict[tuple[date, str, str, str], list[MoneyBack]] = {}
    for one in back:
        by_month.setdefault((one.day.replace(day=1), one.kind, one.item, one.title), []).append(one)
    return [
        Line(
            f"{month:%Y-%m}:{kind}:{item}:{BACK}",
            (f"{month:%b %Y}", title, "Money back"),
            (
                None,
                -sum(one.amount_minor for one in those),
                -sum(one.tax_minor for one in those),
                -sum(one.net_minor for one in those),
            ),
        )
        for (month, kind, item, title), those in by_month.items()
    ]


def _note(found: Sequence[Sale], back: Sequence[MoneyBack], currency: str) -> str:
    bought = sum(sale.purchases for sale in found if sale.currency == currency)
    returned = [one for one in back if one.currency == currency]
    said = f"{plural(bought, 'purchase')}"
    if returned:
        amount = money(sum(one.amount_minor for one in returned), currency)
        said += f", {esc(amount)} of it went back"
    return f"{said}. Click a figure for its purchases"


def beneath(store: Store, who: Principal, period: Period, currency: str, picked: Picked) -> Listing | None:
    """The purchases, or the money that went back, beneath a figure of the sheet."""
    month, kind, item, what = (*picked.line.split(":"), "", "", "")[:4]
    within = _within(period, month)
    if within is None:
        return None
    if what == BACK:
        return refunds(store, who, within, currency, kind, item)
    return _purchases(store, who, within, currency, kind, item)


def _within(period: Period, month: str) -> Period | None:
    """The days of a month that the period has; all of them for the total."""
    if month == "all":
        return period
    try:
        whole = periods.month(date.fromisoformat(f"{month}-01"))
    except ValueError:
        return None
    return periods.custom(max(period.first, whole.first), min(period.last, whole.last))


def _purchases(store: Store, who: Principal, period: Period, currency: str, kind: str, item: str) -> Listing:
    found = [
        sale
        for sale in sales.sold(store, who, period)
        if sale.currency == currency and (sale.kind == kind or not kind) and (sale.item == item or not item)
    ]
    paid, tax = sum(sale.gross_minor for sale in found), sum(sale.tax_minor for sale in found)
    count = plural(sum(sale.purchases for sale in found), "purchase")
    zone = ZoneInfo(sales.zone_of(who))

    def fetch(after: int | None, limit: int) -> list[Row]:
        page = sales.purchases(
            store, who, period, kind=kind, item=item, currency=currency, before_id=after, limit=limit
        )  # fmt: skip
        return [_row(one, zone) for one in page]

    returned = (
        0 if kind else sum(m.amount_minor for m in sales.money_back(store, who, period) if m.currency == currency)
    )
    back = f", less {money(returned, currency)} that went back" if returned else ""
    mark = zone_mark(zone, start_of_day(period.last, zone.key))
    return Listing(
        f"{esc(found[0].title)}, {days(period.first, period.last)}" if item and found else _title("Purchases", period),
        esc(f"{count}: {money(paid, currency)} paid, {money(tax, currency)} of it tax{back}"),
        (f"Granted ({mark})", "Account", "Item", "Paid", "Tax", "Net", "Went back", "Status", "Payment", "Purchase"),
        fetch,
        frozenset({"Paid", "Tax", "Net", "Went back"}),
    )


def _title(what: str, period: Period) -> str:
    return f"{what}, {days(period.first, period.last)}"


def _row(one: Bought, zone: ZoneInfo) -> Row:
    at = (one.granted_at or one.paid_at).astimezone(zone)
    account, payment = one.account or POOL, f"{one.provider} {one.provider_payment}".strip()
    paid, tax, net, back = one.price_minor, one.tax_minor, one.net_minor, one.refunded_minor
    currency = one.currency
    shown = (
        f"{at:%d %b %Y, %H:%M}", account, one.title, money(paid, currency), money(tax, currency), money(net, currency),
        money(back, currency) if back else DASH, one.status, payment, str(one.purchase_id),
    )  # fmt: skip
    raw = (
        at.isoformat(timespec="seconds"), account, one.title, exact(paid, currency), exact(tax, currency),
        exact(net, currency), exact(back, currency), one.status, payment, one.purchase_id,
    )  # fmt: skip
    return Row(one.purchase_id, shown, raw)


def refunds(store: Store, who: Principal, period: Period, currency: str, kind: str = "", item: str = "") -> Listing:
    """The money that went back on some days, each amount with its tax, reason and who booked it."""
    found = [
        one
        for one in sales.money_back(store, who, period)
        if one.currency == currency and (one.kind == kind or not kind) and (one.item == item or not item)
    ]
    amount, tax = sum(one.amount_minor for one in found), sum(one.tax_minor for one in found)
    rows = [
        Row(
            one.txn_id,
            (f"{one.day:%d %b %Y}", one.account or POOL, one.title, money(one.amount_minor, currency),
             money(one.tax_minor, currency), money(one.net_minor, currency), one.reason or DASH, one.actor or DASH,
             str(one.purchase_id), str(one.txn_id)),
            (one.day.isoformat(), one.account or POOL, one.title, exact(one.amount_minor, currency),
             exact(one.tax_minor, currency), exact(one.net_minor, currency), one.reason, one.actor, one.purchase_id,
             one.txn_id),
        )
        for one in found
    ]  # fmt: skip
    said = f"{money(amount, currency)} went back, {money(tax, currency)} of it tax"
    return Listing(
        _title("Money back", period),
        esc(said),
        ("Day", "Account", "Item", "Went back", "Tax", "Net", "Reason", "By", "Purchase", "Line"),
        of_list(rows),
        frozenset({"Went back", "Tax", "Net"}),
    )


def picture(
    found: Sequence[Sale], period: Period, currency: str
) -> tuple[go.Figure, list[list[Picked | None]], dict[str, str]]:
    """What was paid by month, a colour an item: the bars, what a click on each opens, and the legend."""
    at = list(periods.months(period.first, period.last))
    items = sorted({(sale.kind, sale.item, sale.title) for sale in found if sale.currency == currency})
    fig = charts.figure(250, barmode="stack", showlegend=False)
    points: list[list[Picked | None]] = []
    legend = {}
    for kind, item, title in items:
        by_month = {
            sale.month: sale for sale in found if (sale.kind, sale.item, sale.currency) == (kind, item, currency)
        }
        amounts = [by_month[month].gross_minor if month in by_month else 0 for month in at]
        name = f"{title} {_KINDS.get(kind, kind).lower()}"
        legend[name] = _COLOURS[len(points) % len(_COLOURS)]
        fig.add_bar(
            x=[f"{month:%b %Y}" for month in at], y=[float(exact(amount, currency)) for amount in amounts], name=name,
            marker_color=legend[name], customdata=[money(amount, currency) for amount in amounts],
            hovertemplate="%{customdata}",
        )  # fmt: skip
        points.append(
            [
                Picked(SHEET, f"{m:%Y-%m}:{kind}:{item}", "gross") if a else None
                for m, a in zip(at, amounts, strict=True)
            ]
        )
    month_axis(fig)
    fig.update_yaxes(tickformat=",", rangemode="tozero")
    return fig, points, legend
