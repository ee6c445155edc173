"""Organizations and their programs: created, and given a new version of their program."""

from __future__ import annotations

import re
from typing import Any

from creditbook.domain.calendar import zone_info
from creditbook.domain.errors import Conflict, InvalidRequest
from creditbook.domain.program import Program
from creditbook.programs.document import program_from_document, program_to_document
from creditbook.store import audit, catalog, directory, ids, promo
from creditbook.store.directory import Organization

from .core import Core

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def create_organization(
    core: Core,
    slug: str,
    program: Program,
    *,
    name: str = "",
    zone: str | None = None,
    is_sample: bool = False,
    actor: str = "",
    reason: str = "created",
) -> Organization:
    """A new tenant running a program, in the program's zone unless told otherwise. Raises `Conflict` if it exists."""
    if not SLUG.fullmatch(slug):
        raise InvalidRequest(f"“{slug}” can't be an organization's short name: use a–z, 0–9 and hyphens.")
    zone_info(zone or program.zone)
    if directory.organization_by_slug(core.store, slug) is not None:
        raise Conflict(f"The organization “{slug}” is there already.")
    document = _checked(program)
    org_id = directory.take_id(core.store, 0)
    at = core.now()
    with core.store.write(org_id) as connection:
        program_id = ids.take(connection, 1)[0]
        directory.add_organization(
            connection, org_id=org_id, slug=slug, name=name or program.title or slug, zone=zone or program.zone,
            currency=program.currency, program_id=program_id, is_sample=is_sample, created_at=at,
        )  # fmt: skip
        directory.add_program_version(
            connection, document, org_id=org_id, program_id=program_id, name=program.name,
            version=1, created_at=at, actor=actor, reason=reason,
        )  # fmt: skip
        promo.add_codes(connection, org_id, program.promo_codes.values(), at=at, actor=actor, reason=reason)
        audit.record(
            connection, org_id, at=at, actor=actor, act="organization.create", subject=slug, reason=reason,
            after={"program": program.name},
        )  # fmt: skip
    return core.organization(slug)


def _checked(program: Program) -> dict[str, Any]:
    """The program's document, read back once: what nobody could read again must not come into force."""
    document = program_to_document(program)
    program_from_document(document)
    return document


def load_program(
    core: Core, slug: str, program: Program, *, reason: str, actor: str = "", edited: int | None = None
) -> int:
    """Put a new version of an organization's program in force; running periods stay. Returns its number.

    ``edited`` is the version that was edited: raises `Conflict` when another one is in force by now.
    """
    org = core.organization(slug)
    document = _checked(program)
    at = core.now()
    with core.store.write(org.org_id) as connection:
        catalog.lock_versions(connection, org.org_id)
        newest = directory.newest_version(connection, org.org_id)
        if edited is not None and edited != newest:
            raise Conflict(
                f"Version {newest} was put in force after you began on version {edited}. Nothing was written: "
                "look at what changed, and bring your changes over to it."
            )
        version = newest + 1
        program_id = ids.take(connection, 1)[0]
        directory.add_program_version(
            connection, document, org_id=org.org_id, program_id=program_id, name=program.name,
            version=version, created_at=at, actor=actor, reason=reason,
        )  # fmt: skip
        directory.use_program(connection, org.org_id, program_id)
        promo.add_codes(connection, org.org_id, program.promo_codes.values(), at=at, actor=actor, reason=reason)
        audit.record(
            connection, org.org_id, at=at, actor=actor, act="program.load", subject=slug, reason=reason,
            before={"version": newest}, after={"program": program.name, "version": version},
        )  # fmt: skip
    return version


def program_of(core: Core, slug: str) -> Program:
    """The program in force."""
    document: dict[str, Any] | None = directory.program_document(core.store, core.organization(slug).org_id)
    if document is None:
        raise InvalidRequest(f"{slug} has no program in force.")
    return program_from_document(document)
