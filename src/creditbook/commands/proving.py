"""`creditbook verify`: prove the books, invariant by invariant."""

from __future__ import annotations

import sys
from typing import Any

import typer
from rich.console import Console

from creditbook.commands.maintenance import Org
from creditbook.commands.output import EXIT_REFUSED, JsonOption, Said, answer, count, table
from creditbook.installation import installation
from creditbook.reports.proof import OrganizationProof, prove


def verify(org: Org = None, as_json: JsonOption = False) -> None:
    """Prove the books: every invariant, and the rows that break it. Exit code 1 when something is broken."""
    here = installation().ready()
    store = here.store
    if org is not None:
        here.organizations(org)
    if as_json or not sys.stderr.isatty():
        proofs = prove(store, org)
    else:
        with Console(stderr=True).status("Proving the books …") as status:
            proofs = prove(store, org, progress=status.update)
    invariants = _by_invariant(proofs)
    broken = [one for one in invariants if one["broken"]]
    result = {"ok": not broken, "organizations": [proof.slug for proof in proofs], "invariants": invariants}
    answer(result, _for_people(len(proofs), invariants, broken), as_json=as_json)
    if broken:
        raise typer.Exit(EXIT_REFUSED)


def _by_invariant(proofs: list[OrganizationProof]) -> list[dict[str, Any]]:
    """One entry per invariant over all organizations, in the order of the checks."""
    merged: dict[str, dict[str, Any]] = {}
    for proof in proofs:
        for finding in proof.findings:
            entry = merged.setdefault(
                finding.check, {"invariant": finding.check, "says": finding.says, "broken": 0, "examples": []}
            )
            entry["broken"] += finding.broken
            entry["examples"] += [{"organization": proof.slug, **example} for example in finding.examples]
    return list(merged.values())


def _for_people(organizations: int, invariants: list[dict[str, Any]], broken: list[dict[str, Any]]) -> list[Said]:
    if not broken:
        return [f"The books are whole: {len(invariants)} invariants hold in {count(organizations, 'organization')}."]
    said: list[Said] = [f"The books are broken: {len(broken)} of {len(invariants)} invariants do not hold."]
    for one in broken:
        rows = table(one["invariant"], "rows", "")
        rows.add_row(one["says"], f"{one['broken']:,}", "")
        for example in one["examples"]:
            rows.add_row("", "", ", ".join(f"{name} {value}" for name, value in example.items()))
        said.append(rows)
    return said
