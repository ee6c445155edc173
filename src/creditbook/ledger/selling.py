"""The part of the public face that sells and gives: purchases, codes, rewards, approvals, and what they would do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from creditbook.domain.operations import Operation
from creditbook.domain.program import PromoTerms
from creditbook.domain.results import Receipt
from creditbook.store.approvals import Approval
from creditbook.store.promo import CodeRow, RedemptionRow

from . import approving, previewing, promo, purchasing, redeeming, rewarding
from .core import Core, acommits, commits, in_thread
from .previewing import Preview


class Selling:
    """Verbs of `Ledger` around sales, for threads."""

    core: Core

    open_purchase = commits(purchasing.open_purchase)
    sell = commits(purchasing.sell)
    pay_purchase = commits(purchasing.pay_purchase)
    name_purchase = commits(purchasing.name_purchase)
    fail_purchase = commits(purchasing.fail_purchase)
    refund_purchase = commits(purchasing.refund_purchase)
    dispute_purchase = commits(purchasing.dispute_purchase)
    redeem = commits(redeeming.redeem)
    reward = commits(rewarding.reward)

    def create_codes(
        self,
        org: str,
        terms: PromoTerms,
        *,
        reason: str,
        count: int = 1,
        batch: str = "",
        actor: str = "",
        idempotency_key: str | None = None,
    ) -> list[str]:
        """Make one promo code or many; see `promo.create_codes`."""
        return promo.create_codes(
            self.core, org, terms, reason=reason, count=count, batch=batch, actor=actor, idempotency_key=idempotency_key
        ).codes

    def disable_code(self, org: str, code: str, *, reason: str, disabled: bool = True, actor: str = "") -> None:
        """Let a code be redeemed no more, or again; see `promo.disable_code`."""
        promo.disable_code(self.core, org, code, reason=reason, disabled=disabled, actor=actor)

    def codes(self, org: str) -> list[CodeRow]:
        """Every promo code of an organization, newest first."""
        return promo.codes(self.core, org)

    def redemptions(self, org: str, code: str) -> list[RedemptionRow]:
        """Who redeemed a code, latest first."""
        return promo.redemptions(self.core, org, code)

    def ask_grant(
        self,
        account: str,
        tokens: int,
        *,
        reason: str,
        actor: str,
        wallet: str = "BONUS",
        wallet_id: int | None = None,
        grant_class: str = "promotional",
        expires_at: datetime | date | None = None,
        features: Iterable[str] | None = None,
        label: str = "",
    ) -> int:
        """Ask a second administrator for a grant; see `approving.ask_grant`."""
        return approving.ask_grant(
            self.core, account, tokens, reason=reason, actor=actor, wallet=wallet, wallet_id=wallet_id,
            grant_class=grant_class, expires_at=expires_at, features=features, label=label,
        )  # fmt: skip

    def approve(self, org: str, approval_id: int, *, actor: str, note: str = "") -> Receipt:
        """Give the grant that another administrator asked for; see `approving.approve`."""
        return approving.approve(self.core, org, approval_id, actor=actor, note=note)

    def decline(self, org: str, approval_id: int, *, actor: str, note: str) -> None:
        """Refuse the grant that was asked for; see `approving.decline`."""
        approving.decline(self.core, org, approval_id, actor=actor, note=note)

    def approvals(self, org: str) -> list[Approval]:
        """Every grant that waits for a second administrator, oldest first."""
        return approving.waiting(self.core, org)

    def preview(self, account: str, operation: Operation) -> Preview:
        """What an operation would do; see `previewing.preview`."""
        return previewing.preview(self.core, account, operation)

    def plan_change_preview(self, account: str, plan: str, *, at_once: bool = False) -> Preview:
        """What moving to another plan would do."""
        return previewing.plan_change_preview(self.core, account, plan, at_once=at_once)

    def purchase_preview(self, account: str, item: str, kind: str = "package") -> Preview:
        """What a purchase would cost, and do once it is paid."""
        return previewing.purchase_preview(self.core, account, item, kind)


class AsyncSelling:
    """Verbs of `AsyncLedger` around sales: the same, awaited."""

    open_purchase = acommits(purchasing.open_purchase)
    sell = acommits(purchasing.sell)
    pay_purchase = acommits(purchasing.pay_purchase)
    name_purchase = acommits(purchasing.name_purchase)
    fail_purchase = acommits(purchasing.fail_purchase)
    refund_purchase = acommits(purchasing.refund_purchase)
    dispute_purchase = acommits(purchasing.dispute_purchase)
    reward = acommits(rewarding.reward)
    redeem = in_thread(Selling.redeem)
    create_codes = in_thread(Selling.create_codes)
    disable_code = in_thread(Selling.disable_code)
    codes = in_thread(Selling.codes)
    redemptions = in_thread(Selling.redemptions)
    ask_grant = in_thread(Selling.ask_grant)
    approve = in_thread(Selling.approve)
    decline = in_thread(Selling.decline)
    approvals = in_thread(Selling.approvals)
    preview = in_thread(Selling.preview)
    plan_change_preview = in_thread(Selling.plan_change_preview)
    purchase_preview = in_thread(Selling.purchase_preview)
