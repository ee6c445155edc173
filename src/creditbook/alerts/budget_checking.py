"""The check of budgets after a sweep: who has used 80% or all of one, told once per month and mark.

An attempt is written down as claimed before anything is sent, so that of two checks at once one sends; then as sent or
failed. A claim without a result is a check that died: it is written down as interrupted and not repeated, because the
message may have arrived. A budget that has passed both marks is told of the higher one alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from creditbook.domain import budgets as rules
from creditbook.domain.budgets import Standing
from creditbook.domain.calendar import local_date
from creditbook.domain.errors import InvalidRequest
from creditbook.settings import Settings
from creditbook.store import directory
from creditbook.store.directory import Organization
from creditbook.store.engine import Store
from creditbook.store.finance import budgets as rows
from creditbook.store.finance.budgets import Row

from .budgets import stands
from .channels import channel
from .checking import IN_PROGRESS, INTERRUPTED, SENDERS, TRIES, AlertReport, pause
from .messages import budget_message
from .sending import send

LATE = timedelta(days=3)
"""So long after its end a month is still looked at: what its last hours crossed is told."""


@dataclass(frozen=True, slots=True)
class _Job:
    org: Organization
    budget: Row
    standing: Standing
    percent: int
    attempt: int


def check_budgets(store: Store, now: datetime, settings: Settings) -> AlertReport:
    """Look at every running budget whose alerts are on, and send what is due. Safe to run twice at once."""
    watched = 0
    jobs: list[_Job] = []
    for org in directory.organizations(store):
        today = local_date(now, org.zone)
        with store.read(org.org_id) as connection:
            budgets = rows.watched(connection, org.org_id)
            told = rows.told(connection, org.org_id, rules.month_of(today - LATE)) if budgets else []
            found = [
                (budget, stands(connection, budget, month, today))
                for budget in budgets
                for month in _months(budget, today, org.zone)
            ]
        watched += len(budgets)
        for budget, standing in found:
            if standing.crossed:
                percent = standing.crossed[-1]
                attempt = _due(store, _of(told, budget, standing.month, percent), now)
                if attempt:
                    jobs.append(_Job(org, budget, standing, percent, attempt))
    if not jobs:
        return AlertReport(watched)
    with ThreadPoolExecutor(min(SENDERS, len(jobs)), thread_name_prefix="budgets") as senders:
        sent = [one for one in senders.map(lambda job: _one(store, job, now, settings), jobs) if one is not None]
    return AlertReport(watched, sum(sent), len(sent) - sum(sent))


def _months(budget: Row, today: date, zone: str) -> Iterator[date]:
    """The running month and, in its first days, the one before; none before the budget was set, nor another's."""
    begins = rules.month_of(local_date(budget.created_at, zone))
    for month in sorted({rules.month_of(today - LATE), rules.month_of(today)}):
        if month >= begins and budget.month in (None, month):
            yield month


def _of(told: Sequence[Row], budget: Row, month: date, percent: int) -> list[Row]:
    key = (budget.budget_id, month, percent)
    return [one for one in told if (one.budget_id, one.month, one.percent) == key]


def _due(store: Store, steps: Sequence[Row], now: datetime) -> int:
    """The number of the attempt that is due now, 0 for none. Writes down what was interrupted."""
    if not steps:
        return 1
    attempt = max(step.attempt for step in steps)
    last = {step.step: step for step in steps if step.attempt == attempt}
    if rows.SENT in last:
        return 0
    failed = last.get(rows.FAILED)
    if failed is None:
        claim = last[rows.CLAIMED]
        if now - claim.at > IN_PROGRESS:
            _tell(store, claim, rows.FAILED, now, INTERRUPTED)
        return 0
    gives_up = attempt >= TRIES or failed.error == INTERRUPTED
    return 0 if gives_up or now < failed.at + pause(attempt) else attempt + 1


def _tell(store: Store, claim: Row, step: str, at: datetime, error: str) -> None:
    def write() -> None:
        with store.write(claim.org_id) as connection:
            rows.tell(
                connection, claim.org_id, claim.budget_id, claim.month, claim.percent, attempt=claim.attempt,
                step=step, at=at, error=error,
            )  # fmt: skip

    store.retrying(write)


def _one(store: Store, job: _Job, now: datetime, settings: Settings) -> bool | None:
    """Whether it was delivered; None when another check was faster, or the budget is not there any more."""
    budget, month = job.budget, job.standing.month

    def step(which: str, error: str = "") -> bool:
        with store.write(budget.org_id) as connection:
            if which == rows.CLAIMED and not _still_watched(rows.one(connection, budget.org_id, budget.budget_id)):
                return False
            return rows.tell(
                connection, budget.org_id, budget.budget_id, month, job.percent, attempt=job.attempt, step=which,
                at=now, error=error,
            )  # fmt: skip

    if not store.retrying(lambda: step(rows.CLAIMED)):
        return None
    message = budget_message(job.org, budget, job.standing, job.percent, now, settings)
    try:
        error = send(channel(budget.channel, settings), message, settings)
    except InvalidRequest as refusal:
        error = str(refusal)
    store.retrying(lambda: step(rows.FAILED if error else rows.SENT, error))
    return not error


def _still_watched(budget: Row | None) -> bool:
    return budget is not None and budget.ended_at is None and bool(budget.is_on) and budget.channel != ""
