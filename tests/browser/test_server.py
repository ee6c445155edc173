"""The served process, seen from a browser."""

import urllib.error
import urllib.request

import pytest
from playwright.sync_api import Page
from support.browser import LiveServer, visit


def test_the_first_page_loads_nothing_from_another_host_and_breaks_none_of_our_own_rules(
    live_server: LiveServer, page: Page
) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    visit(page, live_server.url)
    foreign = [url for url in asked if not url.startswith((live_server.url, "data:", "blob:"))]
    assert page.title()
    assert not foreign
    assert not complaints


def test_health_and_readiness_answer_beside_the_dashboard(live_server: LiveServer) -> None:
    for path in ("api/healthz", "api/readyz"):
        with urllib.request.urlopen(live_server.at(path), timeout=10) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"] == "application/json"


def test_streamlits_metrics_are_closed_to_strangers(live_server: LiveServer) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(live_server.at("_stcore/metrics"), timeout=10)
    assert refused.value.code == 404
    refused.value.close()


def test_the_theme_of_the_site_is_used_though_the_server_runs_in_another_folder(
    live_server: LiveServer, page: Page
) -> None:
    visit(page, live_server.url)
    font = page.evaluate("() => getComputedStyle(document.querySelector('[data-testid=stApp]')).fontFamily")
    assert "Creditbook Sans" in font
