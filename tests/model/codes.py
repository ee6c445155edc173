"""What is given against conditions in the model: promo codes, referrals, rewards (rule 32)."""

from __future__ import annotations

from datetime import date, datetime

from model.books import Account, Book, Code, Result, Use
from model.corrections import open_account_only
from model.days import local_date
from model.passing import repay, settle
from model.reading import remember
from model.sales import lifetime
from model.wallets import give, wallet_for

from creditbook.domain.errors import (
    AccountFrozen,
    AlreadyRedeemed,
    CodeNotRedeemable,
    InvalidRequest,
)
from creditbook.domain.program import Once, Paid, PromoTerms, WalletType


def normalized(code: str) -> str:
    return code.strip().casefold()


def create_code(book: Book, terms: PromoTerms) -> None:
    book.codes[normalized(terms.code)] = Code(terms)


def given(
    book: Book,
    account: Account,
    now: datetime,
    tokens: int,
    wallet: WalletType,
    days: int | None,
    features: frozenset[str] | None = None,
) -> Result:
    """A promotional grant, and what it repays."""
    into = wallet_for(book, account, wallet.value, features)
    grant = give(book, into, tokens, "promotional", now, lifetime(days, now))
    for each in book.cluster(account):
        repay(book, each)
    return Result("grant", tokens=tokens, grants=[grant], account=account)


def starts_something(account: Account) -> None:
    """Closed or frozen accounts start nothing (rule 26)."""
    open_account_only(account)
    if account.status == "frozen":
        raise AccountFrozen


def redeem(book: Book, account: Account, now: datetime, *, code: str) -> Result:
    starts_something(account)
    known = book.codes.get(normalized(code))
    today = local_date(now, book.zone)
    if known is None or known.disabled or not in_window(known.terms, today):
        raise CodeNotRedeemable
    terms = known.terms
    if known.redeemed.get(account.name, 0) >= terms.per_account:
        raise AlreadyRedeemed
    if terms.total_limit is not None and sum(known.redeemed.values()) >= terms.total_limit:
        raise CodeNotRedeemable
    if terms.plans is not None and book.plan_of(account).slug not in terms.plans:
        raise InvalidRequest("for other plans")
    if terms.first_purchase and any(s.account is account and s.was_paid for s in book.sales):
        raise InvalidRequest("for those who bought nothing yet")
    known.redeemed[account.name] = known.redeemed.get(account.name, 0) + 1
    return given(book, account, now, terms.tokens, terms.wallet, terms.lifetime_days, terms.features)


def in_window(terms: PromoTerms, today: date) -> bool:
    return (terms.valid_from or today) <= today <= (terms.valid_through or today)


def reward(book: Book, account: Account, now: datetime, *, activity: str) -> Result:
    starts_something(account)
    if activity not in book.program.rewards:
        raise InvalidRequest("no such reward")
    terms = book.program.rewards[activity]
    today = local_date(now, book.zone_of(account))
    period = {Once.EVER: None, Once.DAY: today, Once.MONTH: today.replace(day=1)}[terms.once]
    if (activity, period) in account.awards:
        raise AlreadyRedeemed
    account.awards.add((activity, period))
    return given(book, account, now, terms.tokens, terms.wallet, terms.lifetime_days)


def known_referrer(book: Book, friend: str, referrer: str | None) -> None:
    if referrer is not None and (referrer == friend or referrer not in book.accounts):
        raise InvalidRequest("unknown or oneself")


def refer(book: Book, friend: Account, referrer: str | None, now: datetime) -> None:
    """Remembers who brought a new account here; pays both at once where sign-up is what pays."""
    terms = book.program.referral
    if referrer is None or terms is None:
        return
    friend.referrer, friend.referral_waits = book.accounts[referrer], True
    if terms.when is Paid.SIGN_UP:
        pay_referral(book, friend, now)


def first_spend(book: Book, friend: Account, use: Use | None, action: str, now: datetime) -> None:
    """The friend's first charged use of the action that the program names pays both sides."""
    terms = book.program.referral
    if not friend.referral_waits or terms is None or terms.when is not Paid.FIRST_SPEND:
        return
    if use is not None and use.charged > 0 and terms.action in ("", action):
        pay_referral(book, friend, now)


def pay_referral(book: Book, friend: Account, now: datetime) -> None:
    """Each side by its own clock (rule 27): one family's never moves another's."""
    terms, referrer = book.program.referral, friend.referrer
    assert terms is not None
    assert referrer is not None
    friend.referral_waits = False
    for account, tokens in ((friend, terms.friend_tokens), (referrer, terms.referrer_tokens)):
        at = settle(book, account, now)
        if account.status != "closed" and tokens:
            given(book, account, at, tokens, terms.wallet, terms.lifetime_days)
            remember(book, book.cluster(account), at)
