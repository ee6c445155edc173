"""The ledger and the model side by side: every verb on both, their answers compared, then their balances."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from model.books import Account, Grant, Hold, Sale, Use, Wallet
from model.days import local_date
from model.model import Model
from model.outcomes import same_outcome
from model.reading import available

from creditbook.domain.errors import AccountClosed, IdempotencyConflict, InvalidRequest, LedgerError, NotFound
from creditbook.domain.program import Program

# What makes the same call another request, where that is not the number of tokens.
OTHERWISE: dict[str, dict[str, Any]] = {
    "reserve": {"estimate": 77},
    "change_plan": {"plan": "another"},
    "sell": {"item": "another"},
    "open_purchase": {"item": "another"},
    "refund_purchase": {"amount_minor": 1},
    "redeem": {"code": "another"},
    "reward": {"activity": "another"},
}


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
    sales: list[tuple[str, Sale, int]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    payments: int = 0

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

    def load_program(self, program: Program) -> None:
        """The program is edited: a new version, in force from now on."""
        self.model.load_program(self.slug, program, self.clock.now)
        self.driver.load_program(self.slug, program)

    def new_payment(self) -> str:
        """The provider's name of a payment that nobody has heard of."""
        self.payments += 1
        return f"{self.slug}-payment-{self.payments}"

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
        self.same_books(name, answer, terms.get("event_at"))
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
                alike = [w for w in self.book.wallets_of(v.account) if (w.type, w.features) == (v.type, v.features)]
                ids = [number for number, *pocket in self.driver.wallets(name) if pocket == [v.type, v.features]]
                if alike.index(v) >= len(ids):
                    return None
                sent[k] = ids[alike.index(v)]
            elif isinstance(v, Use):
                sent[k] = next(number for _, use, number in self.uses if use is v)
            elif isinstance(v, Sale):
                sent[k] = next(number for _, sale, number in self.sales if sale is v)
            elif isinstance(v, Hold):
                sent[k] = next(number for _, hold, number in self.holds if hold is v)
            else:
                sent[k] = v
        return sent

    def same_remainder(self, name: str, answer: Any) -> None:
        """When it was decided, and what is left after all that it set off: repaid debts, a referral's gift."""
        book, account = self.model.find(name)
        decided = getattr(answer, "effective_at", account.clock)
        assert answer.replayed or decided == account.clock, f"decided at: ledger {decided}, model {account.clock}"
        left = None if book.unlimited(account) else available(book, account, None)
        assert answer.available == left, f"left on the receipt: ledger {answer.available}, model {left}"

    def same_books(self, name: str, answer: Any, event_at: datetime | None) -> None:
        """The date under which the books count it, once a month is closed."""
        if self.book.closed_through is None or answer.replayed or not hasattr(answer, "transaction_id"):
            return
        wanted = self.book.accounting_date(event_at or answer.effective_at)
        found = self.driver.accounting_date(name, answer.transaction_id)
        assert found == wanted, f"booked on: ledger {found}, model {wanted}"

    def close_months(self) -> None:
        """Close every month that is over, where anything is booked in any of them."""
        self.sweep()
        over = local_date(self.clock.now, self.book.zone).replace(day=1) - timedelta(days=1)
        through = self.driver.close_months(self.slug)
        assert through in {over, self.book.closed_through}, f"closed through {through}, model {over}"
        self.book.closed_through = through

    def remember(self, name: str, answer: Any, expected: Any) -> None:
        use, hold = getattr(expected, "use", None), getattr(expected, "hold", None)
        if use is not None and all(use is not known for _, known, _ in self.uses):
            self.uses.append((name, use, answer.transaction_id))
        sale = getattr(expected, "sale", None)
        if sale is not None and all(sale is not known for _, known, _ in self.sales):
            self.sales.append((name, sale, answer.purchase_id))
        if hold is not None and all(hold is not known for _, known, _ in self.holds):
            self.holds.append((name, hold, answer.hold_id))

    def repeat(self, told: Told) -> None:
        """The same call again answers as the first time and moves nothing."""
        answer = attempt(lambda: self.driver.do(told.verb, told.name, key=told.key, **told.sent))
        assert not isinstance(answer, LedgerError), f"replay of {told.verb} was refused: {answer!r}"
        assert answer.replayed
        for part in ("transaction_id", "transaction_ids", "hold_id", "purchase_id", "charged", "tokens", "lines",
                     "available", "effective_at", "status", "plan", "next_plan", "trouble"):  # fmt: skip
            assert getattr(answer, part, None) == getattr(told.answer, part, None), part

    def conflict(self, told: Told) -> None:
        """The same key for another request is refused, whatever the request."""
        wanted = OTHERWISE.get(told.verb, {"tokens": 77})
        other = {term: value + 1 if told.sent.get(term) == value else value for term, value in wanted.items()}
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
