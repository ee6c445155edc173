"""Group commit: concurrent callers share a transaction, a lone caller never waits and never switches threads.

Whoever finds nobody at the disk leads: he runs his own call. Who comes meanwhile queues up; the finishing leader
hands over to the first of the queue, who runs all of it as one batch. A waiting thread leads by itself; tasks of an
event loop are led by one writer thread, which wakes each loop once a batch. Nobody is answered before the commit that
holds his row.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

C = TypeVar("C")
MOST_CALLS = 256


class _Waiter(Generic[C]):
    """One queued call: a thread that waits on a lock, or a future of a loop."""

    __slots__ = ("call", "error", "future", "gate", "leads", "loop")

    def __init__(self, call: C) -> None:
        self.call = call
        self.error: BaseException | None = None
        self.leads = False
        self.gate: threading.Lock | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.future: asyncio.Future[None] | None = None


class GroupCommit(Generic[C]):
    """Runs calls in batches. ``run`` gets a list of calls and fills in every outcome; it raises for all or none."""

    def __init__(self, run: Callable[[Sequence[C]], None], most_calls: int = MOST_CALLS) -> None:
        self._run = run
        self._most = most_calls
        self._mutex = threading.Lock()
        self._busy = False
        self._queue: deque[_Waiter[C]] = deque()
        self._wake = threading.Semaphore(0)
        self._writer: threading.Thread | None = None
        self._closed = False

    def call(self, call: C) -> None:
        """Run a call and return when its transaction is committed."""
        waiter = _Waiter(call)
        with self._mutex:
            if self._busy:
                waiter.gate = threading.Lock()
                waiter.gate.acquire()
                self._queue.append(waiter)
            else:
                self._busy = True
                waiter.leads = True
        if waiter.gate is not None:
            waiter.gate.acquire()
        if waiter.leads:
            self._lead(waiter)
        if waiter.error is not None:
            raise waiter.error

    async def acall(self, call: C) -> None:
        """The same for a task: the writer thread leads, the loop goes on meanwhile."""
        waiter = _Waiter(call)
        waiter.loop = asyncio.get_running_loop()
        waiter.future = waiter.loop.create_future()
        with self._mutex:
            self._queue.append(waiter)
            start = not self._busy
            self._busy = True
            if self._writer is None:
                self._writer = threading.Thread(target=self._write, name="creditbook-writer", daemon=True)
                self._writer.start()
        if start:
            self._wake.release()
        await waiter.future

    def close(self) -> None:
        """Let the writer thread end; calls under way finish."""
        self._closed = True
        self._wake.release()

    def _lead(self, first: _Waiter[C]) -> None:
        batch = [first]
        if first.gate is not None:
            with self._mutex:
                self._fill(batch)
        self._commit(batch)
        self._hand_over()
        self._answer(batch, first)

    def _fill(self, batch: list[_Waiter[C]]) -> None:
        while self._queue and len(batch) < self._most:
            batch.append(self._queue.popleft())

    def _commit(self, batch: list[_Waiter[C]]) -> None:
        try:
            self._run([waiter.call for waiter in batch])
        except BaseException as error:  # noqa: BLE001 - it is raised again where each caller waits
            for waiter in batch:
                waiter.error = error

    def _hand_over(self) -> None:
        """Make the first of the queue the leader, or leave the disk free."""
        with self._mutex:
            if not self._queue:
                self._busy = False
                return
            if self._queue[0].gate is None:
                self._wake.release()
                return
            heir = self._queue.popleft()
        heir.leads = True
        assert heir.gate is not None
        heir.gate.release()

    def _answer(self, batch: list[_Waiter[C]], leader: _Waiter[C] | None) -> None:
        loops: dict[asyncio.AbstractEventLoop, list[_Waiter[C]]] = {}
        for waiter in batch:
            if waiter is leader:
                continue
            if waiter.gate is not None:
                waiter.gate.release()
            elif waiter.loop is not None:
                loops.setdefault(waiter.loop, []).append(waiter)
        for loop, waiters in loops.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_resolve, waiters)

    def _write(self) -> None:
        while True:
            self._wake.acquire()
            batch: list[_Waiter[C]] = []
            with self._mutex:
                self._fill(batch)
                if not batch:
                    self._busy = False
            if batch:
                self._commit(batch)
                self._hand_over()
                self._answer(batch, None)
            elif self._closed:
                return


def _resolve(waiters: Sequence[_Waiter[C]]) -> None:
    for waiter in waiters:
        future = waiter.future
        if future is None or future.done():
            continue
        if waiter.error is not None:
            future.set_exception(waiter.error)
        else:
            future.set_result(None)
