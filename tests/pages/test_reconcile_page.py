"""Reconcile: providers' files held against what is booked; unknown columns are asked for, what is no table refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

PAGE = "finance/reconcile.py"
SAMPLES = Path(__file__).parents[1] / "data" / "bills"


@pytest.fixture
def lead(visit: Any) -> Any:
    visit.clock.at = datetime(2026, 11, 5, 9, tzinfo=UTC)
    visit.ledger.open_account("acme/asha", plan="bare")
    for day in (1, 1, 2):
        visit.ledger.spend("acme/asha", action="chat", model="gpt-4o", input_tokens=1_000, output_tokens=100,
                           event_at=datetime(2026, 11, day, 12, tzinfo=UTC))  # fmt: skip
    return visit.principal("lead", "finance", account=False)


def sample(name: str) -> tuple[str, bytes, str]:
    return name, (SAMPLES / name).read_bytes(), "text/csv"


def upload(at: AppTest, *files: tuple[str, bytes, str]) -> AppTest:
    at.file_uploader[0].set_value(
        files[0] if len(files) == 1 and not at.file_uploader[0].accept_multiple_files else files
    )
    at.run()
    assert not at.exception
    return at


def test_usage_and_costs_together_tell_what_explains_the_difference(
    visit: Any, lead: Any, text: Callable[[AppTest], str]
) -> None:
    at = upload(visit.open(PAGE, lead), sample("openai_usage.csv"), sample("openai_costs.csv"))
    said = text(at)
    assert "OpenAI usage and OpenAI costs, 1 – 2 Nov 2026 (UTC)" in said
    assert "They billed \\$0.01" in said
    assert at.dataframe[0].value["Model"].tolist() == ["gpt-4o"]
    assert "They tell 1,100 more tokens" in at.dataframe[0].value["Why"][0]


def test_a_bill_that_agrees_says_so(visit: Any, lead: Any, text: Callable[[AppTest], str]) -> None:
    rows = (b"date,model,input_tokens,output_tokens,cost", b"2026-11-01,gpt-4o,2000,200,0.007",
            b"2026-11-02,gpt-4o,1000,100,0.0035")  # fmt: skip
    agreed = b"\n".join(rows)
    at = upload(visit.open(PAGE, lead), ("mine.csv", agreed, "text/csv"))
    assert at.selectbox(key="map-0-cost").value == "cost"
    assert "**Everything agrees**" in "\n".join(one.value for one in at.success)


def test_unknown_columns_are_asked_for_and_chosen_by_hand(
    visit: Any, lead: Any, text: Callable[[AppTest], str]
) -> None:
    odd = b"When,Deployment,Spend\n2026-11-01,gpt-4o,0.007\n2026-11-02,gpt-4o,1\nyesterday,gpt-4o,1\n"
    at = upload(visit.open(PAGE, lead), ("odd.csv", odd, "text/csv"))
    assert "Choose the columns of the day and the model." in text(at)
    at.selectbox(key="map-0-day").set_value("When").run()
    assert "**1 line can't be read**" in text(at)
    assert "**1 line of 2 differ**" in text(at)


def test_a_file_that_is_no_table_is_refused_by_name(visit: Any, lead: Any, text: Callable[[AppTest], str]) -> None:
    at = upload(visit.open(PAGE, lead), ("photo.csv", b"\xff\xd8\xff", "text/csv"))
    assert "**photo\\.csv can't be used**" in text(at)


def test_a_settlement_names_its_fees_and_what_nobody_knows(
    visit: Any, lead: Any, text: Callable[[AppTest], str]
) -> None:
    at = visit.open(PAGE, lead, what="Payment providers")
    upload(at, sample("razorpay_recon.csv"))
    assert "**2 lines of 2 to look at**" in text(at)
    facts = at.table[0].value.to_numpy().tolist()
    assert [":gray[Kept by the provider]", "**−₹35.38** (2.36% of payments), of it ₹5.40 tax"] in facts
