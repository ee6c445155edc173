"""Promo codes as administrators make them: one or a thousand, disabled, listed with their live counts (rule 32)."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, replace
from typing import Any

from creditbook.domain.errors import Conflict, InvalidRequest, NotFound
from creditbook.domain.program import PromoTerms
from creditbook.domain.redeeming import normalized
from creditbook.programs.document import program_from_document, program_to_document
from creditbook.store import audit, keys, locks, promo
from creditbook.store.keys import Key
from creditbook.store.promo import CodeRow, RedemptionRow

from .calls import new_key, request_hash
from .core import Core
from .organizations import program_of

MOST = 10_000
OPERATION = "promo.create"
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that are read as another one
SUFFIX = 8


@dataclass(frozen=True, slots=True)
class MadeCodes:
    """The codes that were made, and whether this is the first answer of a key again."""

    codes: list[str]
    replayed: bool


def create_codes(
    core: Core,
    org: str,
    terms: PromoTerms,
    *,
    reason: str,
    count: int = 1,
    batch: str = "",
    actor: str = "",
    idempotency_key: str | None = None,
    new_batch: bool = False,
) -> MadeCodes:
    """Make a code with these terms; with a ``count``, so many that begin with it and end with letters nobody guesses.

    The same key again makes nothing. ``new_batch`` refuses a batch of which there are codes already. Raises
    `InvalidRequest` for terms that no code can have, `Conflict` when it is there already, `IdempotencyConflict`.
    """
    found = core.organization(org)
    if not 1 <= count <= MOST:
        raise InvalidRequest(f"Between 1 and {MOST:,} codes can be made at once.")
    terms = replace(terms, code=terms.code.strip())
    sent = {**asdict(terms), "reason": reason, "count": count, "batch": batch}
    key = Key(found.org_id, OPERATION, idempotency_key or new_key(), request_hash(org, sent))
    if (told := core.store.retrying(lambda: _told(core, key))) is not None:
        return told
    _check(core, org, terms)

    def made() -> MadeCodes:
        at = core.now()
        with core.store.write(found.org_id) as connection:
            # Two who make codes at once: the second sees what the first one made.
            locks.one_maker_of_codes(connection, found.org_id)
            if (first := keys.first_answer(connection, key)) is not None:
                return MadeCodes(json.loads(first), replayed=True)
            if new_batch and batch and promo.has_batch(connection, found.org_id, batch):
                raise Conflict(f"The batch “{batch}” is there already.")
            codes = _add(connection, found.org_id, terms, at=at, count=count, batch=batch, actor=actor, reason=reason)
            keys.keep_answer(connection, key, json.dumps(codes), at)
            audit.record(
                connection, found.org_id, at=at, actor=actor, act=OPERATION, subject=terms.code, reason=reason,
                after={"codes": count, "tokens": terms.tokens, "batch": batch},
            )  # fmt: skip
        return MadeCodes(codes, replayed=False)

    return core.store.retrying(made)


def _told(core: Core, key: Key) -> MadeCodes | None:
    """What the key was answered with, where it was: a program that has changed since can't refuse it then."""
    with core.store.read(key.org_id) as connection:
        first = keys.first_answer(connection, key)
    return None if first is None else MadeCodes(json.loads(first), replayed=True)


def _add(connection: Any, org_id: int, terms: PromoTerms, *, count: int, reason: str, **how: Any) -> list[str]:
    codes: list[str] = []
    while len(codes) < count:
        wanted = [terms] if count == 1 else _with_suffixes(terms, count - len(codes))
        fresh = promo.add_codes(connection, org_id, wanted, reason=reason.strip(), **how)
        if count == 1 and not fresh:
            raise Conflict(f"The code “{terms.code}” is there already.")
        codes += fresh
    return codes


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
