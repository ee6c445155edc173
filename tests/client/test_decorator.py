"""`@charged`: a function that costs tokens, on the library and over HTTP, plain and awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from client.world import QUICK, World

from creditbook import AsyncLedger, InsufficientTokens, Receipt
from creditbook.client import AsyncClient, Client, charged


@pytest.fixture
def asha(world: World) -> str:
    slug = world.organization()
    world.ledger.open_account(f"{slug}/asha")
    world.ledger.grant(f"{slug}/asha", 1_000, reason="to spend")
    return f"{slug}/asha"


@pytest.fixture(params=["library", "client"])
def books(request: pytest.FixtureRequest, world: World, asha: str) -> Iterator[Any]:
    if request.param == "library":
        yield world.ledger
    else:
        with Client(world.url, world.key(asha.partition("/")[0], "spend"), retries=QUICK) as client:
            yield client


def test_a_function_is_charged_what_its_result_says_and_failing_costs_nothing(
    world: World, asha: str, books: Any
) -> None:
    heard: list[Receipt] = []

    @charged(books, action="work", account=lambda user, _text: user, estimate=lambda _user, text: 10 * len(text),
             tokens=lambda answer: len(answer), usage=lambda answer: {"model": "gpt-5", "output_tokens": len(answer)},
             on_charge=heard.append)  # fmt: skip
    def shout(user: str, text: str) -> str:
        """Shouts."""
        assert world.ledger.balance(user).held == 10 * len(text)
        return text.upper() if text else str(1 / 0)

    assert shout(asha, "thesis") == "THESIS"
    assert (shout.__name__, shout.__doc__) == ("shout", "Shouts.")
    assert [(one.charged, one.available) for one in heard] == [(6, 994)]

    @charged(books, action="essay")
    def fails(account: str) -> None:
        raise RuntimeError(account)

    with pytest.raises(RuntimeError):
        fails(asha)
    left = world.ledger.balance(asha)
    assert (left.posted, left.held) == (994, 0)


def test_a_price_of_the_program_needs_no_tokens_and_a_key_charges_once(world: World, asha: str, books: Any) -> None:
    runs: list[str] = []

    @charged(lambda: books, action="essay", account="who", key="run")
    def write(who: str, run: str | None = None) -> str:
        runs.append(who)
        return "An essay."

    for _ in range(3):
        assert write(asha, run="run-7") == "An essay."
    write(who=asha)
    assert len(runs) == 4
    assert world.ledger.balance(asha).posted == 1_000 - 2 * 40


def test_who_is_out_is_refused_before_the_function_runs(asha: str, books: Any) -> None:
    @charged(books, action="work", estimate=1_001, tokens=1)
    def never(account: str) -> None:
        raise AssertionError(account)

    with pytest.raises(InsufficientTokens) as refused:
        never(asha)
    assert refused.value.shortage == 1


def test_what_costs_nothing_is_recorded_all_the_same(asha: str, books: Any) -> None:
    heard: list[Receipt] = []
    chat = charged(books, action="chat", on_charge=heard.append)(lambda account: f"hello {account}")
    assert chat(asha) == f"hello {asha}"
    assert [(one.charged, one.kind) for one in heard] == [(0, "usage")]


@pytest.mark.parametrize("kind", ["library", "async library", "client", "async client"])
def test_an_async_function_is_charged_by_any_of_them(world: World, asha: str, kind: str) -> None:
    async def scenario() -> None:
        key = world.key(asha.partition("/")[0])
        made: dict[str, Any] = {
            "library": world.ledger, "async library": AsyncLedger(world.ledger),
            "client": Client(world.url, key), "async client": AsyncClient(world.url, key),
        }  # fmt: skip

        @charged(made[kind], action="work", estimate=200, tokens=len)
        async def write(account: str, text: str) -> str:
            await asyncio.sleep(0)
            return text if text else str(1 / 0)

        assert await asyncio.gather(*(write(asha, "x" * size) for size in (10, 20, 30))) == [
            "x" * 10,
            "x" * 20,
            "x" * 30,
        ]
        with pytest.raises(ZeroDivisionError):
            await write(asha, "")
        made["client"].close()
        await made["async client"].close()

    asyncio.run(scenario())
    left = world.ledger.balance(asha)
    assert (left.posted, left.held) == (940, 0)


def test_a_function_that_can_t_be_charged_for_says_so_when_it_is_written(world: World) -> None:
    def other(user: str) -> None: ...
    def many(account: str) -> Iterator[int]:
        yield 1

    async def stream(account: str) -> AsyncIterator[int]:
        yield 1

    with pytest.raises(TypeError, match="no parameter “account”"):
        charged(world.ledger, action="work")(other)
    for generator in (many, stream):
        with pytest.raises(TypeError, match="generator"):
            charged(world.ledger, action="work")(generator)
    with pytest.raises(TypeError, match="async def"):
        charged(AsyncLedger(world.ledger), action="work", account="user")(other)
