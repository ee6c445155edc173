"""The SQL of the write path's loading half, written once for both databases.

`?` is a parameter; `{some}` is where SQLite compares with one id and PostgreSQL with an array of them (`for_sqlite`,
`for_postgres`). Every list of columns is in the order in which `loading` takes a row apart.
"""

# ruff: noqa: S608 -- SQL is put together from constants of our own; values are always parameters.

from __future__ import annotations

from itertools import count

ORGANIZATION = "SELECT zone, program_id, closed_through FROM organization WHERE org_id = ?"
KEY = "SELECT operation, key, request_hash, result FROM operation_key WHERE org_id = ?"
ACCOUNTS = (
    "SELECT account_id, name, kind, plan, plan_anchor, zone, status, pool_id, quota_tokens, import_id, clock_at, "
    "referrer_id, plan_started_at, program_id, term_status, term_first, term_next, term_ends_at, paid_ahead, "
    "next_plan, next_paid, unpaid, grace_ends_at, referral_waits "
    "FROM account WHERE org_id = ? AND account_id {some}"
)
MEMBERS = "SELECT account_id FROM account WHERE org_id = ? AND pool_id {some}"
WALLETS = (
    "SELECT wallet_id, account_id, type, label, features, is_active, expires_at, every, anchor, period_first, "
    "period_next, period_ends_at, last_reset_at, forced_count, created_at "
    "FROM wallet WHERE org_id = ? AND account_id {some} ORDER BY wallet_id"
)
GRANT_COLUMNS = (
    "grant_id, account_id, wallet_id, txn_id, source, class, amount, effective_at, expires_at, remaining, held, label, "
    "disputed, closed_reason, closed_at, period_first, forced_no, price_minor, currency, live, tax_minor"
)
GRANTS = (
    f"SELECT {GRANT_COLUMNS} FROM token_grant WHERE org_id = ? AND account_id {{some}} AND {{live}} ORDER BY grant_id"
)
DEBTS = (
    "SELECT debt_id, account_id, txn_id, feature, incurred, owed, effective_at FROM debt "
    "WHERE org_id = ? AND account_id {some} AND owed > 0 ORDER BY debt_id"
)
HOLD_COLUMNS = (
    "h.hold_id, h.account_id, h.action, h.feature, h.estimate, h.seconds, h.effective_at, h.ends_at, h.status, "
    "h.closed_at, h.captured, h.metered, h.pool_id, h.quota_period, h.project, {metadata}"
)
HOLD_LINES = (
    "SELECT hold_id, grant_id, {total}, min(seq) AS first_seq, max(seq) FROM hold_entry "
    "WHERE org_id = ? AND hold_id {some} GROUP BY hold_id, grant_id ORDER BY hold_id, first_seq"
)
REQUESTS = "SELECT account_id, day, requests FROM account_day WHERE org_id = ? AND account_id {some} AND day >= ?"
QUOTA = (
    "SELECT q.account_id, q.period_first, q.charged FROM quota_use q WHERE q.org_id = ? AND q.account_id {some} "
    "AND (q.period_first = '0001-01-01' OR q.period_first >= (SELECT min(w.period_first) FROM wallet w "
    "WHERE w.org_id = q.org_id AND w.account_id = q.pool_id))"
)

