"""What the two cookies are called. Behind TLS the browser itself keeps ``__Host-`` names to this very host."""

from __future__ import annotations


def session_cookie(*, secure: bool) -> str:
    """Carries the session's opaque token; HttpOnly, SameSite=Lax."""
    return "__Host-creditbook_session" if secure else "creditbook_session"


def browser_cookie(*, secure: bool) -> str:
    """Tells one browser from another before anybody signs in; HttpOnly, SameSite=Lax."""
    return "__Host-creditbook_browser" if secure else "creditbook_browser"
