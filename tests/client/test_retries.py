"""Answers that get lost and servers that are busy: tried again under the same key, and each effect exactly once."""

from __future__ import annotations

import asyncio
import random
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, cycle, repeat
from typing import Any

import httpx
import pytest
from client.world import QUICK, World
from support.cutting import CUTS, cutting
from support.listening import Heard, Listener, listening

from creditbook import InsufficientTokens, InvalidRequest, LimitExceeded, NotFound, Refused, Unavailable
from creditbook.client import AsyncClient, Client, NoAnswer, Retries
from creditbook.client.sending import Tries

PATIENT = Retries(tries=80, first_pause=0.0005, longest_pause=0.002)
KEY = "cb_acme_secret"


def test_calls_through_a_line_that_loses_half_of_them_have_their_effect_once(world: World) -> None:
    slug = world.organization()
    world.ledger.open_account(f"{slug}/asha")
    dice = random.Random(16)
    cuts = (dice.choices(CUTS, (4, 2, 2, 2))[0] for _ in repeat(None))
    with cutting(world.url, cuts) as line, Client(line.url, world.key(slug), retries=PATIENT) as client:
        client.grant(f"{slug}/asha", 10_000, reason="to spend")

        def once(number: int) -> None:
            if number % 4:
                client.spend(f"{slug}/asha", action="work", tokens=7)
            else:
                with client.reserve(f"{slug}/asha", action="work", estimate=50) as job:
                    job.capture(tokens=3, final=False)
                    job.capture(tokens=4)

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(once, range(60)))
    assert all(line.did[cut] > 5 for cut in CUTS), line.did
    left = world.ledger.balance(f"{slug}/asha")
    assert (left.posted, left.held, left.debt) == (10_000 - 60 * 7, 0, 0)


def test_an_event_loop_s_lost_answers_have_their_effect_once(world: World) -> None:
    slug = world.organization()
    world.ledger.open_account(f"{slug}/asha")
    world.ledger.grant(f"{slug}/asha", 1_000, reason="to spend")

    async def spend(url: str) -> None:
        async with AsyncClient(url, world.key(slug, "spend"), retries=PATIENT) as client:
            await asyncio.gather(*(client.spend(f"{slug}/asha", action="work", tokens=5) for _ in range(20)))

    with cutting(world.url, cycle(["after", "through", "middle", "through", "before"])) as line:
        asyncio.run(spend(line.url))
    assert world.ledger.balance(f"{slug}/asha").available == 900
    assert len({key for _, _, key in line.seen}) == 20 < len(line.seen)


@pytest.mark.parametrize("cut", ["before", "after", "middle"])
def test_who_gives_up_is_told_the_key_by_which_to_go_on(world: World, cut: str) -> None:
    slug = world.organization()
    world.ledger.open_account(f"{slug}/asha")
    world.ledger.grant(f"{slug}/asha", 100, reason="to spend")
    with (
        cutting(world.url, chain(repeat(cut, 3), repeat("through"))) as line,
        Client(line.url, world.key(slug), retries=QUICK) as client,
    ):
        with pytest.raises(NoAnswer) as lost:
            client.spend(f"{slug}/asha", action="work", tokens=30)
        key = lost.value.idempotency_key
        assert [seen for _, _, seen in line.seen] == [key] * 3
        found = client.spend(f"{slug}/asha", action="work", tokens=30, idempotency_key=key)
    assert (found.available, found.replayed) == (70, cut != "before")


def _scripted(listener: Listener, *answers: tuple[int, Any, dict[str, str]]) -> None:
    said = iter(answers)

    def answer(_heard: Heard) -> tuple[int, Any]:
        status, document, headers = next(said)
        listener.headers = headers
        return status, document

    listener.answer = answer


HELD = {"hold_id": 7, "account": "acme/asha", "status": "voided", "estimate": 5, "held": 0, "captured": 0,
        "ends_at": "2026-03-04T12:15:00Z", "available": None, "metered": False, "replayed": False}  # fmt: skip


def test_a_busy_server_is_asked_again_with_the_same_key() -> None:
    busy = {"type": "about:blank", "title": "", "status": 429, "detail": "Slow down.", "code": "rate_limited"}
    with listening() as listener, Client(listener.url, KEY, retries=QUICK) as client:
        _scripted(listener, (503, {}, {}), (429, busy, {"Retry-After": "0"}), (200, HELD, {}))
        assert client.void("acme/asha", 7).available is None
    assert len(listener.heard) == 3
    assert len({one.headers["idempotency-key"] for one in listener.heard}) == 1
    assert {one.headers["authorization"] for one in listener.heard} == {f"Bearer {KEY}"}
    assert {one.path for one in listener.heard} == {"/api/v1/holds/7/void"}
    assert all(one.json == {"account": "acme/asha"} for one in listener.heard)


