"""What a batch on PostgreSQL asks for: statements queued in a pipe, whose rows are put on the shelf after its flush."""

# ruff: noqa: S608 -- SQL is put together from constants of our own; values are always parameters.

from __future__ import annotations

from creditbook.domain.errors import NotFound
from creditbook.domain.plans import Version
from creditbook.domain.state import Hold
from creditbook.store import selects
from creditbook.store.batch import Wanted
from creditbook.store.codec import POSTGRES
from creditbook.store.loading import Shelf, Versions, grant_of, hold_of, oldest_day, past_of, put_lines
from creditbook.store.loading_costs import POSTGRES_CORRECTIONS, POSTGRES_USAGES, costs_of
from creditbook.store.loading_sales import Sales, oldest_award
from creditbook.store.pipe import Pipe, Rows, array, text

FEW = 4
"""Up to here a row is a statement; above, a column is an array."""

_KEY = selects.for_postgres(selects.KEY + " AND operation = ? AND key = ?")
_KEYS = (
    "SELECT operation, key, request_hash, result FROM operation_key "
    "WHERE org_id = $1 AND (operation, key) IN (SELECT * FROM unnest($2::text[], $3::text[]))"
)
_ORGANIZATION = selects.for_postgres(selects.ORGANIZATION)
_ACCOUNTS = selects.for_postgres(selects.ACCOUNTS)
_MEMBERS = selects.for_postgres(selects.MEMBERS)
_WALLETS = selects.for_postgres(selects.WALLETS)
_GRANTS = selects.for_postgres(selects.GRANTS)
_DEBTS = selects.for_postgres(selects.DEBTS)
_REQUESTS = selects.for_postgres(selects.REQUESTS)
_QUOTA = selects.for_postgres(selects.QUOTA)
_LINES = (
    "(SELECT array_agg(ARRAY[l.grant_id, l.total, l.first_seq, l.last_seq] ORDER BY l.first_seq) FROM ("
    "SELECT e.grant_id, sum(e.amount)::bigint AS total, min(e.seq) AS first_seq, max(e.seq) AS last_seq "
    "FROM hold_entry e WHERE e.org_id = h.org_id AND e.hold_id = h.hold_id GROUP BY e.grant_id) l)"
)
_HOLDS = selects.for_postgres(f"SELECT {selects.HOLD_COLUMNS}, {_LINES} FROM hold h WHERE h.org_id = ? AND ")
_OPEN_HOLDS = _HOLDS + (
    "h.status = 'open' AND (h.account_id = ANY($2) OR (h.pool_id = ANY($3) AND h.ends_at <= $4)) ORDER BY h.hold_id"
)
_NAMED_HOLDS = _HOLDS + "h.hold_id = ANY($2)"
_VERSIONS = selects.for_postgres(selects.VERSIONS)
_LOCK_CODES = "SELECT code_id FROM promo_code WHERE org_id = $1 AND code = ANY($2) ORDER BY code FOR UPDATE"
_CODES = selects.for_postgres(selects.CODES)
_REDEEMED = selects.for_postgres(selects.REDEEMED)
_BUYERS = selects.for_postgres(selects.BUYERS)
_PURCHASES = selects.for_postgres(selects.PURCHASES)
_BOUGHT_GRANTS = selects.for_postgres(selects.BOUGHT_GRANTS)
_PAYMENT = selects.for_postgres(selects.PAYMENT)
_AWARDS = selects.for_postgres(selects.AWARDS)
_PAST_USAGE = selects.for_postgres(selects.PAST_USAGE)
_PAST_LINES = selects.for_postgres(selects.PAST_LINES)
_PAST_GRANTS = selects.for_postgres(selects.PAST_GRANTS)
_PAST_DEBT = selects.for_postgres(selects.PAST_DEBT)


def send_keys(pipe: Pipe, wanted: Wanted) -> list[Rows]:
    """Queue the question which of the batch's keys are used."""
    org = text(wanted.org_id)
    if len(wanted.keys) <= FEW:
        return [pipe.send(_KEY, (org, text(operation), text(key))) for operation, key in wanted.keys]
    operations, keys = zip(*wanted.keys, strict=True)
    return [pipe.send(_KEYS, (org, array(operations), array(keys)))]


def lock_codes(pipe: Pipe, wanted: Wanted) -> None:
    """Queue the locks on promo codes, after those on accounts; what they say is loaded by a later statement."""
    if wanted.codes:
        pipe.send(_LOCK_CODES, (text(wanted.org_id), array(wanted.codes)))


