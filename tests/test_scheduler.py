"""The embedded scheduler: one process at a time, whatever is killed is finished by the next, a server does it alone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.ledgers import MovedClock, a_ledger
from support.listening import Listener, listening
from support.processes import processes

from creditbook.domain.errors import Unavailable
from creditbook.installation import Installation
from creditbook.pricing.pricer import Pricer
from creditbook.reports.proof import prove
from creditbook.reports.resets import reset_status
from creditbook.scheduler import ASKED_AGAIN, JOB, LEASE, RATES, fetch_once, run_once, running
from creditbook.settings import Settings
from creditbook.store import alerts as rows
from creditbook.store import leases

YESTERDAY = datetime.now(UTC) - timedelta(days=1)  # the processes below live by the wall clock


def _house(url: str, accounts: int) -> Installation:
    """An installation on a database in which as many accounts have had a reset due since last midnight."""
    with a_ledger(url, MovedClock(YESTERDAY)) as ledger:
        for number in range(accounts):
            ledger.open_account(f"acme/daily-{number}", plan="daily")
    return Installation(Settings(database_url=url))


def _due(here: Installation) -> int:
    return sum(reset_status(here.store, one, here.clock()).due for one in here.organizations())


def test_of_many_processes_at_once_one_settles(database_url: str) -> None:
    here = _house(database_url, 3)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda n: run_once(here, f"process-{n}"), range(8)))
    at_work = [report for report in done if report is not None]
    assert at_work, "somebody has to do it"
    assert sum(report["resets"] for report in at_work) == 3
    assert _due(here) == 0
    here.close()


def test_while_one_holds_the_lease_another_does_nothing(database_url: str) -> None:
    here = _house(database_url, 1)
    assert leases.take(here.store, JOB, "somebody else", here.clock(), LEASE)
    assert run_once(here, "me") is None
    assert _due(here) == 1
    here.close()


def test_a_lease_that_nobody_prolongs_ends_by_itself(database_url: str) -> None:
    here = _house(database_url, 1)
    leases.take(here.store, JOB, "a process that died", here.clock() - LEASE, LEASE)
    report = run_once(here, "me")
    assert report is not None
    assert report["resets"] == 1
    lease = leases.read(here.store, JOB)
    assert lease is not None
    assert lease.last_report == report
    assert lease.last_finished_at == lease.until
    here.close()


def _sweep_forever(url: str) -> None:
    here = Installation(Settings(database_url=url))
    while True:
        run_once(here, "doomed")


def test_what_a_killed_process_left_undone_the_next_one_finishes(sqlite_url: str) -> None:
    accounts = 1_500
    here = _house(sqlite_url, accounts)
    worker = processes().Process(target=_sweep_forever, args=(sqlite_url,))
    worker.start()
    until = time.monotonic() + 60
    while _due(here) == accounts and time.monotonic() < until:
        time.sleep(0.01)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    left = _due(here)
    assert left < accounts, "it has begun"
    here.clock = lambda: datetime.now(UTC) + 2 * LEASE  # once the dead process's lease is over
    report = run_once(here, "next")
    assert report is not None
    assert _due(here) == 0
    assert all(proof.whole for proof in prove(here.store))
    assert here.ledger.balance("acme/daily-7").available == 5
    here.close()


def test_a_server_settles_by_itself_and_stops_with_its_block(sqlite_url: str) -> None:
    here = _house(sqlite_url, 2)
    here.settings = Settings(database_url=sqlite_url, sweep_seconds=1)
    with running(lambda: here):
        until = time.monotonic() + 30
        while _due(here) and time.monotonic() < until:
            time.sleep(0.05)
    assert _due(here) == 0
    here.close()


def test_a_server_tells_whose_tokens_run_low(sqlite_url: str) -> None:
    here = _house(sqlite_url, 1)
    org, ref = here.ledger.core.organization("acme"), here.ledger.core.account("acme/daily-0")
    with listening() as web:
        with here.store.write(org.org_id) as connection:
            rows.add(
                connection, org.org_id, ref.account_id, kind="low_balance", threshold=5, channel=web.url,
                created_at=here.clock(),
            )  # fmt: skip
        here.settings = Settings(database_url=sqlite_url, sweep_seconds=1, alerts_to_private_hosts=True)
        with running(lambda: here):
            until = time.monotonic() + 30
            while not web.heard and time.monotonic() < until:
                time.sleep(0.05)
            time.sleep(1.5)  # one more tick
    assert [heard.json["alert"]["account"] for heard in web.heard] == ["acme/daily-0"]
    here.close()


FRIDAY = datetime(2026, 11, 20, 9, tzinfo=UTC)


@contextmanager
def _bank(url: str, clock: MovedClock) -> Iterator[tuple[Installation, Listener]]:
    """An installation whose exchange rates come from a server on loopback, which has that of two days."""
    with listening() as web:
        web.answer = lambda _heard: (200, b"date,rate\n2026-11-19,88.50\n2026-11-20,88.75\n")
        here = Installation(Settings(database_url=url, fx_url=f"{web.url}/rates.csv", sweep_seconds=1))
        here.clock = clock
        yield here, web
        here.close()


def _rupees(here: Installation) -> int | None:
    found = Pricer(here.store).rupees_on(FRIDAY.date())
    return found and found.rate_nanos


def test_exchange_rates_are_fetched_once_a_day_by_one_of_all_processes(database_url: str) -> None:
    clock = MovedClock(FRIDAY)
    with _bank(database_url, clock) as (here, web):
        with ThreadPoolExecutor(6) as pool:
            done = [one for one in pool.map(lambda n: fetch_once(here, f"process-{n}"), range(6)) if one is not None]
        assert [one.added for one in done] == [2]
        assert _rupees(here) == 88_750_000_000
        clock.at += timedelta(hours=14)
        assert fetch_once(here, "me") is None, "it is still Friday in UTC"
        clock.at += timedelta(hours=2)
        again = fetch_once(here, "me")
        assert again is not None
        assert (again.added, again.unchanged) == (0, 2)
        assert len(web.heard) == 2


def test_a_bank_that_does_not_answer_is_asked_again_an_hour_later(database_url: str) -> None:
    clock = MovedClock(FRIDAY)
    with _bank(database_url, clock) as (here, web):
        good, web.answer = web.answer, lambda _heard: (503, {})
        with pytest.raises(Unavailable, match="answered 503"):
            fetch_once(here, "me")
        clock.at += ASKED_AGAIN / 2
        assert fetch_once(here, "me") is None
        web.answer = good
        clock.at += ASKED_AGAIN / 2
        assert fetch_once(here, "another") is not None
        assert len(web.heard) == 2


def test_a_server_fetches_by_itself_and_lives_on_when_nobody_answers(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock = MovedClock(datetime.now(UTC))  # the timer lives by the wall clock
    with _bank(sqlite_url, clock) as (here, web):
        good, web.answer = web.answer, lambda _heard: (200, b"<html>Good morning</html>")
        with running(lambda: here):
            _wait(lambda: "could not be fetched" in caplog.text)
            assert "Traceback" not in caplog.text
            web.answer = good
            clock.at += ASKED_AGAIN
            _wait(lambda: _rupees(here) == 88_750_000_000)
        assert _rupees(here) == 88_750_000_000
        assert len(web.heard) == 2


def test_without_an_address_nobody_is_asked(sqlite_url: str) -> None:
    here = Installation(Settings(database_url=sqlite_url))
    assert fetch_once(here, "me") is None
    assert leases.read(here.store, RATES) is None
    here.close()


def _wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not until() and time.monotonic() < end:
        time.sleep(0.05)


def test_with_no_seconds_between_sweeps_it_is_left_to_cron(sqlite_url: str) -> None:
    here = _house(sqlite_url, 1)
    here.settings = Settings(database_url=sqlite_url, sweep_seconds=0)
    with running(lambda: here):
        time.sleep(0.3)
    assert _due(here) == 1
    here.close()


def test_the_seconds_have_to_be_whole(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="CREDITBOOK_SWEEP_SECONDS"):
        Settings.from_environment({"CREDITBOOK_SWEEP_SECONDS": "often"})
    assert Settings.from_environment({"CREDITBOOK_SWEEP_SECONDS": "5"}).sweep_seconds == 5
