"""Reading model, tokens and cost out of providers' own answers, by genai-prices' extractors.

Two things are ours: which extractor an answer needs, told by its host and by the shape of its usage object (one host
serves several dialects), and which of a stream's usage objects counts. The traps are named where they are avoided.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import unquote

from genai_prices import types
from genai_prices.data_snapshot import DataSnapshot
from genai_prices.data_units import unit_data

from creditbook.domain.errors import InvalidRequest

from .rates import TokenUsage

Answer = Mapping[str, Any]

_COUNTED_APART = frozenset(unit_data) - {
    "requests", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "output_reasoning_tokens",
}  # fmt: skip

# By the shape of the usage object: the flavours that may read it, and whose extractor reads it anywhere.
_READERS = {
    "gemini": (("default",), "google", "default"),
    "converse": (("default",), "aws", "default"),
    "anthropic": (("anthropic", "default"), "anthropic", "default"),
    "responses": (("responses", "default"), "openai", "responses"),
    "chat": (("chat", "default"), "openai", "chat"),
    "cohere": (("default",), "cohere", "default"),
}

_MODEL_IN_PATH = re.compile(r"/(?:models?|deployments)/([^/:]+(?::\d+)?)")


@dataclass(frozen=True, slots=True)
class Extracted:
    """What one request used. `provider` is genai-prices' id, or the host where it knows none (then unpriced).

    `reported_usd` is the provider's own figure in dollars, where it states one. `besides` are further inferences that
    it billed with this one and left out of its total (Anthropic's compaction and advisor), each to be priced alone.
    """

    provider: str
    model: str
    usage: TokenUsage
    response_id: str | None = None
    reported_usd: Decimal | None = None
    besides: tuple[Extracted, ...] = ()


def extract_record(record: Mapping[str, Any]) -> Extracted:
    """Reads a recorded call: `host`, `path`, `request_model`, and `usages` of `field`, `id`, `model` and `usage`.

    Raises InvalidRequest when no usage can be read from it.
    """
    usages = record.get("usages")
    if not isinstance(usages, Sequence) or not all(isinstance(found, Mapping) for found in usages):
        raise InvalidRequest("The record has no list of “usages”.")
    answers = [
        {str(found.get("field") or "usage"): found.get("usage"), "id": found.get("id"), "model": found.get("model")}
        for found in usages
    ]
    host, path, asked = (str(record.get(name) or "") for name in ("host", "path", "request_model"))
    return extract(host, path, answers, asked)


def extract(host: str, path: str, answers: Sequence[Answer], request_model: str = "") -> Extracted:
    """Reads the decoded answer of a call, or all the chunks of a stream that carry usage, in their order.

    Raises InvalidRequest when no usage can be read.
    """
    carrying = [answer for answer in answers if isinstance(_usage(answer), Mapping)]
    if not carrying:
        raise InvalidRequest(f"The answer of {host or 'the provider'} carries no usage.")
    whole = _whole(carrying)
    named = {name for answer in carrying if (name := answer.get("model") or answer.get("modelVersion"))}
    # A router names every model it tried beside one total: the total is of what was asked for.
    model = named.pop() if len(named) == 1 else request_model or _model_in(path)
    return _read(host, path, whole, str(model), next((str(a["id"]) for a in carrying if a.get("id")), None))


def _usage(answer: Answer) -> Any:
    return answer.get("usage") or answer.get("usageMetadata")


def _whole(carrying: Sequence[Answer]) -> Mapping[str, Any]:
    """The usage object that counts: streams repeat a running total, so the last; never their sum.

    Anthropic's last one leaves out what its first one said and did not change.
    """
    if _shape(_usage(carrying[0]), "") == "anthropic":
        whole: dict[str, Any] = {}
        for answer in carrying:
            whole |= {name: value for name, value in _usage(answer).items() if value is not None}
        return whole
    last: Mapping[str, Any] = _usage(carrying[-1])
    return last


def _read(host: str, path: str, usage: Mapping[str, Any], model: str, response_id: str | None) -> Extracted:
    provider = _provider(host, path)
    counts = _counts(provider, usage, _shape(usage, provider.id if provider else ""))
    if min(counts[:5]) < 0:
        raise InvalidRequest(f"The answer of {host} counts fewer than no tokens.")
    return Extracted(
        provider=provider.id if provider else host,
        model=model,
        usage=counts,
        response_id=response_id,
        reported_usd=_reported(usage),
        besides=tuple(
            _read(host, path, apart, str(apart.get("model") or model), response_id)
            for apart in _list(usage.get("iterations"))
            if isinstance(apart, Mapping) and apart.get("type") not in (None, "message")
        ),
    )


def _shape(usage: Mapping[str, Any], provider: str) -> str:
    """Which dialect a usage object is written in."""
    if "promptTokenCount" in usage or "totalTokenCount" in usage:
        return "gemini"
    if "inputTokens" in usage:
        return "converse"
    if "billed_units" in usage:
        return "cohere"
    if "prompt_tokens" in usage:
        return "chat"
    if "input_tokens" in usage or "output_tokens" in usage:
        caches = {"cache_read_input_tokens", "cache_creation_input_tokens"}
        return "anthropic" if provider == "anthropic" or caches & usage.keys() else "responses"
    return "total"


def _counts(provider: types.Provider | None, usage: Mapping[str, Any], shape: str) -> TokenUsage:
    """The counts by the provider's own extractor, or by the one whose dialect it speaks."""
    if shape == "total":
        total = usage.get("total_tokens")
        if not isinstance(total, int):
            raise InvalidRequest(f"The usage {sorted(usage)} is in no known form.")
        return TokenUsage(total)  # embeddings have no output
    flavours, anyones, its_flavour = _READERS[shape]
    tries = [(provider, flavour) for flavour in flavours] if provider else []
    tries.append((_by_id(anyones), its_flavour))
    body = {"usageMetadata" if shape == "gemini" else "usage": usage}
    reason = ""
    for reader, flavour in tries:
        try:
            return _ours(reader.extract_usage(body, api_flavor=flavour)[1])
        except ValueError as error:
            reason = str(error)
    raise InvalidRequest(f"The usage can't be read: {reason}.")


def _ours(usage: types.Usage) -> TokenUsage:
    further = {name: int(count) for name in _COUNTED_APART if (count := usage.reported_value(name)) > 0}
    return TokenUsage(
        input_tokens=int(usage.reported_value("input_tokens")),
        output_tokens=int(usage.reported_value("output_tokens")),
        cached_tokens=int(usage.reported_value("cache_read_tokens")),
        cache_write_tokens=int(usage.reported_value("cache_write_tokens")),
        reasoning_tokens=int(usage.reported_value("output_reasoning_tokens")),
        further=further or None,
    )


def _reported(usage: Mapping[str, Any]) -> Decimal | None:
    """OpenRouter's own figure. With the customer's key at the provider it is the fee alone; the rest stands beside."""
    cost = usage.get("cost")
    if isinstance(cost, bool) or not isinstance(cost, int | float):
        return None
    details = usage.get("cost_details")
    upstream = details.get("upstream_inference_cost") if usage.get("is_byok") and isinstance(details, Mapping) else None
    # A float's shortest text is the figure that was sent.
    return Decimal(repr(cost)) + Decimal(repr(upstream or 0))


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _model_in(path: str) -> str:
    found = _MODEL_IN_PATH.search(unquote(path))
    return found[1] if found else ""


@cache
def _snapshot() -> DataSnapshot:
    from genai_prices.data import providers

    return DataSnapshot(providers=providers, from_auto_update=False)


@cache
def _by_id(provider_id: str) -> types.Provider:
    return _snapshot().find_provider(None, provider_id, None)


def _provider(host: str, path: str) -> types.Provider | None:
    if host.endswith(".api.aws"):
        return _by_id("aws")  # Bedrock's newer door, which speaks OpenAI's dialects
    try:
        # By folder, not by call: responses have paths of their own, and each path is remembered.
        return _snapshot().find_provider(None, None, f"https://{host}/{path.strip('/').partition('/')[0]}/")
    except LookupError:
        return None
