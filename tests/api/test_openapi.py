"""What OpenAPI says of the routes: who may, and every refusal as the problem document that it is."""

from __future__ import annotations

from api.rows import ROWS

from creditbook.api import api

REFUSALS = {"400", "401", "403", "404", "413", "422", "429", "503"}


def test_every_route_with_a_key_says_so_and_documents_its_refusals() -> None:
    paths = api.openapi()["paths"]
    for row in ROWS:
        told = paths[row.path.replace(":path", "")][row.method.lower()]
        assert told["security"] == [{"HTTPBearer": []}], str(row)
        assert told["summary"], str(row)
        assert told["responses"].keys() >= REFUSALS, str(row)
        for status in REFUSALS:
            assert list(told["responses"][status]["content"]) == ["application/problem+json"], str(row)
