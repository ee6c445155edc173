"""Rewards for activities, and referrals that pay both sides once (rule 32)."""

from __future__ import annotations

from datetime import date

from .context import Desk
from .errors import AlreadyRedeemed, InvalidRequest
from .giving import give, lifetime
from .granting import wallet_for
from .journal import OwedReferral, Transaction
from .limits import refuse_closed, refuse_idle
from .operations import Operation
from .program import GrantClass, Once, Paid, Referral, Reward, WalletType
from .sales import Award
from .selling import GiveReward, PayReferrer
from .state import Account, Grant

FOR_EVER = date.min
FRIEND = "referral:friend"


def give_reward(desk: Desk, account: Account, operation: GiveReward) -> Transaction:
    """Give the reward of an activity, once per account and period (its own local day or month).

    Raises `InvalidRequest` for an activity without a reward, `AlreadyRedeemed` when she has had it.
    """
    refuse_idle(account)
    rewards = desk.book.program.rewards
    reward = rewards.get(operation.activity)
    if reward is None:
        known = ", ".join(rewards) or "none"
        raise InvalidRequest(f"This program has no reward for “{operation.activity}”. It rewards: {known}.")
    name, period = f"reward:{reward.slug}", _period(desk, account, reward)
    if (account.account_id, name, period) in desk.book.awards:
        again = {Once.EVER: "once", Once.DAY: "once a day", Once.MONTH: "once a month"}[reward.once]
        raise AlreadyRedeemed(f"“{reward.title}” is rewarded {again}, and was.")
    txn, grant = give(
        desk,
        account,
        operation,
        wallet_for(desk, account, reward.wallet),
        reward.tokens,
        kind="reward",
        grant_class=GrantClass.PROMOTIONAL,
        expires_at=lifetime(desk, reward.lifetime_days),
        label=reward.title,
        metadata={"activity": reward.slug},
    )
    _award(desk, account, name, period, txn, grant)
    return txn


def _period(desk: Desk, account: Account, reward: Reward) -> date:
    today = desk.today(account)
    return {Once.EVER: FOR_EVER, Once.DAY: today, Once.MONTH: today.replace(day=1)}[reward.once]


def _award(desk: Desk, account: Account, name: str, period: date, txn: Transaction, grant: Grant) -> None:
    desk.book.awards.add((account.account_id, name, period))
    desk.journal.awards.append(Award(account.account_id, name, period, txn.txn_id, grant.grant_id, desk.now))


def join(desk: Desk, account: Account, referrer_id: int | None, operation: Operation) -> None:
    """Note who brought a new account here, and pay at once where the program pays at sign-up."""
    if referrer_id is None:
        return
    referral = desk.book.program.referral
    account.referrer_id, account.referral_waits = referrer_id, referral is not None
    if referral is not None and referral.when is Paid.SIGN_UP:
        _pay_friend(desk, account, referral, operation)


def after_work(desk: Desk, account: Account, txn: Transaction, operation: Operation) -> None:
    """A friend's first charged work of the kind that the program asks for pays both sides."""
    referral = desk.book.program.referral
    if referral is None or referral.when is not Paid.FIRST_SPEND or txn.charged == 0:
        return
    if referral.action in ("", txn.action):
        _pay_friend(desk, account, referral, operation)


def _pay_friend(desk: Desk, account: Account, referral: Referral, operation: Operation) -> None:
    """Pay the friend in her own transaction; the referrer, another family's account, is owed hers from now on."""
    assert account.referrer_id is not None
    account.referral_waits = False
    desk.book.quiet_until = None  # the grant may end before anything else does
    desk.journal.touched_accounts[account.account_id] = account
    if referral.friend_tokens:
        given = _give(desk, account, referral, referral.friend_tokens, account.referrer_id, operation)
        _award(desk, account, FRIEND, FOR_EVER, *given)
    if referral.referrer_tokens:
        owed = OwedReferral(account.account_id, account.referrer_id, referral.referrer_tokens, desk.now)
        desk.journal.owed_referrals.append(owed)


def pay_referrer(desk: Desk, account: Account, operation: PayReferrer) -> Transaction:
    """Give the referrer her side, once per friend. A closed one gets nothing."""
    refuse_closed(account)
    name = f"referral:{operation.friend_id}"
    if operation.friend_id == account.account_id:
        raise InvalidRequest("Nobody refers herself.")
    if (account.account_id, name, FOR_EVER) in desk.book.awards:
        raise AlreadyRedeemed("This referral was paid before.")
    terms = desk.book.program.referral
    given = _give(desk, account, terms, operation.tokens, operation.friend_id, operation)
    _award(desk, account, name, FOR_EVER, *given)
    return given[0]


def _give(
    desk: Desk, account: Account, terms: Referral | None, tokens: int, other_id: int, operation: Operation
) -> tuple[Transaction, Grant]:
    """One side's tokens; the wallet and lifetime are the program's of now."""
    return give(
        desk,
        account,
        operation,
        wallet_for(desk, account, terms.wallet if terms else WalletType.BONUS),
        tokens,
        kind="referral",
        grant_class=GrantClass.PROMOTIONAL,
        expires_at=lifetime(desk, terms.lifetime_days if terms else None),
        label="Referral",
        metadata={"other_account": other_id},
    )
