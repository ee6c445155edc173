"""Usage by account: over any days from whole months and the days at their edges. Never a scan of history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from creditbook.store.tables.ledger import MEASURES, ledger_transaction, usage_account_day, usage_month_account

from .measured import IS_COUNTED, OF_TRANSACTION, Terms, measures, named, of_accounts
from .wanted import Wanted

t, m, a = ledger_transaction.c, usage_month_account.c, usage_account_day.c


def put_right(lines: Callable[[int, Wanted], Any], *keys: str) -> Callable[[int, Wanted], Any]:
    """The same by accounting date: plus what was booked into these days late, less what of them was booked elsewhere.

    Both are few, and have an index of their own; books are closed forwards, so nothing is booked before it happened.
    """

    def of(org_id: int, wanted: Wanted) -> Any:
        if wanted.basis == "event":
            return lines(org_id, wanted)
        late = [t.org_id == org_id, IS_COUNTED, t.accounting_date != t.org_date]
        late += [*of_accounts(t, wanted), *named(t, wanted)]
        booked = t.accounting_date.between(wanted.first, wanted.last)
        happened = [t.org_date.between(wanted.first, wanted.last), t.accounting_date >= wanted.first]
        came = [(t.accounting_date if key == "org_date" else t[key]).label(key) for key in keys]
        went = [t[key] for key in keys]
        less = [(-measure.element).label(measure.name) for measure in OF_TRANSACTION]
        by_event = lines(org_id, wanted).subquery().c
        return sa.union_all(
            sa.select(*(by_event[key] for key in keys), *measures(by_event)),
            sa.select(*came, *OF_TRANSACTION).where(*late, booked),
            sa.select(*went, *less).where(*late, *happened),
        )

    return of


def account_days(org_id: int, wanted: Wanted) -> Any:
    """An account's days stand together: from each that used anything in these months, those near the days asked for."""
    months = [m.org_id == org_id, m.month.between(wanted.first.replace(day=1), wanted.last.replace(day=1))]
    there = sa.select(m.account_id).distinct().where(*months, *of_accounts(m, wanted)).subquery()
    keys = (a.account_id, a.org_date, a.agent, a.model, a.feature)
    hers = [a.org_id == org_id, a.account_id == there.c.account_id, *near(wanted), *named(a, wanted)]
    return sa.select(*keys, *measures(a)).where(*hers)


def near(wanted: Wanted) -> Terms:
    """The days by both dates. An account's own date is at most two days from the organization's, wherever they are.

    The organization's is wrapped so that no index by it is taken: all over the table, it costs ten times as much.
    """
    beside = timedelta(days=2)
    org_date = sa.func.coalesce(a.org_date, a.org_date, type_=a.org_date.type)
    return [
        a.account_date.between(_shifted(wanted.first, -beside), _shifted(wanted.last, beside)),
        org_date.between(wanted.first, wanted.last),
    ]


def _shifted(day: date, by: timedelta) -> date:
    return day if not date.min + abs(by) <= day <= date.max - abs(by) else day + by


def by_account(org_id: int, wanted: Wanted) -> Any:
    """Whole months from the ranking table, put right by the days at their edges, whichever are fewer.

    The days of a month that were asked for are added; of one that is asked for nearly whole, the others are taken off.
    """
    parts = []
    whole: list[date] = []
    month = wanted.first.replace(day=1)
    while month <= wanted.last:
        end = next_month(month) - timedelta(days=1)
        first, last = max(month, wanted.first), min(end, wanted.last)
        if 2 * (last - first).days >= (end - month).days:
            whole.append(month)
            gaps = ((month, first - timedelta(days=1)), (last + timedelta(days=1), end))
            parts += [_days_of_accounts(org_id, wanted, *gap, less=True) for gap in gaps if gap[0] <= gap[1]]
        else:
            parts.append(_days_of_accounts(org_id, wanted, first, last))
        month = next_month(month)
    if whole:
        asked = [m.org_id == org_id, m.month.between(whole[0], whole[-1]), *of_accounts(m, wanted)]
        parts.append(sa.select(m.account_id, *measures(m)).where(*asked))
    return sa.union_all(*parts) if len(parts) > 1 else parts[0]


def _days_of_accounts(org_id: int, wanted: Wanted, first: date, last: date, *, less: bool = False) -> Any:
    day = account_days(org_id, wanted.moved(first, last)).subquery().c
    return sa.select(day.account_id, *((-day[name]).label(name) if less else day[name] for name in MEASURES))


def next_month(day: date) -> date:
    """The first day of the month after a date's."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
