"""Scheduled exports: set up by an administrator or finance, run by the scheduler when a day, week or month is over."""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

from creditbook.access import console
from creditbook.access.values import NotAllowed, Principal
from creditbook.domain.errors import InvalidRequest, LedgerError, NotFound
from creditbook.store import audit, directory
from creditbook.store.directory import Organization
from creditbook.store.engine import Store
from creditbook.store.finance import schedules as rows
from creditbook.store.finance.export_rows import Days
from creditbook.store.finance.schedules import Every, Schedule

from . import audited, periods
from .audited import Exported
from .datasets import zone_of
from .making import FORMATS, making

__all__ = ["Schedule", "add", "end", "every", "is_failure", "run_due", "run_now"]

RETRY = timedelta(hours=1)
"""After a failure (a full disk, a folder that went away) it is tried again so much later, not every minute."""

_FAILED = "failed: "


def every(store: Store, who: Principal) -> list[Schedule]:
    """The organization's schedules, oldest first."""
    _may(who)
    with store.read(who.org_id) as connection:
        return rows.every(connection, who.org_id)


def add(
    store: Store, who: Principal, *, what: str, format_: str, folder: str, each: str, reason: str, at: datetime
) -> int:
    """Set up an export that runs when a day, week or month is over; the first covers the stretch that runs now.

    Raises InvalidRequest for something that cannot be exported so, a folder that is not there, or without a reason.
    """
    _may(who)
    if format_ not in FORMATS.get(what, ()):
        known = "; ".join(f"{name}: {', '.join(formats)}" for name, formats in FORMATS.items())
        raise InvalidRequest(f"“{what}” as “{format_}” cannot be exported. There are {known}.")
    if each not in get_args(Every):
        raise InvalidRequest(f"“{each}” is no rhythm. Say day, week or month.")
    place = Path(folder).expanduser().absolute()
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise InvalidRequest(f"Nothing can be written to {place}. Make the folder first, writable for this user.")
    terms = {"what": what, "format": format_, "folder": str(place), "every": each}

    def added() -> int:
        with store.write(who.org_id) as connection:
            made = rows.add(connection, who.org_id, **terms, filters={}, created_at=at, created_by=who.user_name)
            audit.record(connection, who.org_id, at=at, actor=who.user_name, act="export.schedule", subject=str(made),
                         reason=reason, after=terms)  # fmt: skip
        return made

    return store.retrying(added)


def end(store: Store, who: Principal, export_id: int, *, reason: str, at: datetime) -> None:
    """Let a schedule run no more; the files that it wrote stay. Raises NotFound."""
    _may(who)

    def ended() -> None:
        with store.write(who.org_id) as connection:
            found = rows.one(connection, who.org_id, export_id)
            if found is None or not found.is_on:
                raise NotFound(f"There is no scheduled export {export_id} that runs.")
            rows.change(connection, who.org_id, export_id, is_on=False)
            audit.record(
                connection, who.org_id, at=at, actor=who.user_name, act="export.unschedule", subject=str(export_id),
                reason=reason, before={"is_on": True}, after={"is_on": False},
            )  # fmt: skip

    store.retrying(ended)


def run_due(store: Store, reports: Store, now: datetime) -> list[tuple[str, Schedule, str]]:
    """Run what is due in every organization: (slug, schedule, what came of it). A failure stops no other one."""
    done = []
    for org in directory.organizations(store):
        who = console(org.org_id, org.slug, org.name, org.zone)
        done += [(org.slug, one, _attempt(store, reports, who, one, now)) for one in _due(store, org, now)]
    return done


def run_now(store: Store, reports: Store, who: Principal, now: datetime) -> list[tuple[Schedule, str]]:
    """Run what is due in one organization, failures of the last hour too."""
    _may(who)
    with store.read(who.org_id) as connection:
        found = [one for one in rows.every(connection, who.org_id) if one.is_on and _missing(one, zone_of(who), now)]
    return [(one, _attempt(store, reports, who, one, now)) for one in found]


def _due(store: Store, org: Organization, now: datetime) -> list[Schedule]:
    with store.read(org.org_id) as connection:
        found = rows.every(connection, org.org_id)
    return [one for one in found if one.is_on and not _waits(one, now) and _missing(one, org.zone, now)]


def _waits(one: Schedule, now: datetime) -> bool:
    return is_failure(one.last_result) and one.last_run_at is not None and now - one.last_run_at < RETRY


def _missing(one: Schedule, zone: str, now: datetime) -> list[tuple[date, date]]:
    """The stretches that are over and have no file yet."""
    local = ZoneInfo(zone)
    covered = one.filters.get("covered_through")
    since = date.fromisoformat(covered) + timedelta(days=1) if covered else one.created_at.astimezone(local).date()
    return list(periods.finished(one.every, since, now.astimezone(local).date()))


def _attempt(store: Store, reports: Store, who: Principal, one: Schedule, now: datetime) -> str:
    covered = dict(one.filters)
    try:
        last = None
        for first, until in _missing(one, zone_of(who), now):
            last = _write(store, reports, who, one, first, until, now)
            covered["covered_through"] = until.isoformat()
        result = f"{last.path}: {last.rows:,} rows" if last else "nothing was due"
    except (LedgerError, OSError) as error:
        result = f"{_FAILED}{error}"

    def noted() -> None:
        with store.write(who.org_id) as connection:
            rows.change(connection, who.org_id, one.export_id, last_run_at=now, last_result=result, filters=covered)

    store.retrying(noted)
    return result


def _write(
    store: Store, reports: Store, who: Principal, one: Schedule, first: date, until: date, now: datetime
) -> Exported:
    """One stretch as a file; run again it replaces the same file with the same figures."""
    named = f"{who.org_slug}-{one.what}-{periods.name(one.every, first)}.{one.format}"
    make = making(reports, who, one.what, one.format, Days(first, until))
    wanted = audited.Request(
        one.what, who.org_slug, one.format, f"Scheduled every {one.every} by {one.created_by}",
        {"schedule": str(one.export_id), "first": first.isoformat(), "last": until.isoformat()},
    )  # fmt: skip
    return audited.to_file(store, who, wanted, make, Path(one.folder) / named, now, overwrite=True)


def is_failure(result: str) -> bool:
    """Whether a schedule's result tells that the file could not be written."""
    return result.startswith(_FAILED)


def _may(who: Principal) -> None:
    if not who.has("finance", "admin"):
        raise NotAllowed("Scheduled exports are for finance and administrators.")
