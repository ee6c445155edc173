"""What an operation would do: decided on what is read, and nothing of it written (rule 19)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from creditbook.domain.balance import Balance, balance_of
from creditbook.domain.decide import decide
from creditbook.domain.journal import Journal
from creditbook.domain.operations import Operation, Settle
from creditbook.domain.results import Result
from creditbook.domain.selling import ChangePlan, OpenPurchase
from creditbook.domain.terms import paid_until

from .calls import Call
from .core import Core, answer
from .purchasing import purchase_kind
from .wanting import wanted


@dataclass(frozen=True, slots=True)
class Preview:
    """What an operation would answer, the balances before and after it, and the plan as it would stand then.

    ``term_ends_at`` is the running term's end; ``paid_until``, terms paid ahead among it, is when ``next_plan`` acts.
    """

    result: Result
    before: Balance
    after: Balance
    plan: str
    next_plan: str
    term_ends_at: datetime | None
    paid_until: datetime | None = None


def preview(core: Core, account: str, operation: Operation) -> Preview:
    """Decide an operation on the account's settled state without writing it. Raises what the operation would."""
    ref, now = core.account(account), core.now()
    call = Call(ref.org_id, [operation], {ref.account_id: ref.root_id}, now)
    loaded = core.batches.read(wanted([call])[0])
    book = loaded.books[ref.account_id]
    journal = Journal(ref.org_id, loaded.new_id)
    decide(book, journal, Settle(account_id=ref.account_id), now, {})
    at = max(now, book.root.clock_at or now)
    who = book.accounts[ref.account_id]
    before = balance_of(book, who, at, None, pending=False, shown=account)
    result = answer(decide(book, journal, operation, now, {}), account)
    after = balance_of(book, who, at, None, pending=False, shown=account)
    term = who.term
    return Preview(result, before, after, who.plan, term.next_plan, term.ends_at, paid_until(book, who))


def plan_change_preview(core: Core, account: str, plan: str, *, at_once: bool = False) -> Preview:
    """What moving to a plan would do; one that has to be paid is refused here: preview its purchase."""
    ref = core.account(account)
    change = ChangePlan(account_id=ref.account_id, key="", request_hash="", plan=plan, at_once=at_once)
    return preview(core, account, change)


def purchase_preview(core: Core, account: str, item: str, kind: str = "package") -> Preview:
    """What buying a package, a plan or a renewal would cost, and do once it is paid."""
    ref, bought = core.account(account), purchase_kind(kind)
    order = OpenPurchase(
        account_id=ref.account_id, key="", request_hash="", kind=bought, item=item, payment="preview"
    )  # fmt: skip
    return preview(core, account, order)
