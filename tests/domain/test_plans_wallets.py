"""Plans and wallets (rules 26, 31): several of them, ones that are off; unlimited plans; pools; versions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.books import LivingBook, a_program, allowance, utc
from support.plans import BASIC, PRO, THIRTY, a_studio, left, monthly, paid, studio, told

from creditbook.domain.errors import FeatureNotInPlan, InvalidRequest
from creditbook.domain.program import Every, GrantClass, Plan, Program
from creditbook.domain.selling import CancelPlan, PayPurchase

GOAL, LEAD = frozenset({"goal"}), frozenset({"lead"})


def team(zone: str = "UTC") -> Program:
    """Tiers with a wallet for each feature, like a team's."""
    pro = paid("pro", 1, 49, monthly(20, THIRTY, features=GOAL), monthly(50, THIRTY, features=LEAD))
    more = monthly(200, THIRTY, features=GOAL), monthly(40, THIRTY, features=LEAD), allowance(9, THIRTY)
    top = paid("top", 2, 399, *more)
    return a_program(plans=(pro, top), limits={"features": frozenset()}, zone=zone)


def by_feature(book: LivingBook, account: int | None = None) -> dict[str, int]:
    wallets = book.balance(account).wallets
    return {"/".join(sorted(w.features or {"any"})): w.available for w in wallets if w.available}


# ---- several wallets


def test_an_upgrade_grants_wallet_by_wallet_what_the_higher_plan_gives_more_and_takes_nothing() -> None:
    book = LivingBook(team())
    book.open(plan="pro")
    book.spend(action="goal")
    book.later(days=4)
    book.buy("top")
    assert by_feature(book) == {"goal": 17 + 180, "lead": 50, "any": 9}
    assert {grant.expires_at for grant in book.journal.grants} == {utc(2026, 4, 10)}
    book.renew()
    book.now = utc(2026, 4, 10)
    book.settle()
    assert by_feature(book) == {"goal": 200, "lead": 40, "any": 9}
    assert book.term().ends_at == utc(2026, 5, 10)


def test_a_wallet_that_the_new_plan_lacks_keeps_its_allowance_to_its_end_and_does_not_renew() -> None:
    book = LivingBook(team())
    book.open(plan="top")
    book.change_plan("pro")
    book.renew()
    assert by_feature(book) == {"goal": 200, "lead": 40, "any": 9}
    book.now = utc(2026, 4, 10)
    book.settle()
    assert by_feature(book) == {"goal": 20, "lead": 50}
    assert book.wallet("STANDARD").every is None


def test_an_upgrade_to_a_plan_without_a_wallet_lets_its_running_allowance_end_by_itself() -> None:
    higher = paid("higher", 9, 9, allowance(5, Every.ANNIVERSARY_MONTH))
    book = LivingBook(a_studio(BASIC, higher))
    book.open(plan="basic")
    book.buy("higher")
    assert left(book) == {"MONTHLY": 50, "STANDARD": 5}
    book.renew()
    book.now = utc(2026, 4, 10)
    book.settle()
    assert left(book) == {"STANDARD": 5}


# ---- wallets that are off


def test_a_wallet_that_is_off_at_a_change_gets_the_whole_allowance_when_it_wakes_once() -> None:
    book = studio()
    wallet = book.wallet("MONTHLY")
    book.set_wallet(wallet, False)
    book.buy("thirties")
    assert (book.balance().posted, book.booked("plan_change")[0].tokens) == (0, -10)
    book.later(days=12)
    book.set_wallet(wallet, True)
    assert left(book) == {"MONTHLY": 400}
    assert wallet.period_ends_at == book.term().ends_at == utc(2026, 4, 10)
    book.set_wallet(wallet, False)
    book.set_wallet(wallet, True)
    assert left(book) == {"MONTHLY": 400}


def test_a_wallet_that_wakes_in_the_hour_of_the_change_gets_the_same_first_term() -> None:
    book = studio()
    wallet = book.wallet("MONTHLY")
    book.set_wallet(wallet, False)
    book.buy("thirties")
    book.set_wallet(wallet, True)
    assert wallet.period_ends_at == book.term().ends_at == utc(2026, 4, 10)


def test_what_an_upgrade_grants_beside_is_blocked_in_a_wallet_that_is_off() -> None:
    book = studio("basic")
    wallet = book.wallet("MONTHLY")
    book.set_wallet(wallet, False)
    book.buy("pro")
    assert (book.balance().available, book.balance().blocked) == (0, 250)
    book.set_wallet(wallet, True)
    assert left(book) == {"MONTHLY": 250}


