"""Settles what is due while the server runs: resets, expiries, terms, holds; then alerts. Beside it: receipts, exports,
and the day's exchange rates where `CREDITBOOK_FX_URL` names their file.

However many processes serve one database, one of them does it at a time: whoever holds the lease row (`store.leases`).
Settling is family by family, each in a transaction of its own, and safe to repeat; so a process that is killed in the
middle leaves a lease that ends by itself and work that the next one finishes. `creditbook sweep` does it from cron.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from creditbook import alerts
from creditbook.domain.errors import LedgerError
from creditbook.exports import upkeep
from creditbook.installation import Installation, installation
from creditbook.pricing.rate_provider import Fetched, fetch_rates
from creditbook.store import leases

JOB, EXPORTS, RATES = "sweep", "exports", "rates"
LEASE = timedelta(minutes=2)
"""Longer than any batch of families takes; a run prolongs it as it goes on."""

EXPORT_LEASE = timedelta(minutes=30)
"""After a process that was killed while it exported, another one goes on so much later."""

ASKED_AGAIN = timedelta(hours=1)
"""When nobody answered who has the exchange rates, they are asked again so much later; else on the next UTC day."""

_log = logging.getLogger(__name__)


def holder() -> str:
    """This process, as it stands in the lease row."""
    return f"{socket.gethostname()}/{os.getpid()}"


def run_once(here: Installation, me: str = "") -> dict[str, Any] | None:
    """Settle everything due once, if no other process is at it. Tells what was done, None when another one is."""
    me = me or holder()
    store, clock = here.store, here.clock
    if not leases.take(store, JOB, me, clock(), LEASE):
        return None
    leases.note(store, JOB, me, last_started_at=clock())

    def still_here(_done: int, _of: int) -> None:
        leases.take(store, JOB, me, clock(), LEASE)

    report = asdict(here.ledger.sweep(actor="scheduler", progress=still_here))
    ended = clock()
    leases.note(store, JOB, me, until=ended, last_finished_at=ended, last_report=report)
    return report


@contextmanager
def running(here: Callable[[], Installation] = installation) -> Iterator[None]:
    """Settles what is due every `Settings.sweep_seconds` while the block runs; 0 leaves it to `creditbook sweep`."""
    seconds = here().settings.sweep_seconds
    if seconds == 0:
        yield
        return
    # Two lines a tick otherwise, which say nothing that ours don't.
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    timer = BackgroundScheduler(timezone="UTC")
    # One run at a time, and one for all that were missed: settling catches up by itself.
    timer.add_job(
        _tick, IntervalTrigger(seconds=seconds), args=[here], id=JOB, max_instances=1, coalesce=True,
        next_run_time=here().clock(),
    )  # fmt: skip
    # Of its own: a file of a million rows keeps nobody from settling.
    timer.add_job(
        _export, IntervalTrigger(seconds=seconds), args=[here], id=EXPORTS, max_instances=1, coalesce=True,
        next_run_time=here().clock() + timedelta(seconds=min(seconds, 5)),
    )  # fmt: skip
    if here().settings.fx_url is not None:
        # It looks as often as the others; who has asked today, in whichever process, asks no more.
        timer.add_job(
            _fetch, IntervalTrigger(seconds=seconds), args=[here], id=RATES, max_instances=1, coalesce=True,
            next_run_time=here().clock() + timedelta(seconds=min(seconds, 2)),
        )  # fmt: skip
    timer.start()
    try:
        yield
    finally:
        timer.shutdown(wait=True)


def _tick(here: Callable[[], Installation]) -> None:
    try:
        place = here().ready()
        did = run_once(place)
    except Exception:  # noqa: BLE001 - a job that raised would be told to nobody
        # The next tick tries again; until then every account is settled when it is touched.
        _log.exception("What is due could not be settled.")
        return
    if did is None:
        return
    if did["accounts"]:
        _log.info("Settled what was due for %s accounts.", did["accounts"])
    _tell(place)


def export_once(here: Installation, me: str = "") -> upkeep.Kept | None:
    """Issue receipts and write the scheduled files that are due, if no other process is at it: None then."""
    me = me or holder()
    if not leases.take(here.store, EXPORTS, me, here.clock(), EXPORT_LEASE):
        return None
    try:
        return upkeep.keep_up(here.store, here.reports, here.clock())
    finally:
        leases.note(here.store, EXPORTS, me, until=here.clock())


def _export(here: Callable[[], Installation]) -> None:
    try:
        kept = export_once(here().ready())
    except Exception:  # noqa: BLE001 - as above
        _log.exception("Receipts and scheduled exports could not be made.")
        return
    for line in kept.exports if kept else ():
        _log.info("Scheduled export of %s", line)


def fetch_once(here: Installation, me: str = "") -> Fetched | None:
    """Fetch the day's exchange rates, unless somebody did on this UTC date or tried within `ASKED_AGAIN`: None then.

    Raises LedgerError when nobody answers, or with something that is no file of rates.
    """
    me, now, url = me or holder(), here.clock(), here.settings.fx_url
    if url is None or _asked(leases.read(here.store, RATES), now):
        return None
    # Another process may have asked between our looking and our taking.
    if not leases.take(here.store, RATES, me, now, LEASE) or _asked(leases.read(here.store, RATES), now):
        return None
    leases.note(here.store, RATES, me, last_started_at=now)
    done = fetch_rates(here.store, url, at=now, actor="scheduler")
    here.ledger.core.pricer.forget()
    leases.note(here.store, RATES, me, until=here.clock(), last_finished_at=now, last_report=asdict(done))
    return done


def _asked(last: leases.Lease | None, now: datetime) -> bool:
    if last is None or last.last_started_at is None:
        return False
    finished = last.last_finished_at
    if finished is not None and finished.astimezone(UTC).date() == now.astimezone(UTC).date():
        return True
    return (finished is None or finished < last.last_started_at) and now < last.last_started_at + ASKED_AGAIN


def _fetch(here: Callable[[], Installation]) -> None:
    try:
        done = fetch_once(here().ready())
    except LedgerError as error:
        _log.warning("Exchange rates could not be fetched: %s Asked again in an hour.", error)
    except Exception:  # noqa: BLE001 - as above
        _log.exception("Exchange rates could not be fetched.")
    else:
        if done is not None:
            _log.info("Exchange rates %s: %s new, %s lines unread.", done.source, done.added, len(done.refused))


def _tell(place: Installation) -> None:
    """Alerts go out after the lease is given back: a mail server that is slow must not keep anybody from settling."""
    try:
        told = alerts.check(place.ledger, place.clock(), settings=place.settings)
    except Exception:  # noqa: BLE001 - as above
        _log.exception("Alerts could not be checked.")
    else:
        if told.delivered or told.failed:
            _log.info("Alerts: %s sent, %s failed.", told.delivered, told.failed)
