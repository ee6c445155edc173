"""Requests to addresses that people typed: they must not reach what only this machine can reach (SSRF).

The connection is opened to the very address that was judged, so a name that answers otherwise the second time gains
nothing; redirects are not followed; and nobody is shown what was answered.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from typing import Any
from urllib.parse import SplitResult, urlsplit

from creditbook.domain.errors import InvalidRequest

SECONDS = 10
_WELL_KNOWN_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_MOST_ANSWER_BYTES = 64_000

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_reachable(text: str, *, private: bool) -> bool:
    """Whether people's alerts may go to this IP address; ``private`` allows networks of one's own as well.

    Link-local addresses stay closed even then: clouds keep their machines' credentials there.
    """
    address = _plain(ipaddress.ip_address(text.partition("%")[0]))
    if address.is_multicast or address.is_unspecified or address.is_link_local:
        return False
    return address.is_global or (private and (address.is_private or address.is_loopback))


def _plain(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that stands for it."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _WELL_KNOWN_NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)


def web_address(url: str) -> SplitResult:
    """An http(s) URL as people may give it. Raises InvalidRequest; asks no name server."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidRequest("This is no web address. Write one such as https://example.com/alerts.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidRequest("This is no web address. Write one such as https://example.com/alerts.")
    if parts.username is not None or parts.password is not None:
        raise InvalidRequest("Leave user name and password out of the address; a secret path does the same.")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidRequest(
            "A web address has no spaces and no letters beyond a–z; write it as your browser copies it."
        )
    if port is not None and port not in {80, 443} and not 1024 <= port <= 65535:
        raise InvalidRequest(f"Port {port} is not one that webhooks listen on.")
    return parts


def resolved(parts: SplitResult, *, private: bool) -> tuple[str, int]:
    """The address and port to connect to. Raises InvalidRequest when any address of the host is off limits."""
    assert parts.hostname is not None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise InvalidRequest(f"There is no host {parts.hostname}.") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not all(is_reachable(address, private=private) for address in addresses):
        raise InvalidRequest(f"{parts.hostname} is inside a private network, where alerts are not sent from here.")
    return addresses[0], port


def post(url: str, body: bytes, headers: dict[str, str], *, private: bool) -> str:
    """POST to an address that people typed. Returns '' when it was taken (2xx), else a sentence why not."""
    try:
        parts = web_address(url)
        address, port = resolved(parts, private=private)
    except InvalidRequest as refusal:
        return str(refusal)
    assert parts.hostname is not None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = _Pinned(parts.hostname, port, address, secure=parts.scheme == "https")
    try:
        connection.request("POST", path, body, {"Host": parts.netloc, "Connection": "close", **headers})
        answer = connection.getresponse()
        answer.read(_MOST_ANSWER_BYTES)
    except TimeoutError:
        return f"{parts.hostname} did not answer within {SECONDS} seconds."
    except ssl.SSLError:
        return f"{parts.hostname} has no valid certificate."
    except (OSError, http.client.HTTPException, ValueError):
        return f"{parts.hostname} could not be reached."
    finally:
        connection.close()
    return "" if 200 <= answer.status < 300 else f"{parts.hostname} answered with status {answer.status}."


class _Pinned(http.client.HTTPConnection):
    """A connection to one judged address that speaks to the host by its name, over TLS where asked."""

    def __init__(self, host: str, port: int, address: str, *, secure: bool) -> None:
        super().__init__(host, port, timeout=SECONDS)
        self._address = address
        self._context = ssl.create_default_context() if secure else None

    def connect(self) -> None:
        """Asks no name server again."""
        opened: Any = socket.create_connection((self._address, self.port), SECONDS)
        self.sock = opened if self._context is None else self._context.wrap_socket(opened, server_hostname=self.host)
