"""Which grants burn first, clause by clause (rule 7), and what is refused when they are not enough (rule 8)."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from support.books import LivingBook, a_program, allowance

from creditbook.domain.errors import InsufficientTokens, InvalidRequest
from creditbook.domain.operations import Dispute, OpenAccount
from creditbook.domain.program import GrantClass, WalletType

GOAL = frozenset({"goal"})


@pytest.fixture
def book() -> LivingBook:
    living = LivingBook()
    living.open()
    return living


def burns_first(book: LivingBook, first: int, second: int, action: str = "work") -> bool:
    """Whether a spend of one token takes it from the one grant and not from the other."""
    (line,) = book.spend(None if action != "work" else 1, action).lines
    assert line.grant_id in (first, second)
    return line.grant_id == first


def test_the_preferred_wallet_burns_first_then_the_others(book: LivingBook) -> None:
    soon = book.grant(5, "STANDARD", expires_at=book.now + timedelta(days=1)).grant_id
    premium = book.grant(5, "PREMIUM").grant_id
    assert book.burned(book.spend(7, wallet=WalletType.PREMIUM)) == [(premium, 5), (soon, 2)]


def test_a_preferred_wallet_alone_does_not_fall_through(book: LivingBook) -> None:
    book.grant(5, "STANDARD")
    book.grant(5, "PREMIUM")
    with pytest.raises(InsufficientTokens) as refused:
        book.spend(7, wallet=WalletType.PREMIUM, only_wallet=True)
    assert (refused.value.required, refused.value.available, refused.value.shortage) == (7, 5, 2)


def test_her_own_tokens_burn_before_the_pools() -> None:
    team = LivingBook()
    team.open_pool()
    asha = team.open_member()
    team.grant(5, "STANDARD", expires_at=team.now + timedelta(hours=1))
    own = team.grant(5, "PREMIUM", asha).grant_id
    assert team.burned(team.spend(3, account=asha)) == [(own, 3)]


def test_a_preferred_wallet_of_the_pool_burns_before_her_own_other_ones() -> None:
    team = LivingBook()
    team.open_pool()
    asha = team.open_member()
    of_pool = team.grant(5, "PREMIUM").grant_id
    team.grant(5, "STANDARD", asha)
    assert team.burned(team.spend(3, account=asha, wallet=WalletType.PREMIUM)) == [(of_pool, 3)]


def test_tokens_for_one_feature_burn_before_general_ones(book: LivingBook) -> None:
    general = book.grant(5, "STANDARD", expires_at=book.now + timedelta(days=1)).grant_id
    restricted = book.grant(5, "PREMIUM", features=GOAL).grant_id
    assert burns_first(book, restricted, general, "goal")


def test_the_grant_that_expires_first_burns_first(book: LivingBook) -> None:
    later = book.grant(5, "STANDARD", expires_at=book.now + timedelta(days=2)).grant_id
    sooner = book.grant(5, "PREMIUM", expires_at=book.now + timedelta(days=1)).grant_id
    assert burns_first(book, sooner, later)


def test_the_grant_that_never_expires_burns_last(book: LivingBook) -> None:
    never = book.grant(5, "STANDARD").grant_id
    in_years = book.grant(5, "PREMIUM", expires_at=book.now + timedelta(days=4000)).grant_id
    assert burns_first(book, in_years, never)


@pytest.mark.parametrize(("first", "second"), list(pairwise(WalletType)))
def test_wallet_types_burn_in_their_order(book: LivingBook, first: str, second: str) -> None:
    behind = book.grant(5, second).grant_id
    ahead = book.grant(5, first).grant_id
    assert burns_first(book, ahead, behind)


def test_free_and_promotional_tokens_burn_before_those_that_were_paid_for(book: LivingBook) -> None:
    paid = [book.grant(5, of=of).grant_id for of in (GrantClass.PLAN, GrantClass.PURCHASED)]
    given = [book.grant(5, of=of).grant_id for of in (GrantClass.FREE, GrantClass.PROMOTIONAL)]
    assert [grant for grant, _ in book.burned(book.spend(20))] == given + paid


def test_the_oldest_grant_burns_first(book: LivingBook) -> None:
    old = book.grant(5).grant_id
    book.later(hours=1)
    young = book.grant(5).grant_id
    assert burns_first(book, old, young)


def test_of_two_grants_of_one_instant_the_first_created_burns_first(book: LivingBook) -> None:
    first, second = book.grant(5).grant_id, book.grant(5).grant_id
    assert book.burned(book.spend(6)) == [(first, 5), (second, 1)]


def test_tokens_for_another_feature_are_not_there(book: LivingBook) -> None:
    book.grant(50, features=GOAL)
    with pytest.raises(InsufficientTokens) as refused:
        book.spend(action="lead")
    assert refused.value.available == 0


def test_only_what_no_hold_reserves_can_burn(book: LivingBook) -> None:
    book.grant(10)
    book.reserve(7)
    with pytest.raises(InsufficientTokens) as refused:
        book.spend(4)
    assert (refused.value.available, refused.value.shortage) == (3, 1)
    assert book.spend(3).available == 0


def test_deactivated_wallets_and_disputed_grants_do_not_burn(book: LivingBook) -> None:
    book.grant(10)
    disputed = book.grant(10, "PREMIUM")
    book.set_wallet(book.wallet("BONUS"), active=False)
    book.act(Dispute, grant_id=disputed.grant_id, disputed=True)
    with pytest.raises(InsufficientTokens) as refused:
        book.spend(1)
    assert refused.value.available == 0
    assert (book.balance().posted, book.balance().blocked, book.balance().available) == (20, 20, 0)


def test_a_grant_is_spendable_until_its_end_and_not_at_it(book: LivingBook) -> None:
    grant = book.grant(5, expires_at=book.now + timedelta(hours=1))
    assert grant.expires_at is not None
    book.now = grant.expires_at - timedelta(microseconds=1)
    book.spend(1)
    book.now = grant.expires_at
    with pytest.raises(InsufficientTokens):
        book.spend(1)


def test_the_refusal_names_required_available_shortage_and_where_to_buy() -> None:
    book = LivingBook(a_program(packages_url="/plans"))
    book.open()
    book.grant(5_000)
    with pytest.raises(InsufficientTokens) as refused:
        book.spend(20_000)
    told = refused.value
    assert (told.required, told.available, told.shortage, told.packages_url) == (20_000, 5_000, 15_000, "/plans")
    assert str(told) == "Need 15000 more tokens. Current balance: 5000"


def test_a_refused_spend_leaves_nothing_behind_but_what_was_due() -> None:
    book = LivingBook(a_program(allowance(5)))
    book.open()
    book.later(days=1)
    before = len(book.keys)
    with pytest.raises(InsufficientTokens):
        book.spend(6)
    assert [txn.kind for txn in book.booked()] == ["grant", "expiry", "reset"]
    assert len(book.keys) == before
    assert book.account().requests == {}


def test_the_same_history_burns_the_same_grants() -> None:
    def history() -> list[tuple[int, int]]:
        book = LivingBook(a_program(allowance(5)))
        book.open()
        for days in (3, 1, 2):
            book.grant(4, "PREMIUM", expires_at=book.now + timedelta(days=days))
        return [line for amount in (3, 4, 6) for line in book.burned(book.spend(amount))]

    assert history() == history()


def test_a_spend_writes_one_entry_for_every_grant_touched(book: LivingBook) -> None:
    for _ in range(3):
        book.grant(5)
    receipt = book.spend(12)
    assert [(line.amount, line.remaining_after) for line in receipt.lines] == [(-5, 0), (-5, 0), (-2, 3)]
    assert (receipt.charged, receipt.tokens, receipt.available) == (12, -12, 3)


def test_a_member_may_be_opened_under_a_pool_only_with_a_quota_that_is_a_number() -> None:
    team = LivingBook()
    team.open_pool()
    with pytest.raises(InvalidRequest, match="quota"):
        team.act(OpenAccount, account=99, account_name="asha", pool_id=team.book.root_id, quota_tokens=-1)
