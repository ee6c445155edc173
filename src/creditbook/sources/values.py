"""What arrives from elsewhere as plain values: an event as its door read it, its source's settings, what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal, get_args

from .fields import Record

Kind = Literal["cloudevents", "otlp", "litellm"]
Mode = Literal["meter", "charge"]
Unknown = Literal["queue", "create"]
State = Literal["waiting", "rejected", "booked", "dismissed"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MODES: tuple[Mode, ...] = get_args(Mode)
UNKNOWN: tuple[Unknown, ...] = get_args(Unknown)
STATES: tuple[State, ...] = get_args(State)

TITLES: Mapping[Kind, str] = MappingProxyType(
    {"cloudevents": "CloudEvents", "otlp": "OpenTelemetry", "litellm": "LiteLLM"}
)
WHO: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {
        "cloudevents": ("subject",),
        "otlp": ("user.id", "enduser.id", "gen_ai.user", "gen_ai.user.id"),
        "litellm": (
            "end_user",
            "metadata.user_api_key_end_user_id",
            "model_parameters.user",
            "metadata.user_api_key_user_id",
        ),
    }
)
"""Which attributes name the account, in the order in which they are tried, unless a source says otherwise."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event as its door read it.

    ``event_id`` is what makes it the same event when it comes again. ``fields`` are ours (`fields.FIELDS`), as the
    parser read them; ``attributes`` are flat dotted names that a source's settings may pick from, never messages or
    prompts. ``problem`` says why it can't be usage at all. One that is no usage (a failed call) is only counted.
    """

    event_id: str
    at: datetime | None
    fields: Record = field(default_factory=dict)
    attributes: Mapping[str, object] = field(default_factory=dict)
    problem: str = ""
    is_usage: bool = True


@dataclass(frozen=True, slots=True)
class Source:
    """Where events come from and what is made of them. ``source_id`` 0 is one that is not kept yet.

    ``who`` are attribute names, tried in order. ``mapping`` picks a field from an attribute and wins over the parser;
    ``fixed`` gives a field its value, or fills it where the mapping of the same field finds nothing. ``key_id`` is the
    API key whose events these are; None takes those of every key without a source of its own.
    """

    source_id: int
    name: str
    kind: Kind
    mode: Mode
    unknown: Unknown
    who: tuple[str, ...]
    mapping: Mapping[str, str]
    fixed: Mapping[str, str]
    key_id: int | None
    is_on: bool
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of events: booked now, booked before, kept until they can be, or kept as no usage.

    ``empty`` had no usage in them; ``reasons`` are the first sentences of those that wait or were rejected.
    """

    booked: int = 0
    replayed: int = 0
    waiting: int = 0
    rejected: int = 0
    empty: int = 0
    reasons: tuple[str, ...] = ()

    def __add__(self, other: Taken) -> Taken:
        """Both together."""
        return Taken(
            self.booked + other.booked,
            self.replayed + other.replayed,
            self.waiting + other.waiting,
            self.rejected + other.rejected,
            self.empty + other.empty,
            (self.reasons + other.reasons)[:MOST_REASONS],
        )


MOST_REASONS = 5
