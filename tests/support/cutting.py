"""A proxy on loopback that loses what goes through it: before it reaches the server, after, or in the middle.

with cutting(url, cuts=chain(["after"], repeat("through"))) as proxy:
    httpx.post(f"{proxy.url}/v1/usage", …)      # the server has done it; nobody hears of it
"""

from __future__ import annotations

import http.client
import socket
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

CUTS = ("through", "before", "after", "middle")
_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


@dataclass
class Proxy:
    """Where it listens, how often it did what, and the requests that it saw (method, path, idempotency key)."""

    url: str = ""
    did: Counter[str] = field(default_factory=Counter)
    seen: list[tuple[str, str, str]] = field(default_factory=list)


@contextmanager
def cutting(url: str, cuts: Iterable[str]) -> Iterator[Proxy]:
    """Stands before the server at ``url`` and treats each request as the next of ``cuts`` says."""
    parts, proxy = urlsplit(url), Proxy()
    plan, choosing = iter(cuts), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            with choosing:
                cut = next(plan)
                proxy.did[cut] += 1
                proxy.seen.append((self.command, self.path, self.headers.get("idempotency-key", "")))
            if cut == "before":
                return self._hang_up()
            status, headers, answer = self._forwarded(body)
            if cut == "after":
                return self._hang_up()
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer if cut == "through" else answer[: len(answer) // 2])
            return self._hang_up() if cut == "middle" else None

        def do_GET(self) -> None:
            self.do_POST()

        def _forwarded(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            server = http.client.HTTPConnection(str(parts.hostname), parts.port or 80, timeout=30)
            try:
                headers = {name: value for name, value in self.headers.items() if name.lower() not in _BY_HOP}
                server.request(self.command, self.path, body or None, headers)
                answer = server.getresponse()
                kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _BY_HOP]
                return answer.status, kept, answer.read()
            finally:
                server.close()

        def _hang_up(self) -> None:
            self.close_connection = True
            with suppress(OSError):
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}{parts.path}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
