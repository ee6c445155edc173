"""The figures by an account's name, for applications: what `Ledger.figures` is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from creditbook.store.batch import BatchStore
from creditbook.store.directory import AccountRef
from creditbook.store.engine import Store

from . import figures
from .answers import Analytics, CreditStatus, FeatureStats, ResetAnswer, Today, TokenFigures, WalletsAnswer


class Figures:
    """What an application shows of an account, written `ORG/USERNAME`, as of now. Each raises `NotFound`."""

    def __init__(
        self, store: Store, batches: BatchStore, find: Callable[[str], AccountRef], now: Callable[[], datetime]
    ) -> None:
        self._store, self._batches, self._find, self._now = store, batches, find, now

    def tokens(self, account: str) -> TokenFigures:
        """The thirteen figures of a token balance."""
        return figures.token_figures(self._store, self._batches, self._find(account), self._now())

    def analytics(self, account: str) -> Analytics:
        """What was used and given, ever, by agent and by model."""
        return figures.analytics(self._store, self._find(account))

    def credits(self, account: str) -> CreditStatus:
        """Credits and subscription."""
        return figures.credit_status(self._store, self._batches, self._find(account), self._now())

    def features(self, account: str) -> tuple[FeatureStats, ...]:
        """Balance, allocation and refresh of every feature."""
        return figures.feature_stats(self._store, self._batches, self._find(account), self._now())

    def wallets(self, account: str) -> WalletsAnswer:
        """Every wallet, and whether the program's main work may start."""
        return figures.wallets_answer(self._batches, self._find(account), self._now())

    def reset(self, account: str) -> ResetAnswer:
        """Whether a reset is due, and when the next one comes."""
        return figures.reset_answer(self._batches, self._find(account), self._now())

    def today(self, account: str) -> Today:
        """What is left and what today has seen."""
        return figures.today(self._store, self._batches, self._find(account), self._now())