def load(pipe: Pipe, wanted: Wanted, versions: Versions) -> Shelf:
    """Fill the organization's books; what the caller had queued goes along in the same flush."""
    org = text(wanted.org_id)
    roots = {*wanted.accounts.values(), *(root for _, root in wanted.new_accounts)}
    organization = pipe.send(_ORGANIZATION, (org,))
    loads = _Loads(pipe, wanted, {*wanted.accounts, *roots}, roots)
    named = pipe.send(_NAMED_HOLDS, (org, array(wanted.holds))) if wanted.holds else []
    members = pipe.send(_MEMBERS, (org, array(roots))) if wanted.whole_families else []
    pasts = [_send_past(pipe, wanted.org_id, txn_id) for txn_id in wanted.refunds]
    sales = _Sales(pipe, wanted) if wanted.sells else None
    of_costs = (org, array(wanted.costs))
    costs = [pipe.send(POSTGRES_USAGES, of_costs), pipe.send(POSTGRES_CORRECTIONS, of_costs)] if wanted.costs else []
    pipe.flush()
    if not organization:
        raise NotFound("There is no such organization here.")
    zone, program_id, closed_through = organization[0]
    known = versions.of(wanted.org_id, program_id) or _read_versions(pipe, wanted.org_id, program_id, versions)
    shelf = Shelf(wanted.org_id, zone, known, closed_through, POSTGRES)
    owners = loads.put(shelf)
    further = (owners | {id_ for (id_,) in members}) - set(shelf.accounts)
    if further:
        loads = _Loads(pipe, wanted, further, set())
        pipe.flush()
        loads.put(shelf)
    shelf.put_holds(_holds(named))
    for usage, lines, grants, debts in pasts:
        if usage:
            shelf.pasts.append(past_of(usage[0], lines, grants, debts, shelf))
    shelf.costs += costs_of(costs[0], costs[1], POSTGRES) if costs else []
    shelf.sales = sales.put() if sales is not None else None
    return shelf


def _read_versions(pipe: Pipe, org_id: int, program_id: int, versions: Versions) -> tuple[Version, ...]:
    found = pipe.send(_VERSIONS, (text(org_id),))
    pipe.flush()
    return versions.put(org_id, program_id, found, POSTGRES)


class _Loads:
    """What is asked of some accounts in one flush, and put on the shelf after it."""

    def __init__(self, pipe: Pipe, wanted: Wanted, accounts: set[int], roots: set[int]) -> None:
        org, some = text(wanted.org_id), array(accounts)
        self._accounts = pipe.send(_ACCOUNTS, (org, some))
        self._wallets = pipe.send(_WALLETS, (org, some))
        self._grants = pipe.send(_GRANTS, (org, some))
        self._holds = pipe.send(_OPEN_HOLDS, (org, some, array(roots), text(wanted.until)))
        self._debts = pipe.send(_DEBTS, (org, some))
        self._requests = pipe.send(_REQUESTS, (org, some, text(oldest_day(wanted.until))))
        # Only a member of a pool has a quota.
        self._quota = pipe.send(_QUOTA, (org, some)) if accounts - roots else []

    def put(self, shelf: Shelf) -> set[int]:
        """Put the rows on the shelf. Returns the owners of holds that are due on a pool, who must be loaded too."""
        shelf.put_accounts(self._accounts)
        shelf.put_wallets(self._wallets)
        shelf.put_grants(self._grants)
        shelf.put_debts(self._debts)
        shelf.put_requests(self._requests)
        shelf.put_quota(self._quota)
        holds = _holds(self._holds)
        shelf.put_holds(holds)
        return {hold.account_id for hold in holds.values()}


def _holds(rows: Rows) -> dict[int, Hold]:
    holds = {row[0]: hold_of(row[:-1], POSTGRES) for row in rows}
    put_lines(holds, ((row[0], *line) for row in rows for line in row[-1] or ()))
    return holds


def _send_past(pipe: Pipe, org_id: int, txn_id: int) -> tuple[Rows, Rows, Rows, Rows]:
    org, txn = text(org_id), text(txn_id)
    return (
        pipe.send(_PAST_USAGE, (org, txn)),
        pipe.send(_PAST_LINES, (txn, org, org, txn, org, txn)),
        pipe.send(_PAST_GRANTS, (org, org, org, txn, org, txn)),
        pipe.send(_PAST_DEBT, (org, txn)),
    )


class _Sales:
    """What is asked around codes, purchases and awards."""

    def __init__(self, pipe: Pipe, wanted: Wanted) -> None:
        org, accounts = text(wanted.org_id), array({*wanted.accounts, *dict(wanted.new_accounts)})
        codes, purchases = array(wanted.codes), array(wanted.purchases)
        self._codes: list[Rows] = [[], [], []]
        if wanted.codes:
            self._codes = [
                pipe.send(_CODES, (org, codes)),
                pipe.send(_REDEEMED, (org, codes, accounts)),
                pipe.send(_BUYERS, (org, accounts)),
            ]
        self._purchases: list[Rows] = [[], []]
        if wanted.purchases:
            self._purchases = [
                pipe.send(_PURCHASES, (org, purchases)),
                pipe.send(_BOUGHT_GRANTS, (org, org, purchases)),
            ]
        self._payments = [
            ((provider, payment), pipe.send(_PAYMENT, (org, text(provider), text(payment))))
            for provider, payment in wanted.payments
        ]
        since = text(oldest_award(wanted.until))
        self._awards = [
            pipe.send(_AWARDS, (org, text(account_id), text(name), since)) for account_id, name in wanted.awards
        ]

    def put(self) -> Sales:
        """The rows as values."""
        sales = Sales(POSTGRES)
        sales.put_codes(*self._codes)
        rows, grants = self._purchases
        sales.put_purchases(rows, [grant_of(row, POSTGRES) for row in grants])
        for payment, found in self._payments:
            sales.put_payment(payment, found)
        for awards in self._awards:
            sales.put_awards(awards)
        return sales
