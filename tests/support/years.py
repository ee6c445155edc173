"""A year of a shop, by chance but the same for one seed: bought, used, given back, disputed, repriced, closed."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from support.closing import close, rows
from support.ledgers import MovedClock

from creditbook import Ledger
from creditbook.domain.closing import next_month
from creditbook.domain.costs import CostCorrection
from creditbook.domain.errors import InvalidRequest, LedgerError
from creditbook.domain.operations import Cost
from creditbook.store import closing
from creditbook.store.tables.ledger import ledger_transaction, purchase, token_grant

t, p, g = ledger_transaction.c, purchase.c, token_grant.c
FIRST = datetime(2026, 1, 3, 20, 0, tzinfo=UTC)  # the small hours of 4 January in Kolkata
WHO = ("acme/asha", "acme/ravi", "acme/mia")


class Year:
    """Steps of a year on an open shop. What the ledger refuses is refused, as in life."""

    def __init__(self, ledger: Ledger, clock: MovedClock, seed: int) -> None:
        self.ledger, self.clock = ledger, clock
        self.chance = random.Random(seed)
        self.number = 0
        clock.at = FIRST
        for who, plan in zip(WHO, ("bare", "daily", "monthly"), strict=True):
            ledger.open_account(who, plan=plan)

    def live(self, months: int, steps: int, closed: Callable[[], None]) -> None:
        """So many months with so many steps each; each month is closed some days into the next one."""
        acts = [
            self.buy, self.buy, self.work, self.work, self.work, self.work, self.late_work, self.refund, self.refund,
            self.money_back, self.dispute, self.plan, self.renew, self.change, self.gift, self.take_back, self.reprice,
        ]  # fmt: skip
        for month in range(months):
            for step in range(steps):
                self.clock.forward(hours=30 * 24 / steps * self.chance.uniform(0.6, 1.3))
                with suppress(LedgerError):
                    self.chance.choice(acts)()
                if step == steps // 3 and month:
                    self._close_what_is_over()
                    closed()

    def _close_what_is_over(self) -> None:
        org_id = self.ledger.core.organization("acme").org_id
        with suppress(InvalidRequest):  # the month that runs
            while True:
                with self.ledger.core.store.read(org_id) as connection:
                    through, first = (
                        closing.closed_through(connection, org_id),
                        closing.first_booked(connection, org_id),
                    )
                month = next_month(through, first)
                assert month is not None
                close(self.ledger, f"{month:%Y-%m}")

    def _who(self) -> str:
        return self.chance.choice(WHO)

    def _key(self) -> str:
        self.number += 1
        return f"step-{self.number}"

    def _pick(self, query: sa.Select[tuple[int, str]]) -> tuple[int, str]:
        """One row's id and its account."""
        found = rows(self.ledger, query)
        if not found:
            raise LedgerError("Nothing there.")
        number, account_id = self.chance.choice(found)
        return number, self._names()[account_id]

    def _names(self) -> dict[int, str]:
        return {self.ledger.core.account(who).account_id: who for who in WHO}

    def buy(self) -> None:
        item = self.chance.choice(["starter", "big"])
        self.ledger.sell(self._who(), item, reason="cash", actor="fiona", idempotency_key=self._key())

    def work(self) -> None:
        model = self.chance.choice(["", "m-new", "gpt-4o"])
        self.ledger.spend(
            self._who(), action="work", tokens=self.chance.randint(1, 130), model=model,
            input_tokens=self.chance.randint(0, 900), idempotency_key=self._key(),
        )  # fmt: skip

    def late_work(self) -> None:
        event_at = self.clock.at - timedelta(days=self.chance.randint(0, 70))
        self.ledger.spend(
            self._who(), action="work", tokens=self.chance.randint(1, 30), model="m-new", input_tokens=50,
            event_at=event_at, idempotency_key=self._key(),
        )  # fmt: skip

    def refund(self) -> None:
        used = sa.select(t.txn_id, t.account_id).where(t.kind == "usage", t.charged > 0)
        usage, who = self._pick(used)
        tokens = self.chance.choice([None, self.chance.randint(1, 40)])
        self.ledger.refund(who, usage, tokens=tokens, reason="It failed", idempotency_key=self._key())

    def money_back(self) -> None:
        number, who = self._pick(sa.select(p.purchase_id, p.account_id).where(p.status == "granted"))
        part = self.chance.choice([None, self.chance.randint(1, 9_000)])
        self.ledger.refund_purchase(who, number, amount_minor=part, reason="They asked", idempotency_key=self._key())

    def dispute(self) -> None:
        number, who = self._pick(sa.select(p.purchase_id, p.account_id).where(p.status.in_(["granted", "disputed"])))
        what = self.chance.choice(["opened", "won", "lost"])
        self.ledger.dispute_purchase(who, number, what, reason="The bank says so", idempotency_key=self._key())

    def plan(self) -> None:
        item = self.chance.choice(["monthly", "pro"])
        self.ledger.sell(self._who(), item, kind="plan", reason="cash", actor="fiona", idempotency_key=self._key())

    def renew(self) -> None:
        self.ledger.sell(self._who(), "", kind="renewal", reason="cash", actor="fiona", idempotency_key=self._key())

    def change(self) -> None:
        plan, at_once = self.chance.choice(["daily", "monthly", "bare"]), self.chance.random() < 0.3
        self.ledger.change_plan(self._who(), plan, at_once=at_once, reason="They asked", actor="fiona")

    def gift(self) -> None:
        ends = self.clock.at + timedelta(days=self.chance.randint(1, 40))
        self.ledger.grant(self._who(), self.chance.randint(1, 60), expires_at=ends, reason="a gift", actor="fiona")

    def take_back(self) -> None:
        left = sa.select(g.grant_id, g.account_id).where(g.remaining > 0, g.source == "grant")
        grant, who = self._pick(left)
        self.ledger.revoke(who, grant, reason="A mistake", actor="fiona")

    def reprice(self) -> None:
        wanted = sa.select(t.txn_id).where(t.kind == "usage", t.model == "m-new").order_by(t.txn_id.desc()).limit(12)
        usage = [row[0] for row in rows(self.ledger, wanted)]
        usd = self.chance.randint(1, 5_000)
        cost = Cost(usd_nanos=usd, inr_nanos=usd * 83, parts={"input": usd}, price_version=f"list {self._key()}")
        self.ledger.correct_costs("acme", [CostCorrection(one, cost) for one in usage], reason="The list came")