_USAGE_LINES = (
    "SELECT t.txn_id FROM ledger_transaction t WHERE t.org_id = ? AND t.txn_id = ? "
    "UNION ALL SELECT de.txn_id FROM debt d JOIN debt_entry de ON de.org_id = d.org_id AND de.debt_id = d.debt_id "
    "AND de.cause = 'repaid' WHERE d.org_id = ? AND d.txn_id = ?"
)
PAST_USAGE = (
    "SELECT t.txn_id, t.account_id, t.pool_id, t.charged, "
    "(SELECT coalesce({refunded}, 0) FROM ledger_transaction r WHERE r.org_id = t.org_id "
    "AND r.reverses_txn_id = t.txn_id AND r.kind = 'refund'), "
    "t.feature, t.action, t.agent, t.model, t.project, t.plan, t.quota_period, t.quota_charged "
    "FROM ledger_transaction t WHERE t.org_id = ? AND t.txn_id = ? AND t.kind = 'usage'"
)
PAST_LINES = (
    "SELECT e.txn_id, e.seq, e.grant_id, e.account_id, e.amount, "
    "(SELECT coalesce({returned}, 0) FROM ledger_transaction f JOIN entry b ON b.org_id = f.org_id "
    "AND b.txn_id = f.txn_id WHERE f.org_id = e.org_id AND f.reverses_txn_id = ? "
    "AND b.returns_txn_id = e.txn_id AND b.returns_seq = e.seq) "
    f"FROM entry e WHERE e.org_id = ? AND e.amount < 0 AND e.txn_id IN ({_USAGE_LINES}) ORDER BY e.txn_id, e.seq"
)
PAST_GRANTS = (
    f"SELECT {GRANT_COLUMNS} FROM token_grant WHERE org_id = ? AND grant_id IN "
    f"(SELECT grant_id FROM entry WHERE org_id = ? AND txn_id IN ({_USAGE_LINES}))"
)
PAST_DEBT = (
    "SELECT debt_id, account_id, txn_id, feature, incurred, owed, effective_at "
    "FROM debt WHERE org_id = ? AND txn_id = ?"
)

VERSIONS = "SELECT program_id, created_at, {document} FROM program_version WHERE org_id = ? ORDER BY program_id"

CODES = (
    "SELECT code, code_id, {terms}, created_at, is_disabled, redeemed, batch, actor, reason FROM promo_code "
    "WHERE org_id = ? AND code {some}"
)
# How often an account redeemed it is guarded by the account's own lock, how often all did by the code's.
REDEEMED = (
    "SELECT p.code, r.account_id, max(r.number) FROM promo_code p JOIN redemption r ON r.org_id = p.org_id "
    "AND r.code_id = p.code_id WHERE p.org_id = ? AND p.code {some} AND r.account_id {some} "
    "GROUP BY p.code, r.account_id"
)
BUYERS = "SELECT DISTINCT account_id FROM purchase WHERE org_id = ? AND account_id {some} AND paid_at IS NOT NULL"
PURCHASES = (
    "SELECT purchase_id, account_id, kind, item, title, tokens, price_minor, tax_minor, currency, program_id, "
    "created_at, provider, provider_order, provider_payment, status, tax_label, tax_rate, tax_inclusive, paid_at, "
    "granted_at, closed_at, txn_id, grant_id, refunded_minor, refunded_tokens, missed_tokens, dispute_open, trouble, "
    "actor, reason FROM purchase WHERE org_id = ? AND purchase_id {some}"
)
BOUGHT_GRANTS = (
    f"SELECT {GRANT_COLUMNS} FROM token_grant WHERE org_id = ? AND grant_id IN "
    "(SELECT grant_id FROM purchase WHERE org_id = ? AND purchase_id {some})"
)
PAYMENT = (
    "SELECT purchase_id FROM purchase "
    "WHERE org_id = ? AND provider = ? AND provider_payment = ? AND provider_payment <> ''"
)
AWARDS = (
    "SELECT account_id, name, period FROM award "
    "WHERE org_id = ? AND account_id = ? AND name = ? AND (period = '0001-01-01' OR period >= ?)"
)


def for_sqlite(select: str) -> str:
    """The statement as SQLite takes it: one id at a time, documents as they are."""
    return select.format(
        some="= ?", live="live = 1", total="sum(amount)", metadata="h.metadata", terms="terms", document="document",
        **_SUMS,
    )  # fmt: skip


def for_postgres(select: str) -> str:
    """The statement as PostgreSQL takes it: numbered parameters, arrays of ids, sums of whole numbers as such."""
    sums = {name: f"{total}::bigint" for name, total in _SUMS.items()}
    text = select.format(
        some="= ANY(?)", live="live", total="sum(amount)::bigint", metadata="h.metadata::text", terms="terms::text",
        document="document::text", **sums,
    )  # fmt: skip
    places = count(1)
    return "".join(f"${next(places)}" if character == "?" else character for character in text)


_SUMS = {"refunded": "sum(r.charged)", "returned": "sum(b.amount)"}
