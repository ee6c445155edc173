"""How an account stands this moment: settled in memory, never on disk (rule 19).

What is due but not yet written is counted and shown as pending; what comes next is found by letting the ledger's own
rules run ahead on a copy.
"""

from __future__ import annotations

import copy
import functools
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from creditbook.access.values import Principal
from creditbook.domain.balance import Balance, balance_of, spendable
from creditbook.domain.burning import burn_key
from creditbook.domain.context import Desk
from creditbook.domain.errors import NotFound
from creditbook.domain.journal import Journal, Transaction
from creditbook.domain.plans import Term
from creditbook.domain.program import Plan, Program
from creditbook.domain.settling import project, settle
from creditbook.domain.state import Account, Book, Grant, HoldStatus, Wallet
from creditbook.domain.terms import paid_until
from creditbook.store import directory
from creditbook.store.batch import BatchStore, Wanted
from creditbook.store.directory import AccountRef
from creditbook.store.engine import Store

AHEAD = timedelta(days=32)
"""How far ahead the rules run: every period that resets has its next boundary within it."""


@dataclass(frozen=True, slots=True)
class Held:
    """An open hold: whole tokens it still reserves, since when and until when at the latest."""

    hold_id: int
    tokens: int
    action: str
    project: str
    since: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class GrantLeft:
    """A grant with something left, as a page shows it. ``spendable`` is False where it is blocked.

    ``features`` None means that it may be spent on anything.
    """

    grant_id: int
    wallet_id: int
    wallet_type: str
    wallet_label: str
    label: str
    source: str
    grant_class: str
    amount: int
    remaining: int
    held: int
    since: datetime
    expires_at: datetime | None
    features: frozenset[str] | None
    spendable: bool
    disputed: bool
    of_pool: bool


@dataclass(frozen=True, slots=True)
class Coming:
    """One line that time will write if nothing else happens: whole tokens, signed, into or out of a wallet.

    ``of_pool``: the wallet is the pool's, on which the account draws.
    """

    at: datetime
    kind: str
    tokens: int
    wallet_id: int
    wallet_type: str
    wallet_label: str
    label: str
    of_pool: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything about now. ``left`` is in burn-down order (rule 7); ``pending`` is counted but not yet written.

    ``term`` is that of ``plan``: her own, or her team's where she lives on the team's plan; ``paid_until`` is how far
    it is paid, terms paid ahead among it.
    """

    balance: Balance
    program: Program
    plan: Plan
    term: Term
    paid_until: datetime | None
    left: tuple[GrantLeft, ...]
    holds: tuple[Held, ...]
    pending: tuple[Transaction, ...]
    coming: tuple[Coming, ...]

    @property
    def for_work(self) -> int | None:
        """What may be spent on the program's main work: less than all where wallets are restricted to features."""
        action = self.program.actions.get(self.program.ready_action)
        available = self.balance.available
        return available if action is None else self.balance.by_feature.get(action.spends_for, available)

    @property
    def work_in_plan(self) -> bool:
        """Whether the plan lets the program's main work start at all."""
        action = self.program.actions.get(self.program.ready_action)
        return action is None or self.plan.allows(action.spends_for)


def standing(store: Store, batches: BatchStore, principal: Principal, now: datetime) -> Standing:
    """The principal's own account as of now. Raises NotFound for people without one."""
    ref = own_account(store, principal)
    book = batches.read(Wanted(ref.org_id, {ref.account_id: ref.root_id}, now)).books[ref.account_id]
    account = book.accounts[ref.account_id]
    at = max(now, book.root.clock_at or now)
    journal = Journal(book.org_id, _counter())
    due = settle(Desk(book, journal, at), at)
    mine = tuple(t for t in journal.transactions if t.account_id == account.account_id)
    owner = account if account.plan else book.pool_of(account) or account
    return Standing(
        balance=balance_of(book, account, at, None, pending=due, shown=principal.account or ""),
        program=book.program,
        plan=book.plan_of(account),
        term=owner.term,
        paid_until=paid_until(book, owner),
        left=_left(book, account, at),
        holds=_holds(account),
        pending=mine,
        coming=_coming(book, account, at),
    )


def own_account(store: Store, principal: Principal) -> AccountRef:
    """The principal's own account. Raises NotFound for people without one."""
    name = principal.account_name
    ref = None if name is None else directory.account_by_name(store, principal.org_id, name)
    if ref is None:
        raise NotFound("You have no account of your own in this organization.")
    return ref


def _left(book: Book, account: Account, at: datetime) -> tuple[GrantLeft, ...]:
    pool = book.pool_of(account)
    owners = [account] if pool is None else [account, pool]
    found: list[tuple[tuple[object, ...], GrantLeft]] = []
    for owner in owners:
        for grant in owner.grants.values():
            if grant.remaining > 0 and not grant.ended(at):
                wallet = owner.wallets[grant.wallet_id]
                key = burn_key(grant, wallet, owner is account)
                found.append((key, _shown(grant, wallet, at, of_pool=owner is not account)))
    return tuple(grant for _, grant in sorted(found, key=lambda pair: pair[0]))


def _shown(grant: Grant, wallet: Wallet, at: datetime, *, of_pool: bool) -> GrantLeft:
    return GrantLeft(
        grant_id=grant.grant_id,
        wallet_id=wallet.wallet_id,
        wallet_type=wallet.type.value,
        wallet_label=wallet.label,
        label=grant.label,
        source=grant.source,
        grant_class=grant.grant_class.value,
        amount=grant.amount,
        remaining=grant.remaining,
        held=grant.held,
        since=grant.effective_at,
        expires_at=grant.expires_at,
        features=wallet.features,
        spendable=spendable(grant, wallet, at),
        disputed=grant.disputed,
        of_pool=of_pool,
    )


def _holds(account: Account) -> tuple[Held, ...]:
    return tuple(
        Held(hold.hold_id, hold.held, hold.action, hold.project, hold.effective_at, hold.ends_at)
        for hold in sorted(account.holds.values(), key=lambda hold: hold.hold_id)
        if hold.status is HoldStatus.OPEN
    )


def _coming(book: Book, account: Account, at: datetime) -> tuple[Coming, ...]:
    """What the rules would write in the days ahead; of a repeated reset only the next one."""
    ahead = copy.deepcopy(book)
    journal = Journal(book.org_id, _counter())
    project(Desk(ahead, journal, at), at + AHEAD)
    grants = {line.txn_id: line.grant_id for line in journal.entries}
    owners = {account.account_id: ahead.accounts[account.account_id]}
    if account.pool_id is not None:
        owners[account.pool_id] = ahead.accounts[account.pool_id]
    found: list[Coming] = []
    for txn in journal.transactions:
        owner = owners.get(txn.account_id)
        grant = None if owner is None else owner.grants.get(grants.get(txn.txn_id, 0))
        if owner is None or grant is None:
            continue
        wallet = owner.wallets[grant.wallet_id]
        tokens = grant.amount if txn.kind in ("reset", "rollover") else txn.tokens
        of_pool = owner.account_id != account.account_id
        found.append(
            Coming(
                txn.effective_at, txn.kind, tokens, wallet.wallet_id, wallet.type.value, wallet.label, txn.description,
                of_pool,
            )
        )  # fmt: skip
    soonest = {(line.kind, line.wallet_id): line for line in reversed(found)}
    return tuple(sorted(soonest.values(), key=lambda line: line.at))


def _counter() -> Callable[[], int]:
    """Ids for rows that will never be written."""
    return functools.partial(next, itertools.count(2**62))
