"""The ledger and the model side by side: every verb on both, their answers compared, then their balances."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from model.books import Account, Grant, Hold, Use, Wallet
from model.model import Model
from model.reading import available

from creditbook.domain.errors import (
    AccountClosed,
    HoldAlreadyResolved,
    IdempotencyConflict,
    InsufficientTokens,
    InvalidRequest,
    LedgerError,
    LimitExceeded,
    NotFound,
)
from creditbook.domain.program import Program


class Clock:
    """The clock that both are handed."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Told:
    """A call made under a key, to be repeated later."""

    verb: str
    name: str
    key: str
    sent: dict[str, Any]
    model_sent: dict[str, Any]
    answer: Any


@dataclass
class Pair:
    driver: Any
    clock: Clock
    slug: str
    program: Program
    model: Model = field(default_factory=Model)
    names: list[str] = field(default_factory=list)
    uses: list[tuple[str, Use, int]] = field(default_factory=list)
    holds: list[tuple[str, Hold, int]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start = self.clock.now
        self.model.create_organization(self.slug, self.program)
        self.driver.create_organization(self.slug, self.program)

    @property
    def book(self) -> Any:
        return self.model.books[self.slug]

    def open_account(self, user: str, **terms: Any) -> str:
        name = f"{self.slug}/{user}" if user else self.slug
        self.model.open_account(name, self.clock.now, **terms)
        self.driver.open_account(name, **terms)
        self.names.append(name)
        return name

    def account(self, name: str) -> Account:
        return self.model.find(name)[1]

    def do(self, verb: str, name: str, key: str | None = None, **terms: Any) -> None:
        """One verb on both. Refusals must be the same refusal, with the same figures."""
        model_verb, model_terms = self.for_model(verb, terms)
        sent = self.for_ledger(name, terms)
        if sent is None:
            return
        expected = attempt(lambda: model_verb(name, key, model_terms))
        answer = attempt(lambda: self.driver.do(verb, name, key=key, **sent))
        if "grant" in sent and isinstance(answer, NotFound) and isinstance(expected, InvalidRequest | AccountClosed):
            return  # a grant with nothing left of it may be gone or be refused
        same_outcome(answer, expected)
        if isinstance(answer, LedgerError):
            return
        self.remember(name, answer, expected)
        self.same_remainder(name, answer)
        if key is not None:
            self.told.append(Told(verb, name, key, sent, model_terms, answer))

    def do_many(self, spends: list[tuple[str, dict[str, Any]]]) -> None:
        """One batch: decided in order, one refusal stops nobody else."""
        now = self.clock.now
        answers = self.driver.spend_many(spends)
        for (name, terms), answer in zip(spends, answers, strict=True):
            expected = attempt(lambda name=name, terms=terms: self.model.do("spend", name, now, **terms))
            same_outcome(answer, expected)
            if not isinstance(answer, LedgerError):
                self.remember(name, answer, expected)

    def for_model(self, verb: str, terms: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        now = self.clock.now
        special = {
            "set_status": lambda name, _key, t: self.set_status(name, t["status"]),
            "set_quota": lambda name, _key, t: self.model.set_quota(name, now, t["quota"]),
        }
        plain = lambda name, key, t: self.model.do(verb, name, now, key=key, **t)  # noqa: E731
        asked = {("wallet" if k == "wallet_no" else k): v for k, v in terms.items()}
        return special.get(verb, plain), asked

    def set_status(self, name: str, status: str) -> Any:
        if status == "closed":
            return self.model.close(name, self.clock.now)
        return self.model.freeze(name, self.clock.now, status == "frozen")

    def for_ledger(self, name: str, terms: dict[str, Any]) -> dict[str, Any] | None:
        """The model's own objects, named by the ledger's ids; None when the ledger has no such thing yet."""
        sent: dict[str, Any] = {}
        for k, v in terms.items():
            if isinstance(v, Grant):
                ids = [row[0] for row in self.driver.grants(name)]
                place = [g for g in self.book.made if g.account is v.account].index(v)
                if place >= len(ids):
                    return None
                sent[k] = ids[place]
            elif isinstance(v, Wallet):
                ids = self.driver.wallets(name)
                sent[k] = ids[self.book.wallets_of(v.account).index(v)]
            elif isinstance(v, Use):
                sent[k] = next(number for _, use, number in self.uses if use is v)
            elif isinstance(v, Hold):
                sent[k] = next(number for _, hold, number in self.holds if hold is v)
            else:
                sent[k] = v
        return sent

    def same_remainder(self, name: str, answer: Any) -> None:
        """When it was decided and what a receipt says is left; repayment of debts has a transaction of its own."""
        book, account = self.model.find(name)
        decided = getattr(answer, "effective_at", account.clock)
        assert answer.replayed or decided == account.clock, f"decided at: ledger {decided}, model {account.clock}"
        if book.debts:
            return
        left = None if book.unlimited(account) else available(book, account, None)
        assert answer.available == left, f"left on the receipt: ledger {answer.available}, model {left}"

    def remember(self, name: str, answer: Any, expected: Any) -> None:
        use, hold = getattr(expected, "use", None), getattr(expected, "hold", None)
        if use is not None and all(use is not known for _, known, _ in self.uses):
            self.uses.append((name, use, answer.transaction_id))
        if hold is not None and all(hold is not known for _, known, _ in self.holds):
            self.holds.append((name, hold, answer.hold_id))

    def repeat(self, told: Told) -> None:
        """The same call again answers as the first time and moves nothing."""
        answer = attempt(lambda: self.driver.do(told.verb, told.name, key=told.key, **told.sent))
        assert not isinstance(answer, LedgerError), f"replay of {told.verb} was refused: {answer!r}"
        assert answer.replayed
        for part in ("transaction_id", "hold_id", "charged", "tokens", "lines", "available", "effective_at", "status"):
            assert getattr(answer, part, None) == getattr(told.answer, part, None), part

    def conflict(self, told: Told) -> None:
        """The same key for another request is refused, whatever the request."""
        other = {"estimate": 77} if told.verb == "reserve" else {"tokens": 77}
        answer = attempt(lambda: self.driver.do(told.verb, told.name, key=told.key, **(told.sent | other)))
        assert isinstance(answer, IdempotencyConflict), answer

    def touch(self, name: str) -> None:
        """Makes both decide something as of now."""
        if self.account(name).status != "closed":
            self.do("spend", name, action="look", meter=True)

    def look_back(self, name: str, part: float) -> None:
        """Posted, held, blocked and debt as of an instant of the past, written down when it was the present."""
        now = self.clock.now
        at = self.start + (now - self.start) * part
        if not self.driver.has_past or at >= now:
            return
        seen = self.driver.balance(name, at=at)
        wanted = self.model.balance_as_of(name, now, at)
        assert (seen.posted, seen.held, seen.blocked, seen.debt) == wanted, (
            f"{name} as of {at}: ledger {seen}, model {wanted}"
        )

    def sweep(self) -> None:
        self.driver.sweep(self.slug)
        for name in self.names:
            self.model.settle(name, self.clock.now)


def attempt(call: Any) -> Any:
    try:
        return call()
    except LedgerError as refusal:
        return refusal


def same_outcome(answer: Any, expected: Any) -> None:
    if isinstance(answer, LedgerError) or isinstance(expected, LedgerError):
        if isinstance(answer, HoldAlreadyResolved) and isinstance(expected, InvalidRequest):
            return  # both are wrong with the call; which is said first is a matter of taste
        assert type(answer) is type(expected), f"ledger: {answer!r}\nmodel: {expected!r}"
        if isinstance(expected, InsufficientTokens):
            assert (answer.required, answer.available) == (expected.required, expected.available)
        if isinstance(expected, LimitExceeded):
            assert (answer.limit, answer.retry_after) == (expected.limit, expected.retry_after)
        return
    kind = getattr(expected, "kind", None)
    if kind == "usage":
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
    elif kind == "hold":
        assert (answer.held, answer.metered) == (sum(n for _, n in expected.lines), expected.metered)
    elif kind == "refund":
        assert answer.charged == expected.tokens
