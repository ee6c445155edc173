"""A plain-Python model of SEMANTICS, written from SEMANTICS alone: the second opinion on every figure.

It lives through every boundary at its own instant and keeps everything in lists. `Model` is its public face:
organizations by slug, one method for all verbs, keys as in rule 16.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from model import admin, codes, corrections, holds, plans, sales
from model.books import Account, Book, Result
from model.passing import anything_due, settle
from model.reading import Past, as_of, balance, remember

from creditbook.domain.errors import IdempotencyConflict
from creditbook.domain.program import Program

VERBS: dict[str, Callable[..., Any]] = {
    "spend": holds.spend,
    "reserve": holds.reserve,
    "capture": holds.capture,
    "void": holds.void,
    "grant": admin.grant,
    "approved_grant": partial(admin.grant, approved_by="second"),
    "reset": admin.reset,
    "refund": corrections.refund,
    "revoke": corrections.revoke,
    "expire": corrections.expire,
    "dispute": corrections.dispute,
    "write_off": corrections.write_off,
    "open_wallet": admin.add_wallet,
    "set_wallet_active": admin.set_wallet_active,
    "set_zone": admin.set_zone,
    "change_plan": plans.change_plan,
    "cancel_plan": plans.cancel_plan,
    "open_purchase": sales.open_purchase,
    "sell": sales.open_purchase,
    "pay_purchase": sales.pay_purchase,
    "fail_purchase": sales.fail_purchase,
    "refund_purchase": sales.refund_purchase,
    "dispute_purchase": sales.dispute_purchase,
    "redeem": codes.redeem,
    "reward": codes.reward,
}


@dataclass
class Model:
    books: dict[str, Book] = field(default_factory=dict)

    def create_organization(self, slug: str, program: Program, zone: str | None = None) -> Book:
        since = datetime.min.replace(tzinfo=UTC)
        book = self.books[slug] = Book(slug, program, zone or program.zone, versions=[(since, program)])
        for terms in program.promo_codes.values():
            codes.create_code(book, terms)
        return book

    def load_program(self, slug: str, program: Program, now: datetime) -> None:
        """A new version, in force from now on."""
        book = self.books[slug]
        book.versions.append((now, program))
        book.program = program

    def find(self, name: str) -> tuple[Book, Account]:
        slug, _, user = name.partition("/")
        return self.books[slug], self.books[slug].accounts[user]

    def open_account(self, name: str, now: datetime, *, referred_by: str | None = None, **terms: Any) -> Account:
        slug, _, user = name.partition("/")
        book = self.books[slug]
        codes.known_referrer(book, user, referred_by)
        at = book.clock_of(book.pool, now) if terms.get("draws") and book.pool is not None else now
        account = admin.open_account(book, user, at, **terms)
        settle(book, account, at)
        codes.refer(book, account, referred_by, now)
        remember(book, book.cluster(account), at)
        return account

    def do(self, verb: str, name: str, now: datetime, key: str | None = None, **terms: Any) -> Any:
        """Performs one verb and returns its result, or raises its refusal. Keys are asked first (rule 5)."""
        book, account = self.find(name)
        at = settle(book, account, now)
        asked = (name, sorted((k, id(v) if hasattr(v, "no") else v) for k, v in terms.items()))
        if key is not None and (verb, key) in book.keys:
            first, result = book.keys[verb, key]
            if first != asked:
                raise IdempotencyConflict
            return result
        result = VERBS[verb](book, account, at, **terms)
        if key is not None:
            book.keys[verb, key] = (asked, result)
        if verb in {"spend", "capture"}:
            action = terms.get("action") or result.hold.action
            codes.first_spend(book, account, result.use, action, now)
        self.note(book, account, at)
        return result

    def freeze(self, name: str, now: datetime, frozen: bool) -> Result:
        book, account = self.find(name)
        at = settle(book, account, now)
        result = admin.set_status(account, "frozen" if frozen else "active")
        self.note(book, account, at)
        return result

    def close(self, name: str, now: datetime) -> Result:
        book, account = self.find(name)
        at = settle(book, account, now)
        result = admin.close_account(book, account)
        self.note(book, account, at)
        return result

    def set_quota(self, name: str, now: datetime, quota: int | None) -> None:
        book, account = self.find(name)
        settle(book, account, now)
        corrections.open_account_only(account)
        account.quota = quota

    @staticmethod
    def note(book: Book, account: Account, at: datetime) -> None:
        book.grants = [g for g in book.grants if g.dead is None or g.remaining]
        remember(book, book.cluster(account), at)

    def settled(self, name: str, at: datetime, now: datetime | None = None) -> tuple[Book, Account, datetime]:
        """The books as they stand at ``at``, lived on in a copy where something is due (rule 19).

        What lies after ``now`` is a projection (rule 27); without it ``at`` is the present.
        """
        book, account = self.find(name)
        instant = book.clock_of(account, at)
        if anything_due(book, account, at):
            book = book.twin()
            account = book.accounts[account.name]
            book.paid_after = None if now is None else book.clock_of(account, now)
            settle(book, account, at)
        return book, account, instant

    def balance(
        self, name: str, at: datetime, feature: str | None = None, now: datetime | None = None
    ) -> dict[str, Any]:
        book, account, instant = self.settled(name, at, now)
        return balance(book, account, instant, feature)

    def balance_as_of(self, name: str, now: datetime, at: datetime) -> Past:
        """Posted, held, blocked and debt at an instant of the past."""
        book, account, _ = self.settled(name, now)
        return as_of(book, account, at)

    def settle(self, name: str, now: datetime) -> None:
        book, account = self.find(name)
        settle(book, account, now)
