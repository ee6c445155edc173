"""One of the five programs behind the API, on a clock that tests move: everything is asked and done by requests."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fastapi.testclient import TestClient
from support.ledgers import MovedClock

from creditbook.access import console
from creditbook.access.api_keys import ApiKeys
from creditbook.api import api
from creditbook.installation import installation
from creditbook.programs import load_program

_numbers = itertools.count(1)


@dataclass
class SeedDoor:
    """The API of one organization. ``keys`` are API keys by scope; an administrator's is used unless told otherwise.

    `bound` is an administrator's key that speaks for the last account only.
    """

    client: TestClient
    clock: MovedClock
    keys: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, user: str | None = None, *, key: str = "admin", **query: Any) -> Any:
        """The answer, whatever it is."""
        named = query if user is None else {"account": user, **query}
        return self.client.get(path, params=named, headers=self._headers(key))

    def read(self, path: str, user: str | None = None, **query: Any) -> Any:
        """What a reading key is answered; data of `{"success": true}` alone."""
        return _body(self.get(path, user, key="read", **query))

    def post(self, path: str, user: str | None = None, *, key: str = "admin", once: str = "", **body: Any) -> Any:
        """The answer, whatever it is; ``once`` is the idempotency key."""
        sent = body if user is None else {"account": user, **body}
        more = {"Idempotency-Key": once} if once else {}
        return self.client.post(path, json=sent, headers=self._headers(key) | more)

    def do(self, path: str, user: str | None = None, **body: Any) -> Any:
        """What a write is answered that is not refused."""
        return _body(self.post(path, user, **body))

    def work(self, user: str, action: str, **terms: Any) -> Any:
        """The answer to a spend by the ledger's own verb."""
        return self.post("/v1/usage", user, key="spend", once=f"work-{next(_numbers)}", action=action, **terms)

    def at(self, year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> None:
        """Move the clock to an instant of UTC."""
        self.clock.at = datetime(year, month, day, hour, minute, tzinfo=UTC)

    def _headers(self, key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[key]}"}


def _body(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.text
    body = answer.json()
    if "success" in body:
        assert body["success"] is True
        return body["data"]
    return body


@contextmanager
def serving(
    url: str, installed_at: Callable[[str], None], program: str, *, at: datetime, users: tuple[str, ...]
) -> Iterator[SeedDoor]:
    """A shipped program in an organization of its name, with these accounts opened as at sign-up ('' is the pool)."""
    clock = MovedClock(at)
    installed_at(url)
    here = installation()
    here.clock = clock
    ledger = here.ledger
    ledger.create_organization(program, load_program(program))
    for user in users:
        pooled: dict[str, Any] = {"draws_on_pool": True} if user and "" in users else {}
        ledger.open_account(f"{program}/{user}" if user else program, **pooled)
    org = ledger.core.organization(program)
    service, boss = ApiKeys(here.store, here.clock), console(org.org_id, org.slug, org.name, org.zone)
    door = SeedDoor(TestClient(api, raise_server_exceptions=False), clock)
    for scope in ("read", "spend", "admin"):
        door.keys[scope] = service.create(boss, scope, scope, reason="test").text
    door.keys["bound"] = service.create(boss, "bound", "admin", account=users[-1], reason="test").text
    yield door