def test_a_wallet_that_missed_its_boundary_gets_nothing_beside_and_the_whole_new_one_when_it_wakes() -> None:
    book = studio("basic")
    wallet = book.wallet("MONTHLY")
    book.set_wallet(wallet, False)
    book.renew()
    book.now = utc(2026, 4, 12)
    book.buy("pro")
    assert book.balance().posted == 0
    book.set_wallet(wallet, True)
    assert left(book) == {"MONTHLY": 250}
    assert wallet.period_ends_at == book.term().ends_at


# ---- unlimited


def test_an_unlimited_plan_has_a_term_without_allowances() -> None:
    book = studio()
    book.buy("boundless")
    assert book.spend(1_000_000).metered
    assert (book.term().ends_at, book.balance().available, book.balance().posted) == (utc(2026, 4, 10), None, 0)
    book.renew()
    book.now = utc(2026, 4, 11)
    book.settle()
    assert (book.term().status, book.term().ends_at) == ("active", utc(2026, 5, 10))
    book.now = utc(2026, 5, 13)
    book.settle()
    assert (left(book), book.term().status) == ({"MONTHLY": 10}, "lapsed")


def test_debt_is_repaid_when_an_unlimited_plan_ends() -> None:
    book = studio()
    book.capture(book.reserve(10), 14)
    book.buy("boundless")
    book.grant(1)
    book.cancel()
    book.now = utc(2026, 4, 10)
    book.settle()
    assert (book.debt(), left(book)) == (0, {"MONTHLY": 6, "BONUS": 1})


# ---- pools


def test_a_pools_plan_works_as_an_accounts_does() -> None:
    pool = LivingBook(team())
    pool.open_pool("free")
    asha = pool.open_member()
    with pytest.raises(FeatureNotInPlan):
        pool.spend(action="goal", account=asha)
    pool.buy("pro")
    assert pool.spend(action="goal", account=asha).charged == 3
    assert by_feature(pool) == {"goal": 17, "lead": 50}
    pool.now = utc(2026, 4, 13)
    pool.settle()
    with pytest.raises(FeatureNotInPlan):
        pool.spend(action="goal", account=asha)
    assert pool.term().status == "lapsed"


def test_a_pool_falls_to_the_plan_that_pools_begin_on() -> None:
    small = Plan("small", "Small", -1, GrantClass.FREE)
    pool = LivingBook(replace(team(), pool_plan="small", plans={**team().plans, "small": small}))
    pool.open_pool("pro")
    pool.cancel()
    pool.now = utc(2026, 4, 10)
    pool.settle()
    assert pool.account().plan == "small"


def test_a_member_who_lives_on_the_pools_plan_has_none_to_change() -> None:
    pool = LivingBook(team())
    pool.open_pool("pro")
    asha = pool.open_member()
    for act in (
        lambda: pool.change_plan("top", asha),
        lambda: pool.act(CancelPlan, asha),
        lambda: pool.buy("top", asha),
        lambda: pool.renew("", asha),
    ):
        with pytest.raises(InvalidRequest, match="team's plan"):
            act()


def test_the_plans_feature_list_binds_bought_tokens_too() -> None:
    book = LivingBook(team())
    book.open()
    book.grant(100, "PREMIUM", of="purchased")
    with pytest.raises(FeatureNotInPlan):
        book.spend(action="goal")


# ---- versions


def edited(**plans: Plan) -> Program:
    base = a_studio()
    return replace(base, plans={**base.plans, **plans})


def test_editing_a_plan_changes_no_running_period() -> None:
    book = studio("basic")
    book.renew()
    book.edit(edited(basic=replace(BASIC, allowances=(monthly(70),), requests_per_day=1)))
    book.spend(20)
    book.spend(20)
    assert left(book) == {"MONTHLY": 10}
    book.now = utc(2026, 4, 10)
    book.settle()
    assert left(book) == {"MONTHLY": 70, "ROLLOVER": 5}  # by the rate of the plan as it was
    assert book.account().program_id == 2


def test_the_version_in_force_at_the_boundary_counts_however_late_it_is_settled() -> None:
    book = studio()
    book.now = utc(2026, 4, 2)
    book.edit(edited(free=replace(a_studio().plans["free"], allowances=(monthly(99, Every.CALENDAR_MONTH),))))
    book.now = utc(2026, 4, 20)
    book.settle()
    assert (left(book), book.account().program_id) == ({"MONTHLY": 10, "ROLLOVER": 5}, 1)
    book.now = utc(2026, 5, 1)
    book.settle()
    assert (left(book), book.account().program_id) == ({"MONTHLY": 99, "ROLLOVER": 5}, 2)


