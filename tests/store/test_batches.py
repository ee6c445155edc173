"""Batches write what was decided and load what is needed, the same on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from support.batching import ASHA, GOALS, MEI, POOL, RAVI, START, WORK, Desk, hold_of, receipt, reserve, spend

from creditbook.domain.errors import NotFound
from creditbook.domain.operations import (
    Capture,
    GrantTokens,
    OpenWallet,
    Refund,
    Revoke,
    SetStatus,
    Settle,
    SetWalletActive,
    SetZone,
    Void,
    WriteOff,
)
from creditbook.domain.program import GrantClass, WalletType
from creditbook.store.tables import ledger


def test_a_spend_is_written_to_every_row_it_touches_and_nowhere_else(desk: Desk, asha: int) -> None:
    (done,) = desk.run(spend(desk, asha, 30, work=WORK, actor="asha", reason="because"))
    txn_id = receipt(done).transaction_id
    (txn,) = desk.rows(ledger.ledger_transaction, txn_id=txn_id)
    assert (txn.agent, txn.model, txn.project, txn.description) == (WORK.agent, WORK.model, WORK.project, "NULL")
    assert (txn.input_tokens, txn.output_tokens, txn.cached_tokens, txn.reasoning_tokens) == (900, 2_600, 5, 7)
    assert (txn.cost_usd_nanos, txn.cost_inr_nanos, txn.cost_parts) == (
        41_700_000,
        3_461_100_000,
        {"input": 2_700_000, "output": 39_000_000},
    )
    assert (txn.price_version, txn.fx_rate_id, txn.metadata) == ("genai-prices 0.2", 3, WORK.metadata)
    assert (txn.tokens, txn.charged, txn.requests, txn.metered, txn.unpriced) == (-30, 30, 1, False, False)
    assert (txn.event_at, txn.effective_at, txn.created_at) == (START - timedelta(days=3), START, START)
    assert (txn.available_before, txn.available_after, txn.actor, txn.reason) == (100, 70, "asha", "because")
    (entry,) = desk.rows(ledger.entry, txn_id=txn_id)
    assert (entry.amount, entry.remaining_after, entry.blocked) == (-30, 70, False)
    (grant,) = desk.rows(ledger.token_grant)
    assert (grant.remaining, grant.held, grant.live, grant.label) == (70, 0, True, "Welcome")
    (day,) = desk.rows(ledger.account_day)
    assert (day.account_id, day.day, day.requests) == (asha, START.date(), 1)
    measures = (1, 900, 2_600, 5, 7, 30, 0, 41_700_000, 3_461_100_000, 0)
    for table in (
        ledger.usage_account_day,
        ledger.usage_org_day,
        ledger.usage_org_hour,
        ledger.usage_month_account,
    ):
        (row,) = desk.rows(table)
        assert tuple(row)[-len(measures) :] == measures, table.name


def test_many_rows_at_once_are_written_like_few(desk: Desk, asha: int) -> None:
    desk.run(*(spend(desk, asha, n, work=replace(WORK, agent=f"a{n % 3}", model="\\{,}'")) for n in range(1, 13)))
    desk.run(spend(desk, asha, 13, work=replace(WORK, agent="a1", model="\\{,}'")))
    transactions = desk.rows(ledger.ledger_transaction, kind="usage")
    assert [txn.charged for txn in transactions] == list(range(1, 14))
    assert {txn.project for txn in transactions} == {WORK.project}
    assert [txn.txn_id for txn in transactions] == sorted({txn.txn_id for txn in transactions})
    rolled = {row.agent: (row.requests, row.charged) for row in desk.rows(ledger.usage_account_day)}
    assert rolled == {"a0": (4, 30), "a1": (5, 35), "a2": (4, 26)}
    assert {row.model for row in desk.rows(ledger.usage_org_day)} == {"\\{,}'"}
    assert len(desk.rows(ledger.operation_key, operation="spend")) == 13


def test_two_families_in_one_batch_add_up_in_the_rollups_they_share(desk: Desk, asha: int) -> None:
    other = desk.open("bela", ASHA + 4)  # the same shard of the organization's rollups
    desk.run(*(spend(desk, account, 1) for account in (asha, other, asha, other, asha, other)))
    (row,) = desk.rows(ledger.usage_org_day)
    assert (row.requests, row.charged) == (6, 6)


def test_a_key_is_found_with_its_first_result(desk: Desk, asha: int) -> None:
    (first,) = desk.run(spend(desk, asha, 30, key="once"))
    (again, other) = desk.run(spend(desk, asha, 30, key="once"), spend(desk, asha, 1, key="twice"))
    assert receipt(again) == replace(receipt(first), replayed=True)
    assert not receipt(other).replayed
    assert len(desk.rows(ledger.ledger_transaction, kind="usage")) == 2


def test_wallets_and_grants_come_back_with_all_their_terms(desk: Desk, asha: int) -> None:
    wallet = OpenWallet(
        account_id=asha, type=WalletType.PREMIUM, tokens=9, label="Launch", features=GOALS,
        expires_at=START + timedelta(days=9, microseconds=1), grant_class=GrantClass.PURCHASED, **desk.key(),
    )  # fmt: skip
    pack = GrantTokens(
        account_id=asha, tokens=50, wallet=WalletType.BONUS, grant_class=GrantClass.PURCHASED, kind="purchase",
        label="Starter", price_minor=9_900, currency="INR", **desk.key(),
    )  # fmt: skip
    desk.run(wallet, pack)
    account = desk.book(asha).accounts[asha]
    premium = next(w for w in account.wallets.values() if w.type is WalletType.PREMIUM)
    assert (premium.label, premium.features) == ("Launch", GOALS)
    assert premium.expires_at == START + timedelta(days=9, microseconds=1)
    desk.run(SetWalletActive(account_id=asha, wallet_id=premium.wallet_id, active=False, **desk.key()))
    desk.run(SetZone(account_id=asha, zone="America/New_York", **desk.key()))
    desk.run(SetStatus(account_id=asha, status="frozen", **desk.key()))


def test_a_grant_that_is_used_up_is_loaded_no_more_and_an_allowance_only_when_its_period_ends(
    desk: Desk, asha: int
) -> None:
    desk.run(GrantTokens(account_id=asha, tokens=5, **desk.key()))
    desk.run(spend(desk, asha, 105))
    assert [grant.source for grant in desk.book(asha).accounts[asha].grants.values()] == ["allowance"]
    desk.later(hours=7)
    desk.run(Settle(account_id=asha))
    assert [grant.remaining for grant in desk.book(asha).accounts[asha].grants.values()] == [100]
    assert len(desk.rows(ledger.token_grant)) == 3


def test_a_hold_comes_back_with_what_it_still_reserves_in_burn_down_order(desk: Desk, asha: int) -> None:
    desk.run(GrantTokens(account_id=asha, tokens=40, **desk.key()))
    (held,) = desk.run(reserve(desk, asha, 120, project="p", metadata={"a": 1}))
    hold_id = hold_of(held)
    desk.run(Capture(account_id=asha, hold_id=hold_id, tokens=70, final=False, **desk.key()))
    hold = desk.book(asha).accounts[asha].holds[hold_id]
    assert list(hold.reserved.values()) == [30, 20]
    assert (hold.captured, hold.seq, hold.metadata, hold.project) == (70, 3, {"a": 1}, "p")
    desk.run(Void(account_id=asha, hold_id=hold_id, **desk.key()))
    assert desk.rows(ledger.hold)[0].status == "voided"
    assert sum(line.amount for line in desk.rows(ledger.hold_entry)) == 0


def test_a_hold_that_timed_out_is_found_by_its_name(desk: Desk, asha: int) -> None:
    (held,) = desk.run(reserve(desk, asha, 20))
    desk.later(hours=1)
    desk.run(Settle(account_id=asha))
    (late,) = desk.run(Capture(account_id=asha, hold_id=hold_of(held), tokens=7, **desk.key()))
    assert receipt(late).late_capture
    (gone,) = desk.run(Void(account_id=asha, hold_id=10**9, **desk.key()))
    assert isinstance(gone, NotFound)


def test_settling_a_pool_loads_the_members_whose_holds_on_it_are_due(desk: Desk, team: int) -> None:
    desk.run(reserve(desk, RAVI, 120), reserve(desk, MEI, 30, seconds=7_200))
    assert set(desk.book(POOL).accounts) == {POOL}
    desk.later(hours=1)
    assert set(desk.book(POOL).accounts) == {POOL, RAVI}
    desk.run(Settle(account_id=POOL))
    assert [hold.status for hold in desk.rows(ledger.hold)] == ["timed_out", "open"]
    (pool,) = desk.rows(ledger.token_grant, amount=200)
    assert pool.held == 30


def test_a_whole_family_is_loaded_when_it_is_asked_for(desk: Desk, team: int) -> None:
    assert set(desk.book(POOL, whole_families=True).accounts) == {POOL, RAVI, MEI}
    assert set(desk.book(RAVI).accounts) == {POOL, RAVI}


def test_a_members_quota_is_counted_per_period_of_the_pool(desk: Desk, team: int) -> None:
    desk.run(spend(desk, RAVI, 40), spend(desk, RAVI, 2))
    used = desk.book(RAVI).accounts[RAVI].quota_used
    assert list(used.values()) == [42]
    desk.later(days=31)
    desk.run(spend(desk, RAVI, 1))
    assert list(desk.book(RAVI).accounts[RAVI].quota_used.values()) == [1]
    assert [row.charged for row in desk.rows(ledger.quota_use)] == [42, 1]


def test_debt_is_written_loaded_and_repaid(desk: Desk, asha: int) -> None:
    (held,) = desk.run(reserve(desk, asha, 100))
    (over,) = desk.run(Capture(account_id=asha, hold_id=hold_of(held), tokens=130, **desk.key()))
    assert receipt(over).debt == 30
    (debt,) = desk.book(asha).accounts[asha].debts.values()
    assert (debt.owed, debt.incurred, debt.feature) == (30, 30, "srs")
    desk.run(GrantTokens(account_id=asha, tokens=20, **desk.key()))
    desk.run(WriteOff(account_id=asha, tokens=4, **desk.key()))
    assert [line.cause for line in desk.rows(ledger.debt_entry)] == ["incurred", "repaid", "written_off"]
    assert desk.rows(ledger.debt)[0].owed == 6


def test_a_refund_sees_every_line_that_paid_also_those_that_repaid_the_debt(desk: Desk, asha: int) -> None:
    (held,) = desk.run(reserve(desk, asha, 100))
    (over,) = desk.run(Capture(account_id=asha, hold_id=hold_of(held), tokens=130, **desk.key()))
    desk.run(GrantTokens(account_id=asha, tokens=20, **desk.key()))
    desk.run(WriteOff(account_id=asha, tokens=4, **desk.key()))
    usage = receipt(over).transaction_id
    (first,) = desk.run(Refund(account_id=asha, txn_id=usage, tokens=11, **desk.key()))
    assert receipt(first).charged == 11
    past = desk.book(asha, refunds=(usage,)).pasts[usage]
    assert [(line.amount, line.returned) for line in past.lines] == [(-100, 0), (-20, 5)]
    assert (past.charged, past.refunded) == (130, 11)
    assert past.debt is not None
    assert past.debt.owed == 0
    (rest,) = desk.run(Refund(account_id=asha, txn_id=usage, **desk.key()))
    assert receipt(rest).charged == 130 - 4 - 11
    (other,) = desk.run(Refund(account_id=asha, txn_id=receipt(rest).transaction_id, **desk.key()))
    assert isinstance(other, NotFound)


def test_a_grant_that_was_empty_lives_again_when_a_refund_fills_it(desk: Desk, asha: int) -> None:
    desk.run(GrantTokens(account_id=asha, tokens=5, **desk.key()))
    (used,) = desk.run(spend(desk, asha, 105))
    assert [grant.live for grant in desk.rows(ledger.token_grant)] == [True, False]
    desk.run(Refund(account_id=asha, txn_id=receipt(used).transaction_id, **desk.key()))
    assert [(grant.live, grant.remaining) for grant in desk.rows(ledger.token_grant)] == [(True, 100), (True, 5)]


def test_revoking_takes_back_what_is_free(desk: Desk, asha: int) -> None:
    (given,) = desk.run(GrantTokens(account_id=asha, tokens=5, **desk.key()))
    desk.run(Revoke(account_id=asha, grant_id=receipt(given).lines[0].grant_id, **desk.key()))
    assert [grant.closed_reason for grant in desk.rows(ledger.token_grant)] == [None, "revoked"]
