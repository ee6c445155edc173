"""What a caller gets back, and how the first result of a key is kept for its replays (rule 16)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple


class Line(NamedTuple):
    """One grant that moved: signed tokens and what remained of it."""

    grant_id: int
    wallet: str
    amount: int
    remaining_after: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one transaction did. Whole tokens; ``available`` None means unlimited.

    ``charged`` is what was charged (a refund: given back), ``tokens`` the signed change of the grants, ``debt`` what
    became debt of it. ``would_refuse`` names the refusal that shadow enforcement let pass.
    """

    transaction_id: int
    account: str
    kind: str
    charged: int
    tokens: int
    metered: bool
    available: int | None
    debt: int
    lines: tuple[Line, ...]
    effective_at: datetime
    hold_id: int | None = None
    late_capture: bool = False
    would_refuse: str | None = None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class HoldReceipt:
    """A hold as it stood after the call. ``held`` is what it reserves; ``available`` what is left beside it."""

    hold_id: int
    account: str
    status: str
    estimate: int
    held: int
    captured: int
    ends_at: datetime
    available: int | None
    metered: bool
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """An act that moves no tokens, or several times: the transactions it wrote and, where it opened one, the wallet."""

    account: str
    what: str
    transaction_ids: tuple[int, ...] = ()
    wallet_id: int | None = None
    available: int | None = None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class PlanReceipt:
    """An account's plan as it stood after a change. ``what`` says what the change did, as `plans.PlanEvent.what`.

    ``next_plan`` is what waits for ``paid_until`` ('' for nothing), the end of the terms paid ahead too (the grace's
    end, where the term is unpaid); ``available`` None means unlimited.
    """

    account: str
    what: str
    plan: str
    status: str
    next_plan: str
    term_ends_at: datetime | None
    paid_ahead: int
    available: int | None
    transaction_ids: tuple[int, ...] = ()
    paid_until: datetime | None = None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class PurchaseReceipt:
    """A purchase as it stood after the call. Money is in minor units; ``tokens`` is what it gave or will give.

    ``trouble`` says why a paid one could not be granted.
    """

    purchase_id: int
    account: str
    kind: str
    item: str
    status: str
    tokens: int
    price_minor: int
    tax_minor: int
    currency: str
    available: int | None
    transaction_ids: tuple[int, ...] = ()
    trouble: str = ""
    replayed: bool = False


Result = Receipt | HoldReceipt | Done | PlanReceipt | PurchaseReceipt
_KINDS: dict[str, type[Any]] = {"r": Receipt, "h": HoldReceipt, "d": Done, "p": PlanReceipt, "b": PurchaseReceipt}
_INSTANTS = {"ends_at", "term_ends_at", "paid_until"}
_json = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_MARKS = {cls: mark for mark, cls in _KINDS.items()}


def encode(result: Result) -> str:
    """The result as JSON text, for `operation_key.result`."""
    if type(result) is Receipt:
        values: Any = [
            result.transaction_id, result.account, result.kind, result.charged, result.tokens, result.metered,
            result.available, result.debt, result.lines, result.effective_at.isoformat(), result.hold_id,
            result.late_capture, result.would_refuse,
        ]  # fmt: skip
        return _json(["r", values])
    body = asdict(result)
    for name in _INSTANTS & body.keys():
        body[name] = body[name].isoformat() if body[name] is not None else None
    return _json([_MARKS[type(result)], body])


def decode(text: str) -> Result:
    """The first result again, marked as replayed."""
    mark, body = json.loads(text)
    if mark == "r":
        body[8] = tuple(Line(*line) for line in body[8])
        body[9] = datetime.fromisoformat(body[9])
        return replace(Receipt(*body), replayed=True)
    body["replayed"] = True
    for name in _INSTANTS & body.keys():
        body[name] = datetime.fromisoformat(body[name]) if body[name] is not None else None
    if "transaction_ids" in body:
        body["transaction_ids"] = tuple(body["transaction_ids"])
    found: Result = _KINDS[mark](**body)
    return found
