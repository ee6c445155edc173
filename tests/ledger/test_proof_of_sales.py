"""`verify` names the row of a plan, sale, code, reward or referral that somebody edited by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.ledgers import MovedClock
from support.proofs import found_after
from support.sales import a_shop

from creditbook.domain.program import PromoTerms
from creditbook.reports.proof import prove
from creditbook.store.engine import open_store


@pytest.fixture
def books(sqlite_url: str) -> Path:
    """A SQLite file with one of everything that is sold, given and planned."""
    clock = MovedClock()
    shop = a_shop(sqlite_url, clock)
    shop.create_codes("acme", PromoTerms("SPRING", 10, total_limit=5), reason="spring")
    shop.redeem("acme/asha", "spring")
    shop.reward("acme/asha", "site")
    shop.open_account("acme/friend", referred_by="asha")
    shop.grant("acme/friend", 20, reason="to work with")
    shop.spend("acme/friend", action="build")
    shop.open_purchase("acme/asha", "big")
    pack = shop.sell("acme/asha", "starter", payment="r 1", reason="cash", actor="mary")
    shop.refund_purchase("acme/asha", pack.purchase_id, amount_minor=1_000, reason="a bit")
    shop.sell("acme/asha", "monthly", kind="plan", payment="r 2", reason="invoice", actor="mary")
    shop.sell("acme/asha", "", kind="renewal", payment="r 3", reason="invoice", actor="mary")
    shop.cancel_plan("acme/asha", reason="too dear")
    asked = shop.ask_grant("acme/friend", 20_000, reason="a big one", actor="mary")
    shop.approve("acme", asked, actor="anna")
    clock.forward(days=100)
    shop.sweep("acme")
    shop.close()
    return Path(sqlite_url.removeprefix("sqlite:///"))


BREAKS = [
    ("UPDATE promo_code SET redeemed = redeemed + 1", "code.redemptions"),
    ("DELETE FROM redemption", "code.redemptions"),
    ("UPDATE promo_code SET total_limit = 0", "code.redemptions"),
    ("UPDATE redemption SET number = 2", "redemption.numbers"),
    ("UPDATE promo_code SET terms = json_set(terms, '$.per_account', 0)", "redemption.numbers"),
    ("UPDATE promo_code SET tokens = tokens + 1", "redemption.grant"),
    ("UPDATE ledger_transaction SET kind = 'grant' WHERE kind = 'promo'", "redemption.grant"),
    ("UPDATE redemption SET account_id = (SELECT MAX(account_id) FROM account)", "redemption.grant"),
    ("UPDATE ledger_transaction SET kind = 'grant' WHERE kind = 'reward'", "award.grant"),
    (
        "UPDATE award SET account_id = (SELECT MAX(account_id) FROM account) WHERE name = 'reward:site'",
        "award.grant",
    ),
    ("UPDATE award SET grant_id = (SELECT grant_id FROM redemption) WHERE name = 'reward:site'", "grant.sold_once"),
    ("UPDATE referral_owed SET tokens = tokens + 1", "referral.sides"),
    ("DELETE FROM referral_owed", "referral.sides"),
    ("UPDATE account SET referral_waits = 1 WHERE referrer_id IS NOT NULL", "referral.friend"),
    ("UPDATE account SET referrer_id = NULL WHERE referrer_id IS NOT NULL", "referral.friend"),
    ("UPDATE purchase SET tokens = tokens + 1 WHERE kind = 'package'", "purchase.pack"),
    ("UPDATE purchase SET price_minor = price_minor - 1 WHERE kind = 'package'", "purchase.pack"),
    ("UPDATE purchase SET granted_at = paid_at, txn_id = NULL WHERE kind = 'package'", "purchase.pack"),
    ("UPDATE purchase SET granted_at = NULL WHERE kind = 'package'", "purchase.unpaid"),
    ("UPDATE purchase SET granted_at = NULL WHERE kind = 'plan'", "purchase.plan"),
    ("DELETE FROM plan_event WHERE what = 'renewed'", "purchase.plan"),
    ("UPDATE purchase SET refunded_tokens = refunded_tokens + 1 WHERE refunded_tokens > 0", "purchase.refunds"),
    ("UPDATE plan_event SET plan_before = 'daily' WHERE what = 'upgraded'", "plan.chain"),
    ("DELETE FROM plan_event WHERE what = 'upgraded'", "plan.chain"),
    ("UPDATE account SET plan = 'pro' WHERE name = 'asha'", "plan.running"),
    ("UPDATE account SET program_id = 999999", "program.versions"),
    ("UPDATE approval SET account_id = (SELECT account_id FROM account WHERE name = 'asha')", "approval.grant"),
    ("UPDATE purchase SET account_id = 999999", "pointer."),
    ("UPDATE entry SET deferred_minor = deferred_minor - 1 WHERE deferred_minor < 0", "entry.deferred"),
    ("UPDATE entry SET deferred_minor = 0 WHERE deferred_minor > 0", "entry.deferred"),
    ("UPDATE token_grant SET tax_minor = 0", "entry.deferred"),
    ("UPDATE books_day SET deferred_in_minor = deferred_in_minor + 1", "rollup.books_day"),
    ("UPDATE pack_month SET deferred_out_minor = deferred_out_minor + 1", "rollup.pack_month"),
    ("DELETE FROM pack_month WHERE kind = 'expiry'", "rollup.pack_month"),
]


def test_what_was_sold_given_and_planned_is_whole(books: Path) -> None:
    (proof,) = prove(open_store(f"sqlite:///{books}"))
    assert proof.whole, [finding for finding in proof.findings if finding.broken]


@pytest.mark.parametrize(("edit", "found_by"), BREAKS, ids=[f"{check} {edit[:40]}" for edit, check in BREAKS])
def test_an_edit_by_hand_is_named(books: Path, tmp_path: Path, edit: str, found_by: str) -> None:
    broken = found_after(books, tmp_path / "copy.db", edit)
    named = [finding for check, finding in broken.items() if check.startswith(found_by)]
    assert named, sorted(broken)
    assert named[0].examples
