"""From journals to rows: tuples in the order of their statement's columns (`statements.IN_ORDER` orders the tables)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from creditbook.domain.journal import Journal, Transaction
from creditbook.domain.rolling import add_up
from creditbook.domain.rollups import rollups_of
from creditbook.domain.state import Account, Grant, Hold, Wallet
from creditbook.store import appending_sales
from creditbook.store import statements as to
from creditbook.store.codec import NO_PERIOD, Codec, document
from creditbook.store.loading import Known

Row = tuple[Any, ...]
Rows = list[Row]


def rows_of(
    journals: Sequence[Journal], recorded_at: datetime, codec: Codec, known: Known
) -> Iterator[tuple[to.Statement, Rows]]:
    """Every statement that has something to write, with its rows. ``known`` tells what stood there before."""
    found: dict[to.Statement, Rows] = {}
    for journal in journals:
        parts = [_made(journal, codec, recorded_at), _moved(journal, codec, known), _counted(journal, codec)]
        if journal.sells:
            parts += [appending_sales.made(journal, codec), appending_sales.moved(journal, codec)]
        for part in parts:
            for statement, rows in part:
                there = found.setdefault(statement, rows)
                if there is not rows:
                    there.extend(rows)
    for org_id in {journal.org_id for journal in journals}:
        its_own = [journal for journal in journals if journal.org_id == org_id]
        for part in (_rolled_up(org_id, its_own, codec), _booked(org_id, its_own, codec)):
            for statement, rows in part:
                found.setdefault(statement, []).extend(rows)
    for statement in to.IN_ORDER:
        if statement in found:
            yield statement, found[statement]


def _made(journal: Journal, codec: Codec, recorded_at: datetime) -> Iterator[tuple[to.Statement, Rows]]:
    """New rows, each after what it points to."""
    org, when = journal.org_id, codec.to_when
    recorded = when(recorded_at)
    if journal.accounts:
        yield to.ACCOUNT, [_account(org, account, alias, recorded, codec) for account, alias in journal.accounts]
    if journal.wallets:
        yield to.WALLET, [_wallet(org, wallet, codec) for wallet in journal.wallets]
    if journal.holds:
        yield to.HOLD, [_hold(org, hold, codec) for hold in journal.holds]
    if journal.transactions:
        yield to.TRANSACTION, [_transaction(org, txn, recorded, codec) for txn in journal.transactions]
    if journal.grants:
        yield to.GRANT, [_grant(org, grant, codec) for grant in journal.grants]
    if journal.entries:
        yield to.ENTRY, [
            (
                org, e.txn_id, e.seq, e.grant_id, e.account_id, e.amount, e.remaining_after, e.blocked,
                e.returns_txn_id, e.returns_seq, e.deferred_minor,
            )
            for e in journal.entries
        ]  # fmt: skip
    if journal.debts:
        yield (
            to.DEBT,
            [
                (org, d.debt_id, d.account_id, d.txn_id, d.feature, d.incurred, when(d.effective_at), d.owed)
                for d in journal.debts
            ],
        )
    if journal.debt_entries:
        yield (
            to.DEBT_ENTRY,
            [(org, e.txn_id, e.seq, e.debt_id, e.amount, e.owed_after, e.cause) for e in journal.debt_entries],
        )
    if journal.hold_entries:
        yield (
            to.HOLD_ENTRY,
            [
                (org, e.hold_id, e.seq, e.grant_id, e.account_id, e.amount, when(e.effective_at), e.cause, e.txn_id)
                for e in journal.hold_entries
            ],
        )
    if journal.keys:
        yield to.KEY, [(org, k.operation, k.key, k.request_hash, k.result, recorded) for k in journal.keys]
    if journal.audits:
        yield to.AUDIT, [
            (
                org, a.audit_id, when(a.at), a.actor, a.act, a.subject, document(a.before), document(a.after),
                a.reason,
            )
            for a in journal.audits
        ]  # fmt: skip


def _moved(journal: Journal, codec: Codec, known: Known) -> Iterator[tuple[to.Statement, Rows]]:
    """Rows that were there before and moved; a new object carries its final state already."""
    org = journal.org_id
    if journal.touched_accounts:
        new = {account.account_id for account, _ in journal.accounts}
        moved = [account for id_, account in journal.touched_accounts.items() if id_ not in new]
        if moved:
            yield to.ACCOUNT_MOVED, [(*_account_state(account, codec), org, account.account_id) for account in moved]
        terms = [(account.account_id, _account_term(account, codec)) for account in moved]
        turned = [(*term, org, id_) for id_, term in terms if term != known.terms.get(id_)]
        if turned:
            yield to.ACCOUNT_TURNED, turned
    if journal.touched_wallets:
        made = {wallet.wallet_id for wallet in journal.wallets}
        wallets = [wallet for id_, wallet in journal.touched_wallets.items() if id_ not in made]
        if wallets:
            yield to.WALLET_MOVED, [(*_wallet_state(wallet, codec), org, wallet.wallet_id) for wallet in wallets]
    if journal.touched_grants:
        yield from _moved_grants(journal, codec, known.revived)
    if journal.touched_holds:
        made = {hold.hold_id for hold in journal.holds}
        holds = [hold for id_, hold in journal.touched_holds.items() if id_ not in made]
        if holds:
            yield to.HOLD_MOVED, [(*_hold_state(hold, codec), org, hold.hold_id) for hold in holds]
    if journal.touched_debts:
        made = {debt.debt_id for debt in journal.debts}
        debts = [debt for id_, debt in journal.touched_debts.items() if id_ not in made]
        if debts:
            yield to.DEBT_MOVED, [(debt.owed, org, debt.debt_id) for debt in debts]


def _moved_grants(journal: Journal, codec: Codec, revived: Collection[int]) -> Iterator[tuple[to.Statement, Rows]]:
    """Most stay alive: then `live` is left out, and with it the work on the index that watches it."""
    org = journal.org_id
    made = {grant.grant_id for grant in journal.grants}
    moved: Rows = []
    lived: Rows = []
    for id_, grant in sorted(journal.touched_grants.items()):
        if id_ in made:
            continue
        state = (*_grant_state(grant, codec), org, id_)
        if grant.live and id_ not in revived:
            moved.append(state)
        else:
            lived.append((grant.live, *state))
    if moved:
        yield to.GRANT_MOVED, moved
    if lived:
        yield to.GRANT_LIVED, lived


def _counted(journal: Journal, codec: Codec) -> Iterator[tuple[to.Statement, Rows]]:
    org, day = journal.org_id, codec.to_day
    if journal.requests:
        yield (
            to.ACCOUNT_DAY,
            [(org, account_id, day(date_), count) for (account_id, date_), count in sorted(journal.requests.items())],
        )
    if journal.quota:
        yield (
            to.QUOTA_USE,
            sorted(
                (org, account_id, pool_id, day(period or NO_PERIOD), amount)
                for (account_id, pool_id, period), amount in journal.quota.items()
            ),
        )


def _rolled_up(org: int, journals: Sequence[Journal], codec: Codec) -> Iterator[tuple[to.Statement, Rows]]:
    """Sorted by key, so that two writers of one organization never wait for each other in a circle."""
    sums = rollups_of((txn for journal in journals for txn in journal.transactions), codec.shards)
    if not sums.account_day:
        return
    day = codec.to_day
    yield (
        to.USAGE_ACCOUNT_DAY,
        sorted((org, key[0], day(key[1]), day(key[2]), *key[3:], *line) for key, line in sums.account_day.items()),
    )
    yield (
        to.USAGE_ORG_DAY,
        sorted((org, day(key[0]), day(key[1]), *key[2:], *line) for key, line in sums.org_day.items()),
    )
    yield to.USAGE_ORG_HOUR, sorted((org, day(key[0]), *key[1:], *line) for key, line in sums.org_hour.items())
    yield (
        to.USAGE_MONTH_ACCOUNT,
        sorted((org, day(key[0]), *key[1:], *line) for key, line in sums.month_account.items()),
    )


def _booked(org: int, journals: Sequence[Journal], codec: Codec) -> Iterator[tuple[to.Statement, Rows]]:
    """What entries add to the books by day, and to those of sold packs by month; an ordinary spend touches no pack."""
    day = codec.to_day
    books: dict[Any, list[int]] = {}
    packs: dict[Any, list[int]] = {}
    for journal in journals:
        for key, line in journal.books.items():
            add_up(books, (*key[:-1], key[-1] % codec.shards), line)
        for pack, line in journal.packs.items():
            add_up(packs, pack, line)
    if books:
        yield to.BOOKS_DAY, sorted((org, day(key[0]), *key[1:], *line) for key, line in books.items())
    if packs:
        yield to.PACK_MONTH, sorted((org, day(key[0]), *key[1:], *line) for key, line in packs.items())


def _account_state(account: Account, codec: Codec) -> Row:
    return (
        account.status.value, account.plan, codec.to_day(account.plan_anchor),
        account.zone if account.own_zone else None, account.quota_tokens, account.import_id,
        codec.to_when(account.clock_at),
    )  # fmt: skip


def _account_term(account: Account, codec: Codec) -> Row:
    """As `loading` keeps it: an ordinary spend moves the account's clock and nothing of its plan."""
    term, when, day = account.term, codec.to_when, codec.to_day
    return (
        when(term.started_at or account.clock_at), account.program_id, term.status.value, day(term.first),
        day(term.next), when(term.ends_at), term.paid_ahead, term.next_plan, term.next_paid, term.unpaid,
        when(term.grace_ends_at), account.referral_waits,
    )  # fmt: skip


