"""What a source set up otherwise would do with what waits: looked at with the replay's own eyes, nothing written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from creditbook.access.values import Principal
from creditbook.ledger.ledger import Ledger
from creditbook.store import sources as rows

from .keeping import event_of
from .planning import Planner
from .values import Source

MOST = 5_000
"""At most so many open events are looked at while somebody types; the oldest, as a replay takes them."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would become of the events looked at: ``events`` of ``open`` in all.

    ``books`` by account ('' is the pool); ``opens`` are accounts that would be opened first. ``stays`` counts by reason
    what would go on waiting or stay rejected.
    """

    open: int = 0
    events: int = 0
    books: Counter[str] = field(default_factory=Counter)
    opens: tuple[str, ...] = ()
    stays: Counter[str] = field(default_factory=Counter)


def foresee(ledger: Ledger, who: Principal, source: Source, only: Collection[int] | None = None) -> Foreseen:
    """What a replay would do now if the source were set up like this; ``only`` narrows to these arrivals.

    What the ledger itself would refuse, a frozen account say, shows only when it is done.
    """
    core = ledger.core
    planner, now = Planner(ledger, who.org_slug, source), core.now()
    books: Counter[str] = Counter()
    stays: Counter[str] = Counter()
    opens: dict[str, None] = {}
    events = after = 0
    with core.store.read(who.org_id) as connection:
        totals = rows.totals(connection, who.org_id).get(source.source_id)
        while events < MOST:
            batch = rows.open_events(connection, who.org_id, source.source_id, after=after, limit=_AT_ONCE, only=only)
            if not batch:
                break
            plans = planner.plans([event_of(row) for row in batch], now, though_off=True)
            planner.settle(plans, rows.accounts(connection, who.org_id, planner.names(plans)), now)
            books.update(plan.spend["account"].partition("/")[2] for plan in plans if plan.spend)
            opens |= dict.fromkeys(plan.named for plan in plans if plan.spend and plan.create)
            stays.update(plan.reason for plan in plans if not plan.spend)
            events, after = events + len(batch), batch[-1].arrival_id
    whole = totals.waiting + totals.rejected if totals is not None and only is None else events
    return Foreseen(max(whole, events), events, books, tuple(opens), stays)
