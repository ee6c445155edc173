"""A call: operations of one organization that a caller wants decided together, and what became of each."""

from __future__ import annotations

import hashlib
import json
import os
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from creditbook.domain.errors import LedgerError
from creditbook.domain.journal import OwedReferral
from creditbook.domain.operations import Operation
from creditbook.domain.results import Result
from creditbook.domain.selling import PayReferrer

Outcome = Result | LedgerError


@dataclass(slots=True)
class Origin:
    """The request that a call is made for. ``span`` is the edge's own; ``days`` is filled at the commit: by account,
    the tokens that its local day has used (refunds off) and its live requests."""

    span: Any = None
    days: dict[int, tuple[int, int]] = field(default_factory=dict)


ORIGIN: ContextVar[Origin | None] = ContextVar("creditbook_origin", default=None)
"""Set where a request is answered: the calls made there carry it."""


@dataclass(slots=True)
class Call:
    """Operations of one organization with the family roots of their accounts; ``outcomes`` is filled at the commit.

    ``audit`` names the act for the audit log (rule 38) when this is an administrative one; ``shown`` its subject.
    ``audit_once`` names one that is a single act however many operations it takes, done to ``audit_subject``.
    ``origin`` is the request that it is made for, if any.
    """

    org_id: int
    operations: list[Operation]
    roots: dict[int, int]
    at: datetime
    audit: str = ""
    subjects: dict[int, str] = field(default_factory=dict)
    whole_families: bool = False
    new_accounts: tuple[tuple[int, int], ...] = ()
    outcomes: list[Outcome] = field(default_factory=list)
    audit_once: str = ""
    audit_subject: str = ""
    origin: Origin | None = field(default_factory=ORIGIN.get)


def new_key() -> str:
    """A key for a caller who named none: made before anything is sent."""
    return os.urandom(16).hex()


def referral_call(org_id: int, owed: OwedReferral, root_id: int, at: datetime) -> Call:
    """The payment of a referrer, under a key of the friend: however often it is sent, it is made once."""
    operation = PayReferrer(
        account_id=owed.referrer_id,
        key=f"referral/{owed.friend_id}",
        request_hash="",
        friend_id=owed.friend_id,
        tokens=owed.tokens,
    )
    return Call(org_id, [operation], {owed.referrer_id: root_id}, at)


def request_hash(verb: str, sent: dict[str, Any]) -> str:
    """The hash of what the caller sent: names and values, defaults left out (rule 16)."""
    said = {name: value for name, value in sent.items() if value is not None and value != ""}
    return hashlib.blake2b(_as_text([verb, said]).encode(), digest_size=16).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, frozenset | set | tuple):
        return sorted(value)
    return repr(value)


_as_text = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_plain).encode
