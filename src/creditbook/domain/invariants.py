"""What always holds (rule 37), asked of plain values: a book that was never reloaded and the journal of its whole life.

`broken` returns one sentence for every row that breaks a rule; nothing broken is an empty list. The database asks the
same in SQL (`creditbook verify`); here every rule can be tried after every step of a test.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime

from .balance import available_tokens, spendable
from .journal import Journal, Transaction
from .program import GrantClass
from .rollups import MEASURES, rollups_of
from .state import AccountStatus, Book, HoldStatus
from .term_invariants import terms

ISSUED = frozenset({"grant", "purchase", "promo", "referral", "reward", "reset"})
GONE = frozenset({"usage", "debt_repayment", "expiry", "revocation", "purchase_refund", "plan_change", "rollover"})


def broken(book: Book, journal: Journal) -> list[str]:
    """Every invariant that does not hold, as a sentence that names the row."""
    checks = (grants, classes, debts, holds, transactions, refunds, periods, quotas, settled, rollups, terms)
    return [complaint for check in checks for complaint in check(book, journal)]


def grants(book: Book, journal: Journal) -> Iterator[str]:
    """A grant is the sum of its entries, each entry knows what remained, and nothing is ever overdrawn."""
    remaining: dict[int, int] = defaultdict(int)
    owners = {grant.grant_id: grant.account_id for grant in journal.grants}
    for entry in journal.entries:
        remaining[entry.grant_id] += entry.amount
        if entry.remaining_after != remaining[entry.grant_id] or entry.remaining_after < 0:
            yield f"entry {entry.txn_id}/{entry.seq} says {entry.remaining_after}, not {remaining[entry.grant_id]}"
        if owners[entry.grant_id] != entry.account_id:
            yield f"entry {entry.txn_id}/{entry.seq} moves a grant of another account"
    for grant in journal.grants:
        if grant.remaining != remaining[grant.grant_id]:
            yield f"grant {grant.grant_id} has {grant.remaining}, its entries make {remaining[grant.grant_id]}"
        if not 0 <= grant.held <= grant.remaining <= grant.amount:
            yield f"grant {grant.grant_id} holds {grant.held} of {grant.remaining} of {grant.amount}"
        if grant.remaining and not grant.live:
            yield f"grant {grant.grant_id} has tokens and is not loaded any more"


def classes(book: Book, journal: Journal) -> Iterator[str]:
    """Per class: issued + returned + rolled in = all that went + outstanding; and what rolls keeps its class."""
    kinds = {txn.txn_id: txn.kind for txn in journal.transactions}
    class_of = {grant.grant_id: grant.grant_class for grant in journal.grants}
    came: Counter[GrantClass] = Counter()
    went: Counter[GrantClass] = Counter()
    rolled: Counter[GrantClass] = Counter()
    for entry in journal.entries:
        kind, of = kinds[entry.txn_id], class_of[entry.grant_id]
        if kind == "rollover":
            rolled[of] += entry.amount
        if entry.amount > 0 and kind in ISSUED | {"refund", "rollover", "plan_change"}:
            came[of] += entry.amount
        elif entry.amount < 0 and kind in GONE:
            went[of] -= entry.amount
        elif entry.amount:
            yield f"transaction {entry.txn_id} of kind {kind} moves {entry.amount}"
    outstanding: Counter[GrantClass] = Counter()
    for grant in journal.grants:
        outstanding[grant.grant_class] += grant.remaining
    for of in came.keys() | went.keys():
        if came[of] != went[of] + outstanding[of]:
            yield f"{of}: {came[of]} came, {went[of]} went, {outstanding[of]} are left"
        if rolled[of]:
            yield f"{of}: rollover made {rolled[of]} tokens"


def debts(book: Book, journal: Journal) -> Iterator[str]:
    """Debt incurred = repaid + cancelled + written off + owed."""
    owed: dict[int, int] = defaultdict(int)
    for entry in journal.debt_entries:
        owed[entry.debt_id] += entry.amount
        if entry.owed_after != owed[entry.debt_id]:
            yield f"debt entry {entry.txn_id}/{entry.seq} says {entry.owed_after}, not {owed[entry.debt_id]}"
        if (entry.amount > 0) != (entry.cause == "incurred"):
            yield f"debt entry {entry.txn_id}/{entry.seq} is {entry.cause} by {entry.amount}"
    for debt in journal.debts:
        if debt.owed != owed[debt.debt_id] or not 0 <= debt.owed <= debt.incurred:
            yield f"debt {debt.debt_id} owes {debt.owed} of {debt.incurred}, its entries make {owed[debt.debt_id]}"


def holds(book: Book, journal: Journal) -> Iterator[str]:
    """What grants have held is what open holds reserve, and that is the sum of their entries."""
    of_grant: Counter[int] = Counter()
    of_hold: dict[int, Counter[int]] = defaultdict(Counter)
    for entry in journal.hold_entries:
        of_hold[entry.hold_id][entry.grant_id] += entry.amount
    for hold in journal.holds:
        reserved = {grant_id: amount for grant_id, amount in of_hold[hold.hold_id].items() if amount}
        if reserved != hold.reserved:
            yield f"hold {hold.hold_id} reserves {hold.reserved}, its entries make {reserved}"
        if hold.status is not HoldStatus.OPEN and hold.reserved:
            yield f"hold {hold.hold_id} is {hold.status} and still reserves {hold.held}"
        of_grant.update(hold.reserved)
    for grant in journal.grants:
        if grant.held != of_grant[grant.grant_id]:
            yield f"grant {grant.grant_id} has {grant.held} held, open holds reserve {of_grant[grant.grant_id]}"


def transactions(book: Book, journal: Journal) -> Iterator[str]:
    """A transaction is the sum of its lines, on its own account and the pool it names; time never runs back."""
    moved: Counter[int] = Counter()
    incurred: Counter[int] = Counter()
    touched: dict[int, list[int]] = defaultdict(list)
    owners: dict[int, set[int]] = defaultdict(set)
    for entry in journal.entries:
        moved[entry.txn_id] += entry.amount
        touched[entry.txn_id].append(entry.grant_id)
        owners[entry.txn_id].add(entry.account_id)
    for line in journal.debt_entries:
        incurred[line.txn_id] += line.amount if line.cause == "incurred" else 0
    last: dict[int, datetime] = {}
    for txn in journal.transactions:
        if txn.tokens != moved[txn.txn_id]:
            yield f"transaction {txn.txn_id} says {txn.tokens}, its entries make {moved[txn.txn_id]}"
        if len(touched[txn.txn_id]) != len(set(touched[txn.txn_id])) and txn.kind == "usage":
            yield f"transaction {txn.txn_id} has two entries for one grant"
        if not owners[txn.txn_id] <= {txn.account_id, txn.pool_id}:
            yield f"transaction {txn.txn_id} moves grants of an account that it does not name"
        if txn.effective_at < last.get(txn.account_id, txn.effective_at):
            yield f"transaction {txn.txn_id} was decided before the one before it"
        last[txn.account_id] = txn.effective_at
        yield from _usage(txn, incurred[txn.txn_id])


def _usage(txn: Transaction, incurred: int) -> Iterator[str]:
    if txn.kind == "usage" and txn.charged != incurred - txn.tokens:
        yield f"usage {txn.txn_id} charged {txn.charged}, took {-txn.tokens} and left a debt of {incurred}"
    if txn.kind == "usage" and txn.metered != (txn.charged == 0):
        yield f"usage {txn.txn_id} charged {txn.charged} and says that it was {'' if txn.metered else 'not '}metered"
    for available in (txn.available_before, txn.available_after):
        if available is not None and available < 0:
            yield f"transaction {txn.txn_id} saw {available} available"


def refunds(book: Book, journal: Journal) -> Iterator[str]:
    """The sum of refunds never passes what was charged, nor that of returns the line they return."""
    charged = {txn.txn_id: txn.charged for txn in journal.transactions if txn.kind == "usage"}
    given: Counter[int] = Counter()
    for txn in journal.transactions:
        if txn.kind == "refund" and txn.reverses_txn_id is not None:
            given[txn.reverses_txn_id] += txn.charged
    for txn_id, amount in given.items():
        if amount > charged[txn_id]:
            yield f"usage {txn_id} charged {charged[txn_id]} and was given {amount} back"
    lines = {(entry.txn_id, entry.seq): entry.amount for entry in journal.entries}
    returned: Counter[tuple[int, int]] = Counter()
    for entry in journal.entries:
        if entry.returns_txn_id is not None and entry.returns_seq is not None:
            returned[entry.returns_txn_id, entry.returns_seq] += entry.amount
    for where, amount in returned.items():
        if amount > -lines[where]:
            yield f"line {where} took {-lines[where]} and was given {amount} back"


def periods(book: Book, journal: Journal) -> Iterator[str]:
    """One allowance per wallet, period and forced number; never two for one local date."""
    seen = Counter(
        (grant.wallet_id, grant.period_first, grant.forced_no)
        for grant in journal.grants
        if grant.source == "allowance"
    )
    for (wallet_id, first, forced), times in seen.items():
        if times > 1:
            yield f"wallet {wallet_id} got its allowance of {first} (forced {forced}) {times} times"


def quotas(book: Book, journal: Journal) -> Iterator[str]:
    """What counts against a member's quota is what its transactions say, refunds taken off."""
    used: Counter[tuple[int, object]] = Counter()
    for txn in journal.transactions:
        if txn.quota_charged:
            used[txn.account_id, txn.quota_period] += txn.quota_charged
    for account in book.accounts.values():
        for period, counted in account.quota_used.items():
            if counted != used[account.account_id, period] or counted < 0:
                yield f"{account.name}: quota of {period} counts {counted}, not {used[account.account_id, period]}"


