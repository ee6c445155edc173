"""Calls sent over HTTP: tried again under the same key while that can help, and answered as the library answers."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from creditbook.client.calls import Answer, Call
from creditbook.client.refusals import FINAL, NoAnswer, refusal
from creditbook.domain.errors import InvalidRequest, NotFound

R = TypeVar("R")
Outcome = httpx.Response | httpx.RequestError

# Others stand before the server too: a gateway that lost it answers 502 or 504, and nobody knows what was decided.
_PASSING = frozenset({
    HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT
})  # fmt: skip
# What is wrong with the call itself would be wrong again.
_OURS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a call is tried, and how long is waited between: doubling, jittered, in seconds.

    ``patience`` bounds all pauses of a call together; a server that asks for more (`Retry-After`) is not waited for.
    """

    tries: int = 5
    first_pause: float = 0.1
    longest_pause: float = 5.0
    patience: float = 30.0


class Tries:
    """The tries of one call: after each of them, whether and when to try again."""

    def __init__(self, retries: Retries) -> None:
        self._retries = retries
        self._done = 0
        self._left = retries.patience

    def pause(self, outcome: Outcome) -> float | None:
        """Seconds until the next try; None where this was the last one."""
        self._done += 1
        if self._done >= self._retries.tries or not _is_passing(outcome):
            return None
        backoff = min(self._retries.longest_pause, self._retries.first_pause * 2 ** (self._done - 1))
        # Callers who were refused together must not come back together.
        pause: float = _asked_for(outcome) + backoff * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, hides nothing
        if pause > self._left:
            return None
        self._left -= pause
        return pause


def _is_passing(outcome: Outcome) -> bool:
    if isinstance(outcome, httpx.RequestError):
        return not isinstance(outcome, _OURS)
    if outcome.status_code not in _PASSING:
        return False
    return outcome.status_code != HTTPStatus.TOO_MANY_REQUESTS or _problem(outcome).get("code") != FINAL


def _asked_for(outcome: Outcome) -> float:
    """The seconds of a `Retry-After`, which may be an HTTP date."""
    text = "" if isinstance(outcome, httpx.RequestError) else outcome.headers.get("retry-after", "")
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time()) if text else 0.0
    except ValueError:
        return 0.0


def _problem(response: httpx.Response) -> Mapping[str, Any]:
    try:
        said = response.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def finish(call: Call[R], outcome: Outcome) -> R:
    """The value of a call's last answer. Raises the library's errors, and `NoAnswer`."""
    if isinstance(outcome, _OURS):
        raise InvalidRequest(f"This can't be sent: {outcome}.") from outcome
    if isinstance(outcome, httpx.RequestError):
        why = str(outcome) or type(outcome).__name__
        raise NoAnswer(f"No answer from the server ({why}). Repeat the call with the same key.", call.key or "")
    if outcome.is_success:
        try:
            return call.read(Answer(outcome.status_code, outcome.headers, outcome.json()))
        except (ValueError, KeyError, TypeError) as unread:
            raise NoAnswer("The server's answer can't be read: is this its address?", call.key or "") from unread
    error = refusal(outcome.status_code, _problem(outcome))
    if request_id := outcome.headers.get("x-request-id"):
        error.add_note(f"The server's log has it as request {request_id}.")
    if outcome.status_code in _PASSING and outcome.status_code != HTTPStatus.TOO_MANY_REQUESTS:
        raise NoAnswer(str(error), call.key or "") from error
    raise error


def connection(base_url: str, key: str, timeout: float) -> dict[str, Any]:
    """What an `httpx` client is made with. Raises `InvalidRequest` for what is no address, or no key."""
    parts = urlsplit(base_url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidRequest(f"“{base_url}” is no address of a Creditbook server. Write https://credits.example.com.")
    if not key.isascii() or not key.isprintable() or key != key.strip() or not key:
        raise InvalidRequest("That is no API key. An administrator makes one: it begins with cb_.")
    path = parts.path.rstrip("/")
    address = parts._replace(path=path if path.endswith("/api") else f"{path}/api", query="", fragment="")
    headers = {"Authorization": f"Bearer {key}", "Accept": "application/json", "User-Agent": "creditbook-client"}
    return {
        "base_url": address.geturl(),
        "headers": headers,
        "timeout": timeout,
        "follow_redirects": False,  # a redirect would take the key to wherever it leads
        "verify": parts.scheme == "https",  # without TLS there is nothing to verify, and reading all roots takes long
    }


def check(call: Call[Any], key: str) -> None:
    """That a call stays in the key's organization: `cb_<organization>_<secret>`. Raises `NotFound`."""
    if call.org is not None and call.org != key.removeprefix("cb_").partition("_")[0]:
        raise NotFound(f"There is no organization “{call.org}” that this API key may use.")
