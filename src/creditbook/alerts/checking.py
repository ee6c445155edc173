"""The check after a sweep: who has crossed a threshold, told once; what could not be told, tried again.

A rule fires when its account crosses the threshold and is armed again when the account has recovered. Firing disarms
it in a transaction of its own before anything is sent, so that of two checks at once one sends; what became of the
sending is written after it. A check that dies in between leaves a claim without a result: it is written down as
interrupted and not repeated, because the message may have arrived.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from creditbook.domain.errors import InvalidRequest
from creditbook.ledger.ledger import Ledger
from creditbook.settings import Settings
from creditbook.store import alerts as rows
from creditbook.store import directory
from creditbook.store.directory import Organization
from creditbook.store.engine import Store

from .channels import channel
from .figures import Figure, figures
from .messages import message_for
from .sending import send

LOW_BALANCE, RUN_OUT = "low_balance", "run_out"
TRIES = 6
"""How often one crossing is tried in all: after 1, 2, 4, 8 and 16 minutes more."""

INTERRUPTED = "The check was interrupted while sending. It may have arrived, so it is not repeated."
IN_PROGRESS = timedelta(minutes=10)
"""So long a check may be at one alert; a claim that is older than that was interrupted."""
SENDERS = 8


@dataclass(frozen=True, slots=True)
class AlertReport:
    """What a check did: rules watched, alerts delivered and failed (each tried once), rules armed again."""

    watched: int = 0
    delivered: int = 0
    failed: int = 0
    rearmed: int = 0


@dataclass(frozen=True, slots=True)
class _Job:
    org: Organization
    rule: Any
    figure: Figure


def check(ledger: Ledger, now: datetime, *, settings: Settings | None = None) -> AlertReport:
    """Look at every rule that is on, in every organization, and send what is due. Safe to run twice at once."""
    settings = settings or Settings.from_environment()
    store, batches = ledger.core.store, ledger.core.batches
    watched = rearmed = 0
    jobs: list[_Job] = []
    for org in directory.organizations(store):
        with store.read(org.org_id) as connection:
            rules = rows.watched(connection, org.org_id)
        watched += len(rules)
        accounts = {rule.account_id: (rule.root_id, rule.zone) for rule in rules}
        known = figures(store, batches, org.org_id, accounts, now)
        for rule in rules:
            figure = known[rule.account_id]
            if has_crossed(rule.kind, rule.threshold, figure, now):
                if rule.is_armed or _again(store, rule, now):
                    jobs.append(_Job(org, rule, figure))
            elif not rule.is_armed and has_recovered(rule.kind, rule.threshold, figure, now):
                rearmed += _rearm(store, rule)
    told = _all(store, jobs, now, settings)
    return AlertReport(watched, sum(told), len(told) - sum(told), rearmed)


def has_crossed(kind: str, threshold: int, figure: Figure, now: datetime) -> bool:
    """At or below so many tokens; or used up within so many days, before the next reset."""
    if kind == LOW_BALANCE:
        return figure.available is not None and figure.available <= threshold
    return figure.empty_at is not None and figure.empty_at - now <= timedelta(days=threshold)


def has_recovered(kind: str, threshold: int, figure: Figure, now: datetime) -> bool:
    """Above the threshold; for a forecast by a whole day, because it wavers."""
    if kind == LOW_BALANCE:
        return figure.available is None or figure.available > threshold
    return figure.empty_at is None or figure.empty_at - now > timedelta(days=threshold + 1)


def _again(store: Store, rule: Any, now: datetime) -> bool:
    """Whether a crossing that was claimed before is due for another try. Writes down what was interrupted."""
    with store.read(rule.org_id) as connection:
        tried = rows.latest_sent(connection, rule.org_id, rule.alert_id, rule.kind, TRIES)
    if not tried or tried[0].at < rule.last_fired_at:
        if now - rule.last_fired_at > IN_PROGRESS:
            _claimed_and_recorded(store, rule, now, INTERRUPTED)
        return False
    failures = 0
    for attempt in tried:
        if attempt.delivered:
            break
        failures += 1
    if not failures or failures >= TRIES or tried[0].error == INTERRUPTED:
        return False
    return bool(now >= tried[0].at + pause(failures))


def pause(failures: int) -> timedelta:
    """How long to wait after so many failures in a row."""
    return timedelta(minutes=2 ** (failures - 1))


def _claimed_and_recorded(store: Store, rule: Any, now: datetime, error: str) -> None:
    def write() -> None:
        with store.write(rule.org_id) as connection:
            if _claim(connection, rule, now):
                _record(connection, rule, now, figure=0, error=error)

    store.retrying(write)


def _rearm(store: Store, rule: Any) -> int:
    def write() -> int:
        with store.write(rule.org_id) as connection:
            return rows.rearm(connection, rule.org_id, rule.alert_id, last_fired_at=rule.last_fired_at)

    return store.retrying(write)


def _all(store: Store, jobs: Iterable[_Job], now: datetime, settings: Settings) -> list[bool]:
    """Several at once: a webhook that does not answer must not keep the others waiting."""
    waiting = list(jobs)
    if not waiting:
        return []
    with ThreadPoolExecutor(min(SENDERS, len(waiting)), thread_name_prefix="alerts") as senders:
        told = senders.map(lambda job: _one(store, job, now, settings), waiting)
        return [one for one in told if one is not None]


def _one(store: Store, job: _Job, now: datetime, settings: Settings) -> bool | None:
    """Whether it was delivered; None when another check was faster."""
    rule = job.rule

    def take() -> bool:
        with store.write(rule.org_id) as connection:
            return _claim(connection, rule, now)

    if not store.retrying(take):
        return None
    message = message_for(job.org, rule, job.figure, now, settings)
    try:
        error = send(channel(rule.channel, settings), message, settings)
    except InvalidRequest as refusal:
        error = str(refusal)

    def note() -> None:
        with store.write(rule.org_id) as connection:
            _record(connection, rule, now, figure=job.figure.available or 0, error=error)

    store.retrying(note)
    return not error


def _claim(connection: rows.Connection, rule: Any, now: datetime) -> bool:
    return rows.claim(
        connection, rule.org_id, rule.alert_id, armed=rule.is_armed, last_fired_at=rule.last_fired_at, now=now
    )


def _record(connection: rows.Connection, rule: Any, now: datetime, *, figure: int, error: str) -> None:
    rows.record(
        connection, rule.org_id, alert_id=rule.alert_id, account_id=rule.account_id, at=now, kind=rule.kind,
        figure=figure, delivered=not error, error=error,
    )  # fmt: skip
