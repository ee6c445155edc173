"""What the five programs' applications ask of one account, in their own words (PROGRAMS.md, CONTRACT.md).

Every answer is as of one instant, settled in memory and never on disk (rule 19). Tokens are whole; None is "unlimited".
Instants carry the offset of the account's zone. Any program may be asked any of them: nothing goes by a program's name.
"""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction

from creditbook.domain import terms
from creditbook.domain.balance import Balance, available_tokens
from creditbook.domain.calendar import local_date
from creditbook.domain.program import WalletType
from creditbook.domain.state import AccountStatus, Wallet
from creditbook.domain.units import whole_credits
from creditbook.store import reports_figures as rows
from creditbook.store.batch import BatchStore
from creditbook.store.directory import AccountRef
from creditbook.store.engine import Store

from .answers import (
    Analytics,
    CreditStatus,
    FeatureStats,
    ResetAnswer,
    Today,
    TokenFigures,
    WalletAnswer,
    WalletsAnswer,
)
from .settled import Settled, settled

ALLOWED = (WalletType.STANDARD, WalletType.MONTHLY)
"""Wallets that a plan fills; what a member may draw from her pool counts among them."""
BOUGHT = (WalletType.PREMIUM, WalletType.BONUS)
UNNAMED = "unknown"
"""What a model is called that nobody named."""


def token_figures(store: Store, batches: BatchStore, ref: AccountRef, now: datetime) -> TokenFigures:
    """The thirteen figures of an account."""
    found = settled(batches, ref, now)
    wallets = [wallet for wallet in found.account.wallets.values() if wallet.type in ALLOWED]
    running = [grant for wallet in wallets for grant in found.running(wallet)]
    with store.read(ref.org_id) as connection:
        used = rows.used(connection, ref.org_id, ref.account_id).net
        used += rows.drawn_from(connection, ref.org_id, ref.account_id)
        requests = rows.requests(connection, ref.org_id, ref.account_id)
        spent = sum(rows.spent_from(connection, ref.org_id, [grant.grant_id for grant in running]).values())
        bought = rows.added(connection, ref.org_id, ref.account_id, BOUGHT)
    remaining, allowance = found.balance.available, sum(grant.amount for grant in running)
    rolled, premium = _available(found.balance, WalletType.ROLLOVER), _available(found.balance, *BOUGHT)
    return TokenFigures(
        total_tokens=None if remaining is None else used + remaining,
        used_tokens=used,
        remaining_tokens=remaining,
        monthly_allowance=allowance,
        monthly_used=spent,
        # What is neither rolled over nor bought, what may be drawn from a pool too: the three add up to remaining.
        monthly_remaining=None if remaining is None else remaining - rolled - premium,
        monthly_used_percentage=_percentage(spent, allowance),
        premium_tokens=bought,
        premium_remaining=premium,
        rollover_tokens=rolled,
        month_reset_date=found.local(_next_reset(found)),
        total_requests=requests,
        requests_today=found.today_requests(),
    )


def analytics(store: Store, ref: AccountRef) -> Analytics:
    """What an account used and was given, ever."""
    org_id, account_id = ref.org_id, ref.account_id
    with store.read(org_id) as connection:
        used = rows.used(connection, org_id, account_id)
        return Analytics(
            total_tokens_used=used.net,
            total_tokens_added=rows.added(connection, org_id, account_id),
            total_transactions=rows.transactions(connection, org_id, account_id),
            agent_usage_breakdown=_nets(rows.used_by(connection, org_id, account_id, "agent")),
            model_usage_breakdown=_nets(rows.used_by(connection, org_id, account_id, "model")),
            cost_usd_nanos=used.cost_usd_nanos,
            cost_inr_nanos=used.cost_inr_nanos,
            average_tokens_per_request=float(round(Fraction(used.charged, used.usages), 2)) if used.usages else 0.0,
        )


def credit_status(store: Store, batches: BatchStore, ref: AccountRef, now: datetime) -> CreditStatus:
    """An account's credits and its subscription."""
    found = settled(batches, ref, now)
    plan, available = found.plan, found.balance.available
    payer = found.owners()[-1] if not found.account.plan else found.account
    until = terms.paid_until(found.book, payer)
    first = period_first(found)
    with store.read(ref.org_id) as connection:
        used = rows.used(connection, ref.org_id, ref.account_id).net
        month = rows.used(connection, ref.org_id, ref.account_id, first=first).net
    return CreditStatus(
        credits=None if available is None else whole_credits(available, found.program.unit),
        total_tokens=None if available is None else used + available,
        available_tokens=available,
        total_tokens_used=used,
        monthly_tokens_used=month,
        monthly_reset_date=found.local(_next_reset(found) or payer.term.ends_at),
        is_subscribed=plan.is_paid,
        subscription_tier=plan.slug,
        subscription_status=payer.term.status.value,
        subscription_ends_at=found.local(until),
    )


