"""The two routes of the door: a ticket becomes a cookie, and a sign-out takes it back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from support.people import PASSWORD, House

from creditbook.api.session import BrowserCookie, safe_path, session
from creditbook.installation import close_installations, installation

PAGE = {"accept": "text/html"}


async def page(_request: object) -> HTMLResponse:
    return HTMLResponse("<html></html>")


def client(base_url: str = "http://testserver") -> TestClient:
    app = Starlette(routes=[Mount("/session", app=session), Route("/", page), Route("/history", page)],
                    middleware=[Middleware(BrowserCookie)])  # fmt: skip
    return TestClient(app, base_url=base_url, follow_redirects=False)


@pytest.fixture
def house(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("CREDITBOOK_DATABASE_URL", sqlite_url)
    built = House(installation().store, clock=installation().clock)
    built.person(built.organization("studio", "Nilgiri Studio"), "asha")
    yield built
    close_installations()


def ticket_for(house: House, browser: TestClient, name: str = "creditbook_browser") -> str:
    browser.get("/history", headers=PAGE)
    return house.access.sessions.sign_in("asha", PASSWORD, address=None, browser=browser.cookies[name])


def test_the_first_page_gives_a_browser_its_own_cookie_once(house: House) -> None:
    browser = client()
    first = browser.get("/", headers=PAGE)
    assert "HttpOnly" in first.headers["set-cookie"]
    assert "SameSite=lax" in first.headers["set-cookie"]
    assert "set-cookie" not in browser.get("/history", headers=PAGE).headers
    assert "set-cookie" not in client().get("/", headers={"accept": "image/png"}).headers


def test_a_ticket_becomes_an_http_only_cookie_and_leads_back(house: House) -> None:
    browser = client()
    answer = browser.get("/session/start", params={"t": ticket_for(house, browser), "next": "/history?line=4#x"})
    cookie = answer.headers["set-cookie"]
    assert (answer.status_code, answer.headers["location"]) == (303, "/history?line=4#x")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    assert answer.headers["cache-control"] == "no-store"
    assert house.who(browser.cookies["creditbook_session"]) is not None


def test_behind_tls_both_cookies_are_secure_and_bound_to_the_host(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDITBOOK_COOKIE_SECURE", "true")
    browser = client("https://testserver")
    assert "Secure" in browser.get("/", headers=PAGE).headers["set-cookie"]
    ticket = ticket_for(house, browser, "__Host-creditbook_browser")
    answer = browser.get("/session/start", params={"t": ticket})
    assert answer.headers["set-cookie"].startswith("__Host-creditbook_session=")
    assert "Secure" in answer.headers["set-cookie"]
    assert "Domain" not in answer.headers["set-cookie"]


def test_a_ticket_opens_nothing_in_another_browser_nor_twice(house: House) -> None:
    mine, yours = client(), client()
    ticket = ticket_for(house, mine)
    yours.get("/", headers=PAGE)
    for visitor in (yours, client()):
        answer = visitor.get("/session/start", params={"t": ticket, "next": "/history"})
        assert answer.headers["location"] == "/?door=late"
        assert "creditbook_session" not in visitor.cookies
    assert mine.get("/session/start", params={"t": ticket}).headers["location"] == "/"
    assert mine.get("/session/start", params={"t": ticket}).headers["location"] == "/?door=late"
    assert mine.get("/session/start").headers["location"] == "/?door=late"


@pytest.mark.parametrize(
    "asked", ["https://evil.example/",
        "///evil.example", "//evil.example", "/\\evil.example", "\\\\evil", "javascript:alert(1)", "/a\nb",
              "/session/start?t=x", "/session", "/api", "/API/docs", "/api/docs", "", None, "history", "/\tevil"],
)  # fmt: skip
def test_nothing_leads_to_another_site_nor_back_into_the_door(asked: str | None) -> None:
    assert safe_path(asked) == "/"


@pytest.mark.parametrize(
    "asked", ["/", "/history", "/history?line=4&view=Table", "/usage?text=a%2Fb//c", "/api-keys?key=1"]
)  # fmt: skip
def test_an_address_of_our_own_is_kept(asked: str) -> None:
    assert safe_path(asked) == asked


def signed_in(house: House) -> tuple[TestClient, str]:
    browser = client()
    browser.get("/session/start", params={"t": ticket_for(house, browser)})
    return browser, browser.cookies["creditbook_session"]


def test_coming_in_as_somebody_else_ends_the_session_that_was_here(house: House) -> None:
    browser, first = signed_in(house)
    answer = browser.get("/session/start", params={"t": ticket_for(house, browser)})
    assert answer.headers["location"] == "/"
    assert house.who(first) is None
    assert house.who(browser.cookies["creditbook_session"]) is not None


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://testserver", "sec-fetch-site": "same-origin"},
        {"origin": "http://testserver"},
        {"sec-fetch-site": "same-origin"},
    ],
)
def test_signing_out_takes_the_cookie_back_and_kills_every_copy(house: House, headers: dict[str, str]) -> None:
    browser, token = signed_in(house)
    answer = browser.post("/session/end", headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert "creditbook_session" not in browser.cookies
    assert house.who(token) is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "http://testserver", "sec-fetch-site": "cross-site"},
        {"origin": "http://testserver:8080", "sec-fetch-site": "same-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_another_site_cannot_sign_anybody_out(house: House, headers: dict[str, str]) -> None:
    browser, token = signed_in(house)
    assert browser.post("/session/end", headers=headers).status_code == 403
    assert house.who(token) is not None


def test_the_public_address_counts_as_ours_behind_a_proxy(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, token = signed_in(house)
    monkeypatch.setenv("CREDITBOOK_BASE_URL", "https://credits.example.org")
    monkeypatch.setenv("CREDITBOOK_COOKIE_SECURE", "false")
    answer = browser.post("/session/end", headers={"origin": "https://credits.example.org", "host": "inner:8501"})
    assert answer.status_code == 303
    assert house.who(token) is None


def test_a_link_or_an_image_cannot_sign_anybody_out(house: House) -> None:
    browser, token = signed_in(house)
    assert browser.get("/session/end").status_code == 405
    assert house.who(token) is not None
