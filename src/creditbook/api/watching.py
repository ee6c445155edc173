"""Balances as they change, for everybody who watches: one look a second for all of them together.

However many streams are open, one task a process asks the database which accounts moved, and reads anew only those.
So a change is seen whichever process made it. What time alone brings (a reset, an expiry) is found at the account's
next reset, and a quarter of a minute late otherwise. A watcher keeps the newest balance only: whoever reads slowly
misses what lay between, and nobody waits for him.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from starlette.concurrency import run_in_threadpool

from creditbook.domain.balance import Balance
from creditbook.domain.errors import LimitExceeded
from creditbook.installation import Installation
from creditbook.store import watching
from creditbook.store.directory import AccountRef

log = logging.getLogger(__name__)
EVERY = 1.0
READ_ANYWAY = 15.0
MOST = 1_000
MOST_OF_ONE = 100
_COME_AGAIN = 30


@dataclass
class Watched:
    """One account that somebody watches: what was seen of it last."""

    name: str
    ref: AccountRef
    balance: Balance
    sign: watching.Sign | None = None
    read_at: float = 0.0

    def is_due(self, sign: watching.Sign, now: datetime) -> bool:
        """Whether it has to be read anew."""
        reset = self.balance.next_reset
        passed = reset is not None and self.balance.at < reset <= now
        return sign != self.sign or passed or time.monotonic() - self.read_at >= READ_ANYWAY


@dataclass(eq=False)
class Watcher:
    """One stream's place: `changed` is set when there is a newer balance to be had."""

    watched: Watched
    owner: str
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Watch:
    """The accounts watched in one event loop of one installation. Its task lives while anybody watches."""

    def __init__(self, here: Installation) -> None:
        self._here = here
        self._watched: dict[str, Watched] = {}
        self._watchers: dict[str, set[Watcher]] = {}
        self._owners: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        """Nobody watches."""
        return not self._watchers

    @contextmanager
    def of(self, account: str, ref: AccountRef, balance: Balance, owner: str) -> Iterator[Watcher]:
        """A place at an account whose balance was just read. Raises `LimitExceeded` where too many are open."""
        self._refuse_more(owner)
        watched = self._watched.setdefault(account, Watched(account, ref, balance))
        if watched.balance.at < balance.at:
            watched.balance = balance
        watcher = Watcher(watched, owner)
        self._watchers.setdefault(account, set()).add(watcher)
        self._owners[owner] += 1
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._go_on())
        try:
            yield watcher
        finally:
            self._leave(watcher)

    def _refuse_more(self, owner: str) -> None:
        if self._owners.total() >= MOST:
            raise LimitExceeded("As many streams as this server keeps are open. Come again later.",
                                "streams", _COME_AGAIN)  # fmt: skip
        if self._owners[owner] >= MOST_OF_ONE:
            raise LimitExceeded(f"{MOST_OF_ONE} streams of yours are open already: close one first.",
                                "streams", _COME_AGAIN)  # fmt: skip

    def _leave(self, watcher: Watcher) -> None:
        name = watcher.watched.name
        self._owners[watcher.owner] -= 1
        self._owners += Counter()  # drops those at zero
        self._watchers[name].discard(watcher)
        if not self._watchers[name]:
            del self._watchers[name], self._watched[name]
        if not self._watchers and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                changed = await run_in_threadpool(self._look, list(self._watched.values()))
            except Exception:  # the next look may find the database again; until then streams stay open and silent
                log.warning("The balances that are watched could not be read.", exc_info=True)
                continue
            for one in changed:
                for watcher in self._watchers.get(one.name, ()):
                    watcher.changed.set()

    def _look(self, watched: list[Watched]) -> list[Watched]:
        """Those whose balance was read anew. Runs in a thread; only this one writes to what is watched."""
        now, by_org = self._here.clock(), dict[int, list[Watched]]()
        for one in watched:
            by_org.setdefault(one.ref.org_id, []).append(one)
        changed = []
        for org_id, some in by_org.items():
            signs = watching.signs(self._here.store, org_id, [one.ref for one in some])
            for one in some:
                sign = signs[one.ref.account_id]
                if one.is_due(sign, now):
                    one.balance = self._here.ledger.balance(one.name)
                    one.sign, one.read_at = sign, time.monotonic()
                    changed.append(one)
        return changed


_watches: dict[tuple[int, int], Watch] = {}


@contextmanager
def watching_of(here: Installation, account: str, ref: AccountRef, balance: Balance, owner: str) -> Iterator[Watcher]:
    """A place at this account in the watch of the running event loop; the watch goes with its last watcher."""
    slot = (id(asyncio.get_running_loop()), id(here))
    watch = _watches.setdefault(slot, Watch(here))
    try:
        with watch.of(account, ref, balance, owner) as watcher:
            yield watcher
    finally:
        if watch.is_idle:
            with suppress(KeyError):
                del _watches[slot]
