"""Answers of the API as the library's own values. What a newer server says beside them is left alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

from creditbook.client.calls import Answer
from creditbook.client.refusals import refusal
from creditbook.domain.balance import Balance, WalletBalance
from creditbook.domain.errors import LedgerError
from creditbook.domain.results import Done, HoldReceipt, Line, Receipt

T = TypeVar("T")
_INSTANTS = frozenset({"at", "effective_at", "ends_at", "next_reset", "last_reset_at", "expires_at"})


def _value(cls: Callable[..., T], body: dict[str, Any], **made: Any) -> T:
    """A frozen value of ours from the members of the same names."""
    names = [one.name for one in fields(cls) if one.name not in made]  # type: ignore[arg-type]
    said = {name: _instant(body[name]) if name in _INSTANTS else body[name] for name in names}
    return cls(**said, **made)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def receipt_of(body: dict[str, Any]) -> Receipt:
    """A charge, a grant or a refund."""
    return _value(Receipt, body, lines=tuple(Line(*(one[name] for name in Line._fields)) for one in body["lines"]))


def receipt(answer: Answer) -> Receipt:
    """The one receipt of an answer."""
    return receipt_of(answer.body)


def outcomes(answer: Answer) -> list[Receipt | LedgerError]:
    """What became of each of a batch, in the order in which they were sent."""
    return [
        refusal(one["problem"]["status"], one["problem"]) if one["receipt"] is None else receipt_of(one["receipt"])
        for one in answer.body["results"]
    ]


def hold(answer: Answer) -> HoldReceipt:
    """A hold as it stands after the call."""
    return _value(HoldReceipt, answer.body)


def balance(answer: Answer) -> Balance:
    """All five figures, and every wallet."""
    wallets = (
        _value(WalletBalance, one, features=None if one["features"] is None else frozenset(one["features"]))
        for one in answer.body["wallets"]
    )
    return _value(Balance, answer.body, wallets=tuple(wallets))


def opened(answer: Answer) -> Done:
    """An account that was opened."""
    return _done(answer.body, "opened")


def changed(answer: Answer) -> Done:
    """An account that was changed."""
    return _done(answer.body, answer.body["what"])


def _done(said: dict[str, Any], what: str) -> Done:
    wrote = tuple(said["transaction_ids"])
    return Done(said["account"], what, wrote, None, said["balance"]["available"], said["replayed"])


def redeemed(answer: Answer) -> Receipt:
    """What a promo code gave."""
    return receipt_of(answer.body["receipt"])


def was_reset(answer: Answer) -> Done:
    """Allowances that began anew; what is left stands in the answer's headers."""
    said, left = answer.body, answer.headers.get("x-tokens-remaining", "unlimited")
    available = None if left == "unlimited" else int(left)
    return Done(said["account"], "reset", tuple(said["transaction_ids"]), None, available, said["replayed"])


def codes(answer: Answer) -> list[str]:
    """The codes that were made."""
    return [str(code) for code in answer.body["codes"]]
