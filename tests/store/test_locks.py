"""Who closes a month, or rebuilds, has the organization's books to itself; writers wait, and then see what was done."""

from __future__ import annotations

import threading
import time
from datetime import date

import pytest
import sqlalchemy as sa
from support.batching import ORG, START, Desk, spend

from creditbook.store.locks import stand_still
from creditbook.store.tables import ledger


def close_through(connection: sa.Connection, day: date) -> None:
    closed = sa.update(ledger.organization).where(ledger.organization.c.org_id == ORG).values(closed_through=day)
    connection.execute(closed)


def stand_still_at_once(desk: Desk, org_id: int) -> None:
    with desk.store.write(org_id) as connection:
        connection.execute(sa.text("SET LOCAL lock_timeout = '100ms'"))
        stand_still(connection, org_id)


def test_a_spend_that_comes_while_a_month_is_being_closed_is_booked_into_the_open_one(desk: Desk, asha: int) -> None:
    with desk.store.write(ORG) as connection:
        stand_still(connection, ORG)
        late = threading.Thread(target=desk.run, args=(spend(desk, asha, 3),))
        late.start()
        time.sleep(0.2)
        assert late.is_alive()
        close_through(connection, date(2026, 11, 30))
    late.join(10)
    (txn,) = desk.rows(ledger.ledger_transaction, kind="usage")
    assert (txn.org_date, txn.accounting_date) == (START.date(), date(2026, 12, 1))
    (day,) = desk.rows(ledger.usage_org_day)
    assert (day.org_date, day.accounting_date, day.charged) == (START.date(), date(2026, 12, 1), 3)
    (booked,) = desk.rows(ledger.books_day, kind="usage")
    assert (booked.accounting_date, booked.tokens_out) == (date(2026, 12, 1), 3)


@pytest.mark.postgres
def test_closing_waits_for_a_batch_that_is_under_way_and_for_no_other_organizations(postgres_url: str) -> None:
    desk = Desk(postgres_url)
    with desk.batches.begin([desk.wanted(())]):
        stand_still_at_once(desk, ORG + 1)
        with pytest.raises(sa.exc.DBAPIError, match="lock timeout"):
            stand_still_at_once(desk, ORG)
    stand_still_at_once(desk, ORG)
    desk.close()