def settled(book: Book, journal: Journal) -> Iterator[str]:
    """As of the last instant decided: no dead tokens, no hold past its end, no debt that tokens at hand could pay."""
    now = book.root.clock_at if book.accounts else None
    if now is None:
        return
    for account in book.accounts.values():
        if account.import_id is not None:
            continue
        if (available_tokens(book, account, now) or 0) < 0:
            yield f"{account.name} has less than nothing available"
        for grant in account.grants.values():
            if grant.free and grant.ended(now):
                yield f"grant {grant.grant_id} ended with {grant.free} tokens that did not lapse"
        for hold in account.holds.values():
            if hold.status is HoldStatus.OPEN and hold.ends_at <= now:
                yield f"hold {hold.hold_id} has timed out and is still open"
        plan = book.own_plan(account)
        if account.status is AccountStatus.CLOSED or (plan is not None and plan.unlimited):
            continue
        for debt in account.debts.values():
            wallets = account.wallets
            if debt.owed and any(
                grant.free and spendable(grant, wallets[grant.wallet_id], now, debt.feature)
                for grant in account.grants.values()
            ):
                yield f"debt {debt.debt_id} is owed while tokens that could pay it are free"


def rollups(book: Book, journal: Journal) -> Iterator[str]:
    """Every rollup adds up to the transactions it counts."""
    sums = rollups_of(journal.transactions)
    counted = [
        txn
        for txn in journal.transactions
        if txn.kind in ("usage", "refund") or (txn.kind == "adjustment" and txn.cost_usd_nanos is not None)
    ]
    for name, table in (
        ("account_day", sums.account_day),
        ("org_day", sums.org_day),
        ("org_hour", sums.org_hour),
        ("month_account", sums.month_account),
    ):
        for place, measure in enumerate(MEASURES):
            total = sum(line[place] for line in table.values())
            wanted = sum(_measure(txn, measure) for txn in counted)
            if total != wanted:
                yield f"{name}: {measure} adds up to {total}, transactions to {wanted}"


def _measure(txn: Transaction, measure: str) -> int:
    if measure in ("charged", "refunded"):
        return txn.charged if txn.kind == {"charged": "usage", "refunded": "refund"}[measure] else 0
    if measure == "unpriced" and txn.kind == "adjustment":
        return -int(txn.unpriced)
    return int(getattr(txn, measure) or 0)
