"""The acts that are played alone, each through the verb of the ledger that an application or an administrator uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from creditbook.domain.errors import Conflict, InvalidRequest
from creditbook.domain.program import PromoTerms
from creditbook.ledger.ledger import Ledger

from .acts import (
    Act,
    Administer,
    Ask,
    Buy,
    Choose,
    CloseMonth,
    Drain,
    Earn,
    Give,
    GiveUp,
    MakeCode,
    Order,
    Pocket,
    Quarrel,
    Redeem,
    SignUp,
    TakeBack,
    Work,
)
from .clock import StoryClock


def key_of(key: str) -> str:
    """The idempotency key of an act."""
    return f"demo/{key}"


def figures_of(work: Work) -> dict[str, Any]:
    """What an agent did, as the ledger's verbs name it."""
    return {name: value for name, value in asdict(work).items() if value}


@dataclass
class Deeds:
    """Does one act at a time. Remembers holds, usages and grants by the keys of the acts that made them."""

    ledger: Ledger
    clock: StoryClock
    slug: str
    joined: Callable[[str], None]
    holds: dict[str, int] = field(default_factory=dict)
    usages: dict[str, int] = field(default_factory=dict)
    grants: dict[str, int] = field(default_factory=dict)
    purchases: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_type: dict[type[Act], Callable[[Any], None]] = {
            SignUp: self._sign_up, Give: self._give, Buy: self._buy, Order: self._order, Quarrel: self._quarrel,
            Choose: self._choose, Redeem: self._redeem, CloseMonth: self._close_month,
            Earn: self._earn, MakeCode: self._make_code, Ask: self._ask, Pocket: self._pocket,
            GiveUp: self._give_up, TakeBack: self._take_back, Administer: self._administer, Drain: self._drain,
        }  # fmt: skip

    def do(self, act: Act) -> None:
        """Do it. Raises what the ledger refuses."""
        self._by_type[type(act)](act)

    def name(self, account: str) -> str:
        """The account as the ledger's verbs write it."""
        return f"{self.slug}/{account}" if account else self.slug

    def _sign_up(self, act: SignUp) -> None:
        terms: dict[str, Any] = {"referred_by": act.referred_by} if act.referred_by else {}
        self.ledger.open_account(
            self.name(act.account), zone=act.zone, draws_on_pool=act.pool, quota=act.quota, actor="demo",
            idempotency_key=key_of(act.key), **terms,
        )  # fmt: skip
        if act.account:
            self.joined(act.account)

    def _give(self, act: Give) -> None:
        receipt = self.ledger.grant(
            self.name(act.account), act.tokens, reason=act.reason, wallet=act.wallet, grant_class=act.grant_class,
            kind=act.kind, label=act.label, expires_at=None if act.days is None else act.at + timedelta(days=act.days),
            actor=act.actor, idempotency_key=key_of(act.key),
        )  # fmt: skip
        self.grants[act.key] = receipt.lines[0].grant_id

    def _buy(self, act: Buy) -> None:
        receipt = self.ledger.sell(
            self.name(act.account), act.item, kind=act.kind, payment=f"receipt {act.key}", reason=act.reason,
            actor=act.actor, idempotency_key=key_of(act.key),
        )  # fmt: skip
        self.purchases[act.key] = receipt.purchase_id

    def _close_month(self, act: CloseMonth) -> None:
        try:
            self.ledger.close_month(self.slug, act.month, reason=f"The books of {act.month:%B}", actor=act.account)
        except (Conflict, InvalidRequest):
            return  # an interrupted demo that goes on finds it closed; before the first line there is nothing to close

    def _order(self, act: Order) -> None:
        self.ledger.open_purchase(
            self.name(act.account), act.item, kind=act.kind, actor=act.account, idempotency_key=key_of(act.key)
        )

    def _quarrel(self, act: Quarrel) -> None:
        name, terms = self.name(act.account), {"reason": act.reason, "actor": act.actor}
        key, purchase = key_of(act.key), self.purchases.get(act.of)
        if purchase is None:
            return  # nothing was bought
        if act.refund:
            self.ledger.refund_purchase(name, purchase, amount_minor=act.amount_minor, idempotency_key=key, **terms)
        else:
            self.ledger.dispute_purchase(name, purchase, "opened", idempotency_key=key, **terms)

    def _choose(self, act: Choose) -> None:
        if act.plan:
            self.ledger.change_plan(
                self.name(act.account), act.plan, actor=act.actor, idempotency_key=key_of(act.key)
            )  # fmt: skip
        else:
            self.ledger.cancel_plan(self.name(act.account), actor=act.actor, idempotency_key=key_of(act.key))

    def _redeem(self, act: Redeem) -> None:
        self.ledger.redeem(self.name(act.account), act.code, actor=act.account, idempotency_key=key_of(act.key))

    def _earn(self, act: Earn) -> None:
        self.ledger.reward(
            self.name(act.account), act.activity, reason=act.reason, actor=act.actor, idempotency_key=key_of(act.key)
        )

    def _make_code(self, act: MakeCode) -> None:
        # Making codes has no key; an interrupted demo that goes on finds the ones that it made.
        if any(row.batch == act.label for row in self.ledger.codes(self.slug)):
            return
        terms = PromoTerms(
            act.code, act.tokens, lifetime_days=act.lifetime_days, total_limit=act.total_limit, label=act.label
        )
        self.ledger.create_codes(
            self.slug, terms, count=act.count, batch=act.label, reason=act.reason, actor=act.account
        )

    def _ask(self, act: Ask) -> None:
        if any(one.account == act.account for one in self.ledger.approvals(self.slug)):
            return  # as above
        self.ledger.ask_grant(self.name(act.account), act.tokens, reason=act.reason, actor=act.actor)

    def _pocket(self, act: Pocket) -> None:
        self.ledger.open_wallet(
            self.name(act.account), act.wallet, tokens=act.tokens, expires_at=act.at + timedelta(days=act.days),
            reason=act.reason, actor=act.actor, idempotency_key=key_of(act.key),
        )  # fmt: skip

    def _give_up(self, act: GiveUp) -> None:
        if act.of in self.holds:
            self.ledger.void(self.name(act.account), self.holds[act.of], idempotency_key=key_of(act.key))

    def _take_back(self, act: TakeBack) -> None:
        terms: dict[str, Any] = {"reason": act.reason, "actor": act.actor, "idempotency_key": key_of(act.key)}
        if act.revoke and act.of in self.grants:
            self.ledger.revoke(self.name(act.account), self.grants[act.of], **terms)
        elif act.of in self.usages:
            self.ledger.refund(self.name(act.account), self.usages[act.of], **terms)

    def _administer(self, act: Administer) -> None:
        name = self.name(act.account)
        terms: dict[str, Any] = {"reason": act.reason, "actor": act.actor, "idempotency_key": key_of(act.key)}
        if act.what == "set_zone":
            self.ledger.set_zone(name, act.zone, **terms)
        elif act.what == "wallet_off":
            found = [one for one in self.ledger.balance(name).wallets if one.type == act.wallet]
            self.ledger.set_wallet_active(name, found[0].wallet_id, False, **terms)
        else:
            getattr(self.ledger, act.what)(name, **terms)

    def _drain(self, act: Drain) -> None:
        """In steps, so that a drain that was interrupted goes on from what is left."""
        for _ in range(1_000):
            left = self.ledger.balance(self.name(act.account), feature=act.feature or None).available
            if left is None or left <= act.leave:
                return
            tokens = min(left - act.leave, act.most)
            work = figures_of(act.work) | {"input_tokens": tokens * 3 // 5, "output_tokens": tokens - tokens * 3 // 5}
            if act.fixed:  # the model's tokens are what they are
                work = figures_of(act.work)
            self.ledger.spend(
                self.name(act.account), action=act.action, idempotency_key=key_of(f"{act.key}/{left}"), **work
            )  # fmt: skip
            self.clock.at += timedelta(seconds=20)
