"""What OpenAPI says of the routes: who may, and every refusal as the problem document that it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from api.rows import ROWS
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from creditbook.api import api
from creditbook.api.describing import TAGS, examples

REFUSALS = {"400", "401", "403", "404", "413", "422", "429", "503"}


def test_every_route_with_a_key_says_so_and_documents_its_refusals() -> None:
    paths = api.openapi()["paths"]
    for row in ROWS:
        told = paths[row.path.replace(":path", "")][row.method.lower()]
        assert told["security"] == [{"HTTPBearer": []}], str(row)
        assert told["summary"], str(row)
        assert told["x-scope"] == row.scope, str(row)
        assert told["responses"].keys() >= REFUSALS, str(row)
        for status in REFUSALS:
            assert list(told["responses"][status]["content"]) == ["application/problem+json"], str(row)


def contents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every JSON body and every answer of success, with the route that it belongs to."""
    for path, routes in api.openapi()["paths"].items():
        for method, route in routes.items():
            told = [("body", route.get("requestBody", {}))]
            told += [(status, answer) for status, answer in route["responses"].items() if status.startswith("2")]
            for what, one in told:
                if "application/json" in one.get("content", {}):
                    yield f"{method.upper()} {path} {what}", one["content"]["application/json"]


def examples_of(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Examples beside the schema, else that of the model which the schema names."""
    if "examples" in content:
        return list(content["examples"].values())
    name = content["schema"].get("$ref", "").rpartition("/")[2]
    model = api.openapi()["components"]["schemas"].get(name, {})
    return [{"value": model["example"]}] if "example" in model else []


def test_every_body_and_every_answer_has_an_example_that_is_right() -> None:
    """Answers are recorded: a new route gets its call in scripts/api_examples.py, and `make api-examples` writes it."""
    missing, wrong, components = [], [], api.openapi()["components"]
    for name, content in contents():
        schema = content["schema"] | {"components": components}
        shown = [content["example"]] if "example" in content else [one["value"] for one in examples_of(content)]
        if not shown:
            missing.append(name)
        wrong += [(name, bad.message) for one in shown for bad in Draft202012Validator(schema).iter_errors(one)]
    assert not missing, f"Give these routes a call in scripts/api_examples.py, then make api-examples: {missing}"
    assert not wrong


def test_no_example_is_of_a_route_that_is_gone() -> None:
    there = {f"{method.upper()} {path}" for path, routes in api.openapi()["paths"].items() for method in routes}
    assert examples().keys() <= there


def test_every_part_of_the_api_is_described() -> None:
    used = {tag for routes in api.openapi()["paths"].values() for route in routes.values() for tag in route["tags"]}
    assert used == TAGS.keys()
    assert {tag["name"] for tag in api.openapi()["tags"]} == used


def test_the_list_of_routes_has_every_one_with_its_scope_and_no_other() -> None:
    """`make api-examples` writes it anew."""
    page = (Path(__file__).parents[2] / "docs" / "api-routes.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([A-Z]+ /api/\S+)` \| (\S+) \|", page, re.MULTILINE))
    paths = api.openapi()["paths"]
    assert listed == {
        (f"{method.upper()} /api{path}", route.get("x-scope", "—"))
        for path, routes in paths.items() for method, route in routes.items()
    }  # fmt: skip
