"""pydantic-ai with its test model and OpenTelemetry's own exporters over a real socket, as the documentation says."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api.door import Door
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic_ai import Agent, InstrumentationSettings
from pydantic_ai.models.test import TestModel
from support.snippets import blocks, run

PAGE = "integrations/opentelemetry.md"


@pytest.fixture(autouse=True)
def uninstrumented() -> Iterator[None]:
    yield
    Agent.instrument_all(False)


def used(door: Door, account: str) -> dict[str, tuple[int, ...]]:
    """What an account used by agent: requests, model tokens in and out, charged tokens, unpriced requests."""
    rows = door.get(f"/v1/usage?account={account}&by=agent").json()["usage"]
    names = ("requests", "input_tokens", "output_tokens", "charged", "unpriced")
    return {row["agent"]: tuple(row[name] for name in names) for row in rows}


def an_agent(name: str) -> Agent[None, str]:
    """An agent that asks its model twice, with a tool in between."""
    agent = Agent(TestModel(model_name="claude-haiku-4-5"), name=name)

    @agent.tool_plain
    def lookup(x: int) -> str:
        return str(x)

    return agent


def test_the_example_of_the_documentation_books_its_agents_requests(served: Door) -> None:
    names = run(PAGE, 0)
    told = InMemorySpanExporter()
    names["provider"].add_span_processor(SimpleSpanProcessor(told))  # type: ignore[attr-defined]
    run(PAGE, 1, **names)
    [chat] = [span for span in told.get_finished_spans() if span.name.startswith("chat")]
    counts = tuple(int(str((chat.attributes or {})[f"gen_ai.usage.{one}_tokens"])) for one in ("input", "output"))
    assert counts > (0, 0)
    assert used(served, "asha")["planner"] == (1, *counts, 0, 1)


def test_an_exporter_that_is_set_up_by_the_environment_packs_its_spans_and_tells_them_again_without_harm(
    served: Door, monkeypatch: Any
) -> None:
    typed = dict(re.findall(r"export (\w+)=(.*)", blocks(PAGE, "sh")[0]))
    endpoint, headers = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS"
    typed[endpoint] = re.sub("https://[^/]*", os.environ["CREDITBOOK_URL"], typed[endpoint])
    typed[headers] = typed[headers].replace("cb_studio_…", served.keys["bound"])  # whoever is served, it is ben
    with monkeypatch.context() as shell:
        for name, value in typed.items():
            shell.setenv(name, value)
        exporter, meter = OTLPSpanExporter(), OTLPMetricExporter()
    kept = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource.create({"service.name": "shop"}))
    provider.add_span_processor(SimpleSpanProcessor(kept))
    meters = MeterProvider([PeriodicExportingMetricReader(meter, export_interval_millis=1e9)])
    Agent.instrument_all(InstrumentationSettings(tracer_provider=provider, meter_provider=meters))
    result = an_agent("writer").run_sync("Write it")
    for _ in range(2):
        assert exporter.export(kept.get_finished_spans()) is SpanExportResult.SUCCESS
    assert meters.force_flush()
    meters.shutdown()
    assert result.usage.requests == 2
    expected = (2, result.usage.input_tokens, result.usage.output_tokens, 0, 2)
    assert used(served, "ben") == {"writer": expected}


def test_what_is_said_to_the_model_stays_where_it_was_said(served: Door) -> None:
    headers = {"Authorization": f"Bearer {served.keys['spend']}"}
    exporter = OTLPSpanExporter(f"{os.environ['CREDITBOOK_URL']}/api/v1/otlp/v1/traces", headers=headers)
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    Agent.instrument_all(InstrumentationSettings(tracer_provider=provider, include_content=True))
    an_agent("gossip").run_sync("My password is swordfish")  # names nobody: it waits, and is kept
    provider.shutdown()
    database = Path(os.environ["CREDITBOOK_DATABASE_URL"].removeprefix("sqlite:///"))
    kept = b"".join(file.read_bytes() for file in database.parent.glob(f"{database.name}*"))
    assert b"gossip" in kept
    assert b"swordfish" not in kept
