"""What OpenAPI tells of headers that routes read by hand: the `Idempotency-Key`, asked for or merely welcome."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from creditbook.api.asked import optional_key
from creditbook.api.callers import required_key

_SAID = {
    required_key: "Names this piece of work: the same key again repeats the first answer, and does nothing else.",
    optional_key: "The same key again repeats the first answer. Without one, each request is work of its own.",
}
_EXAMPLE = "run-42/srs"


def tell_headers(app: FastAPI) -> None:
    """Make `app` tell them in its OpenAPI document."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            for (method, path), asks in _asking(app).items():
                told = document["paths"].get(path, {}).get(method.lower())
                if told is not None:
                    told.setdefault("parameters", []).append(_parameter(asks))
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _asking(app: FastAPI) -> dict[tuple[str, str], Any]:
    """By method and path, which of the two a route depends on."""
    found: dict[tuple[str, str], Any] = {}
    for one in app.routes:
        inner: Any = getattr(one, "original_router", None)
        routes: list[Any] = inner.routes if inner is not None else [one]
        for route in routes:
            asks = _asks(getattr(route, "dependant", None))
            if asks is not None:
                found |= {(method, route.path_format): asks for method in route.methods}
    return found


def _asks(dependant: Any) -> Any:
    for one in dependant.dependencies if dependant is not None else ():
        found = one.call if one.call in _SAID else _asks(one)
        if found is not None:
            return found
    return None


def _parameter(asks: Any) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"\S"}
    return {"name": "Idempotency-Key", "in": "header", "required": asks is required_key, "description": _SAID[asks],
            "schema": schema, "example": _EXAMPLE}  # fmt: skip
