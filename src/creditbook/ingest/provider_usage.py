"""Rows that hold a provider's own usage object, in any of its dialects: read by `pricing.extract`, not by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from creditbook.domain.errors import InvalidRequest
from creditbook.pricing.extract import Extracted, extract, extract_record
from creditbook.sources.fields import Record

from .mapping import Derive

EXTRACTED = "extracted"
"""Where a derived row carries the whole reading, for its price: it is no field that a column can be mapped to."""


def provider_fields(sample: Sequence[Record]) -> Derive | None:
    """How rows like these give their fields; None when they hold no usage objects, or none that can be read.

    Known are recorded calls (`host`, `path`, `usages`) and providers' answers as they came (`usage`, `usageMetadata`).
    """
    for record in sample:
        if _holds_usage(record):
            try:
                _read(record)
            except InvalidRequest:
                continue
            return _fields
    return None


def _holds_usage(record: Record) -> bool:
    usages = record.get("usages")
    if isinstance(usages, list):
        return any(isinstance(found, Mapping) and "usage" in found for found in usages)
    return any(isinstance(record.get(name), Mapping) for name in ("usage", "usageMetadata"))


def _read(record: Record) -> Extracted:
    if "usages" in record:
        return extract_record(record)
    host, path, asked = (str(record.get(name) or "") for name in ("host", "path", "request_model"))
    return extract(host, path, [record], asked)


def _fields(record: Record) -> Record:
    """The counts of a call with all that was billed beside it; the provider's own figure where it states one."""
    found = _read(record)
    counts = [found.usage, *(apart.usage for apart in found.besides)]
    return {
        "provider": found.provider,
        "model": found.model,
        "id": found.response_id,
        "input_tokens": sum(count.input_tokens for count in counts),
        "output_tokens": sum(count.output_tokens for count in counts),
        "cached_tokens": sum(count.cached_tokens for count in counts),
        "cache_write_tokens": sum(count.cache_write_tokens for count in counts),
        "reasoning_tokens": sum(count.reasoning_tokens for count in counts),
        "cost_usd": found.reported_usd,
        EXTRACTED: found,
    }
