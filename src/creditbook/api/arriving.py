"""What the doors of other people's programs share: whose events they are, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from creditbook.api.callers import Caller
from creditbook.installation import Installation
from creditbook.sources.settings import source_for
from creditbook.sources.taking import take
from creditbook.sources.values import Event, Kind, Taken


class Arrived(BaseModel):
    """What became of the records of one request: each is counted once.

    ``replayed`` were there before. ``waiting`` can be booked once an administrator has looked at *Sources*;
    ``rejected`` are no usage; ``reasons`` are the first sentences of both. ``empty`` used nothing: failed calls.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "received": 3,
                "booked": 1,
                "replayed": 0,
                "waiting": 1,
                "rejected": 0,
                "empty": 1,
                "reasons": ["No account is called “customer-9”."],
            }
        }
    )
    received: int
    booked: int
    replayed: int
    waiting: int
    rejected: int
    empty: int
    reasons: list[str]

    @classmethod
    def of(cls, taken: Taken) -> Arrived:
        """What was taken as it is answered."""
        counts = {name: getattr(taken, name) for name in ("booked", "replayed", "waiting", "rejected", "empty")}
        return cls(received=sum(counts.values()), reasons=list(taken.reasons), **counts)


def take_from(here: Installation, caller: Caller, kind: Kind, events: Sequence[Event]) -> Taken:
    """Takes the events of a caller: by the source that her key is bound to, else her organization's own of this kind.

    A key that is bound to one account speaks of that account only.
    """
    source = source_for(here.store, caller.org_id, kind, caller.key_id, now=here.clock())
    return take(here.ledger, caller.org_slug, source, events, actor=caller.actor, only=caller.bound_to)
