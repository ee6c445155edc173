"""How often one API key may come: a bound of the API's own, apart from the limits of a program's plans.

A moving window per key (and per person in a browser), counted in this process: `CREDITBOOK_API_RATE_LIMIT`. Every
answer says how much of it is left, in the headers of the IETF's draft.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from creditbook.domain.errors import LimitExceeded

NAME = "api_requests"
"""The name of this limit in a problem document; a plan's are `requests_per_day` and `quota`."""


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


class RateLimit:
    """Counts who comes. Thread-safe; what it knows is gone with the process."""

    def __init__(self) -> None:
        self._limiter: MovingWindowRateLimiter | None = None
        self._opening = threading.Lock()

    def hit(self, who: str, rate: tuple[int, int]) -> Window:
        """Counts one request of this caller, unless there were as many before as the rate allows."""
        requests, seconds = rate
        item, limiter = RateLimitItemPerSecond(requests, seconds), self._opened()
        fits = limiter.hit(item, who)
        reset_at, left = limiter.get_window_stats(item, who)
        return Window(requests, seconds, max(0, left), max(1, math.ceil(reset_at - time.time())), fits)

    def forget(self) -> None:
        """Begin anew, as a fresh process does."""
        if self._limiter is not None:
            self._limiter.storage.reset()

    def _opened(self) -> MovingWindowRateLimiter:
        with self._opening:
            if self._limiter is None:
                self._limiter = MovingWindowRateLimiter(MemoryStorage())
            return self._limiter


rate_limit = RateLimit()
