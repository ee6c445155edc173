"""Which usage of an organization is wanted: days, names, and by which of its two dates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

Basis = Literal["event", "accounting"]
"""By when it happened (`org_date`), or by the day that the books use (`accounting_date`, rule 34)."""

Named = Literal["agent", "model", "feature", "plan"]
Dimension = Literal["org_date", "hour", "weekday_hour", "agent", "model", "feature", "plan", "account"]
NAMED: tuple[Named, ...] = ("agent", "model", "feature", "plan")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Usage of these days of the organization, both included; an empty list lets every name, or account, pass.

    '' among the names is what was not named. With basis ``accounting`` the days are accounting dates: a correction of
    a closed month counts on the day on which it was booked.
    """

    first: date
    last: date
    agents: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    accounts: tuple[int, ...] = ()
    basis: Basis = "event"

    @property
    def is_filtered(self) -> bool:
        """Whether any name is left out; accounts are asked apart."""
        return bool(self.agents or self.models or self.features or self.plans)

    def names(self, dimension: Named) -> tuple[str, ...]:
        """The names that pass in a dimension; none means all."""
        found: tuple[str, ...] = getattr(self, f"{dimension}s")
        return found

    def on(self, first: date, last: date | None = None) -> Wanted:
        """The same of one day, or of these days, no more than it had."""
        return replace(self, first=max(self.first, first), last=min(self.last, last or first))

    def moved(self, first: date, last: date) -> Wanted:
        """The same names on other days."""
        return replace(self, first=first, last=last)

    def of(self, dimension: Named, *names: str) -> Wanted:
        """The same of these names alone."""
        narrowed: dict[str, Any] = {f"{dimension}s": names}
        return replace(self, **narrowed)

    def only(self, *account_ids: int) -> Wanted:
        """The same of these accounts alone."""
        return replace(self, accounts=account_ids)
