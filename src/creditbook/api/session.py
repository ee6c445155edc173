"""The door's own routes, under /session: where a browser gets its cookies and gives them back.

Streamlit can read cookies but not set them, and its cross-site protection does not cover these routes. So a one-time
ticket becomes an HttpOnly cookie here, and every POST is checked for where it comes from.
"""

from __future__ import annotations

from http.cookies import SimpleCookie
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from creditbook.access import Access
from creditbook.access.cookies import browser_cookie, session_cookie
from creditbook.access.sessions import ABSOLUTE_LIMIT
from creditbook.access.tokens import new_token
from creditbook.installation import installation

BROWSER_LIFE_SECONDS = 400 * 24 * 3600  # the longest that browsers keep one


def _access() -> Access:
    here = installation()
    return Access(here.store, here.clock)


def _is_secure() -> bool:
    return installation().settings.cookie_secure


def safe_path(asked: str | None) -> str:
    """A path on this very site to go on to; "/" for anything that could lead elsewhere."""
    path = asked or "/"
    if not path.startswith("/") or path.startswith(("//", "/\\")) or not path.isprintable() or "\\" in path:
        return "/"
    parts = urlsplit(path)
    # The first part alone is compared: /api-keys is a page.
    ours = parts.path.split("/")[1].lower() in {"session", "api"}
    return "/" if parts.scheme or parts.netloc or ours else path


def is_same_site(request: Request) -> bool:
    """Whether a POST comes from a page of ours: by Sec-Fetch-Site where the browser says so, else by Origin."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if origin is not None:
        base_url = installation().settings.base_url
        ours = {request.headers.get("host", "")} | ({urlsplit(base_url).netloc} if base_url else set())
        if urlsplit(origin).netloc not in ours:
            return False
    return site in {None, "same-origin", "none"} and not (site is None and origin is None)


async def start(request: Request) -> Response:
    """Turn the ticket `t` into the session's cookie and go on to `next`."""
    secure = _is_secure()
    browser = request.cookies.get(browser_cookie(secure=secure), "")
    ticket = request.query_params.get("t", "")
    access = _access()
    earlier = request.cookies.get(session_cookie(secure=secure))

    def redeem() -> str | None:
        token = access.sessions.redeem(ticket, browser=browser)
        if token is not None and earlier:
            access.sessions.sign_out(earlier)  # whoever was signed in here before is not any more
        return token

    token = await run_in_threadpool(redeem)
    onward = safe_path(request.query_params.get("next")) if token else "/?door=late"
    answer = RedirectResponse(onward, 303, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
    if token:
        answer.set_cookie(
            session_cookie(secure=secure), token, max_age=int(ABSOLUTE_LIMIT.total_seconds()), path="/",
            secure=secure, httponly=True, samesite="lax",
        )  # fmt: skip
    return answer


async def end(request: Request) -> Response:
    """Sign out: end the session in the database, so that a copied cookie is dead too, and take the cookie back."""
    if not is_same_site(request):
        return PlainTextResponse("Sign out from a page of Creditbook itself.", 403)
    secure = _is_secure()
    if token := request.cookies.get(session_cookie(secure=secure)):
        access = _access()
        await run_in_threadpool(lambda: access.sessions.sign_out(token))
    answer = RedirectResponse("/", 303, headers={"Cache-Control": "no-store"})
    answer.delete_cookie(session_cookie(secure=secure), path="/", secure=secure, httponly=True, samesite="lax")
    return answer


session = Starlette(routes=[Route("/start", start, methods=["GET"]), Route("/end", end, methods=["POST"])])


class BrowserCookie:
    """Gives every browser that opens a page a random cookie, which a ticket is then bound to. Pure ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Touches page loads of browsers that have no such cookie yet, and nothing else."""
        if scope["type"] != "http" or scope["method"] != "GET" or not _is_page_load(HTTPConnection(scope)):
            await self._app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", []), (b"set-cookie", _new_browser_cookie())]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def _is_page_load(request: HTTPConnection) -> bool:
    wants_page = "text/html" in request.headers.get("accept", "")
    return wants_page and browser_cookie(secure=_is_secure()) not in request.cookies


def _new_browser_cookie() -> bytes:
    secure = _is_secure()
    name = browser_cookie(secure=secure)
    cookie: SimpleCookie = SimpleCookie({name: new_token()})
    cookie[name].update({"path": "/", "max-age": str(BROWSER_LIFE_SECONDS), "httponly": "true", "samesite": "lax"})
    if secure:
        cookie[name]["secure"] = "true"
    return cookie[name].OutputString().encode("latin-1")