def test_a_plan_that_a_version_drops_stays_as_it_was_for_those_who_are_on_it() -> None:
    book = studio("basic")
    book.renew()
    book.edit(a_studio(PRO))
    book.now = utc(2026, 4, 10)
    book.settle()
    assert (book.account().plan, left(book)["MONTHLY"], book.account().program_id) == ("basic", 50, 1)


def test_a_wallet_that_an_edit_adds_opens_with_the_next_term_and_one_that_it_drops_ends() -> None:
    book = studio("basic")
    book.renew()
    book.edit(edited(basic=replace(BASIC, allowances=(allowance(3, Every.ANNIVERSARY_MONTH),))))
    book.now = utc(2026, 4, 10)
    book.settle()
    assert left(book) == {"STANDARD": 3, "ROLLOVER": 25}
    assert book.wallet("STANDARD").period_ends_at == book.term().ends_at == utc(2026, 5, 10)
    assert book.wallet("MONTHLY").every is None


def test_a_plan_whose_term_an_edit_changes_counts_the_next_one_from_its_first_day() -> None:
    book = studio("basic", at=utc(2026, 1, 31, 9))
    book.renew()
    book.edit(edited(basic=replace(BASIC, allowances=(monthly(60, THIRTY),))))
    book.now = utc(2026, 2, 28)
    book.settle()
    assert (left(book)["MONTHLY"], book.term().ends_at) == (60, utc(2026, 3, 30))


def test_a_free_plan_that_an_edit_puts_a_price_on_is_past_due_from_its_next_period() -> None:
    book = studio()
    free = replace(a_studio().plans["free"], price_minor=100)
    other = Plan("gift", "Gift", -1, free.grant_class, (monthly(1, Every.CALENDAR_MONTH),))
    book.edit(replace(edited(free=free, gift=other), default_plan="gift"))
    book.now = utc(2026, 4, 1)
    book.settle()
    assert (book.account().plan, book.term().status, left(book)["MONTHLY"]) == ("free", "past_due", 10)
    book.now = utc(2026, 4, 4)
    book.settle()
    assert (book.account().plan, book.term().status) == ("gift", "lapsed")


def test_a_pending_sale_gives_the_plan_as_it_was_when_it_was_opened() -> None:
    book = studio()
    sale = book.open_sale("basic")
    book.edit(edited(basic=replace(BASIC, price_minor=999, allowances=(monthly(70),))))
    book.later(days=1)
    paid_for = book.act(PayPurchase, purchase_id=sale.purchase_id, provider="manual", payment="p")
    assert (paid_for.status, left(book), book.account().program_id) == ("granted", {"MONTHLY": 50}, 1)


def test_a_payment_that_comes_when_the_plan_is_no_upgrade_any_more_waits_for_a_person() -> None:
    book = studio()
    sale = book.open_sale("basic")
    book.buy("pro")
    late = book.act(PayPurchase, purchase_id=sale.purchase_id, provider="stripe", payment="p")
    assert late.status == "paid"
    assert "below Pro" in late.trouble
    assert left(book) == {"MONTHLY": 250}


def test_accounts_follow_the_version_in_force_when_they_open_and_their_history_says_so() -> None:
    book = studio()
    book.edit(edited())
    ravi = book.open("ravi")
    assert (book.account().program_id, book.account(ravi).program_id) == (1, 2)
    assert [event.program_id for event in book.journal.plan_events] == [1, 2]
    assert told(book) == [("started", "", "free")] * 2


def test_an_edit_reaches_a_plan_without_any_period_at_once() -> None:
    bare = a_program(limits={"features": GOAL})
    book = LivingBook(bare)
    book.open()
    book.grant(9)
    assert book.spend(action="goal").charged == 3
    book.later(days=1)
    book.edit(replace(bare, plans={"free": replace(bare.plans["free"], features=LEAD, allowances=(allowance(4),))}))
    book.later(days=1, hours=2)
    with pytest.raises(FeatureNotInPlan):
        book.spend(action="goal")
    assert left(book) == {"BONUS": 6, "STANDARD": 4}
    assert [txn.effective_at for txn in book.booked("reset")] == [utc(2026, 3, 11, 9, 30), utc(2026, 3, 12)]
