"""Our whole numbers against genai-prices' own arithmetic, and what is never silently free."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Context, Decimal
from pathlib import Path

import pytest
from genai_prices import Usage, calc_price, types
from genai_prices.data import providers
from hypothesis import given, settings
from hypothesis import strategies as st

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.operations import Cost
from creditbook.pricing.book import PriceBook, _versions, cost_of, shared_book
from creditbook.pricing.rates import TokenUsage, cost_at

DATA = Path(__file__).parent.parent / "data"
START = datetime(2023, 1, 1, tzinfo=UTC)
AT = datetime(2025, 3, 1, 12, tzinfo=UTC)
ALL_MODELS = [(provider, model) for provider in providers for model in provider.models]
WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)


def rounded_nanos(dollars: Decimal) -> int:
    return int(WIDE.quantize(WIDE.multiply(dollars, 10**9), Decimal(1)))


def theirs(usage: TokenUsage) -> Usage:
    counts = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cached_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "output_reasoning_tokens": usage.reasoning_tokens,
    }
    return Usage(**counts, **(usage.further or {}))


@st.composite
def usages(draw: st.DrawFn) -> TokenUsage:
    written, cached, plain = (draw(st.integers(0, 300_000)) for _ in range(3))
    output = draw(st.integers(0, 100_000))
    return TokenUsage(plain + cached + written, output, cached, written, draw(st.integers(0, output)))


instants = st.integers(0, 4 * 366 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


def aider_models() -> Iterator[tuple[str, int]]:
    with (DATA / "aider_models.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield row["model"], int(row["events"])


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(ALL_MODELS), usages(), instants)
def test_ours_equals_calc_price_to_the_nano(
    pair: tuple[types.Provider, types.ModelInfo], usage: TokenUsage, at: datetime
) -> None:
    provider, model = pair
    rate = next(rate for constraint, rate in _versions(provider, model) if constraint is None or constraint.active(at))
    cost = cost_at(rate, usage) if rate else None
    price = model.calc_price(theirs(usage), provider, genai_request_timestamp=at)
    if cost is None:
        assert_something_used_has_no_price(price.model_price, usage)
    else:
        assert cost.usd_nanos == rounded_nanos(price.total_price)
        assert cost.parts is not None
        assert sum(cost.parts.values()) == cost.usd_nanos


def assert_something_used_has_no_price(price: types.ModelPrice, usage: TokenUsage) -> None:
    missing_input = usage.input_tokens and price.input_mtok is None
    missing_output = usage.output_tokens and price.output_mtok is None
    assert missing_input or missing_output or not any(value is not None for value in price.__dict__.values())


@settings(max_examples=300, deadline=None)
@given(usages(), st.sampled_from([name for name, _ in aider_models() if cost_of(TokenUsage(), name, AT)]), instants)
def test_models_of_real_traces_cost_what_calc_price_says(usage: TokenUsage, name: str, at: datetime) -> None:
    cost = cost_of(usage, name, at)
    assert cost is not None
    assert cost.usd_nanos == rounded_nanos(asked_of_the_library(name, usage, at).total_price)


def asked_of_the_library(name: str, usage: TokenUsage, at: datetime) -> types.PriceCalculation:
    """calc_price by the name as the trace has it, less what stands before it."""
    rate = shared_book().rate(name, at)
    assert rate is not None
    while True:
        try:
            return calc_price(theirs(usage), name, provider_id=rate.provider, genai_request_timestamp=at)
        except LookupError:
            _, slash, name = name.partition("/")
            assert slash


def test_every_published_price_version_agrees_on_one_large_cached_request() -> None:
    usage = TokenUsage(300_001, 5_003, 100_003, 7, 1_001)
    compared = 0
    for provider, model in ALL_MODELS:
        conditional = model.prices if isinstance(model.prices, list) else [types.ConditionalPrice(prices=model.prices)]
        for price, (_, rate) in zip(reversed(conditional), _versions(provider, model), strict=False):
            cost = cost_at(rate, usage) if rate else None
            if cost is not None:
                assert cost.usd_nanos == rounded_nanos(price.prices.calc_price(theirs(usage))["total_price"])
                compared += 1
    assert compared > 2_000


def test_nearly_nine_in_ten_events_of_a_real_trace_have_a_price() -> None:
    # Stripping every prefix prices 53 more: Fireworks' DeepSeek R1, at DeepSeek's price, a fifteenth of Fireworks'.
    priced = sum(events for name, events in aider_models() if cost_of(TokenUsage(1_000, 10), name, AT) is not None)
    assert priced == 4_639
    assert sum(events for _, events in aider_models()) == 5_355


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("openrouter/anthropic/claude-3.7-sonnet", "openrouter/anthropic/claude-3.7-sonnet"),
        ("openrouter/anthropic/claude-3-5-haiku-20241022", "anthropic/claude-3-5-haiku-latest"),
        ("fireworks_ai/accounts/fireworks/models/deepseek-v3-0324", "fireworks/deepseek-v3-0324"),
        ("vertex_ai/gemini-2.5-pro", "google/gemini-2.5-pro"),
        ("xai/grok-3-beta", "x-ai/grok-3"),
        ("GPT-4o-mini", "openai/gpt-4o-mini"),
    ],
)
def test_a_prefix_names_who_ran_the_model(name: str, version: str) -> None:
    cost = cost_of(TokenUsage(1_000, 10), name, AT)
    assert cost is not None
    assert cost.price_version is not None
    assert cost.price_version.startswith("genai-prices 0.")
    assert f": {version}" in cost.price_version


@pytest.mark.parametrize(
    "name",
    [
        "ollama/REDACTED",
        "m-mid",
        "deepseek/REDACTED",
        "groq/gemini-1.5-flash",
        "fireworks_ai/accounts/fireworks/models/deepseek-r1",
        "",
        "x" * 5_000,
        "/",
        "openrouter/",
    ],
)
def test_an_unknown_model_is_unpriced_and_never_free(name: str) -> None:
    assert cost_of(TokenUsage(1_000, 10), name, AT) is None


def test_a_model_on_somebody_elses_machine_is_not_priced_as_its_makers() -> None:
    assert cost_of(TokenUsage(1_000, 10), "gpt-4o", AT, provider="ollama") is None
    assert cost_of(TokenUsage(1_000, 10), "gpt-4o", AT, provider="azure.ai.openai") is not None


def test_a_price_list_that_states_no_price_is_not_zero_but_a_free_model_is() -> None:
    assert cost_of(TokenUsage(1_000, 10), "gpt-4o", AT, provider="github-copilot") is None
    free = cost_of(TokenUsage(1_000, 10), "openrouter/deepseek/deepseek-chat-v3-0324:free", AT)
    assert free == Cost(0, None, {"input": 0, "cached": 0, "output": 0, "reasoning": 0}, free and free.price_version)


def test_a_price_changes_at_the_start_of_its_utc_day() -> None:
    before, after = datetime(2025, 6, 9, 23, 59, 59, tzinfo=UTC), datetime(2025, 6, 10, tzinfo=UTC)
    old, new = (cost_of(TokenUsage(1_000_000, 0), "o3", at) for at in (before, after))
    assert (old and old.usd_nanos, new and new.usd_nanos) == (10_000_000_000, 2_000_000_000)
    assert new is not None
    assert str(new.price_version).endswith("openai/o3 from 2025-06-10")
    in_kolkata = after.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert cost_of(TokenUsage(1_000_000, 0), "o3", in_kolkata) == new


def test_a_price_by_the_hour_follows_the_clock() -> None:
    early, late = datetime(2025, 4, 1, 12, tzinfo=UTC), datetime(2025, 4, 1, 18, tzinfo=UTC)
    day, night = (cost_of(TokenUsage(1_000_000, 0), "deepseek/deepseek-chat", at) for at in (early, late))
    assert day is not None
    assert night is not None
    assert (day.usd_nanos or 0) > (night.usd_nanos or 0) > 0


def test_one_token_past_a_tier_reprices_the_whole_request() -> None:
    at_edge, past = (cost_of(TokenUsage(n, 0), "gemini-2.5-pro", AT) for n in (200_000, 200_001))
    assert at_edge is not None
    assert past is not None
    assert (at_edge.usd_nanos, past.usd_nanos) == (250_000_000, 500_002_500)


def test_cached_and_reasoning_tokens_are_parts_not_additions() -> None:
    cost = cost_of(TokenUsage(1_000, 100, cached_tokens=400, reasoning_tokens=60), "gpt-4o", AT)
    assert cost is not None
    assert cost.parts == {"input": 1_500_000, "cached": 500_000, "output": 400_000, "reasoning": 600_000}
    assert cost.usd_nanos == 3_000_000


def test_audio_and_searches_cost_what_calc_price_says() -> None:
    usage = TokenUsage(5_000, 100, 1_000, further={"input_audio_tokens": 2_000, "cache_audio_read_tokens": 500})
    cost = cost_of(usage, "gemini-2.5-flash", AT)
    price = calc_price(theirs(usage), "gemini-2.5-flash", provider_id="google", genai_request_timestamp=AT)
    assert cost is not None
    assert cost.usd_nanos == rounded_nanos(price.total_price)
    searched = TokenUsage(5_000, 100, further={"web_searches": 3})
    cost = cost_of(searched, "claude-sonnet-4-5", AT)
    price = calc_price(theirs(searched), "claude-sonnet-4-5", provider_id="anthropic", genai_request_timestamp=AT)
    assert cost is not None
    assert cost.usd_nanos == rounded_nanos(price.total_price)
    assert cost.usd_nanos > 30_000_000


def test_an_overlap_nobody_counted_is_unpriced_rather_than_guessed() -> None:
    assert cost_of(TokenUsage(5_000, 100, 1_000, further={"input_audio_tokens": 2_000}), "gemini-2.5-flash", AT) is None


@pytest.mark.parametrize(
    ("usage", "sentence"),
    [
        (TokenUsage(10, 0, cached_tokens=11), "cached"),
        (TokenUsage(10, 0, cached_tokens=6, cache_write_tokens=5), "cache-written"),
        (TokenUsage(10, 5, reasoning_tokens=6), "reasoning"),
        (TokenUsage(10, 5, cached_tokens=-1), "negative"),
        (TokenUsage(-10, 5), "negative"),
        (TokenUsage(10, -5), "negative"),
    ],
)
def test_counts_that_contradict_each_other_are_refused(usage: TokenUsage, sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        cost_of(usage, "gpt-4o", AT)


def test_invented_names_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("creditbook.pricing.book.KEPT_NAMES", 50)
    book = PriceBook()
    for number in range(500):
        assert book.rate(f"invented-{number}", AT) is None
    assert len(book._known) <= 50
    assert book.rate("gpt-4o", AT) is not None
