"""What is beneath a figure of Costs & margin: sales and spenders that add up to it, or the transactions themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from creditbook.access.values import Principal
from creditbook.reports.finance import beneath, cost_parts, usage
from creditbook.reports.finance.beneath import Bar
from creditbook.reports.finance.beneath import Line as Transaction
from creditbook.reports.finance.cost_parts import Part
from creditbook.reports.finance.costs import ACCOUNTS, PACKAGES, PLANS, Costs
from creditbook.reports.finance.sales import zone_of
from creditbook.reports.finance.wanted import Wanted
from creditbook.store.engine import Store
from creditbook.ui import page
from creditbook.ui.format import DASH, dollars_in_markdown, esc, inr, plural, usd, zone_mark
from creditbook.ui.kinds import kind_name
from creditbook.ui.money import money

from .listing import Listing, Row, of_list
from .margin_amounts import amount
from .margin_split import SPLIT
from .margins import TREND
from .sheets import Picked, exact

REVENUE, COST = "revenue", "cost"
PARTS = ("Account", "What", "Used or passed", "Lapsed", "Paid back", "Revenue", "Cost")
_RIGHT = frozenset(PARTS[2:])


def find(store: Store, who: Principal, found: Costs, picked: Picked) -> Listing | None:
    """The rows beneath a figure that was clicked; None for an address that names none."""
    kind, _, key = picked.line.partition(":")
    if picked.sheet == TREND or kind in ("total", "all"):
        return _of_days(store, who, found, picked.line, picked.column)
    if picked.sheet != SPLIT or kind not in (ACCOUNTS, PACKAGES, PLANS):
        return None
    if kind == ACCOUNTS and not key.isdecimal():
        return None
    title = _title(store, who, kind, key)
    if kind == ACCOUNTS and picked.column == COST:
        family = cost_parts.family(store, who, int(key))
        return _transactions(store, who, replace(found.wanted, accounts=family), f"{title}: usage")
    parts = cost_parts.parts(store, who, found, kind, "" if key == "all" else key)
    return _parts(found, parts, picked.column, title)


def _title(store: Store, who: Principal, kind: str, key: str) -> str:
    if kind != ACCOUNTS:
        return f"All {kind}s" if key == "all" else f"{kind.title()} {esc(key)}"
    holder = usage.accounts(store, who, [int(key)]).get(int(key))
    return esc(holder.shown) if holder else "An account that is not here"


def _of_days(store: Store, who: Principal, found: Costs, line: str, column: str) -> Listing | None:
    first, last = found.wanted.first, found.wanted.last
    if line not in ("all", "total:all"):
        begins, _, ends = line.partition(":")
        try:
            first, last = date.fromisoformat(begins), date.fromisoformat(ends)
        except ValueError:
            return None
    days = page.days(max(first, found.wanted.first), min(last, found.wanted.last))
    if column == COST:
        return _transactions(store, who, found.wanted.on(first, last), f"Usage, {days}")
    return _parts(found, cost_parts.of_days(store, who, found, first, last), column, days)


def _parts(found: Costs, parts: Sequence[Part], column: str, title: str) -> Listing:
    """Revenue by sale and cost by spender; of one column only those that have any of it."""
    wanted = [part for part in parts if column not in (REVENUE, COST) or bool(part.what) is (column == REVENUE)]
    measure = found.measure.currency
    earned = [part.revenue_nanos for part in wanted]
    cost = [part.cost_nanos for part in wanted]
    said = []
    if column != COST:
        said.append(f"{amount(_sum(earned), measure)} earned")
    if column != REVENUE:
        said.append(f"{amount(_sum(cost), measure)} cost")
    unpriced = sum(part.usage.unpriced for part in wanted)
    note = f"{plural(unpriced, 'request')} without a price: in no cost." if unpriced else ""
    rows = [_part_row(number, part, measure) for number, part in enumerate(wanted)]
    figure = dollars_in_markdown(f"{' − '.join(said)}: the sum of these rows")
    return Listing(title, figure, PARTS, of_list(rows), _RIGHT, note)


def _sum(figures: Sequence[int | None]) -> int | None:
    return None if None in figures else sum(figure or 0 for figure in figures)


def _part_row(number: int, part: Part, measure: str) -> Row:
    minors = (part.used_minor, part.breakage_minor, part.reversed_minor)
    if part.what:
        shown = [money(minor, part.currency) if minor else "" for minor in minors]
        both = [amount(part.revenue_nanos, measure), ""]
    else:
        shown, both = ["", "", ""], ["", amount(part.cost_nanos, measure, 4)]
    raw = tuple(exact(minor, part.currency) if part.what else None for minor in minors)
    nanos = (part.revenue_nanos if part.what else None, None if part.what else part.cost_nanos)
    what = part.what or "its usage"
    return Row(
        number, (part.account, what, *shown, *both),
        (part.account, what, *raw, *(None if one is None else Decimal(one).scaleb(-9) for one in nanos)),
    )  # fmt: skip


def _transactions(store: Store, who: Principal, wanted: Wanted, title: str) -> Listing:
    zone = ZoneInfo(zone_of(who))
    total = beneath.total(store, who, wanted, Bar())
    figure = f"{plural(total.requests, 'request')}, {usd(total.cost_usd_nanos)} · {inr(total.cost_inr_nanos)} as booked"
    noon = datetime.combine(wanted.last, time(12), zone)
    columns = (f"When ({zone_mark(zone, noon)})", "Account", "Model", "Agent", "USD", "INR", "Line")

    def fetch(after: int | None, limit: int) -> Sequence[Row]:
        lines: list[Transaction] = []
        while len(lines) < limit:
            more = beneath.lines(store, who, wanted, Bar(), lines[-1].txn_id if lines else after)
            lines += more[: beneath.LINES]
            if len(more) <= beneath.LINES:
                break
        return [_row(line, zone) for line in lines[:limit]]

    note = "Corrections of cost and refunds stand among them; a dash is a request without a price."
    return Listing(
        title, dollars_in_markdown(f"{figure}: the sum of these rows"), columns, fetch,
        frozenset({"USD", "INR", "Line"}), note,
    )  # fmt: skip


def _row(line: Transaction, zone: ZoneInfo) -> Row:
    at = line.event_at.astimezone(zone)
    shown = (
        f"{at.day} {at:%b %Y, %H:%M}",
        line.account or "Pool",
        line.model or line.action.replace("_", " ") or kind_name(line.kind),
        line.agent or DASH,
        amount(line.cost_usd_nanos, "USD", 6),
        amount(line.cost_inr_nanos, "INR", 4),
        str(line.txn_id),
    )
    dollars, rupees = (None if n is None else Decimal(n).scaleb(-9) for n in (line.cost_usd_nanos, line.cost_inr_nanos))
    raw = (at.isoformat(), line.account, line.model, line.agent, dollars, rupees, line.txn_id)
    return Row(line.txn_id, shown, raw)
