"""Any of the four ledgers behind one face for event loops: a plain one works in a thread beside the loop."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any, Protocol

from creditbook.domain.results import HoldReceipt, Receipt


class Books(Protocol):
    """`Ledger`, `Client`, `AsyncLedger` or `AsyncClient`: whatever reserves tokens."""

    def reserve(self, account: str, **terms: Any) -> Any:
        """A job, or what can be awaited for one."""


Source = Books | Callable[[], Books]
"""A ledger, or a function that gives it: for programs that open theirs after their functions are defined."""


def books_of(source: Source) -> Any:
    """The ledger itself."""
    return source if hasattr(source, "reserve") else source()


def is_async(books: Books) -> bool:
    """Whether its verbs are awaited."""
    return inspect.iscoroutinefunction(books.reserve)


class AnyJob:
    """A hold while its work runs, awaited; what is not captured at the end is to be voided by `abandon`."""

    def __init__(self, job: Any, awaited: bool) -> None:
        self._job, self._awaited = job, awaited
        self.receipt: HoldReceipt = job.receipt

    async def capture(self, **part: Any) -> Receipt:
        """Take the work; the rest goes back."""
        receipt: Receipt = await self._do(self._job.capture, **part)
        return receipt

    async def void(self) -> HoldReceipt:
        """Give everything back."""
        receipt: HoldReceipt = await self._do(self._job.void)
        return receipt

    async def abandon(self, error: BaseException | None) -> None:
        """Leave as a `with` block is left: what nobody captured is voided, and ``error`` matters more than that."""
        leave = self._job.__aexit__ if self._awaited else self._job.__exit__
        await self._do(leave, type(error) if error else None, error, None)

    async def _do(self, verb: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._awaited:
            return await verb(*args, **kwargs)
        return await asyncio.to_thread(verb, *args, **kwargs)


async def reserve(source: Source, account: str, **terms: Any) -> AnyJob:
    """Hold tokens with whichever ledger it is."""
    books = books_of(source)
    if is_async(books):
        return AnyJob(await books.reserve(account, **terms), awaited=True)
    return AnyJob(await asyncio.to_thread(books.reserve, account, **terms), awaited=False)
