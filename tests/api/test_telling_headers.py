"""OpenAPI tells of the Idempotency-Key wherever a route reads one, and whether it has to be there."""

from __future__ import annotations

import re
from collections.abc import Callable

from api.door import open_door
from api.rows import ROWS

from creditbook.api import api


def told(method: str, path: str) -> list[bool]:
    """Whether the header is required, once for each time that it is told of."""
    route = api.openapi()["paths"][path.replace(":path", "")][method.lower()]
    return [one["required"] for one in route.get("parameters", []) if one["name"] == "Idempotency-Key"]


def test_a_route_that_refuses_without_a_key_says_that_it_is_required(
    sqlite_url: str, installed_at: Callable[[str], None]
) -> None:
    installed_at(sqlite_url)
    door, wrong = open_door(sqlite_url), []
    for row in ROWS:
        if row.method == "GET":
            assert not told(row.method, row.path), str(row)
            continue
        headers = {"Authorization": f"Bearer {door.keys['admin']}"}
        answer = door.client.request(row.method, re.sub(r"{[^}]+}", "1", row.path), json={}, headers=headers)
        asked = answer.status_code == 400 and "Idempotency-Key" in answer.text
        if asked != (told(row.method, row.path) == [True]):
            wrong.append((str(row), told(row.method, row.path), answer.status_code, answer.text[:100]))
    assert not wrong


def test_what_the_ledger_s_verbs_require_and_the_applications_routes_welcome() -> None:
    assert told("POST", "/v1/usage") == [True]
    assert told("POST", "/v1/tokens/redeem-code") == [False]
    assert told("POST", "/v1/otlp/v1/traces") == []
