"""The money in the entries (rule 35), held to the grants' prices.

In whole numbers of Python over the rows as they stream by: a price times its tokens may pass 64 bits, where SQLite
would go on in floating point.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from creditbook.domain.deferring import deferred_minor

from .checks import EXAMPLES, Finding
from .engine import Store

_ENTRIES = (
    "SELECT e.txn_id, e.seq, e.grant_id, e.amount, e.remaining_after, e.deferred_minor, g.amount AS issued, "
    "COALESCE(g.price_minor, 0) - g.tax_minor AS net FROM token_grant g "
    "JOIN entry e ON e.org_id = g.org_id AND e.grant_id = g.grant_id WHERE g.org_id = :org "
)
# Apart, so that the few packs are found without a look at every entry, and every entry is only looked at for a figure.
_OF_PACKS = _ENTRIES + "AND g.price_minor > 0"
_OF_OTHERS = _ENTRIES + "AND e.deferred_minor <> 0 AND COALESCE(g.price_minor, 0) = 0"
_AT_ONCE = 5_000


def money_findings(store: Store, org_id: int) -> Iterator[Finding]:
    """Whether every entry's change of unearned money follows from its grant's net price, amount and remaining."""
    broken, examples = 0, list[dict[str, object]]()
    with store.read(org_id) as connection:
        for query in (_OF_PACKS, _OF_OTHERS):
            for row in connection.execute(sa.text(query), {"org": org_id}, execution_options={"yield_per": _AT_ONCE}):
                due = _due(row)
                if row.deferred_minor != due:
                    broken += 1
                    if len(examples) < EXAMPLES:
                        examples.append({**_named(row), "stands": row.deferred_minor, "by_price": due})
    says = "what every entry changed of its grant's unearned price follows from price, tax, amount and remaining"
    yield Finding("entry.deferred", says, broken, tuple(examples))


def _due(row: sa.Row[tuple[object, ...]]) -> int:
    before = row.remaining_after - row.amount
    return deferred_minor(row.net, row.issued, row.remaining_after) - deferred_minor(row.net, row.issued, before)


def _named(row: sa.Row[tuple[object, ...]]) -> dict[str, object]:
    return {"txn_id": row.txn_id, "seq": row.seq, "grant_id": row.grant_id}
