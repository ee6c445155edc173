"""What waited, tried again once its source is set up rightly; and what is to be let go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from creditbook.access.values import Principal
from creditbook.domain.errors import NotFound, Refused
from creditbook.ledger.ledger import Ledger
from creditbook.store import audit
from creditbook.store import sources as rows
from creditbook.store.directory import Organization
from creditbook.store.sources import Connection, Row

from .keeping import LONGEST_REASON, event_of, plain_text
from .planning import Plan, Planner
from .settings import source_of
from .taking import OPEN_STATES, book
from .values import MOST_REASONS, Source, Taken

BATCH = 200


def replay(
    ledger: Ledger,
    who: Principal,
    source_id: int,
    *,
    reason: str,
    rejects: Collection[int] | None = None,
    progress: Callable[[int], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Taken:
    """Try the open events of a source again, by its settings of now; ``rejects`` narrows to these arrivals.

    In batches, each for itself, the oldest first; ``progress`` is told how many have been tried. Stopped or killed, the
    next replay goes on with what is open. A source that is off books what waits all the same. Audited.
    """
    source, org = _admit(ledger, who, source_id), ledger.core.organization(who.org_slug)
    audit.require_reason(reason)
    planner = Planner(ledger, who.org_slug, source)
    whole, after, tried = Taken(), 0, 0
    while stop is None or not stop():
        with ledger.core.store.read(org.org_id) as connection:
            batch = rows.open_events(connection, org.org_id, source_id, after=after, limit=BATCH, only=rejects)
        if not batch:
            break
        whole += _again(ledger, who, org, source, planner, batch)
        tried, after = tried + len(batch), batch[-1].arrival_id
        if progress is not None:
            progress(tried)
    _log(ledger, who, "source.replay", source, reason, {"tried": tried, "booked": whole.booked,
         "replayed": whole.replayed, "waiting": whole.waiting, "rejected": whole.rejected})  # fmt: skip
    return whole


def dismiss(
    ledger: Ledger, who: Principal, source_id: int, arrivals: Collection[int], *, reason: str
) -> int:  # fmt: skip
    """Let open events go for good: sent again, they count as seen. Returns how many were open. Audited."""
    source, org = _admit(ledger, who, source_id), ledger.core.organization(who.org_slug)
    audit.require_reason(reason)
    store, now, named = ledger.core.store, ledger.core.now(), sorted(set(arrivals))

    def once(part: Sequence[int]) -> int:
        with store.write(org.org_id) as connection:
            open_ones = rows.open_events(connection, org.org_id, source_id, only=part, limit=len(part))
            mine = [row.arrival_id for row in open_ones]
            found = rows.resolve(connection, org.org_id, mine, "dismissed", now, who.user_name)
            _move(connection, org.org_id, source_id, found, "dismissed")
            return len(found)

    gone = 0
    for start in range(0, len(named), BATCH):
        part = named[start : start + BATCH]
        gone += store.retrying(lambda part=part: once(part))  # type: ignore[misc]
    _log(ledger, who, "source.dismiss", source, reason, {"dismissed": gone})
    return gone


def _admit(ledger: Ledger, who: Principal, source_id: int) -> Source:
    if not who.has("admin"):
        raise Refused("Sources are for administrators.")
    with ledger.core.store.read(who.org_id) as connection:
        found = rows.one(connection, who.org_id, source_id)
    if found is None:
        raise NotFound("There is no such source.")
    return source_of(found)


def _again(
    ledger: Ledger, who: Principal, org: Organization, source: Source, planner: Planner, batch: Sequence[Row]
) -> Taken:
    core = ledger.core
    now = core.now()
    plans = planner.plans([event_of(row) for row in batch], now, though_off=True)
    for plan, row in zip(plans, batch, strict=True):
        plan.key = row.event_key  # of the id as it came, which may be too long to be kept
    with core.store.read(org.org_id) as connection:
        accounts = rows.accounts(connection, org.org_id, planner.names(plans))
    planner.settle(plans, accounts, now)
    book(ledger, plans, who.user_name)

    def write() -> None:
        with core.store.write(org.org_id) as connection:
            for state, count in (("book", "booked"), ("replayed", "replayed")):
                landed = {row.arrival_id: row for row, plan in zip(batch, plans, strict=True) if plan.state == state}
                found = rows.resolve(connection, org.org_id, list(landed), "booked", now, who.user_name)
                _move(connection, org.org_id, source.source_id, found, count)
                if state == "book":
                    _overtaken(connection, org.org_id, source, landed, {row.arrival_id for row in found})
            for row, plan in zip(batch, plans, strict=True):
                if plan.state in OPEN_STATES:
                    _restate(connection, org.org_id, row, plan)

    core.store.retrying(write)
    counts = Counter(plan.state for plan in plans)
    reasons = dict.fromkeys(plan.reason for plan in plans if plan.state in OPEN_STATES)
    return Taken(counts["book"], counts["replayed"], counts["waiting"], counts["rejected"],
                 reasons=tuple(reasons)[:MOST_REASONS])  # fmt: skip


def _move(connection: Connection, org_id: int, source_id: int, found: Sequence[Row], to: str) -> None:
    """The days of what was open count it elsewhere now."""
    for (day, was), number in sorted(Counter((row.org_date, row.state) for row in found).items()):
        rows.move(connection, org_id, source_id, day, was, to, number)


def _overtaken(
    connection: Connection, org_id: int, source: Source, landed: Mapping[int, Row], found: Collection[int]
) -> None:
    """We have booked it, but its sender sent it again meanwhile and was quicker to say so: it counted as replayed."""
    late = [row for arrival, row in landed.items() if arrival not in found]
    states = rows.kept(connection, org_id, source.source_id, [row.event_key for row in late])
    for row in late:
        if states[row.event_key].state == "booked":
            rows.move(connection, org_id, source.source_id, row.org_date, "replayed", "booked", 1)


def _restate(connection: Connection, org_id: int, row: Row, plan: Plan) -> None:
    reason = plain_text(plan.reason, LONGEST_REASON)
    if (row.state, row.account, row.reason) == (plan.state, plan.named, reason):
        return
    was = rows.restate(connection, org_id, row.arrival_id, plan.state, plan.named, reason)
    if was is not None:
        rows.move(connection, org_id, row.source_id, was.org_date, was.state, plan.state, 1)


def _log(ledger: Ledger, who: Principal, act: str, source: Source, reason: str, after: dict[str, int]) -> None:
    at: datetime = ledger.core.now()

    def write() -> None:
        with ledger.core.store.write(who.org_id) as connection:
            audit.record(connection, who.org_id, at=at, actor=who.user_name, act=act, subject=source.name,
                         reason=reason, after=dict(after))  # fmt: skip

    ledger.core.store.retrying(write)
