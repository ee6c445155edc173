"""A call as it goes over the wire: what is sent, under which key, and how its answer becomes a value."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from creditbook.domain.errors import InvalidRequest

R = TypeVar("R")
LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said: its status, its headers (names in lower case) and its JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Call(Generic[R]):
    """One request. ``key`` is made before the first try and goes with every further one; a read has none.

    ``org`` is the organization that it names; the key's own is the only one that there is.
    """

    method: str
    path: str
    read: Callable[[Answer], R]
    body: bytes | None = None
    query: Mapping[str, str] | None = None
    key: str | None = None
    org: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers of this call; the API key is the connection's."""
        said = {} if self.key is None else {"Idempotency-Key": self.key}
        return said if self.body is None else {**said, "Content-Type": "application/json"}


def post(
    path: str, read: Callable[[Answer], R], sent: Mapping[str, Any], idempotency_key: str | None, method: str = "POST"
) -> Call[R]:
    """A call that changes something: with the caller's key, else with one that is made here."""
    return Call(method, path, read, as_json(sent), key=_checked(idempotency_key) or secrets.token_hex(16))


def get(path: str, read: Callable[[Answer], R], **query: Any) -> Call[R]:
    """A read; what is None is not asked for."""
    said = {
        name: value if isinstance(value, str) else _plain(value) for name, value in query.items() if value is not None
    }
    return Call("GET", path, read, query=said)


def of_account(account: str) -> str:
    """An account's name as a part of a path; the slash of `ORG/USERNAME` stands."""
    return quote(account, safe="/")


NOTHING = object()
"""A null that has to be said: lifting a quota is not the same as not naming it."""


def as_json(sent: Mapping[str, Any]) -> bytes:
    """What was named, as JSON; None and '' are the same as not being named. Raises `InvalidRequest`."""
    said = {name: value for name, value in sent.items() if value is not None and value != ""}
    try:
        return json.dumps(said, default=_plain, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequest(f"This can't be sent as JSON: {error}.") from error


def _plain(value: Any) -> Any:
    if value is NOTHING:
        return None
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, set | frozenset | tuple):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is no plain value")


def _checked(key: str | None) -> str | None:
    """A caller's key; as a header it is plain text of one line. Raises `InvalidRequest`."""
    if key and (len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable() or key != key.strip()):
        raise InvalidRequest(
            f"An idempotency key is at most {LONGEST_KEY} plain ASCII characters, with no blank at either end."
        )
    return key
