"""`@charged`: a function that costs tokens. Held before it runs, captured when it returns, given back if it fails."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar, cast

from creditbook.client.either import Source, books_of, is_async, reserve
from creditbook.domain.results import Receipt

P = ParamSpec("P")
R = TypeVar("R")
Named = str | Callable[..., Any]


@dataclass(frozen=True, slots=True)
class _Price:
    """What `charged` was told, and how a call's arguments answer it."""

    function: Callable[..., Any]
    action: str
    account: Named
    estimate: int | Callable[..., int] | None
    tokens: int | Callable[[Any], int] | None
    usage: Callable[[Any], Mapping[str, Any]] | None
    key: Named | None

    def reserved(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The account, and what is held of it."""
        estimate = self.estimate(*args, **kwargs) if callable(self.estimate) else self.estimate
        terms = {"action": self.action, "estimate": estimate, "idempotency_key": self._key(args, kwargs)}
        return str(self._said(self.account, args, kwargs)), terms

    def part(self, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> dict[str, Any]:
        """What is captured of it for this result."""
        said = dict(self.usage(result)) if self.usage else {}
        tokens = self.tokens(result) if callable(self.tokens) else self.tokens
        if tokens is not None:
            said["tokens"] = tokens
        return {**said, "idempotency_key": self._key(args, kwargs)}

    def _key(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        return None if self.key is None else cast("str | None", self._said(self.key, args, kwargs))

    def _said(self, named: Named, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A parameter by its name, or what a function makes of the arguments."""
        if callable(named):
            return named(*args, **kwargs)
        bound = inspect.signature(self.function).bind(*args, **kwargs)
        bound.apply_defaults()
        return bound.arguments[named]

    def check(self) -> None:
        """Raise `TypeError` where the function can't be charged for as was said."""
        if inspect.isgeneratorfunction(self.function) or inspect.isasyncgenfunction(self.function):
            raise TypeError("A generator has no one result to charge for: use `reserve` inside it.")
        names = inspect.signature(self.function).parameters
        for named in (self.account, self.key):
            if isinstance(named, str) and named not in names:
                raise TypeError(f"{self.function.__qualname__} has no parameter “{named}”.")


def charged(
    books: Source,
    *,
    action: str,
    account: str | Callable[..., str] = "account",
    estimate: int | Callable[..., int] | None = None,
    tokens: int | Callable[[Any], int] | None = None,
    usage: Callable[[Any], Mapping[str, Any]] | None = None,
    key: str | Callable[..., str | None] | None = None,
    on_charge: Callable[[Receipt], object] | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Charge an account whenever the function returns; a function that raises costs nothing.

    ``account`` and ``key`` (an idempotency key) name a parameter, or are functions of the same arguments; ``estimate``
    is held meanwhile. ``tokens`` and ``usage`` (`capture`'s names: ``model``, ``input_tokens`` …) are made of the
    result; without them the action's own price is charged. ``books`` is any ledger or client (an awaited one for an
    ``async def``), or a function that gives it. Refusals are raised before the function runs; ``on_charge`` hears the
    receipt.
    """

    def around(function: Callable[P, R]) -> Callable[P, R]:
        price = _Price(function, action, account, estimate, tokens, usage, key)
        price.check()
        heard = on_charge or (lambda _receipt: None)
        if inspect.iscoroutinefunction(function):
            return cast(Callable[P, R], _awaited(books, function, price, heard))
        return cast(Callable[P, R], _plain(books, function, price, heard))

    return around


def _plain(books: Source, function: Callable[..., Any], price: _Price, heard: Callable[[Receipt], object]) -> Any:
    if hasattr(books, "reserve") and is_async(books):
        raise TypeError("An awaited ledger charges for an `async def` only.")

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        of, terms = price.reserved(args, kwargs)
        with books_of(books).reserve(of, **terms) as job:
            result = function(*args, **kwargs)
            heard(job.capture(**price.part(args, kwargs, result)))
        return result

    return call


def _awaited(books: Source, function: Callable[..., Any], price: _Price, heard: Callable[[Receipt], object]) -> Any:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        of, terms = price.reserved(args, kwargs)
        job = await reserve(books, of, **terms)
        try:
            result = await function(*args, **kwargs)
            heard(await job.capture(**price.part(args, kwargs, result)))
        except BaseException as error:
            await job.abandon(error)
            raise
        return result

    return call
