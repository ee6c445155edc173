"""The sweep: settle what is due, family by family, each in a transaction of its own; safe to repeat, safe to stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, astuple, dataclass
from datetime import datetime

from creditbook.domain.errors import InvalidRequest, LedgerError
from creditbook.domain.operations import Settle
from creditbook.store import audit, directory, sealing, sweeps
from creditbook.store.directory import AccountRef, Organization

from .calls import Call
from .core import Core
from .rewarding import pay_owed_referrals

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

    def __add__(self, other: SweepReport) -> SweepReport:
        """What two sweeps did together."""
        return SweepReport(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


NOTHING = SweepReport(0, 0, 0, 0, 0, 0, 0, 0)


def sweep(
    core: Core,
    org: str | None = None,
    *,
    at: datetime | None = None,
    actor: str = "system",
    reason: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> SweepReport:
    """Settle everything due by now, or by ``at``, in one organization or in all.

    An instant in the future is refused except in a demo database (rule 27). ``progress`` hears (done, of) accounts.
    What it wrote is counted in `sweep_run`, one row an organization. A person who runs it gives a ``reason``: then the
    run is recorded and audited even where nothing was due.
    """
    now = core.now()
    until = at or now
    found = [core.organization(org)] if org else directory.organizations(core.store)
    if until > now and not all(one.is_sample for one in found):
        raise InvalidRequest("A sweep into the future is possible only in a demo database.")
    due = [(one, list(directory.families(core.store, one.org_id, due_by=until))) for one in found]
    total, done = sum(len(refs) for _, refs in due), 0
    report = NOTHING
    for one, refs in due:
        mark, failed, started = _mark(core, one) if refs else 0, 0, core.now()
        for batch in _batches(refs):
            failed += _settle(core, one, batch, until)
            done += len(batch)
            if progress is not None:
                progress(done, total)
        did = _did(core, one, len(refs), mark, failed)
        if reason or any(astuple(did)[1:]):
            _record(core, one, did, started, actor, reason)
        report += did
    for one in found:
        pay_owed_referrals(core, one.org_id)
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


def _did(core: Core, one: Organization, accounts: int, mark: int, failed: int) -> SweepReport:
    kinds: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    for kind, number, moved in directory.written_since(core.store, one.org_id, mark) if accounts else ():
        kinds[kind] += number
        tokens[kind] += moved
    return SweepReport(
        accounts=accounts - failed,
        resets=kinds["reset"],
        rollovers=kinds["rollover"],
        expiries=kinds["expiry"],
        repayments=kinds["debt_repayment"],
        tokens_granted=tokens["reset"],
        tokens_expired=-tokens["expiry"],
        failed=failed,
    )


def _record(core: Core, one: Organization, did: SweepReport, started: datetime, actor: str, reason: str) -> None:
    counts, at = asdict(did), core.now()
    with core.store.write(one.org_id) as connection:
        run_id = sweeps.record(connection, one.org_id, started_at=started, finished_at=at, actor=actor, counts=counts)
        if reason:
            audit.record(
                connection, one.org_id, at=at, actor=actor, act="reset.run", subject=one.slug, reason=reason,
                after={"run": run_id, **{name: number for name, number in counts.items() if number}},
            )  # fmt: skip
