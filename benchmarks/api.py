"""The API as programs meet it: `creditbook serve` in a process of its own, spoken to over keep-alive connections.

Its CPU time is that of the serving process; the few µs of whoever sends are left out.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from creditbook import Ledger
from creditbook.access.api_keys import ApiKeys
from creditbook.access.people import console
from creditbook.clock import system_clock

from . import measuring, workload
from .measuring import Sample, Way
from .report import Mark
from .workload import People

SPENDS, MANY, EVENTS = "API, 16 keep-alive connections", "spend_many by 100, metered", "API, events by 100"
CONNECTIONS, AT_ONCE = 16, 100
START_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: where, with which key, and its process."""

    port: int
    key: str
    process: subprocess.Popen[bytes]

    def cpu_seconds(self) -> float:
        """What the serving process has used; 0 where nobody can look (Linux only)."""
        try:
            told = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        except OSError:
            return 0.0
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")

    def request(self, path: str, body: bytes, kind: str, once: str) -> bytes:
        """A whole POST as it goes over the wire."""
        head = (f"POST /api{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.key}\r\n"
                f"Idempotency-Key: {once}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n")  # fmt: skip
        return head.encode() + body


@contextmanager
def serving(ledger: Ledger, url: str, people: People) -> Iterator[Served]:
    """`creditbook serve` on the bench's own database, once it is ready and knows every account."""
    org = ledger.core.organization(workload.ORG)
    boss = console(org.org_id, org.slug, org.name, org.zone)
    key = ApiKeys(ledger.core.store, system_clock).create(boss, "bench", "spend", reason="bench").text
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    told = {"CREDITBOOK_DATABASE_URL": url, "CREDITBOOK_SWEEP_SECONDS": "0", "CREDITBOOK_API_RATE_LIMIT": "off",
            "CREDITBOOK_LOG_LEVEL": "WARNING"}  # fmt: skip
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([sys.executable, "-m", "creditbook", "serve", "--port", str(port)],
                                   env={**os.environ, **told}, stdout=said, stderr=said)  # fmt: skip
        try:
            served = Served(port, key, process)
            _wait(served)
            asyncio.run(_introduce(served, people))
            yield served
        finally:
            process.terminate()
            process.wait()


@contextmanager
def beside(
    ledger: Ledger, url: str, people: People, tasks: str, *, wanted: bool
) -> Iterator[tuple[list[Way], tuple[Mark, ...]]]:
    """The ways through the API with what they have to reach; none, and no server, unless wanted."""
    if not wanted:
        yield [], ()
        return
    with serving(ledger, url, people) as served:
        yield ways(ledger, served, people, tasks), (Mark(SPENDS, tasks, 0.4), Mark(EVENTS, MANY, 0.2))


def ways(ledger: Ledger, served: Served, people: People, tasks: str) -> list[Way]:
    """The ways through the API, and what each is compared with; ``tasks`` is the library's own by 16 tasks."""

    def many(dice: random.Random) -> object:
        return ledger.spend_many([{"account": _anybody(people, dice), **_event(dice), "meter": True}
                                  for _ in range(AT_ONCE)])  # fmt: skip

    return [
        Way(SPENDS, tasks, _over(served, lambda line, dice: _spend(served, people, line, dice), CONNECTIONS)),
        Way(MANY, MANY, _by_hundreds(measuring.alone(many))),
        Way(EVENTS, MANY, _by_hundreds(_over(served, lambda line, dice: _send(served, people, line, dice), 1))),
    ]


def _anybody(people: People, dice: random.Random) -> str:
    return people.names[dice.randrange(len(people.names))]


def _event(dice: random.Random) -> dict[str, Any]:
    return {name: value for name, value in workload.work(dice).items() if name != "tokens"}


class Line:
    """One keep-alive connection, one request after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, request: bytes, status: bytes) -> None:
        """Send it and read the whole answer; anything but this status is an error."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        body = await self._reader.readexactly(int(length or 0))
        if head.split(b" ", 2)[1] != status:
            raise RuntimeError((head + body).decode(errors="replace"))

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def _spend(served: Served, people: People, line: Line, dice: random.Random) -> None:
    work = workload.work(dice)
    once = work.pop("idempotency_key")
    body = json.dumps({"account": _anybody(people, dice).partition("/")[2], **work}).encode()
    await line.ask(served.request("/v1/usage", body, "application/json", once), b"200")


async def _send(served: Served, people: People, line: Line, dice: random.Random) -> None:
    events = []
    for _ in range(AT_ONCE):
        work = _event(dice)
        events.append({"specversion": "1.0", "id": work.pop("idempotency_key"), "source": "bench", "type": "chat",
                       "subject": _anybody(people, dice).partition("/")[2], "data": work})  # fmt: skip
    kind = "application/cloudevents-batch+json"
    await line.ask(served.request("/v1/events", json.dumps(events).encode(), kind, "-"), b"204")


def _over(
    served: Served, work: Callable[[Line, random.Random], Awaitable[None]], count: int
) -> Callable[[float], Sample]:
    async def one(end: float, waits: list[float]) -> None:
        dice, line = random.Random(), Line(*await asyncio.open_connection("127.0.0.1", served.port))
        while (begun := time.perf_counter()) < end:
            await work(line, dice)
            waits.append(time.perf_counter() - begun)
        line.close()

    async def run(end: float, waits: list[float]) -> None:
        await asyncio.gather(*(one(end, waits) for _ in range(count)))

    def measured(seconds: float) -> Sample:
        waits: list[float] = []
        busy, begun = served.cpu_seconds(), time.perf_counter()
        asyncio.run(run(begun + seconds, waits))
        took, worked = time.perf_counter() - begun, served.cpu_seconds() - busy
        waits.sort()
        return Sample(len(waits) / took, len(waits), waits[int(len(waits) * 0.99)] * 1e3, worked)

    return measured


def _by_hundreds(run: Callable[[float], Sample]) -> Callable[[float], Sample]:
    """Counts what is in the batches, not the batches."""

    def measured(seconds: float) -> Sample:
        found = run(seconds)
        return replace(found, per_second=found.per_second * AT_ONCE, operations=found.operations * AT_ONCE)

    return measured


async def _introduce(served: Served, people: People) -> None:
    """Name every account once: the library at the other end has met them all, when it made them."""
    line = Line(*await asyncio.open_connection("127.0.0.1", served.port))
    names = [name.partition("/")[2] for name in people.names]
    for start in range(0, len(names), 1_000):
        usage = [{"account": name, "action": workload.ACTION, "meter": True} for name in names[start : start + 1_000]]
        body = json.dumps({"usage": usage}).encode()
        await line.ask(served.request("/v1/usage/batch", body, "application/json", f"hello {start}"), b"200")
    line.close()


def _wait(served: Served) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and served.process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{served.port}/api/readyz", timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("creditbook serve did not become ready.")
