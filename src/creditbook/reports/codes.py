"""Promo codes as administrators look at them: where each stands today, and who redeemed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from creditbook.access.values import Principal
from creditbook.domain.program import PromoTerms
from creditbook.store import promo
from creditbook.store.engine import Store
from creditbook.store.promo import CodeRow, RedemptionRow

Standing = Literal["open", "waiting", "ended", "exhausted", "disabled"]


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One code with where it stands today. ``given`` is whole tokens over all redemptions."""

    row: CodeRow
    standing: Standing

    @property
    def terms(self) -> PromoTerms:
        """What it gives, and to whom."""
        return self.row.terms

    @property
    def given(self) -> int:
        """Whole tokens that it has given."""
        return self.row.redeemed * self.terms.tokens

    @property
    def at_most(self) -> int | None:
        """Whole tokens that it can give in all; None where nothing bounds it."""
        return None if self.terms.total_limit is None else self.terms.total_limit * self.terms.tokens


def standing(row: CodeRow, today: date) -> Standing:
    """Where a code stands on this local day of its organization."""
    terms = row.terms
    if row.is_disabled:
        return "disabled"
    if terms.total_limit is not None and row.redeemed >= terms.total_limit:
        return "exhausted"
    if terms.valid_through is not None and terms.valid_through < today:
        return "ended"
    return "waiting" if terms.valid_from is not None and terms.valid_from > today else "open"


def codes(store: Store, who: Principal, now: datetime) -> list[CodeLine]:
    """Every code of her organization, newest first."""
    today = now.astimezone(ZoneInfo(who.org_zone or who.zone)).date()
    return [CodeLine(row, standing(row, today)) for row in promo.codes(store, who.org_id)]


def redeemers(store: Store, who: Principal, code_id: int) -> list[RedemptionRow]:
    """Who redeemed a code of her organization, latest first; the newest five hundred."""
    return promo.redemptions(store, who.org_id, code_id)
