"""What every answer of the process carries, and what Streamlit may not tell."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from creditbook.api.headers import First, SecurityHeaders


def _client(*, behind_tls: bool) -> TestClient:
    def framed(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("widget", headers={"X-Frame-Options": "SAMEORIGIN"})

    def metrics(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("sessions 3")

    inner = Starlette(routes=[Route("/framed", framed), Route("/_stcore/metrics", metrics)])
    return TestClient(SecurityHeaders(inner, behind_tls=behind_tls))


@pytest.mark.parametrize("path", ["/framed", "/nothing-here", "/_stcore/metrics"])
def test_every_answer_forbids_framing_by_others_sniffing_and_foreign_code(path: str) -> None:
    headers = _client(behind_tls=False).get(path).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_a_header_that_the_answer_set_itself_stays_and_is_not_doubled() -> None:
    assert _client(behind_tls=False).get("/framed").headers.get_list("x-frame-options") == ["SAMEORIGIN"]


def test_transport_security_is_promised_behind_tls_only() -> None:
    assert "strict-transport-security" in _client(behind_tls=True).get("/framed").headers
    assert "strict-transport-security" not in _client(behind_tls=False).get("/framed").headers


def test_streamlits_open_metrics_are_closed() -> None:
    answer = _client(behind_tls=False).get("/_stcore/metrics")
    assert (answer.status_code, answer.text) == (404, "")


def test_what_lies_under_a_path_is_answered_first_with_that_path_as_its_root() -> None:
    def told(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"{request.scope['root_path']} {request.url.path}")

    inner = Starlette(routes=[Route("/api-keys", told), Route("/api", told)])
    client = TestClient(First(inner, path="/api", by=Starlette(routes=[Route("/v1/{rest:path}", told)])))
    assert client.get("/api/v1/usage").text == "/api /api/v1/usage"
    assert client.get("/api/nothing").status_code == 404
    assert [client.get(path).text.strip() for path in ("/api-keys", "/api")] == ["/api-keys", "/api"]
