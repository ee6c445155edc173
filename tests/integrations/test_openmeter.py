"""OpenMeter's own SDK, sync and async, over a real socket; and the documentation's examples as they stand there."""

from __future__ import annotations

import asyncio
import os
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from api.door import Door
from corehttp.exceptions import HttpResponseError
from openmeter import Client
from openmeter.aio import Client as AsyncClient
from openmeter.models import Event
from support.snippets import blocks, run

PAGE = "integrations/openmeter.md"


def used(door: Door, account: str) -> tuple[int, int, int]:
    """Requests, model tokens in and out of an account, all told."""
    (row,) = door.get(f"/v1/usage?account={account}").json()["usage"] or [{}]
    return row.get("requests", 0), row.get("input_tokens", 0), row.get("output_tokens", 0)


def event(name: str, who: str = "ben", **data: Any) -> Event:
    """An event of two minutes ago."""
    at = datetime.now(UTC) - timedelta(minutes=2)
    return Event(id=name, source="suite", specversion="1.0", type="prompt", subject=who, time=at, data=data)


@pytest.fixture
def client(served: Door) -> Client:
    return Client(endpoint=os.environ["CREDITBOOK_URL"], token=os.environ["CREDITBOOK_KEY"])


def test_the_examples_of_the_documentation_send_ask_and_read(served: Door, capsys: pytest.CaptureFixture[str]) -> None:
    names = run(PAGE, 0)
    assert used(served, "asha") == (1, 900, 2_600)
    run(PAGE, 1, **names)
    today = datetime.now(UTC).date()
    assert capsys.readouterr().out.splitlines() == [
        "may work: True tokens left: 1000.0",
        f"{today} asha gpt-4o 3500.0",
    ]
    done = subprocess.run(["sh", "-c", blocks(PAGE, "sh")[0]], capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 0, done.stderr
    assert used(served, "asha") == (2, 990, 2_860)


def test_events_one_by_one_in_a_batch_and_again_count_once(served: Door, client: Client) -> None:
    before = used(served, "ben")
    client.events.ingest_event(event("one", tokens=100, model="gpt-4o", type="input"))
    client.events.ingest_events([event("one", tokens=100, type="input"), event("two", prompt_tokens=7)])
    client.events.ingest_events_json([event("three", completion_tokens=9), event("two", prompt_tokens=7)])
    client.events.ingest_event(event("four", "nobody-here", tokens=1))
    after = used(served, "ben")
    assert tuple(now - then for now, then in zip(after, before, strict=True)) == (3, 107, 9)


def test_the_async_client_does_the_same(served: Door) -> None:
    before = used(served, "ben")

    async def go() -> tuple[Any, Any]:
        async with AsyncClient(endpoint=os.environ["CREDITBOOK_URL"], token=os.environ["CREDITBOOK_KEY"]) as client:
            await asyncio.gather(
                *(client.events.ingest_event(event(f"async-{n % 8}", input_tokens=1)) for n in range(16))
            )
            access = await client.customer_entitlement.get_customer_entitlement_value("asha", "work")
            return access, await client.meters.query_json("requests", subject=["ben"])

    access, requests = asyncio.run(go())
    after = used(served, "ben")
    assert (after[0] - before[0], after[1] - before[1]) == (8, 8)
    assert (access.has_access, access.balance, access.usage, access.overage) == (True, 1_000, 0, 0)
    assert [row.value for row in requests.data] == [after[0]]


def test_meters_are_read_as_json_and_csv_with_filters_and_windows(served: Door, client: Client) -> None:
    at = datetime(2026, 3, 4, 10, 20, tzinfo=UTC)
    for name, model in (("m1", "gpt-4o"), ("m2", "gpt-4o-mini")):
        one = event(name, "asha", model=model, input_tokens=10)
        one.time = at
        client.events.ingest_event(one)
    asked: dict[str, Any] = {"from_parameter": at - timedelta(hours=1), "to": at + timedelta(hours=1)}
    whole = client.meters.query_json("input_tokens", window_size="HOUR", group_by=["subject", "model"], **asked)
    assert whole.window_size == "HOUR"
    assert [(row.subject, row.group_by, row.value) for row in whole.data] == [
        ("asha", {"model": "gpt-4o"}, 10),
        ("asha", {"model": "gpt-4o-mini"}, 10),
    ]
    assert whole.data[0].window_start == at.replace(minute=0)
    one_model = client.meters.query_json("input_tokens", filter_group_by={"model": "gpt-4o-mini"}, **asked)
    assert [row.value for row in one_model.data] == [10]
    assert "asha" in client.meters.query_csv("input_tokens", group_by=["subject"], **asked)


@pytest.mark.parametrize("token", ["cb_acme_nothing", ""])
def test_a_wrong_key_is_the_sdks_own_error(served: Door, token: str) -> None:
    client = Client(endpoint=os.environ["CREDITBOOK_URL"], token=token)
    with pytest.raises(HttpResponseError) as refused:
        client.events.ingest_event(event("refused"))
    assert refused.value.status_code == 401
    with pytest.raises(HttpResponseError):
        client.meters.query_json("tokens")


def test_what_the_sdk_sends_wrongly_comes_back_with_what_to_mend(served: Door, client: Client) -> None:
    bad = event("bad")
    bad.specversion = "0.3"
    with pytest.raises(HttpResponseError) as refused:
        client.events.ingest_event(bad)
    assert refused.value.status_code == 422
    assert "specversion" in refused.value.response.text()
    with pytest.raises(HttpResponseError) as unknown:
        client.meters.query_json("colours")
    assert unknown.value.status_code == 404
