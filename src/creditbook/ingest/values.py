"""What a usage row is: the fields a file's columns are mapped to, and the row once it has been checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from creditbook.domain.errors import InvalidRequest
from creditbook.pricing.extract import Extracted
from creditbook.sources.fields import Record


class BadMapping(InvalidRequest):
    """What was asked of the file can't be done with any of its rows: wrong usage, not a bad row."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row of a file. ``line`` is where a person finds it (a line of text; a row of a Parquet file).

    ``problem`` says why the row could not even be read; then ``record`` is empty and ``text`` is what stood there.
    """

    line: int
    record: Record
    problem: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One checked row. ``event_at`` None means that the source keeps no time: booked as of now.

    ``cost_usd_nanos`` None leaves pricing to us. ``tokens`` None leaves the charge to the action's price (rule 6).
    ``extracted`` is the reading of a provider's usage object: more than the counts, and what its price goes by.
    """

    account: str
    action: str
    event_at: datetime | None
    key: str
    agent: str = ""
    model: str = ""
    project: str = ""
    description: str = ""
    provider: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    tokens: int | None = None
    cost_usd_nanos: int | None = None
    extracted: Extracted | None = None


@dataclass(slots=True)
class Notes:
    """What an import took in though it is odd, counted so that somebody can look."""

    undated: int = 0
    local_times_skipped_by_dst: int = 0
    local_times_twice_by_dst: int = 0
    without_model: int = 0

    def sentences(self) -> list[str]:
        """Each as a sentence; nothing where nothing was odd."""
        told = (
            (self.undated, "rows carry no time and were booked as of now"),
            (self.local_times_skipped_by_dst, "local times were skipped by daylight saving and taken an hour later"),
            (self.local_times_twice_by_dst, "local times came twice by daylight saving; the first was taken"),
            (self.without_model, "rows name no model"),
        )
        return [f"{count:,} {what}." for count, what in told if count]
