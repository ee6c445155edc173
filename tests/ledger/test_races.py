"""Many at once around what may happen only so often: the last of a code, an upgrade, a payment told twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from support.ledgers import DAILY, MovedClock
from support.processes import processes
from support.sales import SHOP, a_shop, broken

from creditbook import Ledger, LedgerError, open_ledger
from creditbook.domain.program import PromoTerms
from creditbook.domain.results import PurchaseReceipt
from creditbook.store.tables import ledger as tables

PROCESSES, THREADS, LIMIT = 4, 50, 50


class FixedClock:
    """A clock that stands still and can be sent to another process."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def shop(database_url: str, clock: MovedClock) -> Iterator[Ledger]:
    opened = a_shop(database_url, clock)
    yield opened
    complaints = broken(opened)
    opened.close()
    assert not complaints


def rows(shop: Ledger, table: sa.Table, **where: Any) -> list[Any]:
    org_id = shop.core.organization("acme").org_id
    wanted = sa.select(table).where(
        table.c.org_id == org_id, *(table.c[name] == value for name, value in where.items())
    )
    with shop.core.store.read(org_id) as connection:
        return list(connection.execute(wanted).all())


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Every call in a thread of its own, let go together; what it answered, or how it was refused."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return call()
        except LedgerError as refusal:
            return refusal

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def in_processes(work: Callable[..., list[str]], url: str, at: datetime) -> Counter[str]:
    """The same work in four processes at once; what all of them came to."""
    context = processes()
    with context.Manager() as manager:
        gate = manager.Barrier(PROCESSES)
        with context.Pool(PROCESSES) as pool:
            waiting = [pool.apply_async(_started, (work, url, at, gate, number)) for number in range(PROCESSES)]
            return Counter(answer for one in waiting for answer in one.get(timeout=240))


def _started(work: Callable[..., list[str]], url: str, at: datetime, gate: Any, number: int) -> list[str]:
    with open_ledger(url, clock=FixedClock(at)) as ledger:
        ledger.balance("acme/asha")  # everything is imported and open before anybody starts
        gate.wait()
        return work(ledger, number)


def _named(answer: Any) -> str:
    return type(answer).__name__ if isinstance(answer, LedgerError) else "done"


def open_many(shop: Ledger, count: int) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: shop.open_account(f"acme/u{number}"), range(count)))


def redeemed_exactly(shop: Ledger, answers: Counter[str]) -> None:
    assert answers == {"done": LIMIT, "CodeNotRedeemable": PROCESSES * THREADS - LIMIT}
    (code,) = rows(shop, tables.promo_code, code="fifty")
    assert code.redeemed == LIMIT
    redemptions = rows(shop, tables.redemption)
    assert len({row.account_id for row in redemptions}) == len({row.grant_id for row in redemptions}) == LIMIT
    assert sum(shop.balance(f"acme/u{number}").available or 0 for number in range(PROCESSES * THREADS)) == LIMIT * 10


def test_two_hundred_threads_redeem_a_code_of_fifty_fifty_times(shop: Ledger) -> None:
    shop.create_codes("acme", PromoTerms("FIFTY", 10, total_limit=LIMIT), reason="spring")
    open_many(shop, PROCESSES * THREADS)
    answers = at_once(
        [lambda number=number: shop.redeem(f"acme/u{number}", "fifty") for number in range(PROCESSES * THREADS)]
    )
    redeemed_exactly(shop, Counter(map(_named, answers)))


def _redeem(ledger: Ledger, number: int) -> list[str]:
    mine = range(number * THREADS, (number + 1) * THREADS)
    return list(map(_named, at_once([lambda one=one: ledger.redeem(f"acme/u{one}", " FIFTY ") for one in mine])))


def test_four_processes_of_fifty_threads_redeem_a_code_of_fifty_fifty_times(
    shop: Ledger, database_url: str, clock: MovedClock
) -> None:
    shop.create_codes("acme", PromoTerms("FIFTY", 10, total_limit=LIMIT), reason="spring")
    open_many(shop, PROCESSES * THREADS)
    redeemed_exactly(shop, in_processes(_redeem, database_url, clock.at))


