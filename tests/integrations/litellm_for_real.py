"""LiteLLM itself posts to a running server: `make interop` makes its environment and runs this; the suite does not."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from api.door import Door
from support.browser import free_port
from support.house import ROOT
from support.snippets import blocks

from creditbook.store.tables.sources import COUNTS, source_day

PAGE = "integrations/litellm.md"
LITELLM = ROOT / ".venv-litellm" / "bin" / "python"

FORMATS = """
import asyncio, os, litellm
from litellm.integrations.generic_api.generic_api_callback import GenericAPILogger

async def main():
    for kind in ("json_array", "ndjson", "single"):
        logger = GenericAPILogger(endpoint=os.environ["CREDITBOOK_URL"] + "/api/v1/litellm", log_format=kind,
                                  headers={"Authorization": "Bearer " + os.environ["CREDITBOOK_KEY"]})
        litellm.callbacks = [logger]
        for model in ("anthropic/claude-haiku-4-5-20251001", "gpt-4o-mini"):
            await litellm.acompletion(model=model, messages=[{"role": "user", "content": "hi"}], user="ben",
                                      metadata={"tags": ["agent:" + kind]}, mock_response="swordfish")
        try:
            await litellm.acompletion(model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}], user="ben",
                                      metadata={"tags": ["agent:" + kind]}, mock_response="litellm.RateLimitError")
        except litellm.RateLimitError:
            pass
        await asyncio.sleep(1)
        await logger.flush_queue()

asyncio.run(main())
"""
MODELS = """
model_list:
  - model_name: mini
    litellm_params: {model: openai/gpt-4o-mini, api_key: none, mock_response: swordfish}
general_settings: {master_key: sk-of-the-proxy}
"""
SECONDS = 300
ALONE = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_PROXY": "*"}


def run(text: str) -> None:
    done = subprocess.run([str(LITELLM), "-c", text], env={**os.environ, **ALONE}, capture_output=True, text=True,
                          timeout=280, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr


def used(door: Door, account: str) -> dict[str, Any]:
    rows = door.get(f"/v1/usage?account={account}&by=agent&by=model&by=feature").json()["usage"]
    names = ("requests", "input_tokens", "output_tokens", "cost_usd_nanos")
    return {f"{row['agent']} {row['feature']} {row['model']}": tuple(row[name] for name in names) for row in rows}


def arrived(door: Door) -> Iterator[tuple[str, int]]:
    """What arrived in all, by what became of it."""
    with door.ledger.core.store.read(door.ledger.core.organization("acme").org_id) as connection:
        rows = connection.execute(sa.select(source_day)).mappings().all()
    for name in COUNTS:
        yield name, sum(row[name] for row in rows)


@pytest.fixture(autouse=True)
def litellm_is_there() -> None:
    assert LITELLM.exists(), "Run `make interop`."


def test_the_example_of_the_documentation(served: Door) -> None:
    run(blocks(PAGE, "python")[0])
    assert used(served, "asha") == {"planner chat gpt-4o-mini": (1, 10, 20, 13_500)}
    assert {name: count for name, count in arrived(served) if count} == {"received": 1, "booked": 1}


def test_the_three_formats_and_a_failure_in_each(served: Door) -> None:
    run(FORMATS)
    found = used(served, "ben")
    for kind in ("json_array", "ndjson", "single"):
        assert found[f"{kind} chat gpt-4o-mini"] == (1, 10, 20, 13_500)
        assert found[f"{kind} chat claude-haiku-4-5-20251001"] == (1, 10, 20, 110_000)
    assert len(found) == 6
    assert dict(arrived(served))["empty"] == 3


def eventually(ready: Callable[[], bool]) -> None:
    """Waits until something is so."""
    end = time.monotonic() + SECONDS
    while not ready():
        assert time.monotonic() < end, "It took too long."
        time.sleep(0.3)


def answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.timeout(600)
def test_a_running_proxy_whose_callback_is_switched_on_by_name(served: Door, tmp_path: Path) -> None:
    typed = dict(re.findall(r'export (\w+)="?([^"\n]*)', blocks(PAGE, "sh")[0]))
    typed["GENERIC_LOGGER_ENDPOINT"] = re.sub(
        "https://[^/]*", os.environ["CREDITBOOK_URL"], typed["GENERIC_LOGGER_ENDPOINT"]
    )
    typed["GENERIC_LOGGER_HEADERS"] = typed["GENERIC_LOGGER_HEADERS"].replace("cb_studio_…", served.keys["spend"])
    config, port = tmp_path / "config.yaml", free_port()
    config.write_text(blocks(PAGE, "yaml")[0] + MODELS, encoding="utf-8")
    command = [str(LITELLM.with_name("litellm")), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    with (tmp_path / "log").open("wb") as log:
        proxy = subprocess.Popen(command, env={**os.environ, **ALONE, **typed}, stdout=log, stderr=log, cwd=tmp_path)
        try:
            eventually(lambda: answers(f"http://127.0.0.1:{port}/health/liveliness"))
            asked = {"model": "mini", "messages": [{"role": "user", "content": "hi"}], "user": "asha",
                     "metadata": {"agent": "behind the proxy", "tags": ["project:week 48"]}}  # fmt: skip
            headers = {"Authorization": "Bearer sk-of-the-proxy"}
            answer = httpx.post(f"http://127.0.0.1:{port}/v1/chat/completions", json=asked, headers=headers, timeout=60)
            assert answer.status_code == 200, answer.text
            eventually(lambda: any(name.startswith("behind the proxy") for name in used(served, "asha")))
        finally:
            proxy.terminate()
            proxy.wait(20)
    assert used(served, "asha")["behind the proxy chat gpt-4o-mini"] == (1, 10, 20, 13_500)
