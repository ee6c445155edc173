"""One line of the list of deeds: who asked for what, when, and whether it was done."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class Deed:
    at: datetime
    program: str
    account: str  # '' is the organization's pool
    what: str
    terms: dict[str, Any] = field(default_factory=dict)
    refused: str = ""  # the refusal's name; '' when it was done
    charged: int = 0