PROBLEM: dict[str, Any] = {"type": "about:blank", "title": "", "detail": "No."}


@pytest.mark.parametrize(
    ("status", "more", "headers", "kind"),
    [
        (429, {"code": "limit_exceeded", "limit": "quota", "retry_after": 0}, {"Retry-After": "0"}, LimitExceeded),
        (429, {"code": "rate_limited", "retry_after": 60}, {"Retry-After": "60"}, LimitExceeded),
        (503, {"code": "unavailable"}, {"Retry-After": "Sat, 04 Mar 2199 12:00:00 GMT"}, NoAnswer),
        (402, {"code": "insufficient_tokens", "required": 2, "available": 1, "packages_url": "/packages"}, {},
         InsufficientTokens),
        (401, {"code": "key_refused"}, {}, Refused),
        (403, {"code": "something_of_a_newer_server"}, {}, Refused),
        (404, {}, {}, NotFound),
        (400, {}, {}, InvalidRequest),
        (413, {}, {}, InvalidRequest),
        (500, {}, {}, Unavailable),
    ],
)  # fmt: skip
def test_what_would_be_refused_again_is_not_sent_again(
    status: int, more: dict[str, Any], headers: dict[str, str], kind: type[Exception]
) -> None:
    with listening() as listener, Client(listener.url, KEY, retries=QUICK) as client:
        _scripted(listener, (status, {**PROBLEM, "status": status, **more}, headers))
        with pytest.raises(kind) as refused:
            client.spend("acme/asha", action="work", tokens=1)
    assert type(refused.value) is kind
    assert len(listener.heard) == 1


def test_a_redirect_does_not_take_the_key_along_and_a_page_is_no_answer() -> None:
    with listening() as listener, Client(listener.url, KEY, retries=QUICK) as client:
        _scripted(listener, (307, {}, {"Location": f"{listener.url}/elsewhere"}), (200, ["a page"], {}))
        with pytest.raises(Exception, match="307"):
            client.balance("acme/asha")
        with pytest.raises(NoAnswer, match="is this its address"):
            client.balance("acme/asha")
    assert len(listener.heard) == 2


def test_pauses_double_are_jittered_and_end_with_patience() -> None:
    down = httpx.ConnectError("refused")
    calls = [Tries(Retries(8, 1, 5, 12)) for _ in range(50)]
    seen = [[pause for _ in range(8) if (pause := tries.pause(down)) is not None] for tries in calls]
    for pauses in seen:
        assert sum(pauses) <= 12
        assert all(low <= pause <= 2 * low for pause, low in zip(pauses, (0.5, 1, 2, 2.5, 2.5, 2.5), strict=False))
    assert len({pauses[0] for pauses in seen}) > 40


def test_a_server_that_does_not_answer_is_given_up_in_time() -> None:
    with listening() as listener, Client(listener.url, KEY, timeout=0.05, retries=Retries(2, 0.001)) as client:
        listener.answer = lambda _heard: (time.sleep(0.3), (200, HELD))[1]
        began = time.monotonic()
        with pytest.raises(NoAnswer):
            client.void("acme/asha", 7)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("url", ["", "credits.example.com", "ftp://credits.example.com", "http://"])
def test_an_address_that_is_none_is_said_at_once(url: str) -> None:
    with pytest.raises(InvalidRequest, match="no address"):
        Client(url, KEY)


@pytest.mark.parametrize("key", ["", "cb_acme_é", "cb_acme_x\n", " cb_acme_x"])
def test_a_key_that_is_none_is_said_at_once_and_never_shown(key: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        Client("http://127.0.0.1:1", key)
    assert not key or key not in str(refused.value)
    assert KEY not in repr(Client("http://127.0.0.1:1", KEY))


@pytest.mark.parametrize("url", ["http://127.0.0.1:8501", "http://127.0.0.1:8501/", "http://127.0.0.1:8501/api/"])
def test_the_address_is_the_server_s_with_api_or_without(url: str) -> None:
    assert Client(url, KEY).base_url == "http://127.0.0.1:8501/api"


@pytest.mark.parametrize("key", ["é", "two\nlines", " blank", "x" * 256])
def test_a_key_that_no_header_can_carry_is_refused_before_anything_is_sent(key: str) -> None:
    with Client("http://127.0.0.1:1", KEY) as client, pytest.raises(InvalidRequest, match="idempotency key"):
        client.spend("acme/asha", action="work", tokens=1, idempotency_key=key)


def test_what_is_no_json_is_refused_before_anything_is_sent() -> None:
    with Client("http://127.0.0.1:1", KEY) as client, pytest.raises(InvalidRequest, match="JSON"):
        client.spend("acme/asha", action="work", tokens=1, metadata={"when": object()})
