"""Liveness and readiness, as a supervisor sees them."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from creditbook.api import api
from creditbook.api.problems import STATUS, status_of
from creditbook.domain import errors
from creditbook.store.engine import open_store

Installed = Callable[[str], None]


@pytest.fixture
def client() -> TestClient:
    return TestClient(api)


def test_a_live_process_answers_whatever_its_database_does(client: TestClient, installed_at: Installed) -> None:
    installed_at("postgresql+psycopg://nobody@127.0.0.1:1/nowhere")
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_migrated_database_is_ready(client: TestClient, installed_at: Installed, database_url: str) -> None:
    installed_at(database_url)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


def test_an_empty_database_is_not_ready_and_says_what_to_run(
    client: TestClient, installed_at: Installed, empty_database_url: str
) -> None:
    installed_at(empty_database_url)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Service Unavailable"
    assert "creditbook init" in answer.json()["detail"]


def test_an_upgrade_while_the_server_runs_makes_it_ready(
    client: TestClient, installed_at: Installed, empty_database_url: str
) -> None:
    installed_at(empty_database_url)
    assert client.get("/readyz").status_code == 503
    store = open_store(empty_database_url)
    store.upgrade()
    store.close()
    assert client.get("/readyz").status_code == 200


def test_a_server_that_is_gone_is_not_ready_and_its_address_stays_private(
    client: TestClient, installed_at: Installed
) -> None:
    installed_at("postgresql+psycopg://somebody:secret@127.0.0.1:1/nowhere")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "127.0.0.1" not in answer.text
    assert "secret" not in answer.text


def test_an_address_that_does_not_exist_is_a_problem_document(client: TestClient) -> None:
    answer = client.get("/nothing-here")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_every_error_of_the_ledger_has_a_status_of_the_contract() -> None:
    contract = {
        "InvalidRequest": 422, "RequestTooLarge": 422, "IdempotencyConflict": 422, "NotFound": 404, "Refused": 403,
        "InsufficientTokens": 402, "LimitExceeded": 429, "FeatureNotInPlan": 403, "AccountFrozen": 403,
        "AccountClosed": 403, "Conflict": 409, "HoldAlreadyResolved": 409, "Unavailable": 503, "LedgerError": 500,
    }  # fmt: skip
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.LedgerError)]
    found = {kind.__name__: int(status_of(kind.__new__(kind))) for kind in kinds}
    assert {name: status for name, status in found.items() if name in contract} == contract
    assert all(STATUS[errors.LedgerError] != status_of(k.__new__(k)) for k in kinds if k is not errors.LedgerError)
