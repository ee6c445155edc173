"""Costs corrected: what usage costs by a price known only now, booked beside it in batches (rules 3, 28, 34)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass, field
from itertools import islice

from creditbook.domain.costs import CorrectCost, CostCorrection
from creditbook.domain.errors import InvalidRequest, LedgerError
from creditbook.domain.operations import Operation
from creditbook.domain.results import Done
from creditbook.store.finance import correcting as rows

from .calls import Call
from .core import Core

AT_ONCE = 200
"""Corrections in one transaction: few enough that nobody who spends waits long for its accounts."""


@dataclass(frozen=True, slots=True)
class CorrectionReport:
    """What corrections did. ``refused`` names usage that could not be corrected, and why; costs are the differences.

    ``unchanged`` usage costs that already. ``stopped``: somebody stopped it, and the same call goes on from there.
    """

    corrected: int = 0
    unchanged: int = 0
    refused: tuple[tuple[int, str], ...] = ()
    usd_nanos: int = 0
    inr_nanos: int = 0
    stopped: bool = False


@dataclass(slots=True)
class _Sums:
    """The report while it grows."""

    corrected: int = 0
    unchanged: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)
    usd_nanos: int = 0
    inr_nanos: int = 0

    @property
    def seen(self) -> int:
        return self.corrected + self.unchanged + len(self.refused)


def correct_costs(
    core: Core,
    org: str,
    corrections: Iterable[CostCorrection],
    *,
    reason: str,
    actor: str = "",
    progress: Callable[[int], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> CorrectionReport:
    """Book by how much the cost of each usage named differs from what is booked.

    Each batch is a transaction with one line in the audit log. Whatever ends it early, what is booked stays; the same
    call again finds that unchanged and does the rest. ``progress`` hears how many are done; ``stop`` is asked between
    batches. Raises `InvalidRequest` without a reason, `NotFound` for an organization that is not there.
    """
    if not reason.strip():
        raise InvalidRequest("Give a reason: it stands on every correction and in the audit log beside your name.")
    org_id = core.organization(org).org_id
    sums = _Sums()
    for batch in _batches(corrections):
        if stop is not None and stop():
            return CorrectionReport(*_told(sums), stopped=True)
        _correct(core, org, org_id, batch, reason.strip(), actor, sums)
        if progress is not None:
            progress(sums.seen)
    return CorrectionReport(*_told(sums))


def _told(sums: _Sums) -> tuple[int, int, tuple[tuple[int, str], ...], int, int]:
    corrected, unchanged, refused, usd, inr = astuple(sums)
    return corrected, unchanged, tuple(tuple(one) for one in refused), usd, inr


def _batches(corrections: Iterable[CostCorrection]) -> Iterator[list[CostCorrection]]:
    waiting = iter(corrections)
    while batch := list(islice(waiting, AT_ONCE)):
        yield batch


def _correct(
    core: Core, org: str, org_id: int, batch: list[CostCorrection], reason: str, actor: str, sums: _Sums
) -> None:
    owners = rows.owners(core.store, org_id, [one.txn_id for one in batch])
    sums.refused += [(one.txn_id, "There is no such usage here.") for one in batch if one.txn_id not in owners]
    known = [one for one in batch if one.txn_id in owners]
    known.sort(key=lambda one: owners[one.txn_id])
    if not known:
        return
    operations: list[Operation] = [
        CorrectCost(account_id=owners[one.txn_id][0], txn_id=one.txn_id, cost=one.cost, actor=actor, reason=reason)
        for one in known
    ]
    roots = dict(owners.values())
    call = Call(org_id, operations, roots, core.now(), audit_once="cost.correct", audit_subject=org)
    core.group(org_id).call(call)
    written: list[int] = []
    for one, outcome in zip(known, call.outcomes, strict=True):
        if isinstance(outcome, LedgerError):
            sums.refused.append((one.txn_id, str(outcome)))
        elif isinstance(outcome, Done) and outcome.transaction_ids:
            written += outcome.transaction_ids
        else:
            sums.unchanged += 1
    sums.corrected += len(written)
    usd, inr = rows.cost_of(core.store, org_id, written)
    sums.usd_nanos, sums.inr_nanos = sums.usd_nanos + usd, sums.inr_nanos + inr
