"""The log of administrative acts as an administrator reads it: pages by keyset, the whole as a file, the seal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from creditbook.access.values import Principal
from creditbook.domain.calendar import start_of_day
from creditbook.store import audit as log
from creditbook.store import reports_audit as rows
from creditbook.store import sealing
from creditbook.store.engine import Store
from creditbook.store.reports_audit import NO_FILTER, AuditFilter

__all__ = ["COLUMNS", "NO_FILTER", "Act", "AuditFilter", "Chain", "Page", "chain", "csv_rows", "exported", "head"]
__all__ += ["jsonl", "names", "opened", "page", "period"]


@dataclass(frozen=True, slots=True)
class Act:
    """One act: who did what to whom, what it changed, why and when. ``before`` and ``after`` hold what moved."""

    audit_id: int
    at: datetime
    actor: str
    act: str
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some acts, newest first. ``newer`` and ``older`` tell whether there are more on either side."""

    acts: tuple[Act, ...]
    newer: bool
    older: bool


@dataclass(frozen=True, slots=True)
class Chain:
    """How far the log is sealed: ``sealed`` of ``acts``, up to the act ``audit_id`` of the instant ``at``.

    ``digest`` is the chain's head, '' while nothing is sealed. Whoever kept an earlier head can tell whether anything
    before it was changed.
    """

    acts: int
    sealed: int
    digest: str
    audit_id: int | None
    at: datetime | None


def page(
    store: Store,
    principal: Principal,
    wanted: AuditFilter = NO_FILTER,
    *,
    upto: int | None = None,
    newer_than: int | None = None,
    size: int = 14,
) -> Page:
    """A page of the organization's log: the newest acts, those from one downwards, or those just above one."""
    org = principal.org_id
    with store.read(org) as connection:
        found = rows.page(connection, org, wanted, upto=upto, newer_than=newer_than, limit=size + 1)
        more = len(found) > size
        if newer_than is not None:
            return Page(tuple(_act(r) for r in (found[1:] if more else found)), newer=more, older=True)
        found = found[:size]
        above = upto is not None and bool(found)
        newer = above and bool(rows.page(connection, org, wanted, newer_than=found[0].audit_id, limit=1))
    return Page(tuple(_act(r) for r in found), newer=newer, older=more)


def opened(store: Store, principal: Principal, audit_id: int) -> Act | None:
    """One act of the principal's organization; None when there is no such one."""
    with store.read(principal.org_id) as connection:
        found = rows.page(connection, principal.org_id, NO_FILTER, upto=audit_id, limit=1)
    return _act(found[0]) if found and found[0].audit_id == audit_id else None


def names(store: Store, principal: Principal) -> tuple[list[str], list[str]]:
    """Who acted and what they did, to choose from."""
    with store.read(principal.org_id) as connection:
        return rows.names(connection, principal.org_id)


def period(principal: Principal, first: date | None, last: date | None) -> tuple[datetime | None, datetime | None]:
    """Local days of the organization, both included, as instants."""
    zone = principal.org_zone or principal.zone
    since = None if first is None else start_of_day(first, zone)
    return since, None if last is None else start_of_day(last + timedelta(days=1), zone)


COLUMNS = ("id", "when", "who", "what", "whom", "before", "after", "why")


def csv_rows(store: Store, principal: Principal, wanted: AuditFilter = NO_FILTER) -> Iterator[tuple[Any, ...]]:
    """Every act that matches, newest first, as `COLUMNS`. Times are local with their offset, changes are JSON."""
    zone = ZoneInfo(principal.org_zone or principal.zone)
    for act in _every(store, principal, wanted):
        at = act.at.astimezone(zone).isoformat(timespec="seconds")
        yield (act.audit_id, at, act.actor, act.act, act.subject, _text(act.before), _text(act.after), act.reason)


def jsonl(store: Store, principal: Principal, wanted: AuditFilter = NO_FILTER) -> bytes:
    """Every act that matches, newest first, one JSON object a line; times in UTC."""
    lines = [
        json.dumps(
            {
                "id": act.audit_id,
                "at": act.at.astimezone(UTC).isoformat(),
                "actor": act.actor,
                "act": act.act,
                "subject": act.subject,
                "before": act.before,
                "after": act.after,
                "reason": act.reason,
            },
            ensure_ascii=False,
        )
        for act in _every(store, principal, wanted)
    ]
    return "".join(line + "\n" for line in lines).encode()


def exported(store: Store, principal: Principal, at: datetime, kind: str, reason: str) -> None:
    """Write down that somebody took the log out of the house: an export is an act too (rule 38)."""
    with store.write(principal.org_id) as connection:
        log.record(
            connection, principal.org_id, at=at, actor=principal.user_name, act="export", subject="audit",
            reason=reason, after={"format": kind},
        )  # fmt: skip


def chain(store: Store, principal: Principal) -> Chain:
    """How far the organization's log is sealed now; a sealer runs with every sweep."""
    with store.read(principal.org_id) as connection:
        acts, seals, newest = rows.sealed(connection, principal.org_id)
    if newest is None:
        return Chain(acts, seals, "", None, None)
    return Chain(acts, seals, newest.digest, newest.audit_id, newest.at)


def broken(store: Store, principal: Principal) -> int:
    """Seals that do not follow from their act and the seal before them; reads the whole log."""
    return len(sealing.broken_seals(store, principal.org_id))


def head(principal: Principal, found: Chain, at: datetime) -> dict[str, Any]:
    """The chain's head as a document to keep elsewhere; `signing` seals it."""
    return {
        "organization": principal.org_slug,
        "sealed_acts": found.sealed,
        "last_act": found.audit_id,
        "last_at": found.at.astimezone(UTC).isoformat() if found.at else None,
        "head": found.digest,
        "algorithm": 'sha256(previous + "\\n" + canonical JSON of the act); the first previous is 64 zeros',
        "exported_at": at.astimezone(UTC).isoformat(),
        "exported_by": principal.user_name,
    }


def _every(store: Store, principal: Principal, wanted: AuditFilter) -> Iterator[Act]:
    with store.read(principal.org_id) as connection:
        for row in rows.every(connection, principal.org_id, wanted):
            yield _act(row)


def _act(row: Any) -> Act:
    return Act(row.audit_id, row.at, row.actor, row.act, row.subject, row.before or {}, row.after or {}, row.reason)


def _text(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, sort_keys=True) if values else ""
