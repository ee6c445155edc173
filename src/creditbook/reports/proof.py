"""The proof of the books: every invariant of rule 37, per organization, with the rows that break it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from creditbook.domain.errors import NotFound
from creditbook.store import closing, directory, sealing, verifying
from creditbook.store.checks import EXAMPLES, Finding
from creditbook.store.engine import Store

from .finance.books import figures


@dataclass(frozen=True, slots=True)
class OrganizationProof:
    """What was proved of one organization; ``classes`` is the flow of tokens per class of grant."""

    slug: str
    findings: tuple[Finding, ...]
    classes: tuple[dict[str, Any], ...]

    @property
    def whole(self) -> bool:
        """Whether nothing breaks any invariant."""
        return not any(finding.broken for finding in self.findings)


def prove(
    store: Store, org: str | None = None, *, progress: Callable[[str], None] | None = None
) -> list[OrganizationProof]:
    """Prove the books of one organization or of all. Writes nothing. ``progress`` hears each check's name.

    Raises `NotFound` for an organization that is not there.
    """
    found = directory.organizations(store) if org is None else [directory.organization_by_slug(store, org)]
    proofs = []
    for one in found:
        if one is None:
            raise NotFound(f"There is no organization “{org}”.")
        findings = []
        for finding in verifying.findings(store, one.org_id):
            if progress is not None:
                progress(f"{one.slug}: {finding.check}")
            findings.append(finding)
        classes = verifying.class_flow(store, one.org_id)
        findings.append(_classes(classes))
        findings.append(_seals(store, one.org_id))
        findings.append(_closed(store, one.org_id))
        proofs.append(OrganizationProof(one.slug, tuple(findings), tuple(classes)))
    return proofs


def _classes(classes: list[dict[str, Any]]) -> Finding:
    wrong = tuple(row for row in classes if row["sum"] != row["outstanding"])
    says = "per class, what came in equals what went out and what is outstanding"
    return Finding("class.flow", says, len(wrong), wrong)


def _closed(store: Store, org_id: int) -> Finding:
    """Rule 34: whatever was booked later, a closed month's books compute to what was frozen."""
    moved: list[dict[str, Any]] = []
    with store.read(org_id) as connection:
        for month in closing.closed_months(connection, org_id):
            frozen = {name: value for name, value in month.figures.items() if name != "mark"}
            now = figures(connection, org_id, month.month)
            wrong = sorted(name for name in now if now[name] != frozen.get(name))
            if wrong or not month.is_sound:
                moved.append({"month": month.month.isoformat(), "moved": wrong, "digest_fits": month.is_sound})
    says = "every closed month's figures are those that were frozen, and fit their digest"
    return Finding("month.closed", says, len(moved), tuple(moved[:EXAMPLES]))


def _seals(store: Store, org_id: int) -> Finding:
    broken = sealing.broken_seals(store, org_id)
    says = "the audit log's chain is whole"
    return Finding("audit.chain", says, len(broken), tuple(broken[:EXAMPLES]))
