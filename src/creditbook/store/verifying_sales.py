"""The invariants of plans, sales, codes and rewards as queries of the rows that break them (rule 37).

That a count stays within its limit, or a referral is paid once, the database refuses to break by itself; these prove
what no single row can tell.
"""

# ruff: noqa: S608 - the queries are put together from this file's own words, never from anybody's input
from __future__ import annotations

from .checks import Check

# What a scheduled change or a cancellation names only waits: the account stays on the plan that it was on.
_LED_TO = "CASE WHEN e.what IN ('scheduled', 'cancelling') THEN e.plan_before ELSE e.plan_after END"


def _booked(row: str, how: str = "JOIN") -> str:
    return (
        f"{how} ledger_transaction t ON t.org_id = {row}.org_id AND t.txn_id = {row}.txn_id "
        f"{how} token_grant g ON g.org_id = {row}.org_id AND g.grant_id = {row}.grant_id"
    )


def _not_its_own(row: str, kind: str) -> str:
    return (
        f"(t.account_id <> {row}.account_id OR g.account_id <> {row}.account_id OR g.txn_id <> {row}.txn_id "
        f"OR t.kind <> {kind})"
    )


SALES_CHECKS = (
    Check(
        "code.redemptions",
        "every code was redeemed as often as it counts, and never past its limit",
        "SELECT p.code_id, p.code, p.redeemed AS stands, COUNT(r.number) AS by_redemptions, p.total_limit "
        "FROM promo_code p LEFT JOIN redemption r ON r.org_id = p.org_id AND r.code_id = p.code_id "
        "WHERE p.org_id = :org GROUP BY p.code_id, p.code, p.redeemed, p.total_limit "
        "HAVING p.redeemed <> COUNT(r.number) OR COUNT(r.number) > p.total_limit",
    ),
    Check(
        "redemption.numbers",
        "no account redeemed a code more often than one account may, and its redemptions are numbered through",
        "SELECT r.code_id, r.account_id, COUNT(*) AS times, MAX(r.number) AS highest FROM redemption r "
        "JOIN promo_code p ON p.org_id = r.org_id AND p.code_id = r.code_id WHERE r.org_id = :org "
        "GROUP BY r.code_id, r.account_id, {per_account} "
        "HAVING MAX(r.number) <> COUNT(*) OR COUNT(*) > {per_account}",
    ),
    Check(
        "redemption.grant",
        "every redemption gave its account the code's tokens in a transaction of its own",
        f"SELECT r.code_id, r.account_id, r.number, r.txn_id, r.grant_id FROM redemption r {_booked('r')} "
        "JOIN promo_code p ON p.org_id = r.org_id AND p.code_id = r.code_id WHERE r.org_id = :org "
        "AND (" + _not_its_own("r", "'promo'") + " OR g.amount <> p.tokens)",
    ),
    Check(
        "award.grant",
        "every reward and every side of a referral gave its account one grant in a transaction of its own",
        f"SELECT a.account_id, a.name, a.period, a.txn_id, a.grant_id FROM award a {_booked('a')} "
        "WHERE a.org_id = :org AND "
        + _not_its_own("a", "CASE WHEN a.name LIKE 'reward:%' THEN 'reward' ELSE 'referral' END"),
    ),
    Check(
        "grant.sold_once",
        "no grant was sold, redeemed or awarded twice",
        "SELECT grant_id, COUNT(*) AS times FROM (SELECT grant_id FROM redemption WHERE org_id = :org "
        "UNION ALL SELECT grant_id FROM award WHERE org_id = :org "
        "UNION ALL SELECT grant_id FROM purchase WHERE org_id = :org AND grant_id IS NOT NULL) AS given "
        "GROUP BY grant_id HAVING COUNT(*) > 1",
    ),
    Check(
        "referral.sides",
        "a referrer is paid what her friend's referral owes her, and for no other",
        "SELECT a.account_id, a.name, o.friend_id, o.tokens AS owed, g.amount AS paid FROM award a "
        "JOIN token_grant g ON g.org_id = a.org_id AND g.grant_id = a.grant_id "
        "LEFT JOIN referral_owed o ON o.org_id = a.org_id AND a.name = 'referral:' || o.friend_id "
        "AND o.referrer_id = a.account_id WHERE a.org_id = :org AND a.name LIKE 'referral:%' "
        "AND a.name <> 'referral:friend' AND (o.friend_id IS NULL OR o.tokens <> g.amount)",
    ),
    Check(
        "referral.friend",
        "a referral that is paid or owed is that of the friend's own referrer, and waits no more",
        "SELECT c.account_id, c.referrer_id, c.referral_waits, o.referrer_id AS owed_to FROM account c "
        "LEFT JOIN referral_owed o ON o.org_id = c.org_id AND o.friend_id = c.account_id "
        "LEFT JOIN award a ON a.org_id = c.org_id AND a.account_id = c.account_id AND a.name = 'referral:friend' "
        "WHERE c.org_id = :org AND (o.friend_id IS NOT NULL OR a.account_id IS NOT NULL) "
        "AND (c.referral_waits OR c.referrer_id IS NULL OR c.referrer_id <> COALESCE(o.referrer_id, c.referrer_id))",
    ),
    Check(
        "purchase.pack",
        "every pack that was granted has its grant: the tokens and the price that were sold, to its buyer",
        "SELECT p.purchase_id, p.account_id, p.txn_id, p.grant_id, p.tokens AS sold, g.amount AS given FROM purchase p "
        + _booked("p", "LEFT JOIN")
        + " "
        "WHERE p.org_id = :org AND p.kind = 'package' AND p.granted_at IS NOT NULL AND (t.txn_id IS NULL "
        "OR g.grant_id IS NULL OR " + _not_its_own("p", "'purchase'") + " OR g.amount <> p.tokens "
        "OR g.price_minor <> p.price_minor OR g.currency <> p.currency)",
    ),
    Check(
        "purchase.plan",
        "every plan and renewal that was granted moved its buyer's plan once, and none that was not did",
        "SELECT p.purchase_id, p.account_id, p.kind, p.status, COUNT(e.event_id) AS times FROM purchase p "
        "LEFT JOIN plan_event e ON e.org_id = p.org_id AND e.purchase_id = p.purchase_id "
        "AND e.account_id = p.account_id AND e.what IN ('upgraded', 'renewed') "
        "WHERE p.org_id = :org GROUP BY p.purchase_id, p.account_id, p.kind, p.status, p.granted_at HAVING "
        "COUNT(e.event_id) <> CASE WHEN p.kind <> 'package' AND p.granted_at IS NOT NULL THEN 1 ELSE 0 END",
    ),
    Check(
        "purchase.unpaid",
        "nothing was given for a purchase that is not granted",
        "SELECT purchase_id, status, txn_id, grant_id FROM purchase WHERE org_id = :org AND granted_at IS NULL "
        "AND (txn_id IS NOT NULL OR grant_id IS NOT NULL)",
    ),
    Check(
        "purchase.refunds",
        "what a pack's refunds took back was taken from its grant",
        "SELECT p.purchase_id, p.refunded_tokens AS stands, -COALESCE(SUM(e.amount), 0) AS by_entries FROM purchase p "
        "LEFT JOIN ledger_transaction t ON t.org_id = p.org_id AND t.reverses_txn_id = p.txn_id "
        "AND t.kind = 'purchase_refund' "
        "LEFT JOIN entry e ON e.org_id = t.org_id AND e.txn_id = t.txn_id AND e.grant_id = p.grant_id "
        "WHERE p.org_id = :org AND p.grant_id IS NOT NULL GROUP BY p.purchase_id, p.refunded_tokens "
        "HAVING p.refunded_tokens <> -COALESCE(SUM(e.amount), 0)",
    ),
    Check(
        "plan.chain",
        "every plan begins where the one before it ended",
        "SELECT event_id, account_id, what, plan_before AS stands, was AS by_events FROM ("
        "SELECT e.event_id, e.account_id, e.what, e.plan_before, "
        f"LAG({_LED_TO}) OVER (PARTITION BY e.account_id ORDER BY e.event_id) AS was "
        "FROM plan_event e WHERE e.org_id = :org) AS steps WHERE was <> plan_before",
    ),
    Check(
        "plan.running",
        "every account is on the plan that its events led to",
        'SELECT account_id, stands, by_events FROM (SELECT c.account_id, c."plan" AS stands, '
        f"{_LED_TO} AS by_events, ROW_NUMBER() OVER (PARTITION BY e.account_id ORDER BY e.event_id DESC) AS place "
        "FROM plan_event e JOIN account c ON c.org_id = e.org_id AND c.account_id = e.account_id "
        "WHERE e.org_id = :org) AS steps WHERE place = 1 AND stands <> by_events",
    ),
    Check(
        "program.versions",
        "every plan and sale follows a version of the organization's own program",
        "SELECT said.what, said.id, said.program_id FROM ("
        "SELECT 'account' AS what, account_id AS id, program_id FROM account WHERE org_id = :org "
        "UNION ALL SELECT 'purchase', purchase_id, program_id FROM purchase WHERE org_id = :org "
        "UNION ALL SELECT 'plan_event', event_id, program_id FROM plan_event WHERE org_id = :org) AS said "
        "LEFT JOIN program_version v ON v.org_id = :org AND v.program_id = said.program_id "
        "WHERE said.program_id <> 0 AND v.program_id IS NULL",
    ),
    Check(
        "approval.grant",
        "every approval gave what was asked for to the account that it was asked for",
        "SELECT a.approval_id, a.account_id, a.txn_id, t.account_id AS given_to FROM approval a "
        "JOIN ledger_transaction t ON t.org_id = a.org_id AND t.txn_id = a.txn_id "
        "WHERE a.org_id = :org AND (t.account_id <> a.account_id OR t.kind <> 'grant')",
    ),
)
