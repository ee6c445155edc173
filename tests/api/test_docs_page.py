"""The interactive page: served whole by this server, so that our content policy lets it run without the internet."""

from __future__ import annotations

import re

from fastapi.testclient import TestClient

from creditbook.api import api


def test_the_page_and_all_that_it_loads_come_from_here() -> None:
    client = TestClient(api, root_path="/api")
    page = client.get("/api/docs")
    assert page.status_code == 200
    assert "openapi.json" in page.text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert loaded
    assert all(one.startswith("/api/docs/") for one in loaded)
    for one in loaded:
        found = client.get(one)
        assert (found.status_code, len(found.content) > 1_000) == (200, True), one
    assert client.get("/api/docs/other.js").status_code == 422


def test_the_long_description_goes_out_small_to_whoever_takes_it_so() -> None:
    client = TestClient(api)
    small = client.get("/openapi.json", headers={"Accept-Encoding": "gzip"})
    whole = client.get("/openapi.json", headers={"Accept-Encoding": "identity"})
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) * 10 < int(whole.headers["content-length"])
    assert small.json() == whole.json()


def test_what_is_tried_on_the_page_goes_where_the_api_is() -> None:
    told = TestClient(api, root_path="/api").get("/api/openapi.json").json()
    assert told["servers"] == [{"url": "/api"}]
    assert "/v1/usage" in told["paths"]


def test_the_schema_of_refusals_is_said_once() -> None:
    told = TestClient(api).get("/openapi.json").json()
    refusals = [answer for routes in told["paths"].values() for route in routes.values()
                for status, answer in route["responses"].items() if status >= "4"]  # fmt: skip
    schemas = [one["content"]["application/problem+json"]["schema"] for one in refusals]
    assert len(schemas) > 300
    assert all(one == {"$ref": "#/components/schemas/Problem"} for one in schemas)
    assert "retry_after" in told["components"]["schemas"]["Problem"]["properties"]
