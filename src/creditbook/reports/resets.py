"""Which wallets have a reset due, per time zone, and what sweeps did about it.

Nothing is lost by what is due: rule 19 counts it at once; it is only not written yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from creditbook.access.values import Principal
from creditbook.store import leases, sweeps
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


LATE = timedelta(hours=1)
"""A reset that has been due for longer than this is late: a healthy scheduler needs a minute or two."""
JOB = "sweep"


@dataclass(frozen=True, slots=True)
class ZoneHealth:
    """The resetting wallets of one IANA zone: `due` ones wait to be written, `late` ones for more than `LATE`."""

    zone: str
    wallets: int
    due: int
    late: int
    last_reset: datetime | None
    next_reset: datetime | None

    @property
    def done(self) -> int:
        """Wallets whose running period was given."""
        return self.wallets - self.due


@dataclass(frozen=True, slots=True)
class Run:
    """What one sweep did to the organization, in accounts, transactions and whole tokens."""

    run_id: int
    started_at: datetime
    finished_at: datetime
    actor: str
    accounts: int
    resets: int
    rollovers: int
    expiries: int
    tokens_granted: int
    tokens_expired: int
    failed: int


@dataclass(frozen=True, slots=True)
class Health:
    """The resets of an organization at an instant, the zone with the most wallets first, and its newest runs.

    `lease` is the scheduler's, None where no server ever ran one. It is the installation's: `lease.last_report` adds up
    every organization and is not for one organization's administrator.
    """

    at: datetime
    zones: tuple[ZoneHealth, ...]
    runs: tuple[Run, ...]
    lease: leases.Lease | None

    @property
    def due(self) -> int:
        """Wallets whose reset waits to be written."""
        return sum(zone.due for zone in self.zones)

    @property
    def late(self) -> int:
        """Those that have waited too long."""
        return sum(zone.late for zone in self.zones)

    @property
    def next_reset(self) -> datetime | None:
        """The soonest reset that is not due yet."""
        return min((zone.next_reset for zone in self.zones if zone.next_reset), default=None)


def health(store: Store, principal: Principal, at: datetime, *, runs: int = 8) -> Health:
    """How the resets of the principal's organization stand."""
    org = principal.org_id
    with store.read(org) as connection:
        zones = tuple(ZoneHealth(*row) for row in rows.by_zone(connection, org, at, at - LATE))
        found = tuple(Run(*row[1:]) for row in sweeps.recent(connection, org, runs))
    return Health(at, zones, found, leases.read(store, JOB))
