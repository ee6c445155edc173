"""What people decide about their plan: changed, cancelled, bought, renewed (rule 31). What time does is in `terms`."""

from __future__ import annotations

from .allowances import close_allowances, filled_by, give_allowance, open_allowances, open_missing
from .balance import available_tokens
from .context import Desk
from .debts import repay
from .errors import InvalidRequest
from .granting import lapse
from .limits import refuse_closed
from .operations import Operation
from .plans import PlanStatus
from .program import Plan
from .results import PlanReceipt
from .sales import Purchase
from .selling import CancelPlan, ChangePlan
from .state import Account, Book
from .terms import fallback, is_ending, note, paid_until, put_on

PAID_ALREADY = "The next term, on {plan}, is paid already. Choose again when it has begun, or cancel to end after it."


def own(book: Book, account: Account) -> Plan:
    """The account's own plan. Raises `InvalidRequest` for a member who lives on the pool's."""
    plan = book.own_plan(account)
    if plan is None:
        raise InvalidRequest("This account lives on its team's plan. Change the plan of the team's pool.")
    return plan


def plan_named(book: Book, slug: str) -> Plan:
    """A plan of the program in force. Raises `InvalidRequest` that names those there are."""
    if slug not in book.program.plans:
        known = ", ".join(sorted(book.program.plans))
        raise InvalidRequest(f"This program has no plan “{slug}”. Its plans: {known}.")
    return book.program.plans[slug]


def plan_to_buy(book: Book, account: Account, slug: str) -> Plan:
    """The plan that a purchase buys, as it is in force. Raises `InvalidRequest` where it is no upgrade that costs."""
    plan = plan_named(book, slug)
    _check_upgrade(own(book, account), plan)
    if not plan.is_paid:
        raise InvalidRequest(f"{plan.title} costs nothing: change to it instead of buying it.")
    return plan


def _check_upgrade(running: Plan, plan: Plan) -> None:
    if plan.slug == running.slug:
        raise InvalidRequest(f"{plan.title} is the running plan. Buy a renewal to pay its next term.")
    if running.is_paid and plan.rank < running.rank:
        raise InvalidRequest(f"{plan.title} is below {running.title}. Change to it: it begins when the paid time ends.")


def plan_to_renew(book: Book, account: Account) -> Plan:
    """The plan whose term a renewal pays: the running one's while past due, else the next term's.

    Raises `InvalidRequest` on a free plan.
    """
    running, term = own(book, account), account.term
    if not running.is_paid:
        raise InvalidRequest(f"{running.title} costs nothing, so there is nothing to renew. Choose a plan.")
    if term.unpaid:
        return running
    if term.next_plan and book.plan(term.next_plan).is_paid:
        return book.plan(term.next_plan)
    return book.plan(running.slug)


def buy_plan(desk: Desk, account: Account, purchase: Purchase) -> None:
    """Begin the plan that a purchase has paid for; an upgrade acts now.

    From a free plan, or between kinds, a full new term starts; between paid plans of one kind the term goes on and what
    the higher plan gives more is granted beside. Raises `InvalidRequest` or `AccountClosed` with nothing done where the
    plan is no upgrade (any more).
    """
    book, running = desk.book, own(desk.book, account)
    refuse_closed(account)
    plan = book.plan(purchase.item, purchase.program_id)
    _check_upgrade(running, plan)
    who = _of(purchase)
    before = account.plan
    if running.is_paid and running.term is plan.term and account.term.ends_at is not None:
        _go_up_beside(desk, account, running, plan, purchase.program_id, who)
    else:
        _start_afresh(desk, account, plan, who, program_id=purchase.program_id)
    note(desk, account, "upgraded", before, who, purchase)


def _of(purchase: Purchase) -> Operation:
    """Who acts when a payment does: the buyer, with the purchase's reason."""
    return Operation(
        account_id=purchase.account_id, key="", request_hash="", actor=purchase.actor, reason=purchase.reason
    )


def _start_afresh(desk: Desk, account: Account, plan: Plan, who: Operation, *, program_id: int | None = None) -> None:
    """A full new term now: the running allowance closes (what is held, when released), the whole new one opens."""
    close_allowances(desk, account)
    lapse(desk, account, who)
    put_on(desk, account, plan.slug, program_id=program_id)
    open_allowances(desk, account, "plan_change", who)
    repay(desk, account)


def _go_up_beside(desk: Desk, account: Account, old: Plan, new: Plan, program_id: int, who: Operation) -> None:
    """A higher plan of the same kind acts now: wallet by wallet, max(0, new − old) beside the running allowance."""
    gave = {(one.wallet, one.features): one.tokens for one in old.allowances}
    term = account.term
    account.plan, account.program_id = new.slug, program_id
    term.status, term.started_at = PlanStatus.ACTIVE, desk.now
    term.paid_ahead, term.next_plan, term.next_paid, term.unpaid, term.grace_ends_at = 0, "", 0, False, None
    desk.journal.touched_accounts[account.account_id] = account
    for allowance in new.allowances:
        wallet = filled_by(desk, account, allowance)
        more = allowance.tokens - gave.get((allowance.wallet, allowance.features), 0)
        runs = wallet.period_ends_at is not None and wallet.period_ends_at > desk.now
        if wallet.every is None or not runs or more <= 0:
            continue
        wallet.forced_count += 1
        desk.journal.touched_wallets[wallet.wallet_id] = wallet
        give_allowance(desk, account, wallet, allowance, "plan_change", who, tokens=more)
    open_missing(desk, account, "plan_change", who)
    repay(desk, account)


