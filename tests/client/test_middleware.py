"""Routes that cost tokens: checked and held before they run, charged when they answer well, free when they fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from client.world import FACES, QUICK, World
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import StreamingResponse

from creditbook import AsyncLedger, InvalidRequest
from creditbook.client import AsyncClient, Charging, Client, Visit, Work
from creditbook.domain.program import Overrun, Unit

ROUTES = {
    "POST /essays": Work("essay"),
    "POST /works/{name}": Work("work", estimate=100),
    "POST /streams": Work("work", estimate=100, streams=True),
}


def application(books: Any, slug: str, **how: Any) -> FastAPI:
    """An application of a few routes; who visits stands in a header."""
    app = FastAPI()

    def who(visit: Visit) -> str | None:
        user = visit.headers.get("x-user")
        return f"{slug}/{user}" if user else None

    app.add_middleware(Charging, books=books, account=who, routes=ROUTES, **how)

    @app.post("/essays")
    def essay(fail: bool = False) -> dict[str, str]:
        if fail:
            raise HTTPException(418, "No essay today.")
        return {"essay": "Once"}

    @app.post("/works/{name}")
    async def work(name: str, request: Request, tokens: int = 30) -> dict[str, int]:
        request.state.creditbook.used(tokens=tokens, model="gpt-5", input_tokens=5, output_tokens=tokens, project=name)
        if name == "broken":
            raise RuntimeError(name)
        return {"held": request.state.creditbook.hold.held}

    @app.post("/streams")
    async def stream(request: Request, fail: bool = False) -> StreamingResponse:
        async def words() -> AsyncIterator[str]:
            for number in range(3):
                yield f"{number} "
                request.state.creditbook.used(tokens=10 * (number + 1))
                if fail:
                    raise RuntimeError("in the middle")

        return StreamingResponse(words())

    @app.get("/free")
    def free() -> dict[str, str]:
        return {"for": "everybody"}

    return app


class House:
    """Visitors of an application on one of the four faces."""

    def __init__(
        self, world: World, kind: str, tokens: int = 100, how: dict[str, Any] | None = None, **program: Any
    ) -> None:
        self.ledger, self.slug = world.ledger, world.organization(**program)
        self.asha = f"{self.slug}/asha"
        self.ledger.open_account(self.asha)
        self.ledger.grant(self.asha, tokens, reason="to spend")
        self._world, self._kind, self._how = world, kind, how or {}

    def visit(self, scenario: Callable[[Callable[..., Any]], Any]) -> None:
        """Runs a scenario that is handed `post(path, user="asha")`."""

        async def run() -> None:
            key = self._world.key(self.slug, "spend")
            books: Any = {
                "library": lambda: self.ledger, "async library": lambda: AsyncLedger(self.ledger),
                "client": lambda: Client(self._world.url, key, retries=QUICK),
                "async client": lambda: AsyncClient(self._world.url, key, retries=QUICK),
            }[self._kind]()  # fmt: skip
            try:
                await self._visited(application(books, self.slug, **self._how), scenario)
            finally:
                if isinstance(books, AsyncClient):
                    await books.close()
                elif isinstance(books, Client):
                    books.close()

        asyncio.run(run())

    async def _visited(self, app: FastAPI, scenario: Callable[[Callable[..., Any]], Any]) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as visitor:

            async def post(path: str, user: str | None = "asha") -> httpx.Response:
                return await visitor.post(path, headers={"X-User": user} if user else {})

            await scenario(post)
            assert (await visitor.get("/free")).json() == {"for": "everybody"}

    @property
    def left(self) -> tuple[int, int, int]:
        found = self.ledger.balance(self.asha)
        return found.posted, found.held, found.debt


@pytest.mark.parametrize("kind", FACES)
def test_a_good_answer_is_charged_a_bad_one_is_not_and_who_is_out_gets_402(world: World, kind: str) -> None:
    house = House(world, kind, packages_url="/packages")

    async def scenario(post: Any) -> None:
        first = await post("/essays")
        assert (first.status_code, first.json()) == (200, {"essay": "Once"})
        assert (first.headers["x-tokens-remaining"], first.headers["x-tokens-charged"]) == ("60", "40")
        failed = await post("/essays?fail=true")
        assert (failed.status_code, failed.json()) == (418, {"detail": "No essay today."})
        assert failed.headers["x-tokens-remaining"] == "60"
        assert "x-tokens-charged" not in failed.headers
        assert (await post("/essays")).headers["x-tokens-remaining"] == "20"
        out = await post("/essays")
        assert (out.status_code, out.headers["content-type"]) == (402, "application/problem+json")
        assert out.json() == {
            "type": "about:blank", "title": "Payment Required", "status": 402, "detail": "Insufficient tokens",
            "code": "insufficient_tokens", "error": "Insufficient tokens",
            "message": "Need 20 more tokens. Current balance: 20", "required": 40, "available": 20, "shortage": 20,
            "packages_url": "/packages",
        }  # fmt: skip
        assert (await post("/essays", user=None)).status_code == 401
        stranger = await post("/essays", user="nobody")
        assert (stranger.status_code, stranger.json()["detail"]) == (403, "You have no account here.")

    house.visit(scenario)
    assert house.left == (20, 0, 0)


@pytest.mark.parametrize("kind", FACES)
def test_a_route_says_what_it_used_and_a_crash_costs_nothing(world: World, kind: str) -> None:
    house = House(world, kind, 200)

    async def scenario(post: Any) -> None:
        done = await post("/works/my%20thesis")
        assert (done.json(), done.headers["x-tokens-charged"]) == ({"held": 100}, "30")
        assert (await post("/works/broken")).status_code == 500

    house.visit(scenario)
    assert house.left == (170, 0, 0)


@pytest.mark.parametrize("kind", ["async library", "client"])
def test_a_stream_is_charged_at_its_end_and_one_that_breaks_is_not(world: World, kind: str) -> None:
    house = House(world, kind, 200)

    async def scenario(post: Any) -> None:
        done = await post("/streams")
        assert (done.text, done.headers["x-tokens-remaining"]) == ("0 1 2 ", "100")
        broken = await post("/streams?fail=true")  # its status went out before it broke
        assert broken.text in ("", "0 ")

    house.visit(scenario)
    assert house.left == (170, 0, 0)


def test_an_answer_that_can_t_be_paid_is_kept_back_where_the_program_rejects_overruns(world: World) -> None:
    house = House(world, "client", 120, overrun=Overrun.REJECT)

    async def scenario(post: Any) -> None:
        refused = await post("/works/long?tokens=121")
        assert (refused.status_code, refused.json()["shortage"]) == (402, 1)
        assert "held" not in refused.text

    house.visit(scenario)
    assert house.left == (120, 0, 0)


def test_what_is_out_is_said_in_credits_where_people_count_credits(world: World) -> None:
    house = House(world, "library", 10, {"unit": Unit(40, "credit", "credits")})

    async def scenario(post: Any) -> None:
        said = (await post("/essays")).json()
        assert (said["error"], said["message"]) == ("Insufficient credits", "You have 0 credits remaining (10 tokens)")

    house.visit(scenario)


def test_a_key_of_the_application_s_own_charges_an_answer_once(world: World) -> None:
    house = House(world, "client", 100, {"key": lambda visit: f"visit/{visit.path}"})

    async def scenario(post: Any) -> None:
        for _ in range(3):
            assert (await post("/essays")).headers["x-tokens-remaining"] == "60"

    house.visit(scenario)
    assert house.left == (60, 0, 0)


def test_a_server_that_is_away_is_a_503_and_no_route_runs(world: World) -> None:
    async def scenario() -> None:
        with Client("http://127.0.0.1:9", "cb_acme_x", retries=QUICK) as books:
            transport = httpx.ASGITransport(application(books, "acme"))
            async with httpx.AsyncClient(transport=transport, base_url="http://app") as visitor:
                said = await visitor.post("/essays", headers={"X-User": "asha"})
        assert (said.status_code, said.json()["code"]) == (503, "unavailable")

    asyncio.run(scenario())


@pytest.mark.parametrize("route", ["/essays", "post /essays", "POST essays"])
def test_a_route_that_is_written_wrong_is_said_at_once(world: World, route: str) -> None:
    with pytest.raises(ValueError, match="is no route"):
        Charging(application(world.ledger, "x"), books=world.ledger, account=lambda _: "x", routes={route: Work("a")})


def test_no_middleware_swallows_its_own_mistakes(world: World) -> None:
    house = House(world, "library")
    app = application(house.ledger, house.slug)
    app.user_middleware[0].kwargs["routes"] = {"POST /essays": Work("flying")}

    async def scenario() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as visitor:
            await visitor.post("/essays", headers={"X-User": "asha"})

    with pytest.raises(InvalidRequest, match="flying"):
        asyncio.run(scenario())


@pytest.mark.parametrize(
    ("told", "work", "left"),
    [(True, Work("work", 100, streams=True), 88), (False, Work("essay", streams=True), 100)],
)
def test_a_visitor_who_hangs_up_on_a_stream_pays_for_what_was_written_down(
    world: World, told: bool, work: Work, left: int
) -> None:
    house = House(world, "library", 100)

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"X-Tokens-Remaining", b"plenty")]})
        if told:
            scope["state"]["creditbook"].used(tokens=12)
        await send({"type": "http.response.body", "body": b"half", "more_body": True})

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message.get("headers") or message["type"])

    charging = Charging(app, books=house.ledger, account=lambda _: house.asha, routes={"POST /a": work})
    scope = {"type": "http", "method": "POST", "path": "/a", "headers": []}
    asyncio.run(charging(scope, None, send))  # type: ignore[arg-type]
    assert sent == [[(b"x-tokens-remaining", b"0" if told else b"60")], "http.response.body"]
    assert house.left == (left, 0, 0)
