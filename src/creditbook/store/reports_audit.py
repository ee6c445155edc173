"""Reading the log of administrative acts: pages by keyset, who and what stands in it, how far it is sealed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from .sealing import tip_of
from .tables.ledger import audit, audit_seal

a = audit.c


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which acts are wanted; an empty part lets everything pass. ``since`` is included, ``until`` is not.

    ``subject`` is looked for in whom or what an act was done to, and in its reason.
    """

    actors: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


NO_FILTER = AuditFilter()


def page(
    connection: sa.Connection,
    org_id: int,
    wanted: AuditFilter,
    *,
    older_than: int | None = None,
    newer_than: int | None = None,
    upto: int | None = None,
    limit: int,
) -> list[Any]:
    """At most `limit` acts, newest first: the newest, those up to (and with) one, or those beside it."""
    query = sa.select(audit).where(*_matching(org_id, wanted)).limit(limit)
    if newer_than is not None:
        rows = connection.execute(query.where(a.audit_id > newer_than).order_by(a.audit_id.asc())).all()
        return list(reversed(rows))
    if older_than is not None:
        query = query.where(a.audit_id < older_than)
    if upto is not None:
        query = query.where(a.audit_id <= upto)
    return list(connection.execute(query.order_by(a.audit_id.desc())).all())


def every(connection: sa.Connection, org_id: int, wanted: AuditFilter, batch: int = 5_000) -> Iterator[Any]:
    """All acts that match, newest first, read in batches of one snapshot."""
    last: int | None = None
    while True:
        rows = page(connection, org_id, wanted, older_than=last, limit=batch)
        yield from rows
        if len(rows) < batch:
            return
        last = rows[-1].audit_id


def names(connection: sa.Connection, org_id: int) -> tuple[list[str], list[str]]:
    """Every actor and every act of the log, in alphabetical order."""
    found = []
    for column in (a.actor, a.act):
        query = sa.select(column).where(a.org_id == org_id).distinct().order_by(column)
        found.append(list(connection.execute(query).scalars()))
    return found[0], found[1]


def sealed(connection: sa.Connection, org_id: int) -> tuple[int, int, Any]:
    """How many acts there are, how many of them are sealed, and the newest seal with its act (None without any)."""
    acts = connection.scalar(sa.select(sa.func.count()).select_from(audit).where(a.org_id == org_id)) or 0
    seals = connection.scalar(
        sa.select(sa.func.count()).select_from(audit_seal).where(audit_seal.c.org_id == org_id)
    )  # fmt: skip
    joined = audit_seal.join(audit, sa.and_(a.org_id == audit_seal.c.org_id, a.audit_id == audit_seal.c.audit_id))
    newest = (
        sa.select(audit_seal.c.digest, a.audit_id, a.at)
        .select_from(joined)
        .where(audit_seal.c.org_id == org_id, audit_seal.c.digest.in_(tip_of(org_id)))
    )
    return acts, seals or 0, connection.execute(newest).first()


def _matching(org_id: int, wanted: AuditFilter) -> list[sa.ColumnElement[bool]]:
    terms: list[sa.ColumnElement[bool]] = [a.org_id == org_id]
    if wanted.actors:
        terms.append(a.actor.in_(wanted.actors))
    if wanted.acts:
        terms.append(a.act.in_(wanted.acts))
    if wanted.subject:
        terms.append(sa.or_(*(column.icontains(wanted.subject, autoescape=True) for column in (a.subject, a.reason))))
    if wanted.since is not None:
        terms.append(a.at >= wanted.since)
    if wanted.until is not None:
        terms.append(a.at < wanted.until)
    return terms