def test_one_account_redeems_a_code_once_however_many_times_she_presses(shop: Ledger) -> None:
    shop.create_codes("acme", PromoTerms("ONCE", 10), reason="spring")
    answers = at_once([lambda: shop.redeem("acme/asha", "once")] * 8)
    assert Counter(map(_named, answers)) == {"done": 1, "AlreadyRedeemed": 7}
    assert shop.balance("acme/asha").available == 10


def _upgrade(ledger: Ledger, number: int) -> list[str]:
    buy = [
        lambda one=one: ledger.sell("acme/asha", "pro", kind="plan", payment=f"in {number}/{one}", reason="invoice")
        for one in range(4)
    ]
    return list(map(_named, at_once(buy)))


def upgraded_once(shop: Ledger) -> None:
    asha = shop.core.account("acme/asha").account_id
    assert len(rows(shop, tables.plan_event, account_id=asha, what="upgraded")) == 1
    assert [row.status for row in rows(shop, tables.purchase)] == ["granted"]
    standing = shop.balance("acme/asha")
    assert (standing.plan, standing.available) == ("pro", 10_000)


def test_upgrades_at_once_upgrade_once(shop: Ledger) -> None:
    buy = [
        lambda one=one: shop.sell("acme/asha", "pro", kind="plan", payment=f"in {one}", reason="invoice")
        for one in range(6)
    ]
    assert Counter(map(_named, at_once(buy))) == {"done": 1, "InvalidRequest": 5}
    upgraded_once(shop)


def test_upgrades_from_several_processes_upgrade_once(shop: Ledger, database_url: str, clock: MovedClock) -> None:
    assert in_processes(_upgrade, database_url, clock.at) == {"done": 1, "InvalidRequest": 15}
    upgraded_once(shop)


def test_two_changes_to_a_free_plan_at_once_open_its_allowance_once(database_url: str, clock: MovedClock) -> None:
    free = {slug: plan for slug, plan in SHOP.plans.items() if not plan.is_paid}
    shop = a_shop(database_url, clock, plans=free, default_plan="daily")
    shop.open_account("acme/bela", plan="bare")
    answers = at_once([lambda: shop.change_plan("acme/bela", DAILY.slug, at_once=True, reason="please")] * 6)
    assert Counter(map(_named, answers)) == {"done": 1, "InvalidRequest": 5}
    assert shop.balance("acme/bela").available == 5
    assert not broken(shop)
    shop.close()


def _race_a_reset(shop: Ledger, account: str) -> None:
    def upgrade() -> PurchaseReceipt:
        return shop.sell(account, "pro", kind="plan", payment=account, reason="invoice")

    calls: list[Callable[[], Any]] = [lambda: shop.sweep("acme"), lambda: shop.reset(account, reason="please")]
    answers = at_once([*calls, upgrade, *calls])
    refusals = [answer for answer in answers if isinstance(answer, LedgerError)]
    assert not refusals


def test_an_upgrade_that_races_a_reset_leaves_the_higher_plans_allowance_alone(shop: Ledger, clock: MovedClock) -> None:
    for number in range(6):
        account = f"acme/racer-{number}"
        shop.open_account(account, plan="daily")
        shop.grant(account, 7, reason="survives")
        clock.forward(days=1)
        _race_a_reset(shop, account)
        standing = shop.balance(account)
        assert (standing.plan, standing.available) == ("pro", 10_007)
        who = shop.core.account(account).account_id
        assert len(rows(shop, tables.plan_event, account_id=who, what="upgraded")) == 1
        alive = [
            (row.amount, row.remaining)
            for row in rows(shop, tables.token_grant, account_id=who, source="allowance")
            if row.remaining
        ]
        assert alive == [(10_000, 10_000)]
        periods = [(row.wallet_id, row.period_first, row.forced_no) for row in rows(shop, tables.token_grant)]
        named = [period for period in periods if period[1] is not None]
        assert len(named) == len(set(named))


