"""Providers' own answers, recorded: what each counted, and the traps in how it says so."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from creditbook.domain.errors import InvalidRequest
from creditbook.pricing.book import cost_of
from creditbook.pricing.extract import Extracted, extract, extract_record
from creditbook.pricing.rates import TokenUsage

DATA = Path(__file__).parent.parent / "data"
AT = datetime(2026, 11, 1, tzinfo=UTC)


def records(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


TRAPS = records("provider_usage_traps.jsonl")


def read(number: int) -> Extracted:
    """The number-th line of the slice, counting from 1."""
    return extract_record(TRAPS[number - 1])


def test_anthropics_input_excludes_what_its_cache_read_and_wrote_and_ours_includes_it() -> None:
    found = read(1)
    assert found.usage[:5] == (4 + 6 + 8_845, 193, 8_845, 6, 0)
    assert (found.provider, found.model) == ("anthropic", "claude-sonnet-4-6")


def test_the_last_word_of_an_anthropic_stream_counts_and_is_not_added_to_the_first() -> None:
    found = read(3)
    assert found.usage[:2] == (22_397, 637)
    assert found.usage.further == {"web_searches": 2}
    assert found.model == "claude-sonnet-4-20250514"
    cost = cost_of(found.usage, found.model, AT, found.provider)
    assert cost is not None
    assert cost.usd_nanos == 22_397 * 3_000 + 637 * 15_000 + 2 * 10_000_000


def test_what_anthropic_billed_beside_its_total_is_handed_out_to_be_priced_alone() -> None:
    compacted = read(4)
    assert compacted.usage[:2] == (181, 8)
    assert [(part.model, part.usage[:3]) for part in compacted.besides] == [("claude-sonnet-4-6", (55_196, 83, 55_096))]
    advised = read(5)
    assert advised.usage[:2] == (2_390, 121)
    assert [(part.model, part.usage[:2]) for part in advised.besides] == [("claude-opus-4-8", (2_518, 22))]


@pytest.mark.parametrize(
    ("number", "usage"),
    [
        (6, TokenUsage(329, 228, 0, 0, 192)),
        (7, TokenUsage(4_020, 4, 4_012)),
        (8, TokenUsage(115_886, 1_720, 92_160, 0, 1_472)),
        (22, TokenUsage(90, 15, 0, 0, 7)),
        (24, TokenUsage(88, 14, 0, 86)),
        (28, TokenUsage(13, 437, 0, 0, 427)),
    ],
)
def test_openais_dialects_are_read_wherever_they_are_spoken(number: int, usage: TokenUsage) -> None:
    assert read(number).usage == usage


def test_geminis_thoughts_are_output_even_without_a_candidate() -> None:
    assert read(9).usage[:5] == (15, 2, 0, 0, 2)


def test_geminis_output_is_candidates_and_thoughts_and_its_tools_prompt_is_input() -> None:
    found = read(11)
    assert found.usage[:5] == (427 + 771, 122 + 447, 0, 0, 447)
    assert found.usage.input_tokens + found.usage.output_tokens == 1_767


def test_a_gemini_stream_is_told_by_its_last_usage_though_an_earlier_one_is_larger() -> None:
    assert read(12).usage[:2] == (79, 12)


def test_an_image_costs_what_images_cost_not_what_text_does() -> None:
    found = read(13)
    cost = cost_of(found.usage, found.model, AT, found.provider)
    assert cost is not None
    assert cost.usd_nanos == 9 * 300 + 1_290 * 30_000


def test_a_model_named_nowhere_in_the_answer_stands_in_the_path() -> None:
    assert read(14).model == "gemini-embedding-2"
    assert read(18).model == "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
    assert read(14).usage == TokenUsage(7)


def test_openrouter_states_its_own_cost_and_no_statement_is_none() -> None:
    assert read(15).reported_usd == Decimal("0.00435825")
    assert read(16).reported_usd is None


def test_with_the_customers_own_key_openrouters_figure_is_only_the_fee() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "cost": 5e-06, "is_byok": True,
             "cost_details": {"upstream_inference_cost": 0.0001}}  # fmt: skip
    assert extract("openrouter.ai", "/api/v1/chat/completions", [{"usage": usage}], "m").reported_usd == Decimal(
        "0.000105"
    )


def test_a_router_that_tried_several_models_is_priced_as_what_was_asked_for() -> None:
    found = read(17)
    assert (found.model, found.usage[:2]) == ("compound-beta", (5_003, 359))
    assert cost_of(found.usage, found.model, AT, found.provider) is None


def test_bedrock_counts_its_cache_apart_in_both_of_its_dialects() -> None:
    assert read(18).usage[:5] == (3 + 1_712, 227, 0, 1_712, 0)
    assert read(19).usage[:5] == (3 + 9_511, 1_944, 9_511, 0, 0)
    assert cost_of(read(18).usage, read(18).model, AT, "aws") is not None


def test_cohere_bills_other_tokens_than_it_counts() -> None:
    assert read(21).usage[:2] == (2_406, 2)


def test_embeddings_have_a_total_only() -> None:
    assert read(23) == Extracted("voyageai", "voyage-3.5", TokenUsage(0))


def test_a_host_without_a_price_list_keeps_its_name_and_is_unpriced() -> None:
    found = read(25)
    assert (found.provider, found.usage[:2]) == ("ollama.com", (134, 122))
    assert cost_of(found.usage, found.model, AT, found.provider) is None


def test_every_recorded_answer_is_read_and_nearly_all_have_a_price() -> None:
    priced = Counter(
        cost_of(found.usage, found.model, AT, found.provider) is not None
        for found in map(extract_record, [*TRAPS, *records("provider_usage_slice.jsonl")])
    )
    assert priced[False] <= 12
    assert priced[True] >= 160


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"usages": "none"},
        {"usages": []},
        {"host": "api.openai.com", "usages": [{"usage": None}]},
        {"host": "api.openai.com", "usages": [{"usage": {"tokens": 4}}]},
        {"host": "api.openai.com", "usages": [{"usage": {"prompt_tokens": -4, "completion_tokens": 1}}]},
        {"host": "api.openai.com", "usages": [{"usage": {"prompt_tokens": "4", "completion_tokens": 1}}]},
        {"host": "x", "usages": [{"usage": {"total_tokens": -4}}]},
    ],
)
def test_an_answer_that_cant_be_read_is_refused_with_a_sentence(record: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match=r"\.$"):
        extract_record(record)
