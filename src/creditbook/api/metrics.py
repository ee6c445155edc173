"""What Prometheus reads at /api/metrics: requests by route, what the ledger answered, its batches, its connections.

Labels name routes and kinds of outcome, never organizations, accounts or keys. Counts are this process's own.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from creditbook.api.callers import NotSignedIn
from creditbook.api.here import Here
from creditbook.api.problems import documented
from creditbook.domain.errors import LedgerError
from creditbook.installation import Installation
from creditbook.ledger.calls import Call

router = APIRouter(tags=["health"])
registry = CollectorRegistry()
ProcessCollector(registry=registry)
PlatformCollector(registry=registry)

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
requests = Counter("creditbook_api_requests", "Answers by route and status.", ("method", "route", "status"),
                   registry=registry)  # fmt: skip
seconds = Histogram("creditbook_api_request_seconds", "Time until an answer began.", ("method", "route"),
                    buckets=SECONDS, registry=registry)  # fmt: skip
under_way = Gauge("creditbook_api_requests_in_progress", "Requests that are being answered.", registry=registry)
outcomes = Counter("creditbook_ledger_outcomes", "What became of the ledger's operations.", ("operation", "outcome"),
                   registry=registry)  # fmt: skip
batch_calls = Histogram("creditbook_ledger_batch_calls", "Callers who shared a transaction.",
                        buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256), registry=registry)  # fmt: skip
transaction_seconds = Histogram("creditbook_ledger_transaction_seconds", "Time of the ledger's transactions.",
                                buckets=SECONDS, registry=registry)  # fmt: skip
connections = Gauge("creditbook_database_connections", "Connections of the pool.", ("state",), registry=registry)


class _Kept:
    """Children of the labelled metrics, looked up by one tuple: a busy route has them at hand."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._outcomes: dict[tuple[str, str], Counter] = {}

    def answer(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        found = self._answers.get((method, route, status))
        if found is None:
            found = requests.labels(method, route, str(status)), seconds.labels(method, route)
            self._answers[method, route, status] = found
        return found

    def outcome(self, operation: str, outcome: str) -> Counter:
        found = self._outcomes.get((operation, outcome))
        if found is None:
            found = self._outcomes[operation, outcome] = outcomes.labels(operation, outcome)
        return found


_kept = _Kept()


def answered(method: str, route: str, status: int, took: float) -> None:
    """Count one answer."""
    count, time = _kept.answer(method, route, status)
    count.inc()
    time.observe(took)


def decided(calls: Sequence[Call], took: float) -> None:
    """Count one transaction of the ledger and what became of everything in it."""
    batch_calls.observe(len(calls))
    transaction_seconds.observe(took)
    for call in calls:
        for operation, outcome in zip(call.operations, call.outcomes, strict=False):
            if isinstance(outcome, LedgerError):
                said = type(outcome).__name__
            else:
                said = "replayed" if outcome.replayed else "done"
            _kept.outcome(operation.name, said).inc()


async def _open_to(request: Request, here: Here) -> Installation:
    """Whoever asks, or whoever brings the token of `CREDITBOOK_METRICS_TOKEN` where one is set."""
    token = here.settings.metrics_token
    sent = request.headers.get("authorization", "").encode()
    if token is not None and not hmac.compare_digest(sent, f"Bearer {token}".encode()):
        raise NotSignedIn("Send the token of CREDITBOOK_METRICS_TOKEN: Authorization: Bearer …")
    return here


@router.get("/metrics", summary="Prometheus reads this", response_class=Response, responses={
    200: {"description": "Prometheus's text format", "content": {"text/plain": {"example": (
        'creditbook_api_requests_total{method="POST",route="/v1/usage",status="200"} 1027.0\n')}}},
    401: documented()[401],
})  # fmt: skip
def metrics(here: Annotated[Installation, Depends(_open_to)]) -> Response:
    """Counts of this process since it began. Open unless `CREDITBOOK_METRICS_TOKEN` is set; names nobody."""
    for state, count in here.store.connections().items():
        connections.labels(state).set(count)
    return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