def feature_stats(store: Store, batches: BatchStore, ref: AccountRef, now: datetime) -> tuple[FeatureStats, ...]:
    """Every feature of the program, in its order, as the account (or the pool that it draws on) has it."""
    found = settled(batches, ref, now)
    by_feature: dict[str, list[Wallet]] = {one.spends_for: [] for one in found.program.actions.values()}
    for owner in found.owners():
        for wallet in owner.wallets.values():
            for feature in wallet.features or ():
                if wallet.every is not None:
                    by_feature.setdefault(feature, []).append(wallet)
    grants = {name: [g for one in wallets for g in found.running(one)] for name, wallets in by_feature.items()}
    with store.read(ref.org_id) as connection:
        spent = rows.spent_from(connection, ref.org_id, {g.grant_id for some in grants.values() for g in some})
    return tuple(
        FeatureStats(
            feature=name,
            balance=available_tokens(found.book, found.account, found.at, name),
            total_allocated=sum(grant.amount for grant in grants[name]),
            used=sum(spent.get(grant.grant_id, 0) for grant in grants[name]),
            refresh_date=found.local(min((w.period_ends_at for w in wallets if w.period_ends_at), default=None)),
        )
        for name, wallets in by_feature.items()
    )


def wallets_answer(batches: BatchStore, ref: AccountRef, now: datetime) -> WalletsAnswer:
    """Every wallet of an account, and whether the program's main work may start."""
    found = settled(batches, ref, now)
    return WalletsAnswer(
        balance=found.balance.available,
        can_create_project=_may_start(found),
        required_tokens=found.program.ready_tokens,
        wallets=tuple(
            WalletAnswer(
                wallet_id=wallet.wallet_id,
                balance_tokens=wallet.available if wallet.is_active else wallet.posted - wallet.held,
                wallet_type=wallet.type,
                is_active=wallet.is_active,
                expires_at=found.local(wallet.expires_at),
                last_token_reset=found.local(wallet.last_reset_at),
            )
            for wallet in found.balance.wallets
        ),
    )


def reset_answer(batches: BatchStore, ref: AccountRef, now: datetime) -> ResetAnswer:
    """Whether a reset of the account is due, and when the next one comes."""
    found = settled(batches, ref, now)
    return ResetAnswer(bool(found.due), found.due, found.local(found.balance.next_reset))


def today(store: Store, batches: BatchStore, ref: AccountRef, now: datetime) -> Today:
    """What is left, and what the account's local day has seen so far."""
    found = settled(batches, ref, now)
    day = local_date(found.at, found.account.zone)
    with store.read(ref.org_id) as connection:
        used = rows.used(connection, ref.org_id, ref.account_id, first=day, last=day).net
    return Today(found.balance.available, used, found.today_requests())


def _available(balance: Balance, *types: WalletType) -> int:
    return sum(wallet.available for wallet in balance.wallets if wallet.type in types)


def _next_reset(found: Settled) -> datetime | None:
    """The next reset of the account's own allowance, else of the pool's that it draws on."""
    if found.balance.next_reset is not None or found.account.pool_id is None:
        return found.balance.next_reset
    pool = found.book.accounts[found.account.pool_id]
    return min((wallet.period_ends_at for wallet in pool.wallets.values() if wallet.period_ends_at), default=None)


def period_first(found: Settled) -> date:
    """The local date on which the running period began: of the allowance, of the term, else of the calendar month."""
    begun = [wallet.period_first for wallet in found.account.wallets.values() if wallet.every and wallet.period_first]
    calendar = local_date(found.at, found.account.zone).replace(day=1)
    return found.account.term.first or max(begun, default=calendar)


def _may_start(found: Settled) -> bool:
    program, account = found.program, found.account
    action = program.actions.get(program.ready_action)
    feature = action.spends_for if action is not None else None
    if account.status is not AccountStatus.ACTIVE or not found.plan.allows(feature or ""):
        return False
    available = available_tokens(found.book, account, found.at, feature)
    return available is None or available >= program.ready_tokens


def _nets(found: dict[str, rows.Used]) -> dict[str, int]:
    return {name or UNNAMED: used.net for name, used in found.items()}


def _percentage(part: int, whole: int) -> float:
    return float(round(Fraction(100 * part, whole), 2)) if whole else 0.0
