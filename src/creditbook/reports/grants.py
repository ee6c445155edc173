"""Whom tokens may be given to, and what was given of late and is still there to take back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from creditbook.access.values import Principal
from creditbook.store import reports_grants as rows
from creditbook.store.engine import Store

LOOK, LOOKS = 500, 40
"""So many lines of the audit log are read at a time, and so often at most; a gift to many people is many lines."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """An account that may be given tokens. ``person`` is '' where nobody signs in for it; the pool's name is ''."""

    account_id: int
    pool_id: int | None
    name: str
    status: str
    plan: str
    person: str

    @property
    def shown(self) -> str:
        """What people call it."""
        return self.person or self.name or "The team's pool"

    @property
    def may_receive(self) -> bool:
        """A frozen account is left out until it is unfrozen, a closed one for good."""
        return self.status == "active"


@dataclass(frozen=True, slots=True)
class GivenGrant:
    """One grant of a gift as it stands now, in whole tokens."""

    account: str
    grant_id: int
    amount: int
    remaining: int
    held: int


@dataclass(frozen=True, slots=True)
class Gift:
    """Tokens given at one moment by one person for one reason, to one or many."""

    at: datetime
    actor: str
    reason: str
    grants: tuple[GivenGrant, ...]

    @property
    def tokens(self) -> int:
        """All that was given."""
        return sum(grant.amount for grant in self.grants)

    @property
    def left(self) -> int:
        """What taking it back would bring back: what is unspent; what is held comes when it is released."""
        return sum(grant.remaining for grant in self.grants)


def receivers(store: Store, principal: Principal) -> list[Receiver]:
    """Every account of the principal's organization, by the name that people know."""
    with store.read(principal.org_id) as connection:
        found = rows.accounts(connection, principal.org_id)
    return [Receiver(r.account_id, r.pool_id, r.name, r.status, r.plan, r.person) for r in found]


def without_person(store: Store, principal: Principal) -> list[Receiver]:
    """The accounts that nobody signs in for: the pool, and those that an import or the application opened."""
    return [account for account in receivers(store, principal) if not account.person]


def recent(store: Store, principal: Principal, most: int = 8) -> list[Gift]:
    """The newest gifts of the principal's organization, each whole however many received it."""
    gifts: dict[tuple[datetime, str, str], list[GivenGrant]] = {}
    last: int | None = None
    with store.read(principal.org_id) as connection:
        for _ in range(LOOKS):
            lines = rows.given(connection, principal.org_id, LOOK, before=last)
            told = {line.audit_id: (line.after or {}).get("transactions", []) for line in lines}
            wanted = [txn for transactions in told.values() for txn in transactions]
            grants = _grants(rows.grants_of(connection, principal.org_id, wanted))
            for line in lines:
                for txn in told[line.audit_id]:
                    if txn in grants:
                        gifts.setdefault((line.at, line.actor, line.reason), []).append(grants[txn])
            # One more than is shown: then the last one shown is known to be whole.
            if len(gifts) > most or len(lines) < LOOK:
                break
            last = lines[-1].audit_id
    newest = list(gifts.items())[:most]
    return [Gift(at, actor, reason, tuple(reversed(found))) for (at, actor, reason), found in newest]


def gift_of(store: Store, principal: Principal, transactions: Sequence[int]) -> tuple[GivenGrant, ...]:
    """The grants that these transactions made, as they stand now."""
    with store.read(principal.org_id) as connection:
        return tuple(_grants(rows.grants_of(connection, principal.org_id, transactions)).values())


def _grants(found: Sequence[Any]) -> dict[int, GivenGrant]:
    """By the transaction that made them; a closed grant has nothing left to take back."""
    return {
        row.txn_id: GivenGrant(row.name, row.grant_id, row.amount, 0 if row.closed_reason else row.remaining, row.held)
        for row in found
    }
