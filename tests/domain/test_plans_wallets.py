"""Plans and wallets (rules 26, 31): several of them, ones that are off; unlimited plans; pools."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.books import LivingBook, a_program, allowance, utc
from support.plans import BASIC, THIRTY, a_studio, left, monthly, paid, studio

from creditbook.domain.errors import FeatureNotInPlan, InvalidRequest
from creditbook.domain.program import Every, GrantClass, Plan, Program
from creditbook.domain.selling import CancelPlan

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
