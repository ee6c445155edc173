"""Plans through the public surface, on both databases: what is kept of a term, late or not, and what callers see."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from support.ledgers import MovedClock, a_ledger
from support.plans import BASIC, PRO, a_studio

from creditbook import AccountClosed, AsyncLedger, InvalidRequest, Ledger, NotFound
from creditbook.reports.proof import prove
from creditbook.store.tables.ledger import audit, ledger_transaction, plan_event

END = datetime(2026, 4, 4, tzinfo=UTC)
STUDIO = a_studio()


def whole(ledger: Ledger) -> bool:
    return all(proof.whole for proof in prove(ledger.core.store))


def rows(ledger: Ledger, query: sa.Select[tuple[object, ...]]) -> list[tuple[object, ...]]:
    org = ledger.core.organization("acme").org_id
    with ledger.core.store.read(org) as connection:
        return [tuple(row) for row in connection.execute(query)]


@pytest.fixture
def ledger(database_url: str, clock: MovedClock) -> Iterator[Ledger]:
    """The organization `acme` in UTC with `acme/asha` on Pro since noon of 4 March: 250 tokens a month."""
    changes = {name: getattr(STUDIO, name) for name in ("plans", "default_plan", "zone", "currency", "actions")}
    opened = a_ledger(database_url, clock, **changes)
    opened.open_account("acme/asha", plan="pro")
    yield opened
    opened.close()


def test_a_downgrade_waits_and_acts_when_somebody_comes_by(ledger: Ledger, clock: MovedClock) -> None:
    told = ledger.change_plan("acme/asha", "basic")
    assert (told.what, told.plan, told.next_plan, told.term_ends_at) == ("scheduled", "pro", "basic", END)
    clock.at = END + timedelta(days=1)
    assert ledger.balance("acme/asha").available == 50 + 125
    assert ledger.subscription("acme/asha").plan == "basic"  # seen before it is written
    assert ledger.spend("acme/asha", action="work", tokens=1).available == 174
    seen = ledger.subscription("acme/asha")
    assert (seen.status, seen.term_first, seen.grace_ends_at) == ("past_due", date(2026, 4, 4), END + timedelta(days=3))
    assert (seen.renewal_plan, seen.renewal_minor, seen.currency) == ("basic", 299, "USD")
    assert whole(ledger)


def test_an_account_that_does_not_pay_falls_to_the_free_plan_by_a_sweep(ledger: Ledger, clock: MovedClock) -> None:
    clock.at = END + timedelta(days=3, hours=1)
    ledger.sweep()
    seen = ledger.subscription("acme/asha")
    assert (seen.plan, seen.status, seen.ends, seen.term_ends_at, seen.is_paid) == ("free", "lapsed", True, None, False)
    assert [row[0] for row in rows(ledger, sa.select(plan_event.c.what).order_by(plan_event.c.event_id))] == [
        "started", "past_due", "lapsed"
    ]  # fmt: skip
    assert whole(ledger)


def test_sweeps_that_come_every_hour_write_what_one_late_sweep_does(database_url: str) -> None:
    written = []
    for slug, step in (("early", timedelta(hours=11)), ("late", timedelta(days=80))):
        clock = MovedClock()
        changes = {name: getattr(STUDIO, name) for name in ("plans", "default_plan", "zone", "currency", "actions")}
        with a_ledger(database_url, clock, slug=slug, **changes) as ledger:
            ledger.open_account(f"{slug}/asha", plan="pro")
            ledger.change_plan(f"{slug}/asha", "basic")
            until = clock.at + timedelta(days=80)
            while clock.at < until:
                clock.at = min(until, clock.at + step)
                ledger.sweep(slug)
            txn = ledger_transaction.c
            org = ledger.core.organization(slug).org_id
            with ledger.core.store.read(org) as connection:
                query = (
                    sa.select(txn.kind, txn.tokens, txn.effective_at, txn.plan, txn.available_after)
                    .where(txn.org_id == org)
                    .order_by(txn.txn_id)
                )
                written.append([tuple(row) for row in connection.execute(query)])
            assert whole(ledger)
    assert written[0] == written[1]
    assert [kind for kind, *_ in written[0]].count("reset") == 2
    assert [kind for kind, *_ in written[0]].count("plan_change") == 2


def test_cancelled_the_plan_ends_with_the_time_paid_for(ledger: Ledger, clock: MovedClock) -> None:
    assert ledger.cancel_plan("acme/asha").status == "cancelling"
    assert ledger.subscription("acme/asha").ends
    with pytest.raises(InvalidRequest, match="cancelled already"):
        ledger.cancel_plan("acme/asha")
    clock.at = END
    ledger.sweep()
    assert ledger.subscription("acme/asha").plan == "free"
    assert whole(ledger)


def test_a_look_ahead_takes_the_plan_as_paid_unless_it_is_cancelled(ledger: Ledger) -> None:
    ahead = END + timedelta(days=20)
    assert ledger.balance("acme/asha", at=ahead).plan == "pro"
    ledger.cancel_plan("acme/asha")
    assert ledger.balance("acme/asha", at=ahead).plan == "free"


def test_a_balance_of_the_past_knows_the_plan_of_then(ledger: Ledger, clock: MovedClock) -> None:
    ledger.change_plan("acme/asha", "basic")
    then = clock.at
    clock.at = END + timedelta(days=4)
    ledger.sweep()
    assert ledger.balance("acme/asha").plan == "free"
    past = ledger.balance("acme/asha", at=then)
    assert (past.plan, past.available) == ("pro", 250)
    assert ledger.balance("acme/asha", at=END + timedelta(hours=1)).plan == "basic"


def test_an_administrators_change_at_once_needs_a_reason_and_stands_in_the_audit_log(ledger: Ledger) -> None:
    with pytest.raises(InvalidRequest, match="reason"):
        ledger.change_plan("acme/asha", "basic", at_once=True)
    ledger.change_plan("acme/asha", "basic", at_once=True, reason="asked by telephone", actor="omar")
    logged = sa.select(audit.c.subject, audit.c.before, audit.c.after, audit.c.reason, audit.c.actor)
    ((subject, before, after, why, who),) = rows(ledger, logged.where(audit.c.act == "change_plan"))
    assert (subject, why, who) == ("acme/asha", "asked by telephone", "omar")
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert (before["plan"], before["available"], after["plan"], after["available"]) == ("pro", 250, "basic", 50)


def test_the_same_key_changes_a_plan_once(ledger: Ledger) -> None:
    first = ledger.change_plan("acme/asha", "basic", idempotency_key="k")
    again = ledger.change_plan("acme/asha", "basic", idempotency_key="k")
    assert (again.replayed, again.next_plan, again.term_ends_at) == (True, first.next_plan, first.term_ends_at)


def test_editing_a_plan_changes_no_running_period_and_the_next_one_is_as_edited(
    ledger: Ledger, clock: MovedClock
) -> None:
    clock.forward(days=3)
    program = ledger.program("acme")
    more = replace(PRO, allowances=(replace(PRO.allowances[0], tokens=300),))
    ledger.load_program("acme", replace(program, plans={**program.plans, "pro": more}), reason="more for everybody")
    assert ledger.balance("acme/asha").available == 250
    ledger.spend("acme/asha", action="work", tokens=250)
    clock.at = END
    assert ledger.balance("acme/asha").available == 300
    ledger.sweep()
    assert ledger.balance("acme/asha").available == 300
    assert whole(ledger)


def test_refusals_say_what_to_do(ledger: Ledger) -> None:
    with pytest.raises(InvalidRequest, match="Thirties has to be paid: buy it"):
        ledger.change_plan("acme/asha", "thirties")
    with pytest.raises(InvalidRequest, match="no plan “gold”. Its plans: basic"):
        ledger.change_plan("acme/asha", "gold")
    with pytest.raises(NotFound):
        ledger.change_plan("acme/nobody", "basic")
    ledger.close_account("acme/asha", reason="gone")
    with pytest.raises(AccountClosed):
        ledger.cancel_plan("acme/asha")


def test_a_member_without_a_plan_of_her_own_sees_her_pools(ledger: Ledger) -> None:
    ledger.open_account("acme", plan="pro")
    ledger.open_account("acme/ravi", draws_on_pool=True)
    seen = ledger.subscription("acme/ravi")
    assert (seen.plan, seen.of_pool, seen.status, seen.term_ends_at) == ("pro", True, "active", END)
    with pytest.raises(InvalidRequest, match="team's plan"):
        ledger.change_plan("acme/ravi", BASIC.slug)


def test_async_callers_have_the_same_verbs(ledger: Ledger) -> None:
    async def act() -> tuple[str, str, str]:
        face = AsyncLedger(ledger)
        changed = await face.change_plan("acme/asha", "basic")
        cancelled = await face.cancel_plan("acme/asha")
        return changed.what, cancelled.what, (await face.subscription("acme/asha")).status

    assert asyncio.run(act()) == ("scheduled", "cancelling", "cancelling")


def test_an_upgrade_that_was_sold_acts_now_and_a_renewal_pays_the_next_term(ledger: Ledger, clock: MovedClock) -> None:
    ledger.open_account("acme/ravi", plan="basic")
    ledger.spend("acme/ravi", action="work", tokens=20)
    clock.forward(days=5)
    sale = ledger.sell("acme/ravi", "pro", kind="plan", reason="paid in cash", payment="receipt 7")
    assert (sale.status, sale.price_minor, sale.available, len(sale.transaction_ids)) == ("granted", 999, 230, 1)
    assert ledger.subscription("acme/ravi").term_ends_at == END
    ledger.sell("acme/ravi", "", kind="renewal", reason="paid in cash", payment="receipt 8")
    seen = ledger.subscription("acme/ravi")
    assert (seen.paid_ahead, seen.paid_until) == (1, datetime(2026, 5, 4, tzinfo=UTC))
    clock.at = END + timedelta(days=1)
    ledger.sweep()
    seen = ledger.subscription("acme/ravi")
    assert (seen.plan, seen.status, seen.paid_ahead) == ("pro", "active", 0)
    assert whole(ledger)


def test_a_payment_told_twice_and_late_upgrades_once(ledger: Ledger, clock: MovedClock) -> None:
    ledger.open_account("acme/ravi")
    sale = ledger.open_purchase("acme/ravi", "pro", kind="plan", provider="stripe")
    clock.at = END + timedelta(days=2)
    paid = [
        ledger.pay_purchase("acme/ravi", sale.purchase_id, provider="stripe", payment="pi_1", idempotency_key=event)
        for event in ("evt_1", "evt_2")
    ]
    assert [one.status for one in paid] == ["granted", "granted"]
    assert ledger.balance("acme/ravi").available == 250 + 5  # and half of what the free month left
    assert ledger.subscription("acme/ravi").term_first == date(2026, 4, 6)
    assert whole(ledger)


def test_a_waiting_plan_with_a_paid_term_is_kept_by_the_database(ledger: Ledger, clock: MovedClock) -> None:
    ledger.change_plan("acme/asha", "basic")
    ledger.sell("acme/asha", "basic", kind="renewal", reason="paid in cash", payment="receipt 9")
    seen = ledger.subscription("acme/asha")
    assert (seen.next_plan, seen.next_paid, seen.paid_ahead) == ("basic", 1, 0)
    clock.at = END + timedelta(days=2)
    ledger.sweep()
    assert (ledger.subscription("acme/asha").plan, ledger.subscription("acme/asha").status) == ("basic", "active")
    assert whole(ledger)
