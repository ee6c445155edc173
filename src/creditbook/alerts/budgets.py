"""An organization's budgets: set, ended, muted, and how each stands in its month."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from creditbook.access.values import Clock, Principal
from creditbook.domain import budgets as rules
from creditbook.domain.budgets import BudgetTerms, Scope, Standing
from creditbook.domain.errors import InvalidRequest, NotFound, Refused
from creditbook.settings import Settings
from creditbook.store import audit
from creditbook.store.engine import Store
from creditbook.store.finance import budgets as rows
from creditbook.store.finance.budgets import Connection, Row

from .channels import channel, shown

MOST_BUDGETS = 100
ROLES = ("finance", "admin")


@dataclass(frozen=True, slots=True)
class Told:
    """Something that was told of a budget in a month, or could not be: ``error`` is '' where it arrived."""

    month: date
    percent: int
    at: datetime
    error: str


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget as people see it: its terms, how it stands in the month that is looked at, and what was told of it.

    ``where`` is its channel without secrets ('' for none). ``unpriced`` requests of the month are not in its actual.
    """

    budget_id: int
    terms: BudgetTerms
    where: str
    is_on: bool
    created_at: datetime
    created_by: str
    ended_at: datetime | None
    standing: Standing
    unpriced: int
    told: tuple[Told, ...]


class Budgets:
    """The budgets of the signed-in person's organization. For finance and administrators: others are Refused."""

    def __init__(self, store: Store, who: Principal, settings: Settings, clock: Clock) -> None:
        if not who.has(*ROLES):
            raise Refused("Budgets are for finance and administrators.")
        self._store, self._who, self._settings, self._clock = store, who, settings, clock

    @property
    def today(self) -> date:
        """The organization's local date."""
        return self._clock().astimezone(ZoneInfo(self._who.org_zone or self._who.zone)).date()

    def listed(self, month: date | None = None) -> list[Budget]:
        """Budgets that hold in a month (its first day; None: the running one), oldest first. Ended ones are left out
        where they ended before it.
        """
        month, today, org_id = month or rules.month_of(self.today), self.today, self._who.org_id
        zone = ZoneInfo(self._who.org_zone or self._who.zone)
        with self._store.read(org_id) as connection:
            found = [row for row in reversed(rows.every(connection, org_id)) if _holds_in(row, month, zone)]
            told = rows.told(connection, org_id, month)
            return [self._shown(connection, row, month, today, told) for row in found]

    def preview(self, terms: BudgetTerms) -> Standing:
        """How a budget would stand this month, or in its own, if it were set now. Writes nothing."""
        org_id, about = self._who.org_id, (terms.scope.value, terms.subject)
        month = terms.month or rules.month_of(self.today)
        with self._store.read(org_id) as connection:
            return _standing(connection, org_id, about, terms.amount_nanos, terms.currency, month, self.today)

    def add(self, terms: BudgetTerms, where: str, *, reason: str) -> int:
        """A new budget; ``where`` '' tells nobody. Raises InvalidRequest: the sentence says what to write."""
        terms, org_id = terms.checked(), self._who.org_id
        if terms.month is not None and terms.month < rules.month_of(self.today):
            raise InvalidRequest("That month is over. A budget begins with the running month.")
        address = channel(where, self._settings, resolve=True).text if where.strip() else ""

        def write() -> int:
            with self._store.write(org_id) as connection:
                self._refuse_doubles(connection, terms)
                budget_id = rows.add(
                    connection, org_id, name=terms.name, scope=terms.scope.value, subject=terms.subject,
                    month=terms.month, amount_nanos=terms.amount_nanos, currency=terms.currency, channel=address,
                    created_at=self._clock(), created_by=self._who.user_name,
                )  # fmt: skip
                self._log(connection, "budget.set", terms.name, reason, after=_facts(budget_id, terms, where != ""))
                return budget_id

        return self._store.retrying(write)

    def end(self, budget_id: int, *, reason: str) -> None:
        """End a budget: it is watched no more, and its address is forgotten. What was told stays on record."""
        self._change(budget_id, "budget.end", reason, ended_at=self._clock(), channel="")

    def switch(self, budget_id: int, *, on: bool, reason: str) -> None:
        """Turn its alerts off or on. What was crossed meanwhile is told at the next check."""
        self._change(budget_id, "budget.alerts", reason, is_on=on)

    def _change(self, budget_id: int, act: str, reason: str, **columns: object) -> None:
        org_id = self._who.org_id

        def write() -> None:
            with self._store.write(org_id) as connection:
                row = rows.one(connection, org_id, budget_id)
                if row is None or not rows.change(connection, org_id, budget_id, **columns):
                    raise NotFound("This budget is not there any more.")
                kept = {name: value for name, value in columns.items() if name == "is_on"}
                self._log(connection, act, row.name, reason, before={"budget": budget_id}, after=kept)

        self._store.retrying(write)

    def _refuse_doubles(self, connection: Connection, terms: BudgetTerms) -> None:
        running = [row for row in rows.every(connection, self._who.org_id) if row.ended_at is None]
        if any(row.name.casefold() == terms.name.casefold() and row.month == terms.month for row in running):
            raise InvalidRequest(f"There is a budget “{terms.name}” already. Give this one another name.")
        if len(running) >= MOST_BUDGETS:
            raise InvalidRequest(f"There are {MOST_BUDGETS} budgets already. End one first.")

    def _log(self, connection: Connection, act: str, subject: str, reason: str, **more: dict[str, object]) -> None:
        audit.record(
            connection, self._who.org_id, at=self._clock(), actor=self._who.user_name, act=act, subject=subject,
            reason=reason, **more,
        )  # fmt: skip

    def _shown(self, connection: Connection, row: Row, month: date, today: date, told: Iterable[Row]) -> Budget:
        org_id, about = self._who.org_id, (row.scope, row.subject)
        return Budget(
            budget_id=row.budget_id,
            terms=terms_of(row),
            where=shown(row.channel, self._settings) if row.channel else "",
            is_on=bool(row.is_on),
            created_at=row.created_at,
            created_by=row.created_by,
            ended_at=row.ended_at,
            standing=stands(connection, row, month, today),
            unpriced=rows.unpriced(connection, org_id, *about, month, rules.last_of(month)),
            told=tuple(
                Told(one.month, one.percent, one.at, one.error)
                for one in told
                if one.budget_id == row.budget_id and one.month == month and one.step != rows.CLAIMED
            ),
        )


