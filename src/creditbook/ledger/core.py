"""What every verb stands on: the store, the clock, prices, names → ids, and group commit."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast

from creditbook.clock import Clock
from creditbook.domain.calendar import start_of_day
from creditbook.domain.errors import InvalidRequest, LedgerError, NotFound
from creditbook.domain.operations import NO_COST, Cost, Operation
from creditbook.domain.results import Result
from creditbook.pricing.pricer import Pricer
from creditbook.pricing.rates import TokenUsage
from creditbook.store import directory
from creditbook.store.batch import BatchStore
from creditbook.store.directory import AccountRef, Organization
from creditbook.store.engine import Store

from .calls import Call, Outcome, new_key, request_hash
from .executing import Executor
from .group import GroupCommit

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Prepared(Generic[R]):
    """A verb made ready: the call to commit, and how its outcomes become the caller's answer."""

    call: Call
    finish: Callable[[list[Outcome]], R]


class Core:
    """One open ledger. Safe to share between threads and event loops; close it when done."""

    def __init__(self, store: Store, batches: BatchStore, clock: Clock, pricer: Pricer) -> None:
        self.store = store
        self.batches = batches
        self.clock = clock
        self.pricer = pricer
        self.executor = Executor(store, batches, clock)
        self._groups: dict[int, GroupCommit[Call]] = {}
        self._organizations: dict[str, Organization] = {}
        self._accounts: dict[str, AccountRef] = {}

    def group(self, org_id: int) -> GroupCommit[Call]:
        """SQLite has one writer, whatever the organization; PostgreSQL one per organization, side by side."""
        slot = org_id if self.store.dialect == "postgresql" else 0
        found = self._groups.get(slot)
        if found is None:
            found = self._groups.setdefault(slot, GroupCommit(self.executor.run))
        return found

    def organization(self, slug: str) -> Organization:
        """The organization of this slug. Raises `NotFound`."""
        found = self._organizations.get(slug)
        if found is None:
            found = directory.organization_by_slug(self.store, slug)
            if found is None:
                raise NotFound(f"There is no organization “{slug}”.")
            self._organizations[slug] = found
        return found

    def account(self, name: str) -> AccountRef:
        """The account written `ORG/USERNAME`, or `ORG` for the pool. Raises `NotFound`."""
        found = self._accounts.get(name)
        if found is None:
            slug, _, user = name.partition("/")
            org = self.organization(slug)
            found = directory.account_by_name(self.store, org.org_id, user)
            if found is None:
                who = f"account “{user}” in {slug}" if user else f"pool of {slug}"
                raise NotFound(f"There is no {who}.")
            self._accounts[name] = found
        return found

    def knows(self, name: str) -> bool:
        """Whether an account's ids are at hand, so that `account` reads nothing."""
        return name in self._accounts

    def now(self) -> datetime:
        """The clock's instant; it has to be aware."""
        at = self.clock()
        if at.tzinfo is None:
            raise InvalidRequest("The ledger's clock must give aware datetimes.")
        return at

    def price(self, org_id: int, usage: dict[str, Any], at: datetime) -> Cost:
        """What the LLM's work costs, as it will be frozen onto the transaction."""
        if not usage.get("model") and not usage.get("input_tokens") and not usage.get("output_tokens"):
            return NO_COST
        counted = TokenUsage(
            usage.get("input_tokens") or 0,
            usage.get("output_tokens") or 0,
            usage.get("cached_tokens") or 0,
            0,
            usage.get("reasoning_tokens") or 0,
        )
        return self.pricer.price(counted, usage.get("model") or None, at, org_id=org_id)

    def end_of(self, ref: AccountRef, when: datetime | date | None) -> datetime | None:
        """The exclusive end that a person meant: a date includes that local day (rule 25), an instant is itself."""
        if when is None:
            return None
        if isinstance(when, datetime):
            return aware(when)
        zone = directory.account_zone(self.store, ref)
        return start_of_day(when + timedelta(days=1), zone)

    def close(self) -> None:
        """Finish what is under way and give the connections back."""
        for group in self._groups.values():
            group.close()
        self.batches.close()
        self.store.close()


def aware(at: datetime) -> datetime:
    """The instant itself; a naive one is refused because nobody knows which it means."""
    if at.tzinfo is None:
        raise InvalidRequest(f"{at.isoformat()} has no time zone. Send an aware datetime, for example with +00:00.")
    return at


def prepare(
    core: Core,
    account: str,
    make: Callable[..., Operation],
    sent: dict[str, Any],
    *,
    idempotency_key: str | None,
    actor: str = "",
    reason: str = "",
    audit: str = "",
    **parts: Any,
) -> Prepared[Any]:
    """One operation on one account as a call. ``sent`` is what the hash covers; ``parts`` go to ``make``."""
    if audit and not reason.strip():
        raise InvalidRequest("Give a reason: it stands in the audit log beside your name.")
    ref = core.account(account)
    operation = make(
        account_id=ref.account_id,
        key=idempotency_key or new_key(),
        request_hash=request_hash(account, sent),
        actor=actor,
        reason=reason.strip(),
        **parts,
    )
    call = Call(
        ref.org_id,
        [operation],
        {ref.account_id: ref.root_id},
        core.now(),
        audit=audit,
        subjects={ref.account_id: account} if audit else {},
    )
    return Prepared(call, lambda outcomes: answer(outcomes[0], account))


def answer(outcome: Outcome, account: str) -> Result:
    """A result with the account's full name on it; a refusal is raised."""
    if isinstance(outcome, LedgerError):
        raise outcome
    # In place: the decision has just made it and nobody else holds it. A copy takes as long as choosing the grants.
    object.__setattr__(outcome, "account", account)
    return outcome


def commits(verb: Callable[Concatenate[Core, P], Prepared[R]]) -> Callable[Concatenate[Any, P], R]:
    """The verb as a method of the sync ledger: prepare, commit, answer."""

    @functools.wraps(verb)
    def method(ledger: Any, *args: P.args, **kwargs: P.kwargs) -> R:
        core: Core = ledger.core
        prepared = verb(core, *args, **kwargs)
        core.group(prepared.call.org_id).call(prepared.call)
        return prepared.finish(prepared.call.outcomes)

    return cast(Callable[Concatenate[Any, P], R], method)


def acommits(verb: Callable[Concatenate[Core, P], Prepared[R]]) -> Callable[Concatenate[Any, P], Awaitable[R]]:
    """The verb as a method of the async ledger."""

    @functools.wraps(verb)
    async def method(ledger: Any, *args: P.args, **kwargs: P.kwargs) -> R:
        core: Core = ledger.core
        prepared = verb(core, *args, **kwargs)
        await core.group(prepared.call.org_id).acall(prepared.call)
        return prepared.finish(prepared.call.outcomes)

    return cast(Callable[Concatenate[Any, P], Awaitable[R]], method)


def in_thread(verb: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], Awaitable[R]]:
    """A method of the sync ledger as one of the async ledger, in a thread of its own."""

    async def method(ledger: Any, *args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.to_thread(verb, ledger.sync, *args, **kwargs)

    method.__doc__, method.__name__ = verb.__doc__, verb.__name__
    return cast(Callable[Concatenate[Any, P], Awaitable[R]], method)
