"""What OpenAPI tells beside the routes: examples of bodies and answers, recorded from real calls, and its parts."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI

FILE = Path(__file__).with_name("examples.json")
"""`make api-examples` writes it (scripts/api_examples.py)."""
JSON = "application/json"

TAGS = {
    "usage": "Work charged or recorded, one piece or many, and given back; what was used, added up.",
    "holds": "Tokens reserved before the work, taken from in parts, given back when it is done.",
    "accounts": "Accounts opened, listed, changed, closed, and what one has at any moment.",
    "transactions": "What happened to an account, with every grant that it moved.",
    "purchases": "Purchases as they stand: paid by hand, given back.",
    "subscription": "A plan: up, down, renewed, cancelled.",
    "administration": "Tokens given and taken back, promo codes, resets, rewards: with an `admin` key.",
    "keys": "API keys: made, replaced with an overlap, ended.",
    "program": "What the organization's program says.",
    "tokens": "Figures, history, packages, codes and features as the studios and the teams ask for them.",
    "billing": "Wallets and resets as the website builders ask for them.",
    "user": "Credits as the code generators ask for them.",
    "sources": "Usage from tools that people run already: CloudEvents, OpenTelemetry, LiteLLM, files.",
    "metering": "Entitlements and meters as OpenMeter's SDK reads them.",
    "webhooks": "Where payment providers tell what became of a payment.",
    "health": "Whether the server and its database are well, and figures for Prometheus.",
}


@cache
def examples() -> dict[str, Any]:
    """Route → what was sent and what came back."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def scopes(app: FastAPI) -> dict[tuple[str, str], str]:
    """The scope that each route asks for, by method and path; none for what is open to everybody."""
    found: dict[tuple[str, str], str] = {}
    for one in app.routes:
        inner = getattr(one, "original_router", None)
        listed: list[Any] = inner.routes if inner is not None else [one]
        for route in listed:
            scope = _scope(getattr(route, "dependant", None))
            if scope is not None:
                found |= {(method, route.path_format): scope for method in route.methods}
    return found


def _scope(dependant: Any) -> str | None:
    for one in dependant.dependencies if dependant is not None else ():
        found: str | None = getattr(one.call, "scope", None) or _scope(one)
        if found is not None:
            return found
    return None


def describe(app: FastAPI) -> None:
    """Make `app` tell examples and tags in its OpenAPI document."""
    plain = app.openapi
    asked = scopes(app)

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            used = {tag for path in document["paths"].values() for route in path.values() for tag in route["tags"]}
            document["tags"] = [{"name": name, "description": said} for name, said in TAGS.items() if name in used]
            for path, routes in document["paths"].items():
                for method, route in routes.items():
                    _show(route, examples().get(f"{method.upper()} {path}", {}))
                    scope = asked.get((method.upper(), path))
                    if scope is not None:
                        route["description"] = f"{route.get('description', '')}\n\nNeeds the scope `{scope}`.".strip()
                        route["x-scope"] = scope
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]


def _show(route: dict[str, Any], told: dict[str, Any]) -> None:
    sent = route.get("requestBody", {}).get("content", {}).get(JSON)
    if sent is not None and "examples" not in sent and told.get("body") is not None:
        sent.setdefault("example", told["body"])
    for status, answer in route["responses"].items():
        content = answer.get("content", {}).get(JSON)
        if status.startswith("2") and content is not None and "answer" in told:
            content.setdefault("example", told["answer"])
