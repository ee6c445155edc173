"""The clock of a story: it stands at each act's instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass
class StoryClock:
    """The ledger's clock while a story is played."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at
