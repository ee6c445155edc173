"""How often one API key may come: a bound of the API's own, apart from the limits of a program's plans.

A moving window per key (and per person in a browser), counted in this process: `CREDITBOOK_API_RATE_LIMIT`. Every
answer says how much of it is left, in the headers of the IETF's draft.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from dataclasses import dataclass

from limits import RateLimitItemPerSecond
from limits.storage import MovingWindowSupport, Storage
from limits.strategies import MovingWindowRateLimiter

from creditbook.domain.errors import LimitExceeded

NAME = "api_requests"
"""The name of this limit in a problem document; a plan's are `requests_per_day` and `quota`."""


MOST_CALLERS = 10_000


class ComesTooOften(LimitExceeded):
    """One key asked more often than the API allows; nothing was decided."""

    def __init__(self, window: Window) -> None:
        many = f"{window.requests:,} requests in {window.seconds} second{'s' if window.seconds > 1 else ''}"
        super().__init__(f"An API key may make {many}. Wait, then send it again.", NAME, window.resets_in)


@dataclass(frozen=True, slots=True)
class Window:
    """So many requests in so many seconds, how many are left, and in how many whole seconds there are more.

    ``fits`` is whether the request that was counted last is one of them.
    """

    requests: int
    seconds: int
    left: int
    resets_in: int
    fits: bool

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The three headers of the draft, which most clients know."""
        return [
            (b"ratelimit-policy", b"%d;w=%d" % (self.requests, self.seconds)),
            (b"ratelimit-limit", b"%d" % self.requests),
            (b"ratelimit-remaining", b"%d" % self.left),
            (b"ratelimit-reset", b"%d" % self.resets_in),
        ]


class Moments(Storage, MovingWindowSupport):
    """When each caller came, for the library's moving window: no more of it than the window holds.

    The library's own memory starts a thread again and again to forget what is over, which a busy loop feels.
    """

    def __init__(self) -> None:
        super().__init__()
        self._came: dict[str, deque[float]] = {}
        self._mutex = threading.Lock()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count one more, unless the window is full."""
        now = time.time()
        with self._mutex:
            came = self._came.get(key)
            if came is None:
                self._forget_all_over(now, expiry)
                came = self._came[key] = deque()
            while came and came[0] <= now - expiry:
                came.popleft()
            if len(came) + amount > limit:
                return False
            came.extend([now] * amount)
            return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the oldest of the window came, and how many there are."""
        came = self._came.get(key)
        return (came[0], len(came)) if came else (time.time(), 0)

    def clear(self, key: str) -> None:
        """Forget one caller."""
        self._came.pop(key, None)

    def reset(self) -> int:
        """Forget everybody."""
        many = len(self._came)
        self._came.clear()
        return many

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def get(self, key: str) -> int:
        """How many came within the window."""
        return len(self._came.get(key, ()))

    def get_expiry(self, key: str) -> float:
        """When the oldest came."""
        came = self._came.get(key)
        return came[0] if came else time.time()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Counters are for other strategies."""
        raise NotImplementedError

    def decr(self, key: str, amount: int = 1) -> int:
        """Counters are for other strategies."""
        raise NotImplementedError

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may go wrong with it."""
        return ValueError

    def _forget_all_over(self, now: float, expiry: int) -> None:
        if len(self._came) >= MOST_CALLERS:
            self._came = {key: came for key, came in self._came.items() if came and came[-1] > now - expiry}


class RateLimit:
    """Counts who comes. Thread-safe; what it knows is gone with the process."""

    def __init__(self) -> None:
        self._moments = Moments()
        self._limiter = MovingWindowRateLimiter(self._moments)
        self._items: dict[tuple[int, int], RateLimitItemPerSecond] = {}

    def hit(self, who: str, rate: tuple[int, int]) -> Window:
        """Counts one request of this caller, unless there were as many before as the rate allows."""
        item = self._items.get(rate) or self._items.setdefault(rate, RateLimitItemPerSecond(*rate))
        fits = self._limiter.hit(item, who)
        oldest, came = self._moments.get_moving_window(item.key_for(who), *rate)
        resets_in = max(1, math.ceil(oldest + rate[1] - time.time()))
        return Window(*rate, max(0, rate[0] - came), resets_in, fits)

    def forget(self) -> None:
        """Begin anew, as a fresh process does."""
        self._moments.reset()


rate_limit = RateLimit()
