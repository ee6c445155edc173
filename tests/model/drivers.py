"""Drives the real ledger on a real database through its public face; peeks at rows only to name and count them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from creditbook import Balance, open_ledger
from creditbook.domain.closing import next_month
from creditbook.domain.errors import InvalidRequest
from creditbook.domain.program import Program
from creditbook.reports.proof import prove
from creditbook.store import closing
from creditbook.store.tables.ledger import account, account_day, entry, ledger_transaction, token_grant, wallet

POSITIONAL = (
    "hold", "use", "grant", "type", "zone", "quota", "wallet_no", "active", "disputed", "sale", "what", "plan", "item",
    "code", "activity",
)  # fmt: skip
TWIN_VERBS = {"frozen": "freeze", "active": "unfreeze", "closed": "close_account"}
NEEDS_REASON = {
    "grant", "reset", "refund", "revoke", "expire", "dispute", "write_off", "open_wallet", "set_wallet_active",
    "set_zone", "set_quota", "set_status", "sell", "refund_purchase",
}  # fmt: skip


class LedgerDriver:
    """One open ledger; organizations of many runs live in it side by side."""

    has_past = True
    settles_terms = False  # the rows are as the last write left them

    def __init__(self, url: str, clock: Callable[[], datetime]) -> None:
        self.ledger = open_ledger(url, clock=clock)
        self.store = self.ledger.core.store

    def create_organization(self, slug: str, program: Program) -> None:
        self.ledger.create_organization(slug, program)

    def load_program(self, slug: str, program: Program) -> None:
        self.ledger.load_program(slug, program, reason="machine")

    def open_account(
        self,
        name: str,
        *,
        plan: str | None,
        zone: str | None = None,
        draws: bool = False,
        quota: int | None = None,
        referred_by: str | None = None,
    ) -> None:
        terms: dict[str, Any] = {"plan": plan or "", "zone": zone, "draws_on_pool": draws, "quota": quota}
        self.ledger.open_account(name, referred_by=referred_by, **terms)

    def do(self, verb: str, name: str, key: str | None = None, **terms: Any) -> Any:
        if verb == "set_status":
            return getattr(self.ledger, TWIN_VERBS[terms["status"]])(name, reason="machine", idempotency_key=key)
        if verb == "approved_grant":
            asked = self.ledger.ask_grant(name, reason="machine", actor="first", **terms)
            return self.ledger.approve(name.partition("/")[0], asked, actor="second")
        if verb == "reserve":
            verb = "hold"
        if verb == "pay_purchase":
            terms["provider"] = "manual"
        if verb in NEEDS_REASON or terms.get("at_once"):
            terms["reason"] = "machine"
        first = [terms.pop(k) for k in POSITIONAL if k in terms]
        if verb == "grant":
            first = [terms.pop("tokens")]
        return getattr(self.ledger, verb)(name, *first, idempotency_key=key, **terms)

    def spend_many(self, spends: list[tuple[str, dict[str, Any]]]) -> list[Any]:
        return self.ledger.spend_many([{"account": name, **terms} for name, terms in spends])

    def sweep(self, slug: str) -> None:
        report = self.ledger.sweep(slug)
        assert report.failed == 0

    def balance(self, name: str, feature: str | None = None, at: datetime | None = None) -> Balance:
        return self.ledger.balance(name, at=at, feature=feature)

    def rows(self, name: str, table: sa.Table, *columns: str, order: str) -> list[tuple[Any, ...]]:
        ref = self.ledger.core.account(name)
        asked = sa.select(*(table.c[c] for c in columns)).where(
            table.c.org_id == ref.org_id, table.c.account_id == ref.account_id
        )
        with self.store.read(ref.org_id) as connection:
            return [tuple(row) for row in connection.execute(asked.order_by(table.c[order]))]

    def term(self, name: str) -> dict[str, Any]:
        figures = (
            "plan", "term_status", "term_first", "term_next", "term_ends_at", "paid_ahead", "next_plan", "next_paid",
            "unpaid", "grace_ends_at",
        )  # fmt: skip
        row = self.rows(name, account, *figures, order="account_id")[0]
        return {figure.removeprefix("term_"): value for figure, value in zip(figures, row, strict=True)}

    def grants(self, name: str) -> list[tuple[Any, ...]]:
        columns = ("grant_id", "wallet_id", "class", "amount", "effective_at", "expires_at", "remaining", "held")
        return self.rows(name, token_grant, *columns, order="grant_id")

    def owed(self, name: str) -> list[int]:
        """What each grant's price has not earned yet, by its entries, in the order of the grants."""
        lines = self.rows(name, entry, "grant_id", "deferred_minor", order="grant_id")
        return [sum(n for of, n in lines if of == grant_id) for grant_id, *_ in self.grants(name)]

    def accounting_date(self, name: str, txn_id: int) -> date:
        found = dict(self.rows(name, ledger_transaction, "txn_id", "accounting_date", order="txn_id"))
        return found[txn_id]

    def close_months(self, slug: str) -> date | None:
        """Close every month that is over; returns the last closed day."""
        through = None
        with suppress(InvalidRequest):
            while True:
                org_id = self.ledger.core.organization(slug).org_id
                with self.store.read(org_id) as connection:
                    through = closing.closed_through(connection, org_id)
                    month = next_month(through, closing.first_booked(connection, org_id))
                self.ledger.close_month(slug, month or self.ledger.core.now().date(), reason="machine")
        return through

    def wallets(self, name: str) -> list[tuple[int, str, frozenset[str] | None]]:
        found = self.rows(name, wallet, "wallet_id", "type", "features", order="wallet_id")
        return [(number, kind, None if fits is None else frozenset(fits.split())) for number, kind, fits in found]

    def requests(self, name: str, day: date) -> int:
        found = {row[0]: row[1] for row in self.rows(name, account_day, "day", "requests", order="day")}
        return found.get(day, 0)

    def verify(self, slug: str) -> None:
        """Rule 37, every invariant of it."""
        broken = [finding for proof in prove(self.store, slug) for finding in proof.findings if finding.broken]
        assert not broken, broken

    def close(self) -> None:
        self.ledger.close()
