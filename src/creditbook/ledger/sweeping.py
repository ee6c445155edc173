"""The sweep: settle what is due, family by family, each in a transaction of its own; safe to repeat, safe to stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from creditbook.domain.errors import InvalidRequest, LedgerError
from creditbook.domain.operations import Settle
from creditbook.store import directory, sealing
from creditbook.store.directory import AccountRef, Organization

from .calls import Call
from .core import Core

FAMILIES_A_BATCH = 100


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a sweep did: accounts settled, transactions by kind, tokens given and lapsed (whole tokens), failures."""

    accounts: int
    resets: int
    rollovers: int
    expiries: int
    repayments: int
    tokens_granted: int
    tokens_expired: int
    failed: int


def sweep(
    core: Core,
    org: str | None = None,
    *,
    at: datetime | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SweepReport:
    """Settle everything due by now, or by ``at``, in one organization or in all.

    An instant in the future is refused except in a demo database (rule 27). ``progress`` hears (done, of) accounts.
    """
    now = core.now()
    until = at or now
    found = [core.organization(org)] if org else directory.organizations(core.store)
    if until > now and not all(one.is_sample for one in found):
        raise InvalidRequest("A sweep into the future is possible only in a demo database.")
    due = [(one, refs) for one in found if (refs := list(directory.families(core.store, one.org_id, due_by=until)))]
    total, done, failed = sum(len(refs) for _, refs in due), 0, 0
    before = [_mark(core, one) for one, _ in due]
    for one, refs in due:
        for batch in _batches(refs):
            failed += _settle(core, one, batch, until)
            done += len(batch)
            if progress is not None:
                progress(done, total)
    report = _report(core, due, before, total, failed)
    for one in found:
        sealing.seal(core.store, one.org_id)
    return report


def _mark(core: Core, one: Organization) -> int:
    return directory.newest_transaction(core.store, one.org_id)


def _batches(refs: list[AccountRef]) -> Iterator[list[AccountRef]]:
    for start in range(0, len(refs), FAMILIES_A_BATCH):
        yield refs[start : start + FAMILIES_A_BATCH]


def _settle(core: Core, one: Organization, refs: list[AccountRef], until: datetime) -> int:
    operations = [Settle(account_id=ref.account_id) for ref in refs]
    call = Call(one.org_id, list(operations), {ref.account_id: ref.root_id for ref in refs}, until)
    core.group(one.org_id).call(call)
    return sum(isinstance(outcome, LedgerError) for outcome in call.outcomes)


def _report(
    core: Core, due: list[tuple[Organization, list[AccountRef]]], before: list[int], total: int, failed: int
) -> SweepReport:
    kinds: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    for (one, _), mark in zip(due, before, strict=True):
        for kind, number, moved in directory.written_since(core.store, one.org_id, mark):
            kinds[kind] += number
            tokens[kind] += moved
    return SweepReport(
        accounts=total - failed,
        resets=kinds["reset"],
        rollovers=kinds["rollover"],
        expiries=kinds["expiry"],
        repayments=kinds["debt_repayment"],
        tokens_granted=tokens["reset"],
        tokens_expired=-tokens["expiry"],
        failed=failed,
    )
