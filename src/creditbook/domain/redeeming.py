"""Promo codes: who may redeem one, and what that gives (rule 32)."""

from __future__ import annotations

from datetime import date

from .calendar import local_date
from .context import Desk
from .errors import AlreadyRedeemed, CodeNotRedeemable, InvalidRequest
from .giving import give, lifetime
from .granting import wallet_for
from .journal import Transaction
from .limits import refuse_idle
from .program import GrantClass, PromoTerms
from .sales import PromoCode, Redemption
from .selling import Redeem
from .state import Account


def normalized(code: str) -> str:
    """A code as it is kept and looked up: without blanks around it, and case makes no difference."""
    return code.strip().casefold()


def redeem(desk: Desk, account: Account, operation: Redeem) -> Transaction:
    """Redeem a code for an account.

    Raises `CodeNotRedeemable`, in one wording, for a code that is unknown, disabled, not in its window or exhausted,
    whoever asks; then `AlreadyRedeemed`; then `InvalidRequest` with the condition that the account does not meet.
    """
    refuse_idle(account)
    promo = desk.book.codes.get(operation.code)
    if promo is None or not _is_open(promo, local_date(desk.now, desk.book.org_zone)):
        raise CodeNotRedeemable
    terms, number = promo.terms, promo.by_account.get(account.account_id, 0) + 1
    if number > terms.per_account:
        times = "before" if terms.per_account == 1 else f"{terms.per_account} times, as often as it can be"
        raise AlreadyRedeemed(f"You have redeemed this code {times}.")
    _conditions(desk, account, terms)
    txn, grant = give(
        desk,
        account,
        operation,
        wallet_for(desk, account, terms.wallet, terms.features),
        terms.tokens,
        kind="promo",
        grant_class=GrantClass.PROMOTIONAL,
        expires_at=lifetime(desk, terms.lifetime_days),
        label=terms.label or f"Code {terms.code.strip()}",
        metadata={"code": terms.code.strip()},
    )
    promo.redeemed += 1
    promo.by_account[account.account_id] = number
    desk.journal.touched_codes[promo.code_id] = promo
    desk.journal.redemptions.append(
        Redemption(promo.code_id, account.account_id, number, txn.txn_id, grant.grant_id, desk.now)
    )
    return txn


def _is_open(promo: PromoCode, today: date) -> bool:
    """Whether anybody can redeem it on this day of the organization."""
    terms = promo.terms
    return (
        not promo.is_disabled
        and (terms.valid_from is None or terms.valid_from <= today)
        and (terms.valid_through is None or today <= terms.valid_through)
        and (terms.total_limit is None or promo.redeemed < terms.total_limit)
    )


def _conditions(desk: Desk, account: Account, terms: PromoTerms) -> None:
    """Raise `InvalidRequest` that tells the first condition that is not met."""
    plan = desk.book.plan_of(account)
    if terms.plans is not None and plan.slug not in terms.plans:
        known = desk.book.program.plans
        titles = ", ".join(sorted(known[slug].title if slug in known else slug for slug in terms.plans))
        raise InvalidRequest(f"This code is for accounts on {titles}. Yours is on {plan.title}.")
    if terms.first_purchase and account.account_id in desk.book.buyers:
        raise InvalidRequest("This code is for accounts that have bought nothing yet.")
