"""Many callers at once: exactly what is there leaves, each caller gets his own answer, keys win once."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from support.ledgers import MovedClock, a_ledger
from support.processes import processes

from creditbook import AsyncLedger, Conflict, InsufficientTokens, Ledger, Receipt, open_ledger
from creditbook.reports.proof import prove

PROCESSES, THREADS, TOKENS = 8, 16, 1_000


def _spend_until_refused(url: str, results: multiprocessing.Queue[int]) -> None:
    """One process: sixteen threads spend one token at a time until nothing is left."""
    with open_ledger(url) as ledger:

        def thread(_: int) -> int:
            spent = 0
            while True:
                try:
                    ledger.spend("acme/asha", action="build")
                except InsufficientTokens:
                    return spent
                spent += 1

        with ThreadPoolExecutor(THREADS) as pool:
            results.put(sum(pool.map(thread, range(THREADS))))


def test_exactly_a_thousand_leave_a_wallet_of_a_thousand(database_url: str) -> None:
    ledger = a_ledger(database_url, MovedClock())
    ledger.open_account("acme/asha")
    ledger.grant("acme/asha", TOKENS, reason="test")
    context = processes()
    results: multiprocessing.Queue[int] = context.Queue()
    workers = [context.Process(target=_spend_until_refused, args=(database_url, results)) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    spent = [results.get(timeout=240) for _ in workers]
    for worker in workers:
        worker.join()
    assert sum(spent) == TOKENS
    assert ledger.balance("acme/asha").posted == 0
    assert all(proof.whole for proof in prove(ledger.core.store))
    ledger.close()


def test_twenty_sweeps_at_once_grant_once_a_period(ledger: Ledger, clock: MovedClock) -> None:
    for number in range(5):
        ledger.open_account(f"acme/daily-{number}", plan="daily")
    clock.forward(days=1)
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: ledger.sweep("acme"), range(20)))
    assert [ledger.balance(f"acme/daily-{n}").available for n in range(5)] == [5] * 5
    assert all(proof.whole for proof in prove(ledger.core.store))


def test_one_key_sent_by_many_at_once_spends_once(ledger: Ledger) -> None:
    ledger.grant("acme/asha", 100, reason="welcome")
    gate = threading.Barrier(12)

    def send(_: int) -> Receipt:
        gate.wait()
        return ledger.spend("acme/asha", action="work", tokens=10, idempotency_key="same")

    with ThreadPoolExecutor(12) as pool:
        receipts = list(pool.map(send, range(12)))
    assert Counter(receipt.replayed for receipt in receipts) == {False: 1, True: 11}
    assert len({receipt.transaction_id for receipt in receipts}) == 1
    assert ledger.balance("acme/asha").available == 90


def test_one_account_opened_by_many_at_once_is_one_account(ledger: Ledger) -> None:
    gate = threading.Barrier(8)

    def open_it(_: int) -> bool:
        gate.wait()
        return ledger.open_account("acme/new", plan="daily", idempotency_key="sign-up").replayed

    with ThreadPoolExecutor(8) as pool:
        replayed = list(pool.map(open_it, range(8)))
    assert Counter(replayed) == {False: 1, True: 7}
    assert ledger.balance("acme/new").available == 5


def test_a_name_taken_at_the_same_moment_is_refused_in_a_sentence(ledger: Ledger) -> None:
    gate = threading.Barrier(6)

    def open_it(number: int) -> str:
        gate.wait()
        try:
            ledger.open_account("acme/new", plan="daily", idempotency_key=f"sign-up-{number}")
        except Conflict:
            return "taken"
        return "opened"

    with ThreadPoolExecutor(6) as pool:
        assert Counter(pool.map(open_it, range(6))) == {"opened": 1, "taken": 5}


def test_tasks_and_threads_share_transactions_and_each_gets_its_own_answer(ledger: Ledger) -> None:
    ledger.grant("acme/asha", 150, reason="welcome")
    shared = AsyncLedger(ledger)

    async def task() -> int | None:
        try:
            return (await shared.spend("acme/asha", action="build")).available
        except InsufficientTokens:
            return None

    async def tasks() -> list[int | None]:
        return await asyncio.gather(*(task() for _ in range(100)))

    def thread(_: int) -> int | None:
        try:
            return ledger.spend("acme/asha", action="build").available
        except InsufficientTokens:
            return None

    with ThreadPoolExecutor(8) as pool:
        from_threads = pool.map(thread, range(100))
        from_tasks = asyncio.run(tasks())
    seen = [left for left in [*from_tasks, *from_threads] if left is not None]
    assert sorted(seen, reverse=True) == list(range(149, -1, -1))
