"""The check of one mapped row: every field becomes a value that the ledger takes, or the row a reason to refuse it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta

from creditbook.domain.errors import InvalidRequest
from creditbook.pricing.extract import Extracted
from creditbook.sources.fields import (
    COST_FIELD,
    DEFAULT_ACTION,
    TEXT_FIELDS,
    TIME_FIELD,
    TOKEN_FIELDS,
    BadRow,
    Record,
    cost_nanos_of,
    text_of,
    tokens_of,
)

from .mapping import FieldMap
from .provider_usage import EXTRACTED
from .times import TimeReader
from .values import Notes, RawRow, UsageRow

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of ours another machine's clock may be."""

KEYED_BY_ID, KEYED_BY_CONTENT = "import:id:", "import:row:"

Count = Callable[[bytes], int]
"""How many equal rows came before this one (by the hash of its fields)."""


class RowCheck:
    """Checks the rows of one import into the organization ``org``, in the file's order."""

    def __init__(self, org: str, mapping: FieldMap, times: TimeReader, count: Count, notes: Notes) -> None:
        self._org = org
        self._mapping = mapping
        self._times = times
        self._count = count
        self._notes = notes

    def row(self, raw: RawRow, now: datetime) -> UsageRow:
        """The row as the ledger takes it. Raises BadRow with the reason."""
        if raw.problem:
            raise BadRow(raw.problem)
        try:
            given = self._mapping.fields(raw.record)
        except InvalidRequest as error:
            raise BadRow(str(error)) from None
        fields: dict[str, str | int] = {}
        for name in TEXT_FIELDS:
            if name in given:
                fields[name] = text_of(name, given[name])
        for name in TOKEN_FIELDS:
            if name in given:
                fields[name] = tokens_of(name, given[name])
        fields["account"] = self._account(str(fields.get("account", "")))
        event_at, time_text = self._time(given)
        if time_text:
            fields[TIME_FIELD] = time_text
        cost = cost_nanos_of(given[COST_FIELD]) if COST_FIELD in given else None
        if cost is not None:
            fields[COST_FIELD] = cost
        key = self._key(fields)
        if event_at is not None and event_at > now + CLOCK_SKEW:
            raise BadRow(f"The time {event_at:%Y-%m-%d %H:%M} UTC lies in the future.")
        self._notes.without_model += not fields.get("model")
        extracted = given.get(EXTRACTED)
        return _usage_row(fields, event_at, cost, key, extracted if isinstance(extracted, Extracted) else None)

    def _account(self, name: str) -> str:
        if not name:
            raise BadRow("The row names no account.")
        org, slash, rest = name.partition("/")
        if name == self._org:
            return ""
        if slash and org == self._org:
            return rest
        if slash:
            raise BadRow(f"The account {name} is another organization's; this import goes into {self._org}.")
        return name

    def _time(self, given: Record) -> tuple[datetime | None, str]:
        if TIME_FIELD in given:
            return self._times.read(given[TIME_FIELD])
        if self._mapping.derive is None or TIME_FIELD in self._mapping.by_hand:
            raise BadRow("The row has no time.")
        self._notes.undated += 1
        return None, ""

    def _key(self, fields: dict[str, str | int]) -> str:
        """Rule 17: the row's own id, else the hash of its fields and the count of equal rows before it."""
        if "id" in fields:
            return f"{KEYED_BY_ID}{fields['id']}"
        digest = hashlib.sha256(json.dumps(fields, sort_keys=True, ensure_ascii=True).encode()).digest()[:16]
        return f"{KEYED_BY_CONTENT}{digest.hex()}:{self._count(digest)}"


def _usage_row(
    fields: dict[str, str | int], event_at: datetime | None, cost: int | None, key: str, extracted: Extracted | None
) -> UsageRow:
    text = {name: str(fields.get(name, "")) for name in TEXT_FIELDS if name not in {"id", "action"}}
    counts = {name: int(fields.get(name, 0)) for name in TOKEN_FIELDS if name != "tokens"}
    for part, whole in (("cached", "input"), ("cache_write", "input"), ("reasoning", "output")):
        if counts[f"{part}_tokens"] > counts[f"{whole}_tokens"]:
            raise BadRow(
                f"{counts[f'{part}_tokens']} {part.replace('_', '-')} tokens are more than the "
                f"{counts[f'{whole}_tokens']} {whole} tokens that include them."
            )
    return UsageRow(
        **text,
        action=str(fields.get("action", DEFAULT_ACTION)),
        event_at=event_at,
        key=key,
        input_tokens=counts["input_tokens"],
        output_tokens=counts["output_tokens"],
        cached_tokens=counts["cached_tokens"],
        cache_write_tokens=counts["cache_write_tokens"],
        reasoning_tokens=counts["reasoning_tokens"],
        tokens=int(fields["tokens"]) if "tokens" in fields else None,
        cost_usd_nanos=cost,
        extracted=extracted,
    )
