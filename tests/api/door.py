"""The API over an installation of a test's own, as programs come to it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from fastapi.testclient import TestClient
from support.ledgers import MovedClock, a_ledger

from creditbook import Ledger
from creditbook.access import console
from creditbook.access.api_keys import ApiKeys
from creditbook.api import api
from creditbook.domain.program import Unit
from creditbook.installation import installation


@dataclass
class Door:
    """The API over an installation with `acme/asha` and `acme/ben` in it, and keys of every scope."""

    ledger: Ledger
    client: TestClient
    keys: dict[str, str]
    _number: Any = field(default_factory=lambda: count(1))

    def send(self, method: str, path: str, key: str | None, body: Any = None, once: str | None = None) -> Any:
        """One request with a key of that name (None: nobody); `once` is its idempotency key, else a new one."""
        headers = {"Idempotency-Key": once or f"number {next(self._number)}"}
        if key is not None:
            headers["Authorization"] = f"Bearer {self.keys[key]}"
        if body is None:
            return self.client.request(method, path, headers=headers)
        headers["Content-Type"] = "application/json"
        # As ASCII: half a character is sent as its escape, which httpx itself would not write.
        return self.client.request(method, path, content=json.dumps(body), headers=headers)

    def browse(self, method: str, path: str, body: Any, session: str, site: str) -> Any:
        """The same from a browser whose page is of this site, or of another one."""
        headers = {"Idempotency-Key": f"number {next(self._number)}", "Sec-Fetch-Site": site,
                   "Cookie": f"creditbook_session={session}"}  # fmt: skip
        return self.client.request(method, path, json=body, headers=headers)

    def upload(
        self,
        path: str,
        files: Any,
        key: str = "admin",
        session: str | None = None,
        site: str | None = None,
        **form: Any,
    ) -> Any:
        """A form with files in it, by a program with that key ("nobody" has none) or from a browser with a session."""
        headers = {} if session or key == "nobody" else {"Authorization": f"Bearer {self.keys[key]}"}
        if session:
            headers = {"Sec-Fetch-Site": site or "same-origin", "Cookie": f"creditbook_session={session}"}
        return self.client.post(path, data=form, files=files, headers=headers)

    def post(self, path: str, body: Any, key: str = "spend", once: str | None = None) -> Any:
        return self.send("POST", path, key, body, once)

    def get(self, path: str, key: str = "read") -> Any:
        return self.send("GET", path, key)

    def spend(self, key: str = "spend", once: str = "k1", **body: Any) -> Any:
        return self.post("/v1/usage", {"account": "asha", "action": "work", **body}, key, once)


def open_door(url: str, unit: Unit | None = None, **program: Any) -> Door:
    """The door of an installation at a migrated database; the environment names it already."""
    changes = {**program, "unit": unit} if unit else program
    a_ledger(url, MovedClock(), **changes).close()
    here = installation()
    ledger = here.ledger
    ledger.open_account("acme/asha")
    ledger.open_account("acme/ben")
    ledger.grant("acme/asha", 1_000, reason="to spend")
    org = ledger.core.organization("acme")
    service, boss = ApiKeys(here.store, here.clock), console(org.org_id, org.slug, org.name, org.zone)
    keys = {scope: service.create(boss, scope, scope, reason="test").text for scope in ("read", "spend", "admin")}  # type: ignore[arg-type]
    for name, scope in (("bound", "spend"), ("bound admin", "admin")):
        keys[name] = service.create(boss, name, scope, account="ben", reason="test").text  # type: ignore[arg-type]
    return Door(ledger, TestClient(api, raise_server_exceptions=False), {**keys, "wrong": "cb_acme_nothing"})