def renew(desk: Desk, account: Account, purchase: Purchase) -> None:
    """Pay one term: the unpaid one that runs, else the next (the lower plan's, if a downgrade waits).

    It gives no allowance early. A cancelled subscription goes on. Raises `InvalidRequest` or `AccountClosed`, with
    nothing done, where the purchase names a plan that neither runs nor waits.
    """
    running, term = own(desk.book, account), account.term
    refuse_closed(account)
    waits = bool(term.next_plan) and desk.book.plan(term.next_plan).is_paid
    who = _of(purchase)
    if not running.is_paid or purchase.item not in {running.slug, term.next_plan if waits and not term.unpaid else ""}:
        raise InvalidRequest(f"{purchase.title or purchase.item} is not the plan that runs, so it can't be renewed.")
    desk.journal.touched_accounts[account.account_id] = account
    if term.unpaid:
        _pay_running(desk, account)
        note(desk, account, "renewed", account.plan, who, purchase)
        return
    if purchase.item == running.slug:
        term.paid_ahead += 1
    else:
        term.next_paid += 1
    note(desk, account, "renewed", account.plan, who, purchase)
    if term.status is PlanStatus.CANCELLING:
        term.status = PlanStatus.ACTIVE
        term.next_plan = term.next_plan if waits else ""
        note(desk, account, "resumed", account.plan, who, purchase)


def _pay_running(desk: Desk, account: Account) -> None:
    """The past-due term is paid; a cancellation that waited for it waits for its end now."""
    term = account.term
    ending = is_ending(desk.book, account)
    term.unpaid, term.grace_ends_at = False, None
    term.status = PlanStatus.CANCELLING if ending else PlanStatus.ACTIVE


def change_plan(desk: Desk, account: Account, operation: ChangePlan) -> str:
    """Move to a plan that need not be paid now; tells what that did (`plans.PlanEvent.what`)."""
    book = desk.book
    plan = plan_named(book, operation.plan)
    refuse_closed(account)
    running, before = own(book, account), account.plan
    if plan.slug == running.slug:
        return _stay(desk, account, running, operation)
    upwards = plan.rank > running.rank
    if plan.is_paid and (upwards or not running.is_paid):
        raise InvalidRequest(f"{plan.title} has to be paid: buy it, and it begins with the payment.")
    if upwards or operation.at_once or account.term.ends_at is None:
        _start_afresh(desk, account, plan, operation)
        what = "upgraded" if upwards else "downgraded"
        note(desk, account, what, before, operation)
        return what
    if not plan.is_paid:
        return _cancel(desk, account, plan.slug, operation)
    _wait(book, account, plan.slug)
    desk.journal.touched_accounts[account.account_id] = account
    note(desk, account, "scheduled", before, operation, after=plan.slug)
    return "scheduled"


def _stay(desk: Desk, account: Account, running: Plan, operation: ChangePlan) -> str:
    """Choosing the running plan again cancels what waits."""
    term = account.term
    if not term.next_plan:
        raise InvalidRequest(f"{running.title} is the running plan, and nothing waits to change it.")
    _refuse_paid(desk.book, account)
    term.next_plan = ""
    if term.status is PlanStatus.CANCELLING:
        term.status = PlanStatus.ACTIVE
    desk.journal.touched_accounts[account.account_id] = account
    note(desk, account, "resumed", account.plan, operation)
    return "resumed"


def _refuse_paid(book: Book, account: Account) -> None:
    if account.term.next_paid:
        raise InvalidRequest(PAID_ALREADY.format(plan=book.plan(account.term.next_plan).title))


def _wait(book: Book, account: Account, slug: str) -> None:
    """Let a lower plan wait for the end of the time paid for, or of the grace."""
    term = account.term
    _refuse_paid(book, account)
    if term.next_plan == slug:
        raise InvalidRequest("That change waits already for the end of the time paid for.")
    term.next_plan = slug
    if term.status is PlanStatus.CANCELLING:
        term.status = PlanStatus.ACTIVE


def cancel_plan(desk: Desk, account: Account, operation: CancelPlan) -> str:
    """End the subscription at the end of the time paid for; while past due, with its payment's term or the grace."""
    refuse_closed(account)
    running = own(desk.book, account)
    if not running.is_paid:
        raise InvalidRequest(f"{running.title} costs nothing, so there is no subscription to cancel.")
    return _cancel(desk, account, fallback(desk.book, account, desk.now), operation)


def _cancel(desk: Desk, account: Account, slug: str, operation: Operation) -> str:
    term = account.term
    if is_ending(desk.book, account):
        raise InvalidRequest("This subscription is cancelled already; it ends with the time paid for.")
    if term.ends_at is None:
        raise InvalidRequest("This plan has no term that could end. Ask an administrator to change it at once.")
    if not term.next_paid:
        term.next_plan = slug
    if not term.unpaid:
        term.status = PlanStatus.CANCELLING
    desk.journal.touched_accounts[account.account_id] = account
    note(desk, account, "cancelling", account.plan, operation, after=slug)
    return "cancelling"


def receipt(desk: Desk, account: Account, what: str, mark: int) -> PlanReceipt:
    """The account's plan as it stands after a change that began at this mark of the journal's transactions."""
    term = account.term
    return PlanReceipt(
        account=account.name,
        what=what,
        plan=account.plan,
        status=term.status.value,
        next_plan=term.next_plan,
        term_ends_at=term.ends_at,
        paid_ahead=term.paid_ahead,
        available=available_tokens(desk.book, account, desk.now),
        transaction_ids=tuple(txn.txn_id for txn in desk.journal.transactions[mark:]),
        paid_until=paid_until(desk.book, account),
    )
