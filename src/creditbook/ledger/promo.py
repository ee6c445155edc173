"""Promo codes as administrators make them: one or a thousand, disabled, listed with their live counts (rule 32)."""

from __future__ import annotations

import secrets
from dataclasses import replace

from creditbook.domain.errors import Conflict, InvalidRequest, NotFound
from creditbook.domain.program import PromoTerms
from creditbook.domain.redeeming import normalized
from creditbook.programs.document import program_from_document, program_to_document
from creditbook.store import audit, promo
from creditbook.store.promo import CodeRow, RedemptionRow

from .core import Core
from .organizations import program_of

MOST = 10_000
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that are read as another one
SUFFIX = 8


def create_codes(
    core: Core, org: str, terms: PromoTerms, *, reason: str, count: int = 1, batch: str = "", actor: str = ""
) -> list[str]:
    """Make a code with these terms; with a ``count``, so many that begin with it and end with letters nobody guesses.

    Returns the codes. Raises `InvalidRequest` for terms that no code can have, `Conflict` when it is there already.
    """
    found = core.organization(org)
    if not 1 <= count <= MOST:
        raise InvalidRequest(f"Between 1 and {MOST:,} codes can be made at once.")
    terms = replace(terms, code=terms.code.strip())
    _check(core, org, terms)
    at = core.now()

    def made() -> list[str]:
        with core.store.write(found.org_id) as connection:
            codes: list[str] = []
            while len(codes) < count:
                wanted = [terms] if count == 1 else _with_suffixes(terms, count - len(codes))
                fresh = promo.add_codes(
                    connection, found.org_id, wanted, at=at, batch=batch, actor=actor, reason=reason.strip()
                )
                if count == 1 and not fresh:
                    raise Conflict(f"The code “{terms.code}” is there already.")
                codes += fresh
            audit.record(
                connection, found.org_id, at=at, actor=actor, act="promo.create", subject=terms.code, reason=reason,
                after={"codes": count, "tokens": terms.tokens, "batch": batch},
            )  # fmt: skip
        return codes

    return core.store.retrying(made)


def _check(core: Core, org: str, terms: PromoTerms) -> None:
    """Read the terms as a part of the program: what a program can't say, no code can have."""
    document = program_to_document(replace(program_of(core, org), promo_codes={terms.code: terms}))
    program_from_document(document)


def _with_suffixes(terms: PromoTerms, count: int) -> list[PromoTerms]:
    return [
        replace(terms, code=f"{terms.code}-{''.join(secrets.choice(LETTERS) for _ in range(SUFFIX))}")
        for _ in range(count)
    ]


def disable_code(core: Core, org: str, code: str, *, reason: str, disabled: bool = True, actor: str = "") -> None:
    """Let a code be redeemed no more, or again; what it has given stays. Raises `NotFound`, `InvalidRequest`."""
    found, text, at = core.organization(org), normalized(code), core.now()

    def changed() -> None:
        with core.store.write(found.org_id) as connection:
            before = promo.set_disabled(connection, found.org_id, text, disabled)
            if before is None:
                raise NotFound(f"There is no code “{code.strip()}” in {org}.")
            if before is disabled:
                raise InvalidRequest(f"That code is {'disabled' if disabled else 'open'} already.")
            act = "promo.disable" if disabled else "promo.enable"
            audit.record(
                connection, found.org_id, at=at, actor=actor, act=act, subject=code.strip(), reason=reason,
                before={"is_disabled": before}, after={"is_disabled": disabled},
            )  # fmt: skip

    core.store.retrying(changed)


def codes(core: Core, org: str) -> list[CodeRow]:
    """Every code of an organization with its terms and how often it was redeemed, newest first."""
    return promo.codes(core.store, core.organization(org).org_id)


def redemptions(core: Core, org: str, code: str) -> list[RedemptionRow]:
    """Who redeemed a code, latest first. Raises `NotFound`."""
    org_id = core.organization(org).org_id
    code_id = promo.code_id(core.store, org_id, normalized(code))
    if code_id is None:
        raise NotFound(f"There is no code “{code.strip()}” in {org}.")
    return promo.redemptions(core.store, org_id, code_id)
