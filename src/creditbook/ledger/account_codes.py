"""What the accounting system calls the accounts of our journal: set by people, with a line in the audit log."""

from __future__ import annotations

from creditbook.domain.errors import InvalidRequest
from creditbook.reports.finance.journal import ROLES
from creditbook.store import audit
from creditbook.store.finance import account_codes as rows

from .core import Core

LONGEST = 60


def set_account_code(
    core: Core, org: str, role: str, code: str, name: str = "", *, reason: str, actor: str = ""
) -> None:
    """Name the account that the journal books a role to; without a ``name`` ours stands.

    Raises `InvalidRequest` for a role that there is not, an empty or overlong code, and without a reason.
    """
    if role not in ROLES:
        raise InvalidRequest(f"The journal has no account “{role}”. It has {', '.join(ROLES)}.")
    code, name = code.strip(), name.strip() or ROLES[role][1]
    if not code or len(code) > LONGEST or len(name) > LONGEST:
        raise InvalidRequest(f"Give the account's code as your accounting system has it, at most {LONGEST} characters.")
    org_id, at = core.organization(org).org_id, core.now()

    def work() -> None:
        with core.store.write(org_id) as connection:
            before = rows.codes(connection, org_id).get(role, ROLES[role])
            rows.set_code(connection, org_id, role, code, name, at=at, actor=actor)
            audit.record(
                connection, org_id, at=at, actor=actor, act="account.code", subject=role, reason=reason,
                before={"code": before[0], "name": before[1]}, after={"code": code, "name": name},
            )  # fmt: skip

    core.store.retrying(work)
