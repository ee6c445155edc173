"""Events into the ledger: what can be booked is, in one transaction a batch; the rest is kept with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from creditbook.domain.errors import Conflict, IdempotencyConflict, LedgerError
from creditbook.ledger.ledger import Ledger
from creditbook.store import sources as rows

from .keeping import row_of
from .planning import Plan, Planner
from .values import MOST_REASONS, Event, Source, Taken

BATCH = 500
OPEN_STATES = ("waiting", "rejected")


def take(
    ledger: Ledger, org_slug: str, source: Source, events: Iterable[Event], *, actor: str, only: str | None = None
) -> Taken:
    """Book events, each once whatever how often it comes; keep what can't be booked yet.

    ``only`` is the one account of a bound key ('' is the pool): an event that names nobody is its, one that names
    another is rejected. Interrupted, the same events may be sent again. Raises `Unavailable` when the database is.
    """
    planner = Planner(ledger, org_slug, source, only=only)
    whole, batch = Taken(), []
    for event in events:
        batch.append(event)
        if len(batch) == BATCH:
            whole += _take(ledger, org_slug, source, planner, batch, actor)
            batch = []
    return whole + _take(ledger, org_slug, source, planner, batch, actor) if batch else whole


def _take(
    ledger: Ledger, org_slug: str, source: Source, planner: Planner, events: Sequence[Event], actor: str
) -> Taken:
    core = ledger.core
    org, now = core.organization(org_slug), core.now()
    plans = planner.plans(events, now)
    with core.store.read(org.org_id) as connection:
        accounts = rows.accounts(connection, org.org_id, planner.names(plans))
        kept = rows.kept(connection, org.org_id, source.source_id, [plan.key for plan in plans])
    for plan in plans:
        if plan.key in kept and kept[plan.key].state in {"booked", "dismissed"}:
            plan.state = "replayed"
    planner.settle(plans, accounts, now)
    booked = book(ledger, plans, actor)
    today = local_date(now, org.zone)
    waits = [plan for plan in plans if plan.state in OPEN_STATES]
    landed = [kept[plan.key].arrival_id for plan in plans
              if plan.key in kept and plan.key in booked and kept[plan.key].resolved_at is None]  # fmt: skip

    def write() -> Taken:
        with core.store.write(org.org_id) as connection:
            counts = Counter(plan.state for plan in plans)
            fresh = [row_of(plan, now, today) for plan in waits]
            new = Counter(rows.keep(connection, org.org_id, source.source_id, fresh))
            for row in rows.resolve(connection, org.org_id, landed, "booked", now, actor):
                # This arrival is the one that was booked, or none of them is: the earlier one only came before.
                rows.move(connection, org.org_id, source.source_id, row.org_date, row.state, "replayed", 1)
            again = counts["waiting"] + counts["rejected"] - sum(new.values())
            days = {
                "booked": counts["book"],
                "replayed": counts["replayed"] + again,
                "waiting": new["waiting"],
                "rejected": new["rejected"],
                "empty": counts["empty"],
            }
            rows.count(connection, org.org_id, source.source_id, today, now, days)
        return Taken(counts["book"], counts["replayed"] + again, new["waiting"], new["rejected"], counts["empty"],
                     tuple(dict.fromkeys(plan.reason for plan in waits))[:MOST_REASONS])  # fmt: skip

    return core.store.retrying(write)


def book(ledger: Ledger, plans: Sequence[Plan], actor: str) -> set[str]:
    """Open the accounts that are to be, then spend; each plan's state tells what came of it. Returns keys in the books.

    A plan that the ledger has booked before, in whatever words, is replayed: the first stands.
    """
    _open(ledger, [plan for plan in plans if plan.spend and plan.create], actor)
    asked = [plan for plan in plans if plan.spend and plan.state == "book"]
    if not asked:
        return set()
    answers = ledger.spend_many([{**plan.spend, "actor": actor} for plan in asked])
    landed: set[str] = set()
    for plan, answer in zip(asked, answers, strict=True):
        if isinstance(answer, LedgerError) and not isinstance(answer, IdempotencyConflict):
            plan.stop("waiting", str(answer))
            continue
        if isinstance(answer, LedgerError) or answer.replayed:
            plan.state = "replayed"
        landed.add(plan.key)
    return landed


def _open(ledger: Ledger, plans: Sequence[Plan], actor: str) -> None:
    refused: dict[str, str] = {}
    opened: set[str] = set()
    for plan in plans:
        name = plan.spend["account"]
        if name not in opened and name not in refused:
            try:
                ledger.open_account(name, actor=actor)
                opened.add(name)
            except Conflict:  # somebody else opened it meanwhile
                opened.add(name)
            except LedgerError as wrong:
                refused[name] = str(wrong)
        if name in refused:
            plan.stop("waiting", refused[name])


def local_date(at: datetime, zone: str) -> date:
    """The organization's date of an instant."""
    return at.astimezone(ZoneInfo(zone)).date()
