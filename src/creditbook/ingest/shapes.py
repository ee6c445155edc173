"""The automatic map: which column is meant by which field when `--map` does not say.

It knows the names that tools in the field use: Aider's analytics (`properties.main_model`), ServeGen's and Azure's
traces (`client`, `ContextTokens`), OpenAI's and Anthropic's counts, and our own field names, which always win.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from creditbook.sources.fields import FIELDS, Record

NAMES: dict[str, tuple[str, ...]] = {
    "account": (
        "account", "username", "user", "userid", "client", "clientid", "customer", "customerid", "enduser",
        "enduserid", "subject", "distinctid", "member",
    ),
    "event_at": ("eventat", "timestamp", "time", "eventtime", "occurredat", "createdat", "created", "datetime", "date"),
    "action": ("action", "event", "operation"),
    "agent": ("agent", "agentname", "editformat"),
    "model": ("model", "modelname", "mainmodel", "responsemodel", "requestmodel"),
    "input_tokens": ("inputtokens", "prompttokens", "contexttokens", "tokensin"),
    "output_tokens": ("outputtokens", "completiontokens", "generatedtokens", "tokensout"),
    "cached_tokens": ("cachedtokens", "cachedinputtokens"),
    "cache_write_tokens": ("cachewritetokens",),
    "reasoning_tokens": ("reasoningtokens", "thinkingtokens"),
    "project": ("project", "projectid", "projectname"),
}  # fmt: skip
"""Field → names that mean it, best first, in lower case and without separators. Fields not listed go by their own."""

CONTAINERS = frozenset({"properties", "data", "attributes", "usage"})
"""Objects inside a row whose keys count as the row's own."""

_SEPARATORS = re.compile(r"[^a-z0-9]")


def plain_name(name: str) -> str:
    """`Input Tokens`, `input-tokens` and `InputTokens` are one name."""
    return _SEPARATORS.sub("", name.lower())


def columns_of(records: Iterable[Record]) -> tuple[str, ...]:
    """Every path that the records have, in order of first sight; objects inside are written with dots."""
    return tuple(dict.fromkeys(path for record in records for path in _paths(record)))


def _paths(record: Mapping[str, object], before: str = "", depth: int = 0) -> Iterator[str]:
    for key, value in record.items():
        yield before + str(key)
        if isinstance(value, Mapping) and depth < 3:
            yield from _paths(value, f"{before}{key}.", depth + 1)


def automatic_map(columns: Iterable[str]) -> dict[str, str]:
    """Field → column for every field that the columns' names make plain. No column stands for two fields."""
    known = {name: column for column in reversed(tuple(columns)) if (name := _own_name(column))}
    found: dict[str, str] = {}
    for field in FIELDS:
        for name in NAMES.get(field, (plain_name(field),)):
            if name in known and known[name] not in found.values():
                found[field] = known[name]
                break
    return found


def _own_name(column: str) -> str:
    """The plain name under which a column may be meant; none for what lies deep or is an id inside something."""
    container, dot, last = column.rpartition(".")
    if not dot:
        return plain_name(column)
    name = plain_name(last)
    return name if container in CONTAINERS and name != "id" else ""
