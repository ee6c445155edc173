"""The part of the public face that keeps the books: costs corrected, months closed, accounts of the journal named."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from creditbook.domain.closing import ClosedMonth
from creditbook.domain.costs import CostCorrection

from . import account_codes, closing, correcting
from .core import Core, in_thread
from .correcting import CorrectionReport


class Bookkeeping:
    """Verbs of `Ledger` around the books, for threads."""

    core: Core

    def correct_costs(
        self,
        org: str,
        corrections: Iterable[CostCorrection],
        *,
        reason: str,
        actor: str = "",
        progress: Callable[[int], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> CorrectionReport:
        """Book what usage costs by prices known only now, beside it; see `correcting.correct_costs`."""
        return correcting.correct_costs(
            self.core, org, corrections, reason=reason, actor=actor, progress=progress, stop=stop
        )

    def close_month(
        self,
        org: str,
        month: date,
        *,
        reason: str,
        actor: str = "",
        progress: Callable[[int, int], None] | None = None,
    ) -> ClosedMonth:
        """Close a month's books for good: its figures are frozen; see `closing.close_month`."""
        return closing.close_month(self.core, org, month, reason=reason, actor=actor, progress=progress)

    def set_account_code(self, org: str, role: str, code: str, name: str = "", *, reason: str, actor: str = "") -> None:
        """Name an account of the journal as the accounting system does; see `account_codes.set_account_code`."""
        account_codes.set_account_code(self.core, org, role, code, name, reason=reason, actor=actor)


class AsyncBookkeeping:
    """Verbs of `AsyncLedger` around the books: the same, awaited."""

    correct_costs = in_thread(Bookkeeping.correct_costs)
    close_month = in_thread(Bookkeeping.close_month)
    set_account_code = in_thread(Bookkeeping.set_account_code)
