"""The public face: `Client` for threads, `AsyncClient` for event loops, and the jobs that they reserve tokens for."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, cast

import httpx

from creditbook.client import acts, verbs
from creditbook.client.calls import Call
from creditbook.client.sending import Retries, Tries, check, connection, finish
from creditbook.domain.errors import HoldAlreadyResolved, LedgerError
from creditbook.domain.results import HoldReceipt, Receipt

P = ParamSpec("P")
R = TypeVar("R")
DEFAULT = Retries()


def sends(verb: Callable[P, Call[R]]) -> Callable[Concatenate[Any, P], R]:
    """The verb as a method of `Client`: sent, and tried again under its one key while that can help."""

    @functools.wraps(verb)
    def method(client: Client, *args: P.args, **kwargs: P.kwargs) -> R:
        return client.send(verb(*args, **kwargs))

    return cast(Callable[Concatenate[Any, P], R], method)


def asends(verb: Callable[P, Call[R]]) -> Callable[Concatenate[Any, P], Awaitable[R]]:
    """The verb as a method of `AsyncClient`."""

    @functools.wraps(verb)
    async def method(client: AsyncClient, *args: P.args, **kwargs: P.kwargs) -> R:
        return await client.send(verb(*args, **kwargs))

    return cast(Callable[Concatenate[Any, P], Awaitable[R]], method)


def connect(base_url: str, key: str, *, timeout: float = 10.0, retries: Retries = DEFAULT) -> Client:
    """The ledger behind a server of Creditbook: `open_ledger(…)` ↔ `connect("https://credits.example.com", key)`.

    ``timeout`` is in seconds, for each try. Connections are kept open and shared by threads; `close` it when done.
    """
    return Client(base_url, key, timeout=timeout, retries=retries)


class Client:
    """The verbs of `creditbook.Ledger` over HTTP. Safe to share between threads; a context manager.

    Every call that changes something has an idempotency key before its first try, so a lost answer never charges
    twice. Raises what the library raises, and `NoAnswer` (an `Unavailable`) where the last try had no answer.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        timeout: float = 10.0,
        retries: Retries = DEFAULT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(**connection(base_url, key, timeout), transport=transport)
        self._retries = retries
        self._key = key
        self.base_url = str(self._http.base_url).rstrip("/")

    spend = sends(verbs.spend)
    spend_many = sends(verbs.spend_many)
    hold = sends(verbs.hold)
    capture = sends(verbs.capture)
    void = sends(verbs.void)
    refund = sends(verbs.refund)
    grant = sends(verbs.grant)
    revoke = sends(verbs.revoke)
    open_account = sends(verbs.open_account)
    reset = sends(verbs.reset)
    create_codes = sends(verbs.create_codes)
    balance = sends(verbs.balance)
    grant_many = sends(acts.grant_many)
    freeze = sends(acts.freeze)
    unfreeze = sends(acts.unfreeze)
    set_zone = sends(acts.set_zone)
    set_quota = sends(acts.set_quota)
    close_account = sends(acts.close_account)
    set_wallet_active = sends(acts.set_wallet_active)
    reward = sends(acts.reward)
    redeem = sends(acts.redeem)

    def reserve(self, account: str, **terms: Any) -> Job:
        """Hold tokens for a job (`hold`'s names): `with client.reserve(…) as job: … job.capture(…)`."""
        return Job(self, account, self.hold(account, **terms))

    def send(self, call: Call[R]) -> R:
        """One call, with its further tries."""
        check(call, self._key)
        tries = Tries(self._retries)
        while True:
            outcome: httpx.Response | httpx.RequestError
            try:
                outcome = self._http.request(
                    call.method, call.path, content=call.body, params=call.query, headers=call.headers
                )
            except httpx.RequestError as error:
                outcome = error
            pause = tries.pause(outcome)
            if pause is None:
                return finish(call, outcome)
            time.sleep(pause)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<creditbook client of {self.base_url}>"  # never with its key


