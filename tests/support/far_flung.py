"""An organization whose days are hard to tell: it is in a half-hour zone with daylight saving, its accounts elsewhere.

A winter of usage around both changes of the clock, late events into closed months, refunds, a second organization with
the same names. And a judge that never saw a rollup: DuckDB over the raw transactions, converting zones by itself.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pandas as pd
import sqlalchemy as sa
from support.ledgers import PROGRAM, MovedClock

from creditbook import Ledger, open_ledger
from creditbook.access.values import Principal
from creditbook.domain.costs import CostCorrection
from creditbook.domain.operations import Cost
from creditbook.store.tables import ledger as tables

ZONE = "America/St_Johns"
ZONES = ("Asia/Kolkata", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", None)
AGENTS, MODELS, ACTIONS = ("srs", "code", ""), ("gpt-5", "claude-sonnet-4-5", "unheard-of-1", ""), ("work", "chat")
FIRST, LAST, CLOSED = datetime(2025, 10, 20, tzinfo=UTC), datetime(2026, 3, 20, tzinfo=UTC), date(2025, 12, 31)
EDGES = (datetime(2025, 11, 2, 4, 30, tzinfo=UTC), datetime(2026, 3, 8, 5, 30, tzinfo=UTC))
"""The instants at which Newfoundland turns its clocks."""


@dataclass
class FarFlung:
    """The organization, and what its raw transactions say. ``late_from`` is the first id booked after the close."""

    ledger: Ledger
    seed: int = 5
    late_from: int = 0
    judges: dict[str, duckdb.DuckDBPyConnection] = field(default_factory=dict)

    def fill(self, slug: str, many: int) -> None:
        """Usage before a close; usage, refunds and corrected costs after it."""
        chance = random.Random(self.seed)
        self.ledger.create_organization(slug, PROGRAM, zone=ZONE)
        names = [f"{slug}/user{n}" for n in range(len(ZONES))]
        for name, zone in zip(names, ZONES, strict=True):
            self.ledger.open_account(name, plan="monthly" if zone else "bare", zone=zone)
        booked = self._book(chance, names, many)
        org_id = self.ledger.core.organization(slug).org_id
        with self.ledger.core.store.write(org_id) as connection:
            o = tables.organization
            connection.execute(sa.update(o).where(o.c.org_id == org_id).values(closed_through=CLOSED))
        late = self._book(chance, names, many // 4)
        self.late_from = self.late_from or min(one.transaction_id for one in late)
        for one in chance.sample([one for one in booked if one.charged], 6):
            self.ledger.refund(one.account, one.transaction_id, tokens=1, reason="It failed")
        self._correct(slug, [one.transaction_id for one in chance.sample(booked, 20)])

    def _correct(self, slug: str, txn_ids: Sequence[int]) -> None:
        """Costs set right after the close: of usage that had a price, and of usage that had none."""
        costs = [Cost(usd_nanos=n * 1_001, inr_nanos=n * 83_007, price_version="by hand") for n in range(len(txn_ids))]
        corrections = [CostCorrection(txn_id, cost) for txn_id, cost in zip(txn_ids, costs, strict=True)]
        report = self.ledger.correct_costs(slug, corrections, reason="The price was wrong")
        assert report.corrected > 10

    def _book(self, chance: random.Random, names: Sequence[str], many: int) -> list[Any]:
        span = (LAST - FIRST) // timedelta(seconds=1)
        wanted = []
        for n in range(many):
            at = FIRST + timedelta(seconds=chance.randrange(span))
            if n % 5 == 0:
                at = chance.choice(EDGES) + timedelta(minutes=chance.randrange(-180, 180))
            account = chance.choice(names)
            wanted.append(
                {
                    "account": account,
                    "action": chance.choice(ACTIONS),
                    "meter": account.endswith("user4") or bool(chance.getrandbits(1)),
                    "agent": chance.choice(AGENTS),
                    "model": chance.choice(MODELS),
                    "event_at": at,
                    "input_tokens": chance.randrange(20),
                    "output_tokens": chance.randrange(20),
                    "idempotency_key": f"{account}-{n}-{at}",
                }
            )
        return [one for one in self.ledger.spend_many(wanted) if not isinstance(one, Exception)]

    def who(self, slug: str) -> Principal:
        """Its finance lead, whose own account is in another zone."""
        org = self.ledger.core.organization(slug)
        return Principal(1, "fay", "Fay", "finance", org.org_id, slug, org.name, "Asia/Tokyo", org_zone=org.zone)

    def read(self, slug: str) -> duckdb.DuckDBPyConnection:
        """DuckDB on the organization's raw transactions, the table `raw` with its own reading of their local dates."""
        if slug in self.judges:
            return self.judges[slug]
        org_id = self.ledger.core.organization(slug).org_id
        with self.ledger.core.store.read(org_id) as connection:
            t = tables.ledger_transaction
            frame = pd.DataFrame(connection.execute(sa.select(t).where(t.c.org_id == org_id)).mappings().all())
        frame["happened"] = pd.to_datetime(frame.event_at, utc=True).astype("datetime64[us, UTC]")
        frame = frame.drop(columns=[c for c in frame if c in ("metadata", "cost_parts") or str(c).endswith("_date")])
        judge = duckdb.connect()
        judge.register("txn", frame)
        judge.execute(_RAW.format(zone=ZONE, late=self.late_from, closed=CLOSED, opened=CLOSED + timedelta(days=1)))
        self.judges[slug] = judge
        return judge


_RAW = """
CREATE TABLE raw AS SELECT *,
  CASE WHEN txn_id >= {late} AND org_date <= DATE '{closed}' THEN DATE '{opened}' ELSE org_date END AS accounting_date
FROM (SELECT *, (happened AT TIME ZONE '{zone}')::DATE AS org_date, hour(happened AT TIME ZONE '{zone}') AS hour,
             account_id AS account, isodow(happened AT TIME ZONE '{zone}') - 1 AS weekday FROM txn)
WHERE kind IN ('usage', 'refund') OR (kind = 'adjustment' AND cost_usd_nanos IS NOT NULL)
"""


def far_flung(url: str, many: int = 240) -> FarFlung:
    """Both organizations, filled."""
    made = FarFlung(open_ledger(url, clock=MovedClock(datetime(2026, 3, 21, tzinfo=UTC))))
    for slug in ("rock", "other"):
        made.fill(slug, many if slug == "rock" else 30)
    return made
