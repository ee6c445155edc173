"""Plays a story through the real ledger, its clock standing at each act's instant. Played again, it changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from creditbook.domain.errors import InsufficientTokens, LedgerError, Unavailable
from creditbook.ledger import holding, spending
from creditbook.ledger.core import Prepared
from creditbook.ledger.ledger import Ledger

from .acts import Act, Administer, Begin, Drain, Give, GiveUp, Part, SignUp, Story, TakeBack, Use, Work

TOGETHER = 64
WITHIN = timedelta(hours=4)
"""Acts of as many hours, and as many of them, share a transaction: a commit each would be most of the time."""


@dataclass
class StoryClock:
    """The ledger's clock while a story is played."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Player:
    """Plays one story. ``refusals`` counts what the ledger refused, as it would in life, by the error's name."""

    ledger: Ledger
    clock: StoryClock
    story: Story
    joined: Callable[[str], None] = lambda account: None
    refusals: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._holds: dict[str, int] = {}
        self._usages: dict[str, int] = {}
        self._grants: dict[str, int] = {}
        self._waiting: list[tuple[Use | Begin | Part, Prepared[Any]]] = []
        self._alone: dict[type[Act], Callable[[Any], None]] = {
            SignUp: self._sign_up, Give: self._give, GiveUp: self._give_up, TakeBack: self._take_back,
            Administer: self._administer, Drain: self._drain,
        }  # fmt: skip

    def play(self, act: Act) -> None:
        """One act at its instant. A refusal is part of the story; a database that does not answer is not."""
        if not self._may_join(act):
            self.flush()
        self.clock.at = act.at
        if isinstance(act, Use | Begin | Part):
            self._refusable(lambda: self._wait(act))
        else:
            self._refusable(lambda: self._alone[type(act)](act))

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

    def _name(self, act: Act) -> str:
        return f"{self.story.slug}/{act.account}"

    def _wait(self, act: Use | Begin | Part) -> None:
        prepared = self._prepare(act)
        if prepared is not None:
            self._waiting.append((act, prepared))

    def _prepare(self, act: Use | Begin | Part) -> Prepared[Any] | None:
        core, name, key = self.ledger.core, self._name(act), _key(act.key)
        if isinstance(act, Use):
            return spending.spend(core, name, action=act.action, idempotency_key=key, **_figures(act.work))
        if isinstance(act, Begin):
            return holding.hold(
                core, name, action=act.action, estimate=act.estimate, ttl=timedelta(minutes=act.minutes),
                project=act.project, idempotency_key=key,
            )  # fmt: skip
        if act.of not in self._holds:
            return None  # the work never began
        return holding.capture(
            core, name, self._holds[act.of], action=act.action, final=act.final, idempotency_key=key,
            **_figures(act.work),
        )  # fmt: skip

    def _finish(self, act: Use | Begin | Part, prepared: Prepared[Any]) -> None:
        try:
            result = prepared.finish(prepared.call.outcomes)
        except InsufficientTokens:
            pack = None if isinstance(act, Part) else act.if_short
            if pack is None:
                raise
            self.clock.at = act.at
            self._give(pack)
            self.clock.at += timedelta(minutes=3)
            again = self._prepare(act)
            assert again is not None
            self.ledger.core.executor.run([again.call])
            result = again.finish(again.call.outcomes)
        if isinstance(act, Begin):
            self._holds[act.key] = result.hold_id
        else:
            self._usages[act.key] = result.transaction_id

    def _sign_up(self, act: SignUp) -> None:
        self.ledger.open_account(
            self._name(act), plan=act.plan, zone=act.zone, actor="demo", idempotency_key=_key(act.key)
        )  # fmt: skip
        self.joined(act.account)

    def _give(self, act: Give) -> None:
        receipt = self.ledger.grant(
            self._name(act), act.tokens, reason=act.reason, wallet=act.wallet, grant_class=act.grant_class,
            kind=act.kind, label=act.label, expires_at=None if act.days is None else act.at + timedelta(days=act.days),
            price_minor=act.price_minor, currency=None if act.price_minor is None else self._currency,
            actor=act.actor, idempotency_key=_key(act.key),
        )  # fmt: skip
        self._grants[act.key] = receipt.lines[0].grant_id

    @property
    def _currency(self) -> str:
        return self.ledger.core.organization(self.story.slug).currency

    def _give_up(self, act: GiveUp) -> None:
        if act.of in self._holds:
            self.ledger.void(self._name(act), self._holds[act.of], idempotency_key=_key(act.key))

    def _take_back(self, act: TakeBack) -> None:
        terms: dict[str, Any] = {"reason": act.reason, "actor": act.actor, "idempotency_key": _key(act.key)}
        if act.revoke and act.of in self._grants:
            self.ledger.revoke(self._name(act), self._grants[act.of], **terms)
        elif act.of in self._usages:
            self.ledger.refund(self._name(act), self._usages[act.of], **terms)

    def _administer(self, act: Administer) -> None:
        terms: dict[str, Any] = {"reason": act.reason, "actor": act.actor, "idempotency_key": _key(act.key)}
        if act.what == "set_zone":
            self.ledger.set_zone(self._name(act), act.zone, **terms)
        else:
            getattr(self.ledger, act.what)(self._name(act), **terms)

    def _drain(self, act: Drain) -> None:
        """In steps, so that a drain that was interrupted goes on from what is left."""
        for number in range(1_000):
            left = self.ledger.balance(self._name(act)).available
            if left is None or left <= act.leave:
                return
            tokens = min(left - act.leave, act.most)
            work = _figures(act.work) | {"input_tokens": tokens * 3 // 5, "output_tokens": tokens - tokens * 3 // 5}
            if act.most == 1:  # a fixed price: the model's tokens are what they are
                work = _figures(act.work)
            self.ledger.spend(
                self._name(act), action=act.action, idempotency_key=_key(f"{act.key}/{left}"), **work
            )  # fmt: skip
            self.clock.at += timedelta(seconds=20)
            del number


def _key(key: str) -> str:
    return f"demo/{key}"


def _figures(work: Work) -> dict[str, Any]:
    return {name: value for name, value in asdict(work).items() if value}
