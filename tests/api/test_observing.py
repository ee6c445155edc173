"""What is written down of a request, what is counted, and that neither holds a secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from api.door import Door, open_door
from fastapi import FastAPI
from fastapi.testclient import TestClient

from creditbook.api import problems
from creditbook.api.metrics import registry
from creditbook.api.observing import Observed
from creditbook.installation import installation
from creditbook.logs import ACCESS, JsonLines


class Lines(logging.Handler):
    """Keeps what would stand on standard error."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.setFormatter(JsonLines())

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))

    def read(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.texts]


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler, log = Lines(), logging.getLogger(ACCESS)
    before = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield handler
    log.removeHandler(handler)
    log.setLevel(before)


@pytest.fixture
def door(sqlite_url: str, installed_at: Callable[[str], None]) -> Door:
    installed_at(sqlite_url)
    return open_door(sqlite_url)


def test_a_request_is_one_line_by_its_route_and_holds_no_secret(door: Door, lines: Lines) -> None:
    door.spend(tokens=3, description="a patient's name")
    door.get("/v1/accounts/asha/balance?feature=private")
    door.send("GET", "/v1/accounts", "wrong")
    door.get("/nowhere/at/all")
    spent, asked, refused, lost = lines.read()
    assert (spent["method"], spent["route"], spent["status"]) == ("POST", "/v1/usage", 200)
    assert (spent["organization"], spent["key_id"] > 0, 0 < spent["seconds"] < 60) == ("acme", True, True)
    assert asked["route"] == "/v1/accounts/{account:path}/balance"
    assert (refused["status"], refused["organization"], refused["key_id"]) == (401, None, None)
    assert (lost["route"], lost["status"]) == ("(none)", 404)
    written = "\n".join(lines.texts)
    for secret in (*door.keys.values(), "patient", "private", "asha", "nowhere"):
        assert secret not in written


def test_the_line_has_the_id_of_the_answer_and_a_plain_one_of_the_callers_own(door: Door, lines: Lines) -> None:
    answer = door.client.get("/v1/accounts", headers={"X-Request-Id": "their.own-7"})
    other = door.client.get("/v1/accounts", headers={"X-Request-Id": "not plain\t!"})
    assert [line["request_id"] for line in lines.read()] == ["their.own-7", other.headers["x-request-id"]]
    assert answer.headers["x-request-id"] == "their.own-7"
    assert len(other.headers["x-request-id"]) > 16


def test_what_machines_ask_every_few_seconds_is_not_written(door: Door, lines: Lines) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        assert door.client.get(path).status_code == 200
    assert lines.texts == []


def test_a_fault_is_answered_without_its_words_and_written_with_them(lines: Lines) -> None:
    broken = FastAPI()
    problems.install(broken)
    broken.add_middleware(Observed)

    @broken.get("/broken")
    def fails() -> None:
        raise RuntimeError("the table is gone, said cb_acme_Kx8f0w2mA91zzQ")

    answer = TestClient(broken).get("/broken")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "table" not in answer.text
    fault, request = lines.read()
    assert "the table is gone" in fault["exception"]
    assert "Kx8f" not in json.dumps(fault)
    assert fault["request_id"] == request["request_id"] == answer.headers["x-request-id"]
    assert request["status"] == 500


def value(name: str, **labels: str) -> float:
    return registry.get_sample_value(name, labels) or 0.0


def test_prometheus_reads_requests_by_route_and_what_the_ledger_answered(door: Door) -> None:
    usage = {"method": "POST", "route": "/v1/usage", "status": "200"}
    before = value("creditbook_api_requests_total", **usage)
    short = value("creditbook_ledger_outcomes_total", operation="spend", outcome="InsufficientTokens")
    batches = value("creditbook_ledger_batch_calls_count")
    for once in ("k1", "k1", "k2"):
        door.spend(tokens=3, once=once)
    door.spend(tokens=9_999, once="k3")
    door.get("/nowhere")
    text = door.client.get("/metrics").text
    assert value("creditbook_api_requests_total", **usage) == before + 3
    assert value("creditbook_ledger_outcomes_total", operation="spend", outcome="InsufficientTokens") == short + 1
    assert value("creditbook_ledger_batch_calls_count") == batches + 4
    for said in ('outcome="replayed"', 'creditbook_api_request_seconds_bucket{le="0.005",method="POST"',
                 'creditbook_database_connections{state="idle"}', 'route="(none)"'):  # fmt: skip
        assert said in text
    assert "acme" not in text
    assert "asha" not in text


def test_the_metrics_can_be_closed_with_a_token(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDITBOOK_METRICS_TOKEN", "for prometheus")
    for sent, status in [({}, 401), ({"Authorization": "Bearer guess"}, 401),
                         ({"Authorization": "Bearer for prometheus"}, 200)]:  # fmt: skip
        assert door.client.get("/metrics", headers=sent).status_code == status
    installation().close()


def test_a_method_that_nobody_knows_makes_no_label_of_its_own(door: Door) -> None:
    door.client.request("BREW", "/v1/usage")
    assert value("creditbook_api_requests_total", method="OTHER", route="/v1/usage", status="405") >= 1
    assert "BREW" not in door.client.get("/metrics").text
