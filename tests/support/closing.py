"""A shop whose months are closed, and the books as they follow from the raw rows alone."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import sqlalchemy as sa

from creditbook import Ledger
from creditbook.domain.closing import ClosedMonth
from creditbook.domain.deferring import deferred_minor
from creditbook.reports.finance import books
from creditbook.store import closing
from creditbook.store.tables.ledger import entry, ledger_transaction, token_grant

e, t, g = entry.c, ledger_transaction.c, token_grant.c


def rows(ledger: Ledger, query: Any, org: str = "acme") -> list[Any]:
    """A query's rows as the organization sees them."""
    org_id = ledger.core.organization(org).org_id
    with ledger.core.store.read(org_id) as connection:
        return list(connection.execute(query).all())


def close(ledger: Ledger, month: str, **how: Any) -> ClosedMonth:
    """Close a month, written 2026-03."""
    return ledger.close_month(
        "acme", date.fromisoformat(f"{month}-01"), **{"reason": "The books", "actor": "fiona", **how}
    )


def closed(ledger: Ledger, org: str = "acme") -> list[ClosedMonth]:
    """The closed months as they are kept."""
    org_id = ledger.core.organization(org).org_id
    with ledger.core.store.read(org_id) as connection:
        return closing.closed_months(connection, org_id)


def computed(ledger: Ledger, month: date, org: str = "acme") -> dict[str, Any]:
    """A month's figures as they compute now."""
    org_id = ledger.core.organization(org).org_id
    with ledger.core.store.read(org_id) as connection:
        return books.figures(connection, org_id, month)


def moved_figures(ledger: Ledger) -> list[str]:
    """The closed months of which any figure moved since, or that no longer fit their digest."""
    wrong = []
    for one in closed(ledger):
        frozen = {name: value for name, value in one.figures.items() if name != "mark"}
        if computed(ledger, one.month) != frozen or not one.is_sound:
            wrong.append(one.month.isoformat())
    return wrong


def read(ledger: Ledger, first: date, last: date, org: str = "acme") -> books.Books:
    """The books of some days."""
    org_id = ledger.core.organization(org).org_id
    with ledger.core.store.read(org_id) as connection:
        return books.read(connection, org_id, first, last)


def raw_tokens(ledger: Ledger, last: date) -> dict[str, int]:
    """What was outstanding by class at the end of a day: the sum of the entries themselves."""
    joined = sa.join(entry, ledger_transaction, sa.and_(t.org_id == e.org_id, t.txn_id == e.txn_id))
    joined = joined.join(token_grant, sa.and_(g.org_id == e.org_id, g.grant_id == e.grant_id))
    lines = rows(ledger, sa.select(g["class"], e.amount).select_from(joined).where(t.accounting_date <= last))
    sums: Counter[str] = Counter()
    for name, amount in lines:
        sums[name] += amount
    return {name: tokens for name, tokens in sums.items() if tokens}


def raw_deferred(ledger: Ledger) -> dict[tuple[str, str], int]:
    """What packs still owe now, by class and currency: rule 35's formula over the grants as they stand."""
    sums: Counter[tuple[str, str]] = Counter()
    wanted = sa.select(g["class"], g.currency, g.price_minor, g.tax_minor, g.amount, g.remaining)
    for name, currency, price, tax, amount, remaining in rows(ledger, wanted.where(g.price_minor > 0)):
        sums[name, currency] += deferred_minor(price - tax, amount, remaining)
    return {key: minor for key, minor in sums.items() if minor}
