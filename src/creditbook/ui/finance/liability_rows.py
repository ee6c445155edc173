"""The rows beneath the figures of Liability: transactions that moved a class, grants with what was left, paid plans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from creditbook.access.values import Principal
from creditbook.domain.earning import PlanSale
from creditbook.reports.finance import books, liability
from creditbook.reports.finance.liability import LINES, MovedLine, Outstanding
from creditbook.reports.finance.periods import Period
from creditbook.reports.finance.sales import zone_of
from creditbook.store.engine import Store
from creditbook.ui.format import DASH, full, signed
from creditbook.ui.inbox_lines import POOL
from creditbook.ui.kinds import kind_name
from creditbook.ui.money import money
from creditbook.ui.page import days

from .liability import CLASSES, MONEY, MONTHS, TOKENS, WORDS, class_name
from .listing import Listing, Row, of_list
from .recurring import spans
from .sheets import Picked, exact


def beneath(
    store: Store, who: Principal, period: Period, currency: str, grant_class: str, picked: Picked
) -> Listing | None:
    """The rows beneath a figure of the page: transactions, or the grants with what was left of them."""
    if picked.column not in LINES:
        return None
    of, first, last = "" if picked.line == "all" else picked.line, period.first, period.last
    if picked.sheet == MONTHS:
        of = grant_class
        if picked.line != "all":
            month = _month(picked.line, period)
            if month is None:
                return None
            first, last = month
    elif picked.sheet not in (TOKENS, MONEY) or of not in ("", *CLASSES):
        return None
    unit = currency if picked.sheet == MONEY else ""
    return listed(store, who, first, last, picked.column, of, unit)


def _month(slug: str, period: Period) -> tuple[date, date] | None:
    return next((one for one in spans(period) if f"{one[0]:%Y-%m-%d}" == slug), None)


def listed(
    store: Store, who: Principal, first: date, last: date, line: str, of: str, unit: str, *, only: str = ""
) -> Listing:
    """What is beneath a line of the books, of a class or all, in tokens or in a currency; ``only`` packs or plans."""
    has_plans = bool(unit) and of in ("", "plan") and only != "packs"
    plans = _plans(store, who, first, last, line, unit) if has_plans else []
    title = f"{class_name(of)}: {WORDS[line][0].lower()}" if of else WORDS[line][0]
    if only == "plans":
        return Listing(f"{title}, {days(first, last)}", _PAID, LINES_MOVED, of_list(plans), frozenset({"Deferred"}))
    if line in ("opening", "closing"):
        day = date.fromordinal(first.toordinal() - 1) if line == "opening" else last
        zone = ZoneInfo(zone_of(who))

        def left(after: int | None, limit: int) -> list[Row]:
            found = liability.outstanding(
                store, who, day, grant_class=of, currency=unit, before_id=after, limit=limit
            )  # fmt: skip
            return [_grant(one, zone) for one in found]

        return Listing(f"{title}, at the end of {days(day, day)}", _LEFT, GRANTS, _chained(plans, left),
                       frozenset({"Given", "Left", "Not earned yet"}))  # fmt: skip

    def moved(after: int | None, limit: int) -> list[Row]:
        found = liability.moved(
            store, who, first, last, line, grant_class=of, currency=unit, after_id=after, limit=limit
        )  # fmt: skip
        return [_moved(one, unit) for one in found]

    right = frozenset({"Tokens", "Deferred"})
    return Listing(f"{title}, {days(first, last)}", _MOVED, LINES_MOVED, _chained(plans, moved), right)


GRANTS = ("Grant", "Account", "Class", "What", "Given", "Left", "Not earned yet", "Since", "Ends")
LINES_MOVED = ("Day", "Account", "Kind", "Tokens", "Deferred", "By", "Reason", "Line")
_LEFT = "Grants of which something was left then, newest first; paid plans before them"
_PAID = "Payments for plans, each with what it moved of this figure on these days"
_MOVED = "Transactions by accounting date, newest first: what each moved of this figure"


def _plans(store: Store, who: Principal, first: date, last: date, line: str, currency: str) -> list[Row]:
    """What payments for plans moved, as rows with ids below zero, so that no transaction has the same."""
    named = "revoked" if line == liability.BREAKAGE else line
    found = liability.of_plans(books.plan_sales(store, who), first, last, named, currency)
    names = liability.account_names(store, who, {sale.account_id for sale, _ in found})
    return [_plan(sale, amount, names, line) for sale, amount in found]


def _plan(sale: PlanSale, amount: int, names: dict[int, str], line: str) -> Row:
    account, currency = names.get(sale.account_id, "") or POOL, sale.currency
    term = f"{sale.first:%d %b %Y}" if sale.first else DASH
    ends = f"{sale.next:%d %b %Y}" if sale.next else DASH
    if line in ("opening", "closing"):
        net = sale.price_minor - sale.tax_minor
        return Row(
            -sale.purchase_id,
            (f"Purchase {sale.purchase_id}", account, class_name("plan"), sale.plan.title(), money(net, currency), DASH,
             money(amount, currency), term, ends),
            (sale.purchase_id, account, "plan", sale.plan, exact(net, currency), None, exact(amount, currency),
             str(sale.first or ""), str(sale.next or "")),
        )  # fmt: skip
    amount = amount if line in liability.CAME_IN else -amount
    what = f"{sale.plan.title()} plan, term {term} – {ends}"
    named = f"Purchase {sale.purchase_id}"
    shown = (f"{sale.on:%d %b %Y}", account, "Plan", DASH, _change(amount, currency), DASH, what, named)
    raw = (sale.on.isoformat(), account, "plan", None, exact(amount, currency), "", what, sale.purchase_id)
    return Row(-sale.purchase_id, shown, raw)


def _moved(one: MovedLine, unit: str) -> Row:
    account = one.account or POOL
    minor = _change(one.minor, unit) if unit else DASH
    shown = (f"{one.day:%d %b %Y}", account, kind_name(one.kind), signed(one.tokens), minor, one.actor or DASH,
             one.reason or DASH, str(one.txn_id))  # fmt: skip
    raw = (one.day.isoformat(), account, one.kind, one.tokens, exact(one.minor, unit) if unit else None, one.actor,
           one.reason, one.txn_id)  # fmt: skip
    return Row(one.txn_id, shown, raw)


def _grant(one: Outstanding, zone: ZoneInfo) -> Row:
    account, label = one.account or POOL, one.label or one.source
    since, ends = one.effective_at.astimezone(zone), one.expires_at.astimezone(zone) if one.expires_at else None
    owed = money(one.minor, one.currency) if one.currency else DASH
    shown = (str(one.grant_id), account, class_name(one.grant_class), label, full(one.amount), full(one.remaining),
             owed, f"{since:%d %b %Y}", f"{ends:%d %b %Y, %H:%M}" if ends else "never")  # fmt: skip
    raw = (one.grant_id, account, one.grant_class, label, one.amount, one.remaining,
           exact(one.minor, one.currency) if one.currency else None, since.isoformat(timespec="seconds"),
           ends.isoformat(timespec="seconds") if ends else "")  # fmt: skip
    return Row(one.grant_id, shown, raw)


def _change(minor: int, currency: str) -> str:
    return ("+" if minor > 0 else "") + money(minor, currency)


def _chained(
    plans: Sequence[Row], further: Callable[[int | None, int], list[Row]]
) -> Callable[[int | None, int], Sequence[Row]]:
    """First the rows that are there, then pages of those that are read."""

    def fetch(after: int | None, limit: int) -> Sequence[Row]:
        if after is not None and after > 0:
            return further(after, limit)
        begin = 0 if after is None else next((n + 1 for n, one in enumerate(plans) if one.row_id == after), 0)
        first = plans[begin : begin + limit]
        return [*first, *further(None, limit - len(first))] if len(first) < limit else first

    return fetch
