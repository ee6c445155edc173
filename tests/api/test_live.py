"""Balances as they change, over a real socket: at once, whoever changed them, while the caller may see them."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copy
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from api.door import Door, open_door
from support.people import House
from support.running import running

from creditbook import open_ledger
from creditbook.access import console, passwords
from creditbook.access.api_keys import ApiKeys
from creditbook.api import callers, live, watching
from creditbook.installation import close_installations, installation

SOON = 10


class Reader:
    """What comes down one stream."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.iter_lines()

    def next(self) -> dict[str, Any]:
        """The next event: its name, id and data; comments are kept under `comments`."""
        found: dict[str, Any] = {"comments": []}
        for line in self._lines:
            if not line and len(found) > 1:
                found["data"] = json.loads(found["data"])
                return found
            name, _, value = line.partition(": ")
            if not name and line:
                found["comments"].append(value)
            elif line:
                found[name] = value
        return found


Served = tuple[Door, str]


@contextmanager
def serving(database: str) -> Iterator[Served]:
    """An installation and its API on a port of its own; a look every tenth of a second, so that nobody waits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CREDITBOOK_DATABASE_URL", database)
        patch.setattr(passwords, "ROUNDS", 4)
        patch.setattr(watching, "EVERY", 0.1)
        patch.setattr(live, "CALLER_LOOKED_AT_EVERY", 0.2)
        patch.setattr(callers, "SECONDS_UNTIL_ASKED_AGAIN", 0.1)
        door = open_door(database)
        with running() as url:
            yield door, url
        close_installations()


@pytest.fixture(scope="module")
def served(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(f"sqlite:///{copy(sqlite_template, tmp_path_factory.mktemp('live') / 'creditbook.db')}") as found:
        yield found


@contextmanager
def stream(served: Served, account: str, key: str = "read", **more: Any) -> Iterator[Reader]:
    door, url = served
    headers = {"Authorization": f"Bearer {door.keys[key]}", **more.pop("headers", {})}
    with (
        httpx.Client(timeout=SOON) as client,
        client.stream("GET", f"{url}/v1/accounts/{account}/events", headers=headers, params=more) as answer,
    ):
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Reader(answer)


def test_a_balance_is_told_at_once_and_when_another_process_changes_it(database_url: str) -> None:
    with serving(database_url) as served, open_ledger(database_url) as elsewhere:
        with stream(served, "asha") as reader:
            first = reader.next()
            assert (first["event"], first["data"]["account"], first["data"]["available"]) == (
                "balance", "acme/asha", 1_000)  # fmt: skip
            assert reader.answer.headers["x-tokens-remaining"] == "1000"
            assert reader.answer.headers["cache-control"] == "no-store"
            elsewhere.spend("acme/asha", action="work", tokens=10)
            assert reader.next()["data"]["available"] == 990
            held = elsewhere.hold("acme/asha", action="work", estimate=7)
            assert reader.next()["data"]["held"] == 7
            elsewhere.void("acme/asha", held.hold_id)
            last = reader.next()
            assert (last["data"]["held"], last["data"]["available"]) == (0, 990)
            assert first["id"] != last["id"]
        elsewhere.open_account("acme")
        elsewhere.grant("acme", 500, reason="for all")
        for name in ("mira", "noor"):
            elsewhere.open_account(f"acme/{name}", draws_on_pool=True)
        with stream(served, "mira") as reader:
            assert reader.next()["data"]["from_pool"] == 500
            elsewhere.spend("acme/noor", action="work", tokens=200)
            assert reader.next()["data"]["from_pool"] == 300


def test_the_same_state_is_not_told_again_to_who_comes_back_with_its_id(served: Served) -> None:
    door, _ = served
    with stream(served, "ben", seconds=0) as reader:
        known, end = reader.next(), reader.next()
        assert (end["event"], end["data"]) == ("end", {"reason": "time"})
    with stream(served, "ben", headers={"Last-Event-ID": known["id"]}) as reader:
        door.ledger.grant("acme/ben", 5, reason="something new")
        fresh = reader.next()
        assert fresh["data"]["posted"] == known["data"]["posted"] + 5
    with stream(served, "ben", seconds=0, headers={"Last-Event-ID": "of another day"}) as reader:
        assert reader.next()["id"] == fresh["id"]


def test_the_documented_snippet_prints_the_balance(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    door, url = served
    page = (Path(__file__).parents[2] / "docs" / "live.md").read_text(encoding="utf-8")
    snippet = page.split("```python\n")[1].split("```")[0]
    exec(snippet, {"key": door.keys["read"], "base_url": url.removesuffix("/api")})
    assert capsys.readouterr().out == f"{door.ledger.balance('acme/asha').available}\n"


def test_a_quiet_stream_beats(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT", 0.1)
    with stream(served, "ben", seconds=1) as reader:
        reader.next()
        assert reader.next()["comments"]


def test_a_stream_ends_when_its_key_is_revoked(served: Served) -> None:
    door, _ = served
    here, org = installation(), door.ledger.core.organization("acme")
    service, boss = ApiKeys(here.store, here.clock), console(org.org_id, org.slug, org.name, org.zone)
    made = service.create(boss, "to be revoked", "read", reason="test")
    door.keys["brief"] = made.text
    with stream(served, "ben", "brief") as reader:
        reader.next()
        service.revoke(boss, made.key_id, reason="test")
        end = reader.next()
        assert (end["event"], end["data"]) == ("end", {"reason": "refused"})
        assert reader.next() == {"comments": []}


def test_a_person_in_a_browser_sees_her_own_until_she_signs_out(served: Served) -> None:
    door, url = served
    here, org = installation(), door.ledger.core.organization("acme")
    house, boss = House(here.store, here.clock), console(org.org_id, org.slug, org.name, org.zone)
    house.access.people.give_account(boss, house.person(boss, "ben"), "ben", reason="test")
    cookie = house.sign_in("ben")
    with httpx.Client(timeout=SOON, headers={"Cookie": f"creditbook_session={cookie}"}) as client:
        assert client.get(f"{url}/v1/accounts/asha/events").status_code == 403
        with client.stream("GET", f"{url}/v1/accounts/ben/events") as answer:
            reader = Reader(answer)
            assert reader.next()["data"]["account"] == "acme/ben"
            house.access.sessions.sign_out(cookie)
            assert reader.next()["data"] == {"reason": "refused"}


def test_who_may_not_see_an_account_opens_no_stream(served: Served) -> None:
    door, url = served
    for key, account, status in [("bound", "asha", 404), ("wrong", "ben", 401), ("read", "other/ben", 404)]:
        said = httpx.get(f"{url}/v1/accounts/{account}/events", headers={"Authorization": f"Bearer {door.keys[key]}"})
        assert (said.status_code, said.headers["content-type"]) == (status, "application/problem+json")
    with stream(served, "ben", "bound", seconds=0) as reader:
        assert reader.next()["data"]["account"] == "acme/ben"


def test_one_stream_too_many_is_refused_and_a_closed_one_makes_room(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    door, url = served
    monkeypatch.setattr(watching, "MOST_OF_ONE", 2)
    asked: dict[str, Any] = {"headers": {"Authorization": f"Bearer {door.keys['admin']}"}, "timeout": SOON}
    with stream(served, "ben", "admin"):
        with stream(served, "ben", "admin"):
            refused = httpx.get(f"{url}/v1/accounts/ben/events", **asked)
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
        end = time.monotonic() + SOON
        while httpx.get(f"{url}/v1/accounts/ben/events?seconds=0", **asked).status_code != 200:
            assert time.monotonic() < end, "the closed stream kept its place"
    until_nobody_watches()


def until_nobody_watches() -> None:
    end = time.monotonic() + SOON
    while watching._watches:
        assert time.monotonic() < end, "a watch was left behind"
        time.sleep(0.02)


def test_who_never_reads_costs_nobody_else_and_is_let_go(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    door, url = served
    monkeypatch.setattr(live, "TOO_SLOW", 0.5)
    monkeypatch.setattr(live, "_state", lambda balance: (str(balance.posted), json.dumps({"padding": "x" * 4_000_000})))
    place = urlsplit(url)
    asleep = socket.create_connection((place.hostname, place.port))
    asleep.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    request = (
        f"GET /api/v1/accounts/ben/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {door.keys['admin']}\r\n\r\n"
    )
    asleep.sendall(request.encode())
    with stream(served, "ben") as reader:
        for _ in range(3):
            began = time.monotonic()
            reader.next()
            assert time.monotonic() - began < 3
            door.ledger.grant("acme/ben", 1, reason="once more")
    until_nobody_watches()
    asleep.close()
