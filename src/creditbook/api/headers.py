"""Headers that keep other sites and sniffing browsers away, on every answer. Pure ASGI, no added task."""

from __future__ import annotations

from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# What Streamlit's own page needs: inline styles and its inline bootstrap, blobs for downloads, charts and workers,
# a web socket to itself. Nothing is ever loaded from another host, and nobody may frame the dashboard.
_POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self' data: blob:",
    "media-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
_HEADERS = {
    b"content-security-policy": "; ".join(f"{directive} {sources}" for directive, sources in _POLICY.items()).encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_TLS_ONLY = (b"strict-transport-security", b"max-age=31536000")
# Streamlit tells anybody who asks how many sessions there are and what they hold in memory.
_CLOSED = frozenset({"/_stcore/metrics"})


class SecurityHeaders:
    """Adds the headers above where an answer does not set its own; answers 404 for Streamlit's open metrics."""

    def __init__(self, app: ASGIApp, *, behind_tls: bool = False) -> None:
        self._app = app
        self._headers = dict(_HEADERS) | (dict([_TLS_ONLY]) if behind_tls else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes web sockets through untouched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message.get("headers", [])}
                added = [(name, value) for name, value in self._headers.items() if name not in present]
                message = {**message, "headers": [*message.get("headers", []), *added]}
            await send(message)

        if scope["path"] in _CLOSED:
            await send_with_headers(
                {"type": "http.response.start", "status": HTTPStatus.NOT_FOUND, "headers": [(b"content-length", b"0")]}
            )
            await send_with_headers({"type": "http.response.body", "body": b""})
            return
        await self._app(scope, receive, send_with_headers)


class First:
    """Answers what lies under a path by an app of its own, before what the dashboard does to its requests. Pure ASGI.

    Streamlit's own layers (sessions, compression, paths of files) would take a third as long as a whole spend.
    """

    def __init__(self, app: ASGIApp, *, path: str, by: ASGIApp) -> None:
        self._app, self._path, self._by = app, path, by

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As a mount does: the path stays whole, and its first part is the root."""
        if scope["type"] == "http" and scope["path"].startswith(f"{self._path}/"):
            root = scope.get("root_path", "")
            await self._by({**scope, "root_path": root + self._path, "app_root_path": root}, receive, send)
            return
        await self._app(scope, receive, send)
