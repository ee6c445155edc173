"""A ledger with `acme/asha` (elsewhere `crm-1`) and `acme/ben`, and events that arrive for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from support.ledgers import NOON, MovedClock, a_ledger

from creditbook import Ledger
from creditbook.access import console
from creditbook.access.values import Principal
from creditbook.sources.settings import Terms, save_source, source_for
from creditbook.sources.taking import take
from creditbook.sources.values import Event, Source, Taken
from creditbook.store import sources as rows
from creditbook.store.tables.ledger import ledger_transaction
from creditbook.store.tables.sources import COUNTS

FIELDS: dict[str, Any] = {"model": "gpt-4o", "input_tokens": 1_000, "output_tokens": 100}


def event(name: str = "e1", who: str | None = "asha", **changes: Any) -> Event:
    """One call of a model a minute ago."""
    told = {} if who is None else {"subject": who, "team": "red"}
    return replace(Event(name, NOON - timedelta(minutes=1), dict(FIELDS), told), **changes)


@dataclass
class Arrivals:
    """What tests of sources do: set one up, let events arrive, look at what came of it."""

    ledger: Ledger
    clock: MovedClock
    boss: Principal
    source: Source

    @property
    def store(self) -> Any:
        return self.ledger.core.store

    def set(self, **terms: Any) -> Source:
        """Change the source's settings."""
        one = self.source
        now = {n: getattr(one, n) for n in ("name", "kind", "mode", "unknown", "who", "mapping", "fixed", "is_on")}
        self.source = save_source(self.store, self.boss, self.clock, Terms(**{**now, **terms}),
                                  source_id=one.source_id, reason="test")  # fmt: skip
        return self.source

    def take(self, *events: Event, only: str | None = None) -> Taken:
        return take(self.ledger, "acme", self.source, events, actor="key:test", only=only)

    def usage(self, who: str = "asha") -> list[Any]:
        """The account's usage lines, oldest first."""
        ref = self.ledger.core.account(f"acme/{who}")
        t = ledger_transaction.c
        query = sa.select(ledger_transaction).where(
            t.org_id == ref.org_id, t.account_id == ref.account_id, t.kind == "usage"
        )
        with self.store.read(ref.org_id) as connection:
            return list(connection.execute(query.order_by(t.txn_id)))

    def counts(self) -> dict[str, int]:
        """All days of the source together, what is 0 left out."""
        with self.store.read(self.boss.org_id) as connection:
            row = rows.totals(connection, self.boss.org_id)[self.source.source_id]
        found = {name: int(getattr(row, name)) for name in COUNTS}
        return {name: number for name, number in found.items() if number}

    def open(self) -> list[Any]:
        """What waits or was rejected."""
        with self.store.read(self.boss.org_id) as connection:
            return list(rows.open_events(connection, self.boss.org_id, self.source.source_id))


def arrivals_at(url: str, **program: Any) -> Arrivals:
    """An organization with two accounts, one of them with tokens, and a source of CloudEvents."""
    clock = MovedClock()
    ledger = a_ledger(url, clock, **program)
    ledger.open_account("acme/asha", external_id="crm-1")
    ledger.open_account("acme/ben")
    ledger.grant("acme/asha", 1_000, reason="to spend")
    org = ledger.core.organization("acme")
    boss = console(org.org_id, org.slug, org.name, org.zone)
    source = source_for(ledger.core.store, org.org_id, "cloudevents", None, clock())
    return Arrivals(ledger, clock, boss, source)
