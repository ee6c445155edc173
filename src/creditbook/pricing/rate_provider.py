"""Fetching exchange rates from an address that an operator has set. Off until `CREDITBOOK_FX_URL` names one.

The address answers with a file in any shape of `rate_files`, as it is or as the one file of a ZIP archive, as the ECB
has it. A day that has a rate already keeps it: what a person entered is not changed by a machine.
"""

from __future__ import annotations

import io
import urllib.error
import urllib.request
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from creditbook.domain.errors import InvalidRequest, Unavailable
from creditbook.store.engine import Store

from .rate_files import read_rates
from .setting import enter_rates

LARGEST_BYTES = 20_000_000
SECONDS = 20.0
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch brought: rates entered, days that had one already, sentences about what could not be read."""

    source: str
    added: int
    unchanged: int
    refused: tuple[str, ...]


def fetch_rates(
    store: Store, url: str, *, at: datetime, actor: str, base: str = "USD", quote: str = "INR", dry_run: bool = False
) -> Fetched:
    """Fetches the file and enters the rates of days that have none yet.

    Raises InvalidRequest for an address or a file that is none, Unavailable when nobody answers.
    """
    source = f"fetched from {_host(url)}"
    read = read_rates(_lines(url), base, quote)
    done = enter_rates(
        store, read.rates, base=base, quote=quote, source=source, actor=actor, at=at, dry_run=dry_run, keep_known=True
    )
    return Fetched(source, done.added, done.unchanged, tuple(read.refused))


def _host(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return parts.hostname
    if parts.scheme == "http" and parts.hostname in LOOPBACK:
        return parts.hostname
    raise InvalidRequest("CREDITBOOK_FX_URL must begin with https:// (http:// only to this very machine).")


class _SameDoor(urllib.request.HTTPRedirectHandler):
    """Follows redirects only to where a fetch might have begun."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        _host(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _lines(url: str) -> Sequence[str]:
    openers: list[urllib.request.BaseHandler] = [_SameDoor()]
    if urlsplit(url).hostname in LOOPBACK:
        openers.append(urllib.request.ProxyHandler({}))
    # Its scheme is https, or http to this machine: `_host` has looked.
    request = urllib.request.Request(url, headers={"User-Agent": "creditbook", "Accept": "text/csv, */*"})  # noqa: S310
    try:
        with urllib.request.build_opener(*openers).open(request, timeout=SECONDS) as answer:
            body: bytes = answer.read(LARGEST_BYTES + 1)
    except urllib.error.HTTPError as error:
        raise Unavailable(f"{_host(url)} answered {error.code} and no rates. Try again later.") from None
    except (OSError, ValueError) as error:
        raise Unavailable(f"{_host(url)} can't be reached: {getattr(error, 'reason', error)}.") from None
    if len(body) > LARGEST_BYTES:
        raise InvalidRequest(f"{_host(url)} answered with more than {LARGEST_BYTES:,} bytes: that is no file of rates.")
    try:
        return _unpacked(body).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InvalidRequest(f"{_host(url)} answered with something that is no text.") from None


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(b"PK"):
        return body
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            (only,) = archive.infolist()
            if only.file_size > LARGEST_BYTES:
                raise InvalidRequest(f"The archive holds more than {LARGEST_BYTES:,} bytes: that is no file of rates.")
            return archive.read(only)
    except (zipfile.BadZipFile, ValueError):
        raise InvalidRequest("The archive must hold one file of rates and nothing else.") from None