def stands(connection: Connection, row: Row, month: date, today: date) -> Standing:
    """How a budget's row stands in a month as of the organization's date."""
    about = (row.scope, row.subject)
    return _standing(connection, row.org_id, about, row.amount_nanos, row.currency, month, today)


def _standing(
    connection: Connection, org_id: int, about: tuple[str, str], amount: int, currency: str, month: date, today: date
) -> Standing:
    first, last = rules.looks_at(month, today)
    known = rows.known_since(connection, org_id, *about) or today
    costs = rows.costs(connection, org_id, *about, currency, first, last)
    return rules.standing(amount, month, today, costs, known)


def terms_of(row: Row) -> BudgetTerms:
    """What was set, from a budget's row."""
    return BudgetTerms(
        name=row.name, scope=Scope(row.scope), subject=row.subject, month=row.month,
        amount_nanos=row.amount_nanos, currency=row.currency,
    )  # fmt: skip


def _holds_in(row: Row, month: date, zone: ZoneInfo) -> bool:
    if row.month is not None and row.month != month:
        return False
    begins = rules.month_of(row.created_at.astimezone(zone).date())
    ends = None if row.ended_at is None else row.ended_at.astimezone(zone).date()
    return begins <= month and (ends is None or (ends > rules.last_of(month)))


def _facts(budget_id: int, terms: BudgetTerms, alerts: bool) -> dict[str, object]:
    return {
        "budget": budget_id,
        "scope": terms.scope.value,
        "subject": terms.subject,
        "month": None if terms.month is None else terms.month.isoformat(),
        "amount_nanos": terms.amount_nanos,
        "currency": terms.currency,
        "alerts": alerts,
    }
