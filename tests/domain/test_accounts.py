"""Accounts opened, frozen and closed (rule 26), pools and their members (rule 11)."""

from __future__ import annotations

import pytest
from support.books import LivingBook, a_program, allowance, utc

from creditbook.domain.errors import AccountClosed, HoldAlreadyResolved, InsufficientTokens, InvalidRequest, NotFound
from creditbook.domain.operations import (
    Dispute,
    Expire,
    OpenWallet,
    Operation,
    Revoke,
    SetQuota,
    SetStatus,
    SetWalletActive,
    WriteOff,
)
from creditbook.domain.program import Every, GrantClass, Plan, WalletType

GOAL = frozenset({"goal"})


def opened(*allowances: object, **terms: object) -> LivingBook:
    book = LivingBook(a_program(*allowances, **terms))  # type: ignore[arg-type]
    book.open()
    return book


# ---- opening


def test_opening_an_account_gives_what_the_program_gives_at_sign_up() -> None:
    book = opened(allowance(5), allowance(100, Every.CALENDAR_MONTH, WalletType.MONTHLY))
    assert [(t.kind, t.tokens) for t in book.booked()] == [("grant", 5), ("grant", 100)]
    assert book.balance().available == 105
    assert book.balance().next_reset == utc(2026, 3, 11)


def test_an_unknown_plan_is_told_with_those_that_are_known() -> None:
    with pytest.raises(InvalidRequest, match=r"no plan “gold”. Its plans: free"):
        LivingBook().open(plan="gold")


def test_a_pool_gets_the_programs_plan_for_pools() -> None:
    team = Plan("team", "Team", 5, GrantClass.PLAN, (allowance(50),))
    book = LivingBook(a_program(plans=(team,), pool_plan="team"))
    book.open("", kind="pool")
    assert book.account().plan == "team"


def test_a_member_opened_later_is_never_decided_before_her_pools_last_instant() -> None:
    team = LivingBook(a_program(allowance(5)))
    team.open_pool()
    team.later(days=2)
    team.settle()
    team.later(days=-1)
    asha = team.open_member(plan="free")
    assert team.account(asha).wallets
    assert team.booked(account=asha)[0].effective_at == utc(2026, 3, 12, 9, 30)
    assert team.book.root.clock_at == utc(2026, 3, 12, 9, 30)


def test_one_who_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        opened().act(SetStatus, account=77, status="frozen")


# ---- frozen, closed


def test_to_a_frozen_account_grants_arrive_and_its_time_runs_on() -> None:
    book = opened(allowance(5))
    book.act(SetStatus, status="frozen")
    book.grant(10)
    book.later(days=1)
    book.settle()
    assert (book.balance().available, len(book.booked("reset"))) == (15, 1)


def test_closing_voids_holds_repays_debt_from_them_and_revokes_the_rest() -> None:
    book = opened()
    book.grant(10)
    big, small = book.reserve(8), book.reserve(2)
    book.capture(small, 5)
    book.act(SetStatus, status="closed", reason="left")
    assert (book.debt(), book.balance().posted, book.balance().held) == (0, 0, 0)
    assert [(t.kind, t.tokens) for t in book.booked("debt_repayment", "revocation")] == [
        ("debt_repayment", -3),
        ("revocation", -5),
    ]
    assert book.book.resolved[big.hold_id].status == "voided"


def test_closing_revokes_blocked_tokens_too() -> None:
    book = opened(allowance(5))
    book.set_wallet(book.wallet("STANDARD"), active=False)
    grant = book.grant(10, "PREMIUM")
    book.act(Dispute, grant_id=grant.grant_id, disputed=True)
    book.act(SetStatus, status="closed")
    assert (book.balance().posted, book.booked("revocation")[0].tokens) == (0, -15)


def test_a_closed_account_is_not_reset() -> None:
    book = opened(allowance(5))
    book.act(SetStatus, status="closed")
    book.later(days=3)
    book.settle()
    assert (book.booked("reset"), book.balance().next_reset) == ([], None)


ACTS: list[tuple[type[Operation], dict[str, object]]] = [
    (SetStatus, {"status": "active"}),
    (SetQuota, {"tokens": 5}),
    (SetWalletActive, {"wallet_id": 2, "active": False}),
    (OpenWallet, {"type": WalletType.BONUS}),
    (Revoke, {"grant_id": 4}),
    (Expire, {"grant_id": 4}),
    (Dispute, {"grant_id": 4, "disputed": True}),
    (WriteOff, {}),
]


@pytest.mark.parametrize(("kind", "terms"), ACTS, ids=lambda part: getattr(part, "name", ""))
def test_a_closed_account_answers_every_act_that_it_is_closed(kind: type[Operation], terms: dict[str, object]) -> None:
    book = opened(allowance(5))
    book.act(SetStatus, status="closed")
    with pytest.raises(AccountClosed):
        book.act(kind, **terms)


def test_a_status_is_changed_to_another_that_there_is() -> None:
    book = opened()
    with pytest.raises(InvalidRequest, match="active already"):
        book.act(SetStatus, status="active")
    with pytest.raises(InvalidRequest, match="no status"):
        book.act(SetStatus, status="asleep")


# ---- pools


def test_a_members_available_is_her_own_and_what_her_quota_leaves_of_the_pool() -> None:
    team = LivingBook()
    team.open_pool()
    team.grant(100)
    asha, ravi = team.open_member(quota=30), team.open_member("ravi")
    team.grant(7, account=asha)
    assert (team.available(asha), team.balance(asha).from_pool, team.balance(asha).posted) == (37, 30, 7)
    assert (team.available(ravi), team.available()) == (100, 100)
    team.act(SetQuota, account=asha, tokens=None)
    assert team.available(asha) == 107
    with pytest.raises(InvalidRequest, match="no pool"):
        team.act(SetQuota, tokens=5)
    with pytest.raises(InvalidRequest, match="0 or more"):
        team.act(SetQuota, account=asha, tokens=-1)


def test_a_frozen_pool_pays_nothing() -> None:
    team = LivingBook()
    team.open_pool()
    team.grant(100)
    asha = team.open_member()
    team.act(SetStatus, status="frozen")
    with pytest.raises(InsufficientTokens) as refused:
        team.spend(1, account=asha)
    assert refused.value.available == 0


def test_a_members_hold_on_a_closed_pool_can_be_captured_and_what_it_releases_is_revoked() -> None:
    team = LivingBook()
    team.open_pool()
    team.grant(100)
    asha = team.open_member()
    hold = team.reserve(10, account=asha)
    team.act(SetStatus, status="closed")
    assert team.balance().posted == 10
    team.capture(hold, 6, account=asha)
    assert (team.balance().posted, team.booked("revocation")[-1].tokens) == (0, -4)
    with pytest.raises(HoldAlreadyResolved):
        team.void(hold, account=asha)


def test_naming_a_feature_available_means_spendable_for_it_and_naming_none_the_total() -> None:
    book = opened()
    book.grant(10)
    book.grant(5, features=GOAL)
    balance = book.balance()
    assert (balance.available, balance.by_feature) == (15, {"goal": 15})
    assert (book.balance(feature="lead").available, book.balance(feature="goal").available) == (10, 15)


def test_further_empty_wallets_may_be_opened_with_the_account() -> None:
    book = LivingBook()
    book.open(wallets=(WalletType.PREMIUM, WalletType.BONUS))
    assert [w.type for w in book.account().wallets.values()] == ["PREMIUM", "BONUS"]
    assert (book.booked(), book.account().requests) == ([], {})
