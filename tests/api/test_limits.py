"""How often a key may come: told on every answer, refused beyond it, and apart from the limits of a plan."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from api.door import Door, open_door

from creditbook.api.limits import RateLimit, rate_limit


@pytest.fixture
def door(sqlite_url: str, installed_at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    monkeypatch.setenv("CREDITBOOK_API_RATE_LIMIT", "5/hour")
    installed_at(sqlite_url)
    rate_limit.forget()
    yield open_door(sqlite_url)
    rate_limit.forget()


def test_every_answer_says_what_is_left_and_the_next_one_is_429(door: Door) -> None:
    answers = [door.spend(tokens=1, once=f"k{n}") for n in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["4", "3", "2", "1", "0", "0"]
    assert (answers[0].headers["ratelimit-limit"], answers[0].headers["ratelimit-policy"]) == ("5", "5;w=3600")
    refused = answers[5]
    assert refused.headers["content-type"] == "application/problem+json"
    said = refused.json()
    assert (said["limit"], said["title"]) == ("api_requests", "Too Many Requests")
    # The oldest request leaves the window an hour after it came.
    assert 3_590 <= int(refused.headers["retry-after"]) <= 3_600
    assert refused.headers["retry-after"] == str(said["retry_after"]) == refused.headers["ratelimit-reset"]
    assert door.ledger.balance("acme/asha").available == 995


def test_a_refusal_too_says_what_is_left_and_counts(door: Door) -> None:
    assert door.spend(tokens=5_000).headers["ratelimit-remaining"] == "4"
    assert door.spend(tokens=-1).headers["ratelimit-remaining"] == "3"


def test_each_key_has_a_window_of_its_own_and_health_has_none(door: Door) -> None:
    for _ in range(6):
        door.get("/v1/accounts/asha/balance", "read")
    assert door.get("/v1/accounts/asha/balance", "read").status_code == 429
    assert door.get("/v1/accounts/asha/balance", "spend").status_code == 200
    assert all(door.client.get("/healthz").status_code == 200 for _ in range(8))


def test_a_batch_is_one_request(door: Door) -> None:
    work = [{"account": "asha", "action": "work", "tokens": 1}] * 20
    assert door.post("/v1/usage/batch", {"usage": work}).headers["ratelimit-remaining"] == "4"


def test_it_can_be_switched_off(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDITBOOK_API_RATE_LIMIT", "off")
    answers = [door.get("/v1/accounts/asha/balance") for _ in range(7)]
    assert {answer.status_code for answer in answers} == {200}
    assert "ratelimit-limit" not in answers[0].headers


def test_the_window_moves_and_many_at_once_do_not_pass_it() -> None:
    limit, windows = RateLimit(), []

    def many() -> None:
        windows.extend(limit.hit("key 1", (30, 1)) for _ in range(20))

    threads = [threading.Thread(target=many) for _ in range(3)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if time.monotonic() - began < 0.9:  # else the window has moved on by itself
        assert [window.fits for window in windows].count(True) == 30
    assert limit.hit("key 2", (30, 1)).fits
    time.sleep(1.05)
    assert limit.hit("key 1", (30, 1)).fits
