"""Plays a story through the real ledger, its clock standing at each act's instant. Played again, it changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from creditbook.domain.errors import InsufficientTokens, LedgerError, Unavailable
from creditbook.ledger import holding, spending
from creditbook.ledger.core import Prepared
from creditbook.ledger.ledger import Ledger

from .acts import Act, Begin, Part, Story, Use
from .clock import StoryClock
from .deeds import Deeds, figures_of, key_of

TOGETHER = 64
WITHIN = timedelta(hours=4)
"""Acts of as many hours, and as many of them, share a transaction: a commit each would be most of the time."""


@dataclass
class Player:
    """Plays one story. ``refusals`` counts what the ledger refused, as it would in life, by the error's name."""

    ledger: Ledger
    clock: StoryClock
    story: Story
    joined: Callable[[str], None] = lambda account: None
    refusals: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._deeds = Deeds(self.ledger, self.clock, self.story.slug, self.joined)
        self._waiting: list[tuple[Use | Begin | Part, Prepared[Any]]] = []

    def play(self, act: Act) -> None:
        """One act at its instant. A refusal is part of the story; a database that does not answer is not."""
        if not self._may_join(act):
            self.flush()
        self.clock.at = act.at
        if isinstance(act, Use | Begin | Part):
            self._refusable(lambda: self._wait(act))
        else:
            self._refusable(lambda: self._deeds.do(act))

    def flush(self) -> None:
        """Commits what waits, and lets whoever was short of tokens buy some and try again."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            self.ledger.core.executor.run([prepared.call for _, prepared in waiting])
        for act, prepared in waiting:
            self._refusable(lambda act=act, prepared=prepared: self._finish(act, prepared))  # type: ignore[misc]

    def _may_join(self, act: Act) -> bool:
        """Whether an act needs nothing that those who wait have not yet got."""
        if not self._waiting:
            return True
        if not isinstance(act, Use | Begin | Part) or len(self._waiting) >= TOGETHER:
            return False
        if act.at - self._waiting[0][0].at > WITHIN:
            return False
        mine = [waiting for waiting, _ in self._waiting if waiting.account == act.account]
        return not any(isinstance(one, Begin) or getattr(one, "if_short", None) for one in mine)

    def _refusable(self, what: Callable[[], None]) -> None:
        try:
            what()
        except Unavailable:
            raise
        except LedgerError as refusal:
            self.refusals[type(refusal).__name__] += 1

    def _wait(self, act: Use | Begin | Part) -> None:
        prepared = self._prepare(act)
        if prepared is not None:
            self._waiting.append((act, prepared))

    def _prepare(self, act: Use | Begin | Part) -> Prepared[Any] | None:
        core, name, key = self.ledger.core, self._deeds.name(act.account), key_of(act.key)
        if isinstance(act, Use):
            return spending.spend(
                core, name, action=act.action, idempotency_key=key, wallet=act.wallet or None,
                metadata=dict(act.reported) or None, **figures_of(act.work),
            )  # fmt: skip
        if isinstance(act, Begin):
            return holding.hold(
                core, name, action=act.action, estimate=act.estimate, ttl=timedelta(minutes=act.minutes),
                project=act.project, idempotency_key=key,
            )  # fmt: skip
        if act.of not in self._deeds.holds:
            return None  # the work never began
        return holding.capture(
            core, name, self._deeds.holds[act.of], action=act.action, final=act.final, idempotency_key=key,
            **figures_of(act.work),
        )  # fmt: skip

    def _finish(self, act: Use | Begin | Part, prepared: Prepared[Any]) -> None:
        try:
            result = prepared.finish(prepared.call.outcomes)
        except InsufficientTokens:
            pack = None if isinstance(act, Part) else act.if_short
            if pack is None:
                raise
            self.clock.at = act.at
            self._deeds.do(pack)
            self.clock.at += timedelta(minutes=3)
            again = self._prepare(act)
            assert again is not None
            self.ledger.core.executor.run([again.call])
            result = again.finish(again.call.outcomes)
        if isinstance(act, Begin):
            self._deeds.holds[act.key] = result.hold_id
        else:
            self._deeds.usages[act.key] = result.transaction_id
