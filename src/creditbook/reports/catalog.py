"""What an organization sells and charges, as administrators edit it: versions, and whom a change of plans touches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from creditbook.access.values import Principal
from creditbook.domain.errors import InvalidRequest, NotFound
from creditbook.domain.program import Program
from creditbook.programs import program_from_document, program_to_document
from creditbook.programs.editing import Change, changes
from creditbook.store import catalog, plans
from creditbook.store.catalog import OnPlan, PeriodEnd
from creditbook.store.engine import Store
from creditbook.store.plans import VersionRow


@dataclass(frozen=True, slots=True)
class Catalog:
    """The program in force, every version that there was (newest first), and who is on which plan."""

    program: Program
    versions: tuple[VersionRow, ...]
    on_plans: Mapping[str, OnPlan]

    @property
    def version(self) -> int:
        """The number of the version in force."""
        return next(one.version for one in self.versions if one.in_force)

    def row(self, version: int | None) -> VersionRow | None:
        """The version of this number."""
        return next((one for one in self.versions if one.version == version), None)


def catalog_of(store: Store, who: Principal) -> Catalog:
    """The catalog of her organization."""
    versions = plans.versions(store, who.org_id)
    current = next((one for one in versions if one.in_force), None)
    if current is None:
        raise InvalidRequest(f"{who.org_name} has no program in force.")
    found = catalog.on_plans(store, who.org_id, current.program_id)
    program = version_of(store, who, current.version)
    return Catalog(program, tuple(versions), {one.plan: one for one in found})


def version_of(store: Store, who: Principal, version: int) -> Program:
    """The program as it was in one version. Raises `NotFound`."""
    document = catalog.document_of(store, who.org_id, version)
    if document is None:
        raise NotFound(f"There is no version {version} of this program.")
    return program_from_document(document)


def between(before: Program, after: Program) -> list[Change]:
    """What differs between two programs, field by field."""
    return changes(program_to_document(before), program_to_document(after))


def touched(found: Catalog, changed: Sequence[Change]) -> list[OnPlan]:
    """Who is on the plans that a change edits, in the order of their ranks."""
    edited = {str(one.path[1]) for one in changed if one.part == "plans" and len(one.path) > 1}
    ranks = {slug: plan.rank for slug, plan in found.program.plans.items()}
    there = [one for slug, one in found.on_plans.items() if slug in edited]
    return sorted(there, key=lambda one: ranks.get(one.plan, 0))


def ends(store: Store, who: Principal, touches: Sequence[OnPlan]) -> list[PeriodEnd]:
    """The accounts on these plans with the end of each one's running period, soonest first; the first two hundred."""
    return catalog.period_ends(store, who.org_id, [one.plan for one in touches])


def stranded(found: Catalog, document: Mapping[str, Any]) -> list[OnPlan]:
    """Who is on plans that a document takes away. One that went before stays with its people and is in nobody's way."""
    kept = document.get("plans") or {}
    return [one for slug, one in found.on_plans.items() if slug in found.program.plans and slug not in kept]
