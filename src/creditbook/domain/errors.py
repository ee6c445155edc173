"""Everything the ledger can refuse, in one tree.

    LedgerError
    ├── InvalidRequest          the call is wrong and would be wrong again
    │   ├── RequestTooLarge
    │   └── IdempotencyConflict the key was used for another request
    ├── NotFound
    ├── Refused                 the call is right, the account may not
    │   ├── InsufficientTokens
    │   ├── LimitExceeded
    │   ├── FeatureNotInPlan
    │   ├── AccountFrozen
    │   ├── AccountClosed
    │   ├── CodeNotRedeemable
    │   └── NeedsApproval
    ├── Conflict                the call is right, the moment is not
    │   ├── HoldAlreadyResolved
    │   └── AlreadyRedeemed
    └── Unavailable             nothing was decided; try again

Messages are sentences for people. HTTP statuses and pages are the edges' business.
"""

from __future__ import annotations


class LedgerError(Exception):
    """Root of everything Creditbook raises on purpose. ``str(error)`` is a sentence for people."""


class InvalidRequest(LedgerError):
    """The request itself is wrong; the sentence says what to change."""


class RequestTooLarge(InvalidRequest):
    """One live spend names more model tokens than the plan allows for a request (rule 33)."""


class IdempotencyConflict(InvalidRequest):
    """The key was used before, for another request (rule 16)."""


class NotFound(LedgerError):
    """No such organization, account, grant, hold or transaction in this organization."""


class Refused(LedgerError):
    """A right request that this account may not make now. Nothing was stored."""


class InsufficientTokens(Refused):
    """Not enough spendable tokens.

    Attributes are whole tokens: ``required``, ``available`` (for the feature asked for) and ``shortage``;
    ``packages_url`` is where to buy, '' where the program sells nothing.
    """

    def __init__(self, required: int, available: int, packages_url: str = "") -> None:
        self.required = required
        self.available = available
        self.shortage = required - available
        self.packages_url = packages_url
        super().__init__(f"Need {self.shortage} more tokens. Current balance: {available}")


class LimitExceeded(Refused):
    """A limit of the plan or a member's quota is used up.

    ``limit`` names it (``requests_per_day`` or ``quota``); ``retry_after`` is in seconds, None if it never reopens.
    """

    def __init__(self, message: str, limit: str, retry_after: int | None) -> None:
        self.limit = limit
        self.retry_after = retry_after
        super().__init__(message)


class FeatureNotInPlan(Refused):
    """The account's plan does not include the feature."""


class AccountFrozen(Refused):
    """The account starts nothing while it is frozen."""


class AccountClosed(Refused):
    """The account is closed for good."""


class CodeNotRedeemable(Refused):
    """No such promo code, or one that has ended or is exhausted: one wording for all three (rule 32)."""

    def __init__(self) -> None:
        super().__init__("This code can't be redeemed. Check its spelling, or ask whoever gave it to you.")


class NeedsApproval(Refused):
    """A grant above the program's `approval_above` waits for a second administrator (rule 38).

    ``above`` is that bound in whole tokens.
    """

    def __init__(self, above: int) -> None:
        self.above = above
        super().__init__(f"Grants above {above:,} tokens need a second administrator. Send it to the inbox instead.")


class Conflict(LedgerError):
    """The state moved on: what the request wants to change is no longer open."""


class HoldAlreadyResolved(Conflict):
    """The hold was captured to its end or voided before."""


class AlreadyRedeemed(Conflict):
    """This account has redeemed the code as often as it may."""


class Unavailable(LedgerError):
    """The database could not answer; nothing was decided. Repeat the call with the same key."""
