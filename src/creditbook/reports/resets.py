"""Which wallets have a reset due: nothing is lost by it (rule 19 counts it at once), but it is not written yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from creditbook.store import reports_resets as rows
from creditbook.store.directory import Organization
from creditbook.store.engine import Store


@dataclass(frozen=True, slots=True)
class DueWallet:
    """One wallet whose period has ended: since when, and in which IANA zone its days begin."""

    account: str
    wallet: str
    due_since: datetime
    zone: str


@dataclass(frozen=True, slots=True)
class ResetStatus:
    """One organization's resets at an instant. `wallets` holds the longest due of the `due` ones."""

    organization: str
    due: int
    next_reset: datetime | None
    wallets: tuple[DueWallet, ...]


def reset_status(store: Store, organization: Organization, at: datetime, *, listed: int = 20) -> ResetStatus:
    """What is due by `at`, with the `listed` longest due."""
    with store.read(organization.org_id) as connection:
        number, upcoming = rows.count_due(connection, organization.org_id, at)
        found = rows.due_wallets(connection, organization.org_id, at, listed) if number else []
    names = [f"{organization.slug}/{row.name}" if row.name else organization.slug for row in found]
    wallets = tuple(DueWallet(name, row.type, row.period_ends_at, row.zone)
                    for name, row in zip(names, found, strict=True))  # fmt: skip
    return ResetStatus(organization.slug, number, upcoming, wallets)
