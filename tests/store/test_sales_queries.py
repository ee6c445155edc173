"""What pages ask about purchases and plans, on both databases."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from support.batching import ASHA, ORG, START, Desk
from support.rows_of_sales import purchase_row

from creditbook.domain.plans import PlanEvent, PlanStatus
from creditbook.domain.sales import PurchaseKind, PurchaseStatus
from creditbook.store import plans, purchases
from creditbook.store.tables import ledger

DAY = timedelta(days=1)


def put(desk: Desk, purchase_id: int, **changes: object) -> None:
    with desk.store.write(ORG) as connection:
        connection.execute(sa.insert(ledger.purchase), purchase_row(ORG, purchase_id, ASHA, **changes))


def test_purchases_are_listed_newest_first_by_account_status_and_page(desk: Desk, asha: int) -> None:
    for purchase_id, status in ((700, "pending"), (701, "failed"), (702, "pending")):
        put(desk, purchase_id, status=status)
    ids = [one.purchase_id for one in purchases.of_account(desk.store, ORG, ASHA)]
    assert ids == [702, 701, 700]
    assert purchases.of_account(desk.store, ORG, ASHA + 1) == []
    pending = purchases.of_organization(desk.store, ORG, statuses=[PurchaseStatus.PENDING])
    assert [(sold.account, sold.purchase.purchase_id) for sold in pending] == [("asha", 702), ("asha", 700)]
    assert [sold.purchase.purchase_id for sold in purchases.of_organization(desk.store, ORG, before_id=702)] == [
        701,
        700,
    ]
    found = purchases.find(desk.store, ORG, 701)
    assert found is not None
    assert (found.purchase.kind, found.purchase.status) == (PurchaseKind.PACKAGE, PurchaseStatus.FAILED)
    assert purchases.find(desk.store, ORG, 999) is None
    assert purchases.find(desk.store, ORG + 1, 701) is None


def test_a_person_is_shown_what_is_stuck_and_nothing_that_goes_its_way(desk: Desk, asha: int) -> None:
    put(desk, 700, created_at=START)
    put(desk, 701, created_at=START - 2 * DAY)
    put(desk, 702, status="paid", paid_at=START)
    put(desk, 703, status="granted", paid_at=START, granted_at=START)
    put(desk, 704, status="granted", paid_at=START, granted_at=START, dispute_open=True)
    put(desk, 705, status="failed", trouble="paid twice")
    stuck = purchases.waiting(desk.store, ORG, pending_before=START - DAY)
    assert [sold.purchase.purchase_id for sold in stuck] == [705, 704, 702, 701]


def test_what_happened_to_a_plan_and_who_is_on_it_is_told(desk: Desk, asha: int) -> None:
    started = plans.events_of(desk.store, ORG, ASHA)[-1]
    assert (started.what, started.plan_after, started.at) == ("started", "free", START)
    with desk.store.write(ORG) as connection:
        connection.execute(
            sa.insert(ledger.plan_event),
            {"org_id": ORG, "event_id": 10**6, "account_id": ASHA, "at": START + DAY, "what": "lapsed",
             "plan_before": "team", "plan_after": "free", "price_minor": 0, "currency": "INR", "program_id": 1,
             "actor": "system", "reason": ""},
        )  # fmt: skip
    lapsed = PlanEvent(10**6, ASHA, START + DAY, "lapsed", "team", "free", 0, "INR", None, None, 1, None, "system", "")
    assert plans.events_of(desk.store, ORG, ASHA)[0] == lapsed
    assert plans.events(desk.store, ORG, START + DAY, START + 2 * DAY) == [plans.Planned("asha", lapsed)]
    assert [one.event.what for one in plans.events(desk.store, ORG, START, START + DAY)] == ["started"]
    (alike,) = plans.subscribers(desk.store, ORG)
    assert (alike.plan, alike.status, alike.accounts, alike.ends_first) == ("free", PlanStatus.ACTIVE, 1, None)
    (version,) = plans.versions(desk.store, ORG)
    assert (version.version, version.name, version.in_force, version.reason) == (1, "batching", True, "first")
