"""What the page about LiteLLM says, held to what its callback posted; `litellm_for_real.py` runs LiteLLM itself."""

from __future__ import annotations

import os
import re
from pathlib import Path

import httpx
from api.door import Door
from support.snippets import blocks

PAGE = "integrations/litellm.md"
DATA = Path(__file__).parents[1] / "data" / "litellm"


def test_a_record_that_litellm_posted_is_taken_at_the_address_and_with_the_header_of_the_page(served: Door) -> None:
    typed = dict(re.findall(r'export (\w+)="?([^"\n]*)', blocks(PAGE, "sh")[0]))
    endpoint = re.sub("https://[^/]*", os.environ["CREDITBOOK_URL"], typed["GENERIC_LOGGER_ENDPOINT"])
    name, _, value = typed["GENERIC_LOGGER_HEADERS"].partition("=")  # as LiteLLM takes it apart
    value = re.sub("cb_studio_…", served.keys["spend"], value)
    served.ledger.open_account("acme/anna", external_id="customer-1")
    for file, booked in (("litellm_standard_logging_payload.json", 2), ("litellm_generic_api_ndjson.ndjson", 2)):
        headers = {name: value, "Content-Type": "application/json"}
        answer = httpx.post(endpoint, content=(DATA / file).read_bytes(), headers=headers)
        assert (answer.status_code, answer.json()["booked"], answer.json()["waiting"]) == (200, booked, 0)


def test_the_example_compiles_and_names_the_same_door() -> None:
    [example] = blocks(PAGE, "python")
    compile(example, PAGE, "exec")
    assert "/api/v1/litellm" in example
    assert "/api/v1/litellm" in blocks(PAGE, "sh")[0]
