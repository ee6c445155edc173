"""One of the five programs running in an organization of its own, through the public surface, on a clock tests move."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from support.ledgers import MovedClock

from creditbook import Ledger, open_ledger
from creditbook.access.values import Principal
from creditbook.programs import load_program
from creditbook.reports import figures, history
from creditbook.reports.proof import prove
from creditbook.store.directory import AccountRef


@dataclass
class Scenario:
    """A running program. Users are named without the organization; '' is the pool."""

    ledger: Ledger
    clock: MovedClock
    slug: str

    def name(self, user: str) -> str:
        """The account as the ledger's verbs write it."""
        return f"{self.slug}/{user}" if user else self.slug

    def ref(self, user: str) -> AccountRef:
        """The account's ids."""
        return self.ledger.core.account(self.name(user))

    def open(self, user: str, **terms: Any) -> str:
        """Open an account; returns its name."""
        self.ledger.open_account(self.name(user), **terms)
        return self.name(user)

    def at(self, year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> None:
        """Move the clock to an instant of UTC."""
        self.clock.at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)

    def left(self, user: str, feature: str | None = None) -> int | None:
        """What is available."""
        return self.ledger.balance(self.name(user), feature=feature).available

    def lines(self, user: str, size: int = 200) -> list[history.Line]:
        """The account's history, oldest first."""
        ref = self.ref(user)
        who = Principal(1, user, user, "user", ref.org_id, self.slug, "", "UTC", account_id=ref.account_id)
        return list(reversed(history.page(self.ledger.core.store, who, size=size).lines))

    def kinds(self, user: str) -> list[tuple[str, int]]:
        """Kind and signed tokens of every line, oldest first."""
        return [(line.kind, line.change) for line in self.lines(user)]

    def ask(self, question: Any, user: str) -> Any:
        """One of `reports.figures`' answers, now."""
        core = self.ledger.core
        if question is figures.analytics:
            return question(core.store, self.ref(user))
        if question in (figures.wallets_answer, figures.reset_answer):
            return question(core.batches, self.ref(user), self.clock())
        return question(core.store, core.batches, self.ref(user), self.clock())

    def prove(self) -> None:
        """The books are whole (rule 37)."""
        assert [f for proof in prove(self.ledger.core.store) for f in proof.findings if f.broken] == []


@contextmanager
def running(url: str, program: str, *, at: datetime, slug: str = "") -> Iterator[Scenario]:
    """A shipped program in a new organization; when the block ends, its books are proved."""
    clock = MovedClock(at)
    with open_ledger(url, clock=clock) as ledger:
        ledger.create_organization(slug or program, load_program(program))
        scenario = Scenario(ledger, clock, slug or program)
        yield scenario
        ledger.sweep()
        scenario.prove()