def _account(org: int, account: Account, external_id: str | None, recorded: Any, codec: Codec) -> Row:
    return (
        org, account.account_id, account.name, account.kind, account.pool_id, external_id, recorded,
        account.referrer_id, *_account_state(account, codec), *_account_term(account, codec),
    )  # fmt: skip


def _wallet_state(wallet: Wallet, codec: Codec) -> Row:
    when, day = codec.to_when, codec.to_day
    return (
        wallet.label, wallet.is_active, when(wallet.expires_at), wallet.every.value if wallet.every else None,
        day(wallet.anchor), day(wallet.period_first), day(wallet.period_next), when(wallet.period_ends_at),
        when(wallet.last_reset_at), wallet.forced_count,
    )  # fmt: skip


def _wallet(org: int, wallet: Wallet, codec: Codec) -> Row:
    features = None if wallet.features is None else " ".join(sorted(wallet.features))
    return (
        org, wallet.wallet_id, wallet.account_id, wallet.type.value, features, codec.to_when(wallet.created_at),
        *_wallet_state(wallet, codec),
    )  # fmt: skip


def _grant_state(grant: Grant, codec: Codec) -> Row:
    return (
        grant.remaining, grant.held, grant.disputed, grant.closed_reason, codec.to_when(grant.closed_at),
        codec.to_when(grant.expires_at),
    )  # fmt: skip


