"""Whether the ledger's answer to one call is the model's: the same figures, or the same refusal."""

from __future__ import annotations

from typing import Any

from model.books import Account
from model.plans import lower_ahead, next_plan

from creditbook.domain.errors import (
    AlreadyRedeemed,
    CodeNotRedeemable,
    HoldAlreadyResolved,
    InsufficientTokens,
    InvalidRequest,
    LedgerError,
    LimitExceeded,
)


def same_outcome(answer: Any, expected: Any) -> None:
    if isinstance(answer, LedgerError) or isinstance(expected, LedgerError):
        same_refusal(answer, expected)
        return
    compare = {"usage": same_usage, "hold": same_hold, "refund": same_refund, "plan": same_plan}
    compare["purchase"] = same_purchase
    how = compare.get(getattr(expected, "kind", ""))
    if how is not None:
        how(answer, expected)


def same_refusal(answer: Any, expected: Any) -> None:
    if isinstance(answer, HoldAlreadyResolved) and isinstance(expected, InvalidRequest):
        return  # both are wrong with the call; which is said first is a matter of taste
    if isinstance(answer, AlreadyRedeemed | CodeNotRedeemable) and isinstance(
        expected, AlreadyRedeemed | CodeNotRedeemable
    ):
        return  # both may hold of one code
    assert type(answer) is type(expected), f"ledger: {answer!r}\nmodel: {expected!r}"
    if isinstance(expected, InsufficientTokens):
        assert (answer.required, answer.available) == (expected.required, expected.available)
    if isinstance(expected, LimitExceeded):
        found, wanted = (answer.limit, answer.retry_after), (expected.limit, expected.retry_after)
        assert found == wanted, f"ledger: {found}\nmodel: {wanted}"


def same_usage(answer: Any, expected: Any) -> None:
    found = (
        answer.charged, answer.debt, answer.late_capture, bool(answer.would_refuse),
        [-line.amount for line in answer.lines],
    )  # fmt: skip
    wanted = (
        expected.charged, expected.owed, expected.late, bool(expected.refused),
        [n for _, n in expected.lines],
    )  # fmt: skip
    assert found == wanted, f"ledger: {found}\nmodel: {wanted}"
    assert expected.refused is not None or answer.metered == expected.metered, answer


def same_hold(answer: Any, expected: Any) -> None:
    assert (answer.held, answer.metered) == (sum(n for _, n in expected.lines), expected.metered)


def same_refund(answer: Any, expected: Any) -> None:
    assert answer.charged == expected.tokens


def same_plan(answer: Any, expected: Any) -> None:
    account: Account = expected.account
    term = account.term
    found = (answer.what, answer.plan, answer.status, answer.next_plan, answer.term_ends_at, answer.paid_ahead)
    wanted = (
        expected.what, account.plan, term.status, next_plan(account), term.ends_at,
        term.ahead.count(account.plan or ""),
    )  # fmt: skip
    assert answer.replayed or found == wanted, f"ledger: {found}\nmodel: {wanted}"
    assert lower_ahead(account) == [] or answer.next_plan


def same_purchase(answer: Any, expected: Any) -> None:
    sale = expected.sale
    found = (answer.status, answer.item, answer.price_minor, answer.tax_minor, answer.currency)
    wanted = (sale.status, sale.item, sale.price, sale.tax, sale.currency)
    assert answer.replayed or found == wanted, f"ledger: {found}\nmodel: {wanted}"
    if sale.refunded == 0:  # once money went back, whether somebody has to look again is the ledger's affair
        assert bool(answer.trouble) == sale.trouble, answer
    assert sale.kind != "package" or answer.tokens == sale.tokens