class AsyncClient:
    """The same for event loops: `AsyncLedger(open_ledger(…))` ↔ `AsyncClient("https://credits.example.com", key)`."""

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        timeout: float = 10.0,
        retries: Retries = DEFAULT,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(**connection(base_url, key, timeout), transport=transport)
        self._retries = retries
        self._key = key
        self.base_url = str(self._http.base_url).rstrip("/")

    spend = asends(verbs.spend)
    spend_many = asends(verbs.spend_many)
    hold = asends(verbs.hold)
    capture = asends(verbs.capture)
    void = asends(verbs.void)
    refund = asends(verbs.refund)
    grant = asends(verbs.grant)
    revoke = asends(verbs.revoke)
    open_account = asends(verbs.open_account)
    reset = asends(verbs.reset)
    create_codes = asends(verbs.create_codes)
    balance = asends(verbs.balance)
    grant_many = asends(acts.grant_many)
    freeze = asends(acts.freeze)
    unfreeze = asends(acts.unfreeze)
    set_zone = asends(acts.set_zone)
    set_quota = asends(acts.set_quota)
    close_account = asends(acts.close_account)
    set_wallet_active = asends(acts.set_wallet_active)
    reward = asends(acts.reward)
    redeem = asends(acts.redeem)

    async def reserve(self, account: str, **terms: Any) -> AsyncJob:
        """Hold tokens for a job: `async with await client.reserve(…) as job: … await job.capture(…)`."""
        return AsyncJob(self, account, await self.hold(account, **terms))

    async def send(self, call: Call[R]) -> R:
        """One call, with its further tries."""
        check(call, self._key)
        tries = Tries(self._retries)
        while True:
            outcome: httpx.Response | httpx.RequestError
            try:
                outcome = await self._http.request(
                    call.method, call.path, content=call.body, params=call.query, headers=call.headers
                )
            except httpx.RequestError as error:
                outcome = error
            pause = tries.pause(outcome)
            if pause is None:
                return finish(call, outcome)
            await asyncio.sleep(pause)

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<creditbook client of {self.base_url}>"


class Job:
    """A hold while its work runs. Leaving the block without a final capture voids the rest; captured parts stand."""

    def __init__(self, client: Client, account: str, receipt: HoldReceipt) -> None:
        self._client = client
        self._open = True
        self.account = account
        self.receipt = receipt
        self.hold_id = receipt.hold_id

    def capture(self, **part: Any) -> Receipt:
        """Take one part (`Client.capture`'s names); the final one, which is the default, gives the rest back."""
        receipt: Receipt = self._client.capture(self.account, self.hold_id, **part)
        if part.get("final", True) or receipt.late_capture:
            self._open = False
        return receipt

    def void(self, **how: Any) -> HoldReceipt:
        """Give everything back that is not captured."""
        self._open = False
        receipt: HoldReceipt = self._client.void(self.account, self.hold_id, **how)
        return receipt

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if not self._open:
            return
        try:
            self.void()
        except LedgerError as refusal:
            # The work's own exception matters more than a hold that is closed or cannot be reached: it times out.
            if error is None and not isinstance(refusal, HoldAlreadyResolved):
                raise


class AsyncJob:
    """A hold while its work runs, for event loops; see `Job`."""

    def __init__(self, client: AsyncClient, account: str, receipt: HoldReceipt) -> None:
        self._client = client
        self._open = True
        self.account = account
        self.receipt = receipt
        self.hold_id = receipt.hold_id

    async def capture(self, **part: Any) -> Receipt:
        """Take one part; the final one, which is the default, gives the rest back."""
        receipt: Receipt = await self._client.capture(self.account, self.hold_id, **part)
        if part.get("final", True) or receipt.late_capture:
            self._open = False
        return receipt

    async def void(self, **how: Any) -> HoldReceipt:
        """Give everything back that is not captured."""
        self._open = False
        receipt: HoldReceipt = await self._client.void(self.account, self.hold_id, **how)
        return receipt

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if not self._open:
            return
        try:
            await self.void()
        except LedgerError as refusal:
            if error is None and not isinstance(refusal, HoldAlreadyResolved):
                raise
