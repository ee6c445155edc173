"""The proof of one organization's books as its people see it: every invariant, what was looked at, and a document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from creditbook.access.values import Principal
from creditbook.store import integrity as store_integrity
from creditbook.store import migrate, verifying
from creditbook.store.checks import Finding
from creditbook.store.engine import Store
from creditbook.store.integrity import Extent

from . import audit
from .audit import Chain
from .proof import prove

__all__ = ["FAMILIES", "Extent", "Proof", "document", "extent", "family", "proof"]

FAMILIES = {
    "Grants and entries": ("grant", "entry", "transaction", "class"),
    "Debt, holds and quotas": ("debt", "hold", "quota", "refund"),
    "Rollups": ("rollup",),
    "Sales, codes and plans": ("purchase", "plan", "program", "code", "redemption", "referral", "award", "approval"),
    "Closed months": ("month",),
    "Nothing crosses organizations": ("pointer",),
    "The audit log": ("audit",),
}
"""What invariants are about, by the first word of their names; what is named otherwise stands under `OTHERS`."""

OTHERS = "Everything else"


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved of an organization, when, over how much, and in how many seconds."""

    org_id: int
    at: datetime
    seconds: float
    extent: Extent
    findings: tuple[Finding, ...]
    classes: tuple[dict[str, Any], ...]
    chain: Chain

    @property
    def broken(self) -> tuple[Finding, ...]:
        """The invariants that do not hold."""
        return tuple(finding for finding in self.findings if finding.broken)

    @property
    def by_family(self) -> dict[str, list[Finding]]:
        """Findings in the order of `FAMILIES`; the broken ones of each first."""
        grouped: dict[str, list[Finding]] = {name: [] for name in (*FAMILIES, OTHERS)}
        for finding in self.findings:
            grouped[family(finding.check)].append(finding)
        return {name: sorted(found, key=lambda one: not one.broken) for name, found in grouped.items() if found}


def family(check: str) -> str:
    """What an invariant is about."""
    word = check.partition(".")[0]
    return next((name for name, words in FAMILIES.items() if word in words), OTHERS)


AT_ONCE = 20_000
"""Transactions up to which the page proves by itself when it is opened."""


def is_quick(store: Store, who: Principal) -> bool:
    """Whether proving takes a moment only."""
    with store.read(who.org_id) as connection:
        return store_integrity.is_small(connection, who.org_id, AT_ONCE)


def extent(store: Store, who: Principal) -> Extent:
    """How much there is to prove."""
    with store.read(who.org_id) as connection:
        return store_integrity.extent(connection, who.org_id)


def proof(
    store: Store, who: Principal, clock: Callable[[], datetime], progress: Callable[[float, str], None] | None = None
) -> Proof:
    """Prove the principal's organization now; writes nothing. ``progress`` hears a share of 1 and a check's name."""
    begun, there = clock(), extent(store, who)
    names: list[str] = []
    expected = verifying.how_many()

    def heard(name: str) -> None:
        names.append(name)
        if progress is not None:
            progress(min(1.0, len(names) / expected), name.partition(": ")[2])

    (found,) = prove(store, who.org_slug, progress=heard)
    return Proof(
        org_id=who.org_id,
        at=begun,
        seconds=(clock() - begun).total_seconds(),
        extent=there,
        findings=found.findings,
        classes=found.classes,
        chain=audit.chain(store, who),
    )


def document(done: Proof, who: Principal, version: str) -> dict[str, Any]:
    """The proof as a document to keep elsewhere: enough to tell later what had been proved of how much."""
    return {
        "what": "A proof of the books by Creditbook: every invariant of rule 37, and the rows that break it",
        "organization": who.org_slug,
        "proved_at": done.at.astimezone(UTC).isoformat(),
        "proved_by": who.user_name,
        "creditbook": version,
        "schema": migrate.revisions()[0].revision,
        "whole": not done.broken,
        "extent": {
            "transactions": done.extent.transactions,
            "entries": done.extent.entries,
            "last_transaction": done.extent.last_txn_id,
            "closed_through": _plain(done.extent.closed_through),
        },
        "audit_head": {"sealed": done.chain.sealed, "acts": done.chain.acts, "digest": done.chain.digest},
        "classes": _plain(done.classes),
        "invariants": [
            {"name": one.check, "says": one.says, "broken": one.broken, "examples": _plain(one.examples)}
            for one in done.findings
        ],
    }


def _plain(value: Any) -> Any:
    """Values as JSON knows them, so that a digest is the same wherever it is taken."""
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value