def _tell(ledger: Ledger, number: int) -> list[str]:
    (purchase,) = rows(ledger, tables.purchase)
    told = [
        lambda one=one: ledger.pay_purchase(
            "acme/asha",
            purchase.purchase_id,
            provider="stripe",
            payment="pi_1",
            idempotency_key=f"evt_{number}/{one}" if one else "evt_the_same",
        )
        for one in range(6)
    ]
    return [getattr(answer, "status", _named(answer)) for answer in at_once(told)]


def paid_once(shop: Ledger) -> None:
    (purchase,) = rows(shop, tables.purchase)
    assert (purchase.status, purchase.provider_payment, purchase.trouble) == ("granted", "pi_1", "")
    (booked,) = rows(shop, tables.ledger_transaction, kind="purchase")
    (grant,) = rows(shop, tables.token_grant, source="purchase")
    assert (purchase.txn_id, purchase.grant_id) == (booked.txn_id, grant.grant_id)
    assert shop.balance("acme/asha").available == 100


def test_a_payment_that_races_its_own_duplicates_is_granted_once(shop: Ledger) -> None:
    shop.open_purchase("acme/asha", "starter", provider="stripe")
    assert _tell(shop, 0) == ["granted"] * 6
    paid_once(shop)


def test_a_payment_told_to_several_processes_at_once_is_granted_once(
    shop: Ledger, database_url: str, clock: MovedClock
) -> None:
    shop.open_purchase("acme/asha", "starter", provider="stripe")
    assert in_processes(_tell, database_url, clock.at) == {"granted": 24}
    paid_once(shop)


def test_one_payment_claimed_for_two_peoples_purchases_pays_one(shop: Ledger) -> None:
    shop.open_account("acme/bela")
    orders = {who: shop.open_purchase(who, "starter", provider="stripe") for who in ("acme/asha", "acme/bela")}
    answers = at_once(
        [
            lambda who=who, order=order: shop.pay_purchase(who, order.purchase_id, provider="stripe", payment="pi_1")
            for who, order in orders.items()
        ]
    )
    assert sorted(answer.status for answer in answers) == ["granted", "pending"]
    assert sorted(shop.balance(who).available or 0 for who in orders) == [0, 100]


def test_a_referral_is_paid_once_to_both_while_its_friend_works_and_sweeps_run(shop: Ledger) -> None:
    shop.open_account("acme/friend", referred_by="asha")
    shop.grant("acme/friend", 20, reason="to work with")
    work = [lambda: shop.spend("acme/friend", action="build")] * 6
    at_once([*work, *[lambda: shop.sweep("acme")] * 4])
    shop.sweep("acme")
    assert shop.balance("acme/friend").available == 20 - 6 + 2
    assert shop.balance("acme/asha").available == 3
    assert len(rows(shop, tables.referral_owed)) == 1
    assert len(rows(shop, tables.award)) == 2


def test_a_grant_that_many_approve_and_decline_at_once_is_decided_once(shop: Ledger) -> None:
    for number in range(4):
        asked = shop.ask_grant("acme/asha", 20_000, reason="a big one", actor="mary")
        decide: list[Callable[[], Any]] = [lambda one=asked: shop.approve("acme", one, actor="anna")] * 3
        decide += [lambda one=asked: shop.decline("acme", one, actor="john", note="too much")] * 3
        answers = at_once(decide if number % 2 else decide[::-1])
        (approval,) = rows(shop, tables.approval, approval_id=asked)
        given = rows(shop, tables.ledger_transaction, kind="grant")
        approved = [row for row in rows(shop, tables.approval) if row.status == "approved"]
        assert approval.status in {"approved", "declined"}
        assert len(given) == len(approved)
        assert any(not isinstance(answer, LedgerError) for answer in answers)
    assert shop.balance("acme/asha").available == 20_000 * len(approved)
