"""CloudEvents 1.0 as OpenMeter's SDK sends them, and as others do: what of an event is usage, whose, and when.

The id of an event is its `source` with its `id`, as the specification says. The fields of usage are looked for in
`data` under the names that senders use; `type` is the action where `data` names none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from .fields import COST_FIELD, Record
from .foreign import Unreadable, attributes, counted, flat, number, plain, read_json
from .values import Event

SINGLE, BATCH, JSON = "application/cloudevents+json", "application/cloudevents-batch+json", "application/json"
MOST_EVENTS = 10_000
VERSION = "1.0"

NAMES: dict[str, tuple[str, ...]] = {
    "action": ("action", "feature"),
    "agent": ("agent", "agent_name", "gen_ai.agent.name"),
    "model": ("model", "model_name", "gen_ai.request.model", "gen_ai.response.model"),
    "provider": ("provider", "custom_llm_provider", "gen_ai.provider.name", "gen_ai.system"),
    "project": ("project", "project_id"),
    "description": ("description",),
    "input_tokens": ("input_tokens", "prompt_tokens", "gen_ai.usage.input_tokens"),
    "output_tokens": ("output_tokens", "completion_tokens", "gen_ai.usage.output_tokens"),
    "cached_tokens": ("cached_tokens", "cached_input_tokens", "cache_read_input_tokens",
                      "prompt_tokens_details.cached_tokens", "input_tokens_details.cached_tokens"),
    "cache_write_tokens": ("cache_write_tokens", "cache_creation_input_tokens"),
    "reasoning_tokens": ("reasoning_tokens", "completion_tokens_details.reasoning_tokens",
                         "output_tokens_details.reasoning_tokens"),
    "tokens": ("tokens",),
    "cost_usd": ("cost_usd", "cost", "response_cost", "total_cost"),
}  # fmt: skip
"""Field → names in `data` that mean it, best first; `camelCase` and a `usage` object around them mean the same."""

DIRECTIONS = {"input": "input_tokens", "prompt": "input_tokens", "output": "output_tokens",
              "completion": "output_tokens"}  # fmt: skip
"""What `data.type` says of `data.tokens`, as in OpenMeter's own examples."""

_TEXTS = ("action", "agent", "model", "provider", "project", "description")
_REQUIRED = ("id", "source", "type")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ZONE = re.compile(r"(?:[zZ]|[+-]\d{2}:\d{2})$")


class NoEvent(Unreadable):
    """It can be read, and is no CloudEvent: what it lacks stands in the sentence."""


def events(body: bytes, content_type: str, headers: Mapping[str, str]) -> list[Event]:
    """The events of a request in structured, batched or binary mode. Raises Unreadable, or NoEvent with what is wrong.

    ``headers`` are asked for `ce-…` where the body itself is the data.
    """
    if "ce-specversion" in headers:
        return [_event(_of_headers(headers, _read(body) if body.strip() else None))]
    found = _read(body)
    if content_type == BATCH and not isinstance(found, list):
        raise NoEvent("A batch is a list of events.")
    if content_type == SINGLE and isinstance(found, list):
        raise NoEvent(f"Many events are sent as {BATCH}.")
    many = found if isinstance(found, list) else [found]
    if len(many) > MOST_EVENTS:
        raise NoEvent(f"{len(many)} events are too many for one request. Send at most {MOST_EVENTS}.")
    return [_event(one, f"Event {place}: " if isinstance(found, list) else "") for place, one in enumerate(many)]


def _read(body: bytes) -> Any:
    try:
        return read_json(body)
    except ValueError:
        raise Unreadable("The body is no JSON.") from None


def _of_headers(headers: Mapping[str, str], data: Any) -> dict[str, Any]:
    told = {name[3:]: unquote(value) for name, value in headers.items() if name.startswith("ce-")}
    return {**told, "data": data}


def _event(one: Any, where: str = "") -> Event:
    if not isinstance(one, dict):
        raise NoEvent(f"{where}An event is a JSON object.")
    if one.get("specversion") != VERSION:
        raise NoEvent(f"{where}specversion: write “{VERSION}”.")
    for name in _REQUIRED:
        if not isinstance(one.get(name), str) or not one[name].strip():
            raise NoEvent(f"{where}{name}: a text is required.")
    subject = one.get("subject")
    if subject is not None and not isinstance(subject, str):
        raise NoEvent(f"{where}subject: has to be a text.")
    data = one.get("data")
    data = data if isinstance(data, dict) else {}
    fields = _fields(data)
    fields.setdefault("action", plain(one["type"]))
    around = {name: value for name, value in one.items() if name not in {"data", "data_base64", "id"}}
    told = [("subject", subject), *flat(around), *((f"data.{name}", value) for name, value in flat(data))]
    event_id = f"{one['source'].replace(' ', '%20')} {one['id']}"
    return Event(event_id, _instant(one.get("time"), where), fields, attributes(told))


def _instant(value: object, where: str) -> datetime | None:
    if value is None:
        return None
    try:
        if not isinstance(value, str) or not _ZONE.search(value):
            raise ValueError(value)
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise NoEvent(f"{where}time: write it as RFC 3339, such as 2026-03-04T12:00:00Z.") from None


def _fields(data: Mapping[str, Any]) -> Record:
    there = dict(_named(data))
    found: Record = {}
    for field, names in NAMES.items():
        value = next((there[name] for name in names if there.get(name) not in (None, "")), None)
        if value is not None and not isinstance(value, bool | dict | list):
            found[field] = plain(value) if field in _TEXTS else number(_as_number(value))
    if "input_tokens" not in found and "output_tokens" not in found:
        # Where nobody says which way they went they count, and are priced, as input.
        whole = found.pop("tokens", number(_as_number(there.get("total_tokens"))))
        if whole is not None:
            found[DIRECTIONS.get(str(data.get("type", "")).lower(), "input_tokens")] = whole
    if found.get(COST_FIELD) == 0 and "model" in found and any(found.get(n) for n in ("input_tokens", "output_tokens")):
        del found[COST_FIELD]  # the sender knows no price of this model; we may
    return counted({name: value for name, value in found.items() if value != ""})


def _as_number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19 else value


def _named(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every value with its name in plain_case; what lies in a `usage` object counts as the event's own."""
    for name, value in flat({name: value for name, value in data.items() if name != "usage"}):
        yield _plain_name(name), value
    if isinstance(data.get("usage"), dict):
        for name, value in flat(data["usage"]):
            yield _plain_name(name), value


def _plain_name(name: str) -> str:
    return _HUMP.sub("_", name).lower().replace("-", "_")
