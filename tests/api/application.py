"""An application of one of the five programs: everything that it asks and does is a request with an API key.

Only what no key may do is done beside it: the organization itself, its keys, and the clock that tests move.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from fastapi.testclient import TestClient
from support.ledgers import MovedClock

from creditbook.access import console
from creditbook.access.api_keys import ApiKeys
from creditbook.api import api
from creditbook.installation import close_installations, installation
from creditbook.programs import load_program
from creditbook.reports.proof import prove

_numbers = count(1)
WHY = {"reason": "a test"}


@dataclass
class Application:
    """One organization behind the API, and its keys by scope. Users are named as they are; '' is the pool."""

    client: TestClient
    clock: MovedClock
    slug: str
    keys: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, *, key: str, once: str = "", **request: Any) -> Any:
        """One request and its answer, whatever it is; a write has a key of its own unless told."""
        headers = {"Authorization": f"Bearer {self.keys[key]}"}
        if method != "GET":
            headers["Idempotency-Key"] = once or f"request {next(_numbers)}"
        return self.client.request(method, path, headers=headers, **request)

    def ask(self, path: str, user: str | None = None, **query: Any) -> Any:
        """What a reading key is told; the data alone of `{"success": true}`."""
        named = query if user is None else {"account": user or self.slug, **query}
        return _body(self.send("GET", path, key="read", params=named))

    def tell(self, path: str, user: str | None = None, *, key: str = "spend", once: str = "", **body: Any) -> Any:
        """What a write is answered that is done."""
        return _body(self.send("POST", path, key=key, once=once, json=self._about(user, body)))

    def order(self, path: str, user: str | None = None, **body: Any) -> Any:
        """The same with an administrator's key."""
        return self.tell(path, user, key="admin", **body)

    def refused(self, status: int, path: str, user: str | None = None, *, key: str = "spend", **body: Any) -> Any:
        """The problem document of a write that is refused."""
        answer = self.send("POST", path, key=key, json=self._about(user, body))
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
        return answer.json()

    def open(self, user: str, **terms: Any) -> Any:
        """Open an account as at sign-up."""
        return self.order("/v1/accounts", user, **terms)

    def spend(self, user: str, action: str, **terms: Any) -> Any:
        """The receipt of a spend."""
        return self.tell("/v1/usage", user, action=action, **terms)

    def grant(self, user: str, tokens: int, **terms: Any) -> Any:
        """The receipt of a grant."""
        return self.order("/v1/grants", user, tokens=tokens, **{**WHY, **terms})

    def buy(self, user: str, package: str, payment: str) -> Any:
        """A package, paid already."""
        return self.order("/v1/tokens/purchase", user, package_id=package, payment=payment)

    def upgrade(self, user: str, plan: str, payment: str) -> Any:
        """A plan, paid already."""
        return self.order("/v1/subscription/upgrade", user, plan=plan, payment=payment)

    def balance(self, user: str, **query: Any) -> Any:
        """Posted, held, blocked, available and debt, with its wallets."""
        return self.ask(f"/v1/accounts/{user or self.slug}/balance", **query)

    def left(self, user: str, feature: str | None = None) -> int | None:
        """What is available."""
        found: int | None = self.balance(user, **({"feature": feature} if feature else {}))["available"]
        return found

    def lines(self, user: str, **query: Any) -> list[Any]:
        """The account's history, oldest first, read page by page."""
        found: list[Any] = []
        cursor: dict[str, Any] = {}
        while True:
            page = self.ask("/v1/transactions", user, limit=3, **cursor, **query)
            found += page["transactions"]
            if page["next_cursor"] is None:
                return found[::-1]
            cursor = {"cursor": page["next_cursor"]}

    def kinds(self, user: str) -> list[tuple[str, int]]:
        """Kind and signed tokens of every line, oldest first."""
        return [(line["kind"], line["tokens"]) for line in self.lines(user)]

    def settle(self) -> Any:
        """Write every reset that is due."""
        return self.order("/billing/daily-reset")

    def at(self, year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> None:
        """Move the clock to an instant of UTC."""
        self.clock.at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)

    def _about(self, user: str | None, body: dict[str, Any]) -> dict[str, Any]:
        return body if user is None else {"account": user or self.slug, **body}


def _body(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.text
    body = answer.json()
    if "success" in body:
        assert body["success"] is True
        return body["data"]
    return body


@dataclass
class Applications:
    """One installation for a module's tests; each test has an organization of its own in it."""

    client: TestClient
    clock: MovedClock

    def of(self, program: str, *, at: datetime, slug: str = "") -> Application:
        """A shipped program in a new organization; the clock stands at this instant."""
        self.clock.at = at
        here = installation()
        found = Application(self.client, self.clock, slug or f"{program}-{next(_numbers)}")
        here.ledger.create_organization(found.slug, load_program(program))
        org = here.ledger.core.organization(found.slug)
        service, boss = ApiKeys(here.store, here.clock), console(org.org_id, org.slug, org.name, org.zone)
        for scope in ("read", "spend", "admin"):
            found.keys[scope] = service.create(boss, scope, scope, reason="test").text
        return found


@contextmanager
def applications(url: str) -> Iterator[Applications]:
    """The API over a migrated database; when the block ends, all is settled and the books are proved."""
    clock = MovedClock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CREDITBOOK_DATABASE_URL", url)
        here = installation()
        here.clock = clock
        yield Applications(TestClient(api, raise_server_exceptions=False), clock)
        clock.at += timedelta(days=1)
        here.ledger.sweep()
        broken = [finding for proof in prove(here.store) for finding in proof.findings if finding.broken]
        close_installations()
        assert broken == []
