"""A family as the rules would have found it when a past month began: what the journal alone does not tell is put right.

`store.as_of` rebuilds grants, debts, holds and plans. Terms and running periods come from the plan's own history, the
status, the zone and what was switched off from the log of administrative acts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from creditbook.domain.calendar import local_date
from creditbook.domain.plans import PlanStatus, Term
from creditbook.domain.state import Account, AccountStatus, Book, Grant
from creditbook.store.finance.replaying import Happened

BEGINS_A_TERM = ("started", "upgraded", "downgraded", "term", "past_due", "renewed", "ended", "lapsed", "resumed")
MOVES_THE_ANCHOR = ("started", "upgraded", "downgraded", "ended", "lapsed")


def opening(book: Book, rows: Happened, at: datetime) -> tuple[Book, dict[int, dict[int, Grant]]]:
    """The family at the instant, ready to be lived on; and by account every grant it had, the dead among them."""
    every: dict[int, dict[int, Grant]] = {}
    accounts: dict[int, Account] = {}
    for account_id, account in book.accounts.items():
        events = [one for one in rows.plan_events if one.account_id == account_id]
        born = next((one.at for one in events if one.what == "started"), rows.opened.get(account_id, at))
        if born > at:
            continue
        every[account_id] = dict(account.grants)
        _as_acts_tell(account, [one for one in rows.acts if one.account_id == account_id and one.at > at])
        past = [one for one in events if one.at <= at]
        account.term = _term(past, account.zone)
        lapsing(account, events, at)
        _anchor(account, events, past, at)
        account.import_id, account.referral_waits, account.requests, account.clock_at = None, False, {}, at
        for wallet_id in list(account.wallets):
            _wallet(book, account, wallet_id)
        account.grants = {
            one.grant_id: one for one in account.grants.values()
            if one.remaining or (one.source in ("allowance", "rollover") and not one.ended(at))
        }  # fmt: skip
        accounts[account_id] = account
    return replace(book, accounts=accounts), every


def _as_acts_tell(account: Account, later: Sequence[Any]) -> None:
    """Each later act tells how it was before it: the first one counts."""
    for act in reversed(later):
        before = act.before or {}
        if act.act in ("freeze", "unfreeze", "close") and "status" in before:
            account.status = AccountStatus(before["status"])
        elif act.act == "set_zone" and before.get("zone"):
            account.zone = before["zone"]
        elif act.act in ("wallet_off", "wallet_on"):
            off = set(before.get("wallets_off") or ())
            for wallet_id, wallet in account.wallets.items():
                account.wallets[wallet_id] = replace(wallet, is_active=wallet_id not in off)


def _term(past: Sequence[Any], zone: str) -> Term:
    """The running term by the last event that says one; taken as paid, unless it was cancelled."""
    begun = next((one for one in reversed(past) if one.what in BEGINS_A_TERM), None)
    if begun is None or begun.term_ends_at is None:
        return Term(started_at=begun.at if begun else None)
    term = Term(started_at=begun.at, first=begun.term_first, ends_at=begun.term_ends_at)
    term.next = local_date(begun.term_ends_at, zone)
    after = past[past.index(begun) + 1 :]
    waits = next((one for one in reversed(after) if one.what in ("scheduled", "cancelling")), None)
    if waits is not None:
        term.next_plan = waits.plan_after
        term.status = PlanStatus.CANCELLING if waits.what == "cancelling" else PlanStatus.ACTIVE
    return term


def lapsing(account: Account, events: Sequence[Any], at: datetime) -> None:
    """A term that was past due at the instant, and was never paid, falls when its grace ended."""
    past = [one for one in events if one.at <= at and one.what in BEGINS_A_TERM]
    after = [one for one in events if one.at > at and one.what in ("renewed", "upgraded", "lapsed")]
    if past and past[-1].what == "past_due" and after and after[0].what == "lapsed":
        account.term.unpaid, account.term.status = True, PlanStatus.PAST_DUE
        account.term.grace_ends_at = after[0].at


def _anchor(account: Account, events: Sequence[Any], past: Sequence[Any], at: datetime) -> None:
    """Where the plan changed since, its terms were counted from another day."""
    if all(one.at <= at or one.what not in MOVES_THE_ANCHOR for one in events):
        return
    moved = next((one for one in reversed(past) if one.what in MOVES_THE_ANCHOR), None)
    if moved is not None:
        account.plan_anchor = moved.term_first or local_date(moved.at, account.zone)
        for wallet_id, wallet in account.wallets.items():
            if wallet.anchor is not None and wallet.anchor > local_date(at, account.zone):
                account.wallets[wallet_id] = replace(wallet, anchor=account.plan_anchor)


def _wallet(book: Book, account: Account, wallet_id: int) -> None:
    """What the plan of then filled resets as it did then."""
    wallet = account.wallets[wallet_id]
    plan = book.own_plan(account)
    given = plan.allowances if plan else ()
    fills = next((one for one in given if (one.wallet, one.features) == (wallet.type, wallet.features)), None)
    if fills is None or wallet.period_ends_at is None:
        account.wallets[wallet_id] = replace(wallet, every=None, period_next=None, period_ends_at=None)
        return
    account.wallets[wallet_id] = replace(
        wallet,
        every=fills.every,
        anchor=wallet.anchor or account.plan_anchor,
        period_next=local_date(wallet.period_ends_at, account.zone),
    )
