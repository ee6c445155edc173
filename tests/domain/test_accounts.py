"""Wallets switched off and on, grants given and taken, accounts frozen and closed (rules 26, 30), pools (rule 11)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.books import LivingBook, a_program, allowance, day, utc

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


# ---- wallets


def test_a_deactivated_wallet_is_blocked_and_not_reset_and_its_expiries_run_on() -> None:
    book = opened(allowance(5))
    book.set_wallet(book.wallet("STANDARD"), active=False)
    assert (book.balance().posted, book.balance().blocked, book.balance().available) == (5, 5, 0)
    assert book.balance().next_reset is None
    book.later(days=3)
    book.settle()
    assert [t.kind for t in book.booked("expiry", "reset")] == ["expiry"]
    assert book.balance().posted == 0


def test_a_wallet_reactivated_after_its_period_gets_one_whole_allowance_until_the_anchored_end() -> None:
    book = opened(allowance(100, Every.ANNIVERSARY_MONTH, WalletType.MONTHLY))
    wallet = book.wallet("MONTHLY")
    book.set_wallet(wallet, active=False)
    book.now = utc(2026, 6, 20)
    book.set_wallet(wallet, active=True)
    assert (book.available(), wallet.period_ends_at) == (100, utc(2026, 7, 10))
    assert len(book.booked("reset")) == 1


def test_a_wallet_reactivated_within_its_period_gets_nothing_new() -> None:
    book = opened(allowance(5))
    book.spend(3)
    for active in (False, True):
        book.set_wallet(book.wallet("STANDARD"), active=active)
    assert (book.available(), len(book.booked("reset"))) == (2, 0)


def test_a_reactivated_thirty_day_wallet_keeps_the_terms_that_it_had() -> None:
    book = opened(allowance(5, Every.DAYS_30, WalletType.MONTHLY))  # 10 March 09:30, so to 10 April
    wallet = book.wallet("MONTHLY")
    book.set_wallet(wallet, active=False)
    book.now = utc(2026, 5, 20)  # terms: 10 April, 10 May, 9 June
    book.set_wallet(wallet, active=True)
    assert (wallet.period_first, wallet.period_next) == (day("2026-05-10"), day("2026-06-09"))
    book.now = utc(2026, 6, 9)
    book.settle()
    assert wallet.period_next == day("2026-07-09")


def test_switching_a_wallet_is_told_to_the_entries_so_that_the_past_can_be_asked() -> None:
    book = opened(allowance(5))
    for active in (False, True):
        book.set_wallet(book.wallet("STANDARD"), active=active)
    assert [(e.amount, e.blocked) for e in book.journal.entries] == [(5, False), (0, True), (0, False)]


def test_a_wallet_that_is_not_there_or_already_so_is_told() -> None:
    book = opened(allowance(5))
    with pytest.raises(NotFound):
        book.act(SetWalletActive, wallet_id=99, active=False)
    with pytest.raises(InvalidRequest):
        book.set_wallet(book.wallet("STANDARD"), active=True)


def test_a_wallet_opens_with_tokens_in_it_or_empty() -> None:
    book = opened()
    assert book.open_wallet("PREMIUM").type == "PREMIUM"
    assert book.available() == 0
    book.open_wallet("PREMIUM", 10, expires_at=book.now + timedelta(days=30))
    assert book.available() == 10
    for wrong in ({"tokens": -1}, {"expires_at": book.now}):
        with pytest.raises(InvalidRequest):
            book.act(OpenWallet, type=WalletType.PREMIUM, **wrong)


def test_a_grant_goes_into_the_oldest_wallet_of_its_type_and_features_that_has_no_end() -> None:
    book = opened()
    book.open_wallet("BONUS", 1, expires_at=book.now + timedelta(days=1))
    first = book.grant(5)
    second = book.grant(5)
    other = book.grant(5, features=GOAL)
    assert first.wallet_id == second.wallet_id != other.wallet_id
    book.set_wallet(book.account().wallets[first.wallet_id], active=False)
    assert book.grant(5).wallet_id == first.wallet_id  # blocked, with the rest of it
    assert book.balance().blocked == 15


def test_grants_begin_with_a_token_and_end_in_the_future() -> None:
    book = opened()
    for tokens in (0, -5):
        with pytest.raises(InvalidRequest, match="at least 1"):
            book.grant(tokens)
    with pytest.raises(InvalidRequest, match="already have expired"):
        book.grant(5, expires_at=book.now)
    with pytest.raises(NotFound):
        book.grant(5, wallet_id=123)


# ---- taking back


def test_a_revocation_takes_all_that_is_free_or_the_tokens_named() -> None:
    book = opened()
    grant = book.grant(10)
    assert book.act(Revoke, grant_id=grant.grant_id, tokens=4).tokens == -4
    assert book.available() == 6
    book.act(Revoke, grant_id=grant.grant_id)
    assert (book.available(), grant.closed_reason) == (0, "revoked")
    assert {t.reverses_txn_id for t in book.booked("revocation")} == {grant.txn_id}


def test_no_more_is_revoked_than_is_free() -> None:
    book = opened()
    grant = book.grant(10)
    book.reserve(4)
    for tokens in (0, -1, 7):
        with pytest.raises(InvalidRequest, match="Only 6 tokens"):
            book.act(Revoke, grant_id=grant.grant_id, tokens=tokens)


def test_a_grant_that_has_ended_is_ended_no_more() -> None:
    book = opened()
    grant = book.grant(10)
    book.reserve(4)
    book.act(Revoke, grant_id=grant.grant_id)
    for again, terms in ((Revoke, {}), (Revoke, {"tokens": 0}), (Expire, {})):
        with pytest.raises(InvalidRequest):
            book.act(again, grant_id=grant.grant_id, **terms)
    with pytest.raises(NotFound, match="no grant 999"):
        book.act(Revoke, grant_id=999)


def test_a_dispute_freezes_one_grant_and_thaws_it() -> None:
    book = opened()
    grant = book.grant(10)
    book.act(Dispute, grant_id=grant.grant_id, disputed=True)
    assert (book.available(), book.balance().blocked) == (0, 10)
    with pytest.raises(InvalidRequest):
        book.act(Dispute, grant_id=grant.grant_id, disputed=True)
    book.act(Dispute, grant_id=grant.grant_id, disputed=False)
    assert book.available() == 10


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
