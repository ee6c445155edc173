"""How a way of working is measured: so many seconds of it, alone, by threads or by tasks; interleaved rounds of all."""

from __future__ import annotations

import asyncio
import random
import statistics
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

Work = Callable[[random.Random], object]
AsyncWork = Callable[[random.Random], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Sample:
    """One slice: operations a second and in all, the 99th percentile in ms, CPU seconds of client and server."""

    per_second: float
    operations: int
    p99_ms: float | None
    client_seconds: float
    server_seconds: float | None = None


@dataclass(slots=True)
class Way:
    """One way of working: its name, the way that it is compared with, and what runs a slice of it."""

    name: str
    against: str
    run: Callable[[float], Sample]
    samples: list[Sample] = field(default_factory=list)

    def p99_ms(self) -> float | None:
        """The median of the rounds' 99th percentiles."""
        values = [sample.p99_ms for sample in self.samples if sample.p99_ms is not None]
        return statistics.median(values) if values else None

    def client_us(self) -> float:
        """CPU time of an operation in the calling process, over all rounds."""
        return sum(sample.client_seconds for sample in self.samples) / self._operations() * 1e6

    def server_us(self) -> float | None:
        """CPU time of an operation in the database server, over all rounds; None where nobody could look."""
        spent = [sample.server_seconds for sample in self.samples if sample.server_seconds is not None]
        return sum(spent) / self._operations() * 1e6 if spent else None

    def _operations(self) -> int:
        return sum(sample.operations for sample in self.samples)


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Median, least and most."""
    return statistics.median(values), min(values), max(values)


def ratios(way: Way, base: Way) -> list[float]:
    """The two ways' rates in the same round, one ratio a round: what disturbed the round disturbed both."""
    return [mine.per_second / theirs.per_second for mine, theirs in zip(way.samples, base.samples, strict=True)]


def interleave(ways: Sequence[Way], rounds: int, seconds: float, say: Callable[[str], None]) -> None:
    """Every way once a round, in an order drawn anew; the first round warms up and does not count."""
    for number in range(rounds + 1):
        for way in random.sample(list(ways), len(ways)):
            sample = way.run(seconds)
            if number:
                way.samples.append(sample)
        say(f"round {number} of {rounds}" if number else "warm")


def alone(work: Work) -> Callable[[float], Sample]:
    """One caller, one operation after the other."""
    return lambda seconds: _measured(lambda end, waits: _until(end, work, waits, random.Random()), seconds)


def threads(work: Work, count: int = 16) -> Callable[[float], Sample]:
    """So many threads at once."""

    def run(end: float, waits: list[float]) -> None:
        errors: list[BaseException] = []

        def one() -> None:
            try:
                _until(end, work, waits, random.Random())
            except BaseException as error:  # noqa: BLE001 - raised again where the round runs
                errors.append(error)

        running = [threading.Thread(target=one) for _ in range(count)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        if errors:
            raise errors[0]

    return lambda seconds: _measured(run, seconds)


def tasks(work: AsyncWork, count: int = 16) -> Callable[[float], Sample]:
    """So many tasks of one event loop at once."""

    async def one(end: float, waits: list[float]) -> None:
        dice = random.Random()
        while (begun := time.perf_counter()) < end:
            await work(dice)
            waits.append(time.perf_counter() - begun)

    async def run(end: float, waits: list[float]) -> None:
        await asyncio.gather(*(one(end, waits) for _ in range(count)))

    return lambda seconds: _measured(lambda end, waits: asyncio.run(run(end, waits)), seconds)


def _until(end: float, work: Work, waits: list[float], dice: random.Random) -> None:
    while (begun := time.perf_counter()) < end:
        work(dice)
        waits.append(time.perf_counter() - begun)


def _measured(run: Callable[[float, list[float]], None], seconds: float) -> Sample:
    waits: list[float] = []
    busy, begun = time.process_time(), time.perf_counter()
    run(begun + seconds, waits)
    took, worked = time.perf_counter() - begun, time.process_time() - busy
    waits.sort()
    return Sample(len(waits) / took, len(waits), waits[int(len(waits) * 0.99)] * 1e3, worked)
