"""The door: one file of usage into one organization."""

from __future__ import annotations

from creditbook.ledger.ledger import Ledger

from .booking import LedgerTill
from .outcome import ImportRequest, ImportResult, Mode, Stopped, Tell
from .run import Import
from .values import BadMapping


def import_usage(
    ledger: Ledger,
    request: ImportRequest,
    *,
    tell: Tell = lambda progress: None,
    stopped: Stopped = lambda: False,
) -> ImportResult:
    """Imports a file; again, mapped as before, imports nothing twice, and an interrupted import goes on.

    Raises BadMapping when no row of the file could be booked as asked, NotFound for the file or the organization,
    Conflict while another process imports the same file, Unavailable when the database is.
    """
    if request.mode is Mode.CHARGE and not request.create_accounts:
        raise BadMapping(
            "A charging import charges only accounts that it opens itself. Have accounts opened that are not there "
            "(create_accounts, --create-accounts), or only record the cost (mode meter)."
        )
    org = ledger.core.organization(request.org)
    made = Import(
        ledger.core.store,
        org.org_id,
        ledger.core.now,
        request,
        lambda import_id: LedgerTill(ledger, request, import_id),
        tell=tell,
        stopped=stopped,
    )
    return made.run()
