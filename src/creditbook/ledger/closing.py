"""Months closed: everything due is settled, nobody writes for a moment, the figures are frozen (rule 34)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from creditbook.domain.calendar import local_date
from creditbook.domain.closing import ClosedMonth, check, digest, last_day
from creditbook.domain.errors import InvalidRequest, Unavailable
from creditbook.reports.finance.books import figures
from creditbook.store import closing as rows
from creditbook.store.directory import Organization
from creditbook.store.locks import stand_still

from . import sweeping
from .core import Core


def close_month(
    core: Core,
    org: str,
    month: date,
    *,
    reason: str,
    actor: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> ClosedMonth:
    """Close a month of an organization's books for good; ``month`` is any day of it.

    What is due is settled first; ``progress`` hears (done, of) accounts of that. From then on whatever is booked late
    books in the open month. Raises `Conflict` when it is closed already, `InvalidRequest` for a month that runs or has
    an open one before it, and without a reason, `Unavailable` where some accounts can't be settled now.
    """
    if not reason.strip():
        raise InvalidRequest("Give a reason: it stands in the audit log beside your name.")
    one = core.organization(org)
    first = _may_close(core, one, month)
    if sweeping.sweep(core, org, progress=progress).failed:
        raise Unavailable("Some accounts could not be settled just now. Try again in a minute.")
    return core.store.retrying(lambda: _close(core, one, first, reason.strip(), actor))


def _may_close(core: Core, one: Organization, month: date) -> date:
    with core.store.read(one.org_id) as connection:
        through, booked = rows.closed_through(connection, one.org_id), rows.first_booked(connection, one.org_id)
    return check(month, local_date(core.now(), one.zone), through, booked)


def _close(core: Core, one: Organization, month: date, reason: str, actor: str) -> ClosedMonth:
    at = core.now()
    with core.store.write(one.org_id) as connection:
        stand_still(connection, one.org_id)
        through, booked = rows.closed_through(connection, one.org_id), rows.first_booked(connection, one.org_id)
        first = check(month, local_date(at, one.zone), through, booked)
        frozen = {**figures(connection, one.org_id, first), "mark": rows.mark(connection)}
        closed = ClosedMonth(first, at, actor, reason, frozen, digest(frozen))
        rows.close(
            connection, one.org_id, one.slug, last_day(first), at=at, actor=actor, reason=reason, figures=frozen,
            digest=closed.digest,
        )  # fmt: skip
    return closed