def _grant(org: int, grant: Grant, codec: Codec) -> Row:
    return (
        org, grant.grant_id, grant.account_id, grant.wallet_id, grant.txn_id, grant.source, grant.grant_class.value,
        grant.label, grant.amount, codec.to_when(grant.effective_at), grant.price_minor, grant.currency,
        codec.to_day(grant.period_first), grant.forced_no, grant.tax_minor, grant.live, *_grant_state(grant, codec),
    )  # fmt: skip


def _hold_state(hold: Hold, codec: Codec) -> Row:
    return (
        codec.to_when(hold.ends_at), hold.status.value, codec.to_when(hold.closed_at), hold.captured, hold.metered,
    )  # fmt: skip


def _hold(org: int, hold: Hold, codec: Codec) -> Row:
    return (
        org, hold.hold_id, hold.account_id, hold.pool_id, hold.action, hold.feature, hold.estimate, hold.seconds,
        codec.to_when(hold.effective_at), codec.to_day(hold.quota_period), hold.project, document(hold.metadata),
        *_hold_state(hold, codec),
    )  # fmt: skip


def _transaction(org: int, t: Transaction, recorded: Any, codec: Codec) -> Row:
    when, day = codec.to_when, codec.to_day
    return (
        org, t.txn_id, t.account_id, t.pool_id, t.kind, t.tokens, t.charged, t.metered, t.late_capture,
        t.would_refuse, t.action, t.feature, t.agent, t.model, t.project, t.description, t.plan, t.input_tokens,
        t.output_tokens, t.cached_tokens, t.reasoning_tokens, t.requests, t.cost_usd_nanos, t.cost_inr_nanos,
        document(t.cost_parts), t.unpriced, t.price_version, t.fx_rate_id, when(t.event_at), when(t.effective_at),
        recorded, day(t.account_date), day(t.org_date), day(t.accounting_date), t.org_hour, t.available_before,
        t.available_after, t.hold_id, t.reverses_txn_id, day(t.quota_period), t.quota_charged, t.actor, t.reason,
        document(t.metadata),
    )  # fmt: skip
