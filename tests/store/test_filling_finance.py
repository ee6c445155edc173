"""The sixth migration says of history what the ledger would have written, had it been there already."""

from __future__ import annotations

import sqlalchemy as sa
from support.ledgers import MovedClock
from support.sales import a_shop

from creditbook.reports.proof import prove
from creditbook.store.counted import ROLLUPS
from creditbook.store.engine import Store, open_store

QUESTIONS = (
    "SELECT txn_id, seq, deferred_minor FROM entry",
    "SELECT grant_id, price_minor, tax_minor FROM token_grant",
    *(f"SELECT * FROM {rollup.table}" for rollup in ROLLUPS),
)


def told(store: Store) -> list[list[tuple[object, ...]]]:
    """What the migration fills, organization by organization."""
    found: list[list[tuple[object, ...]]] = []
    with store.read() as connection:
        organizations = connection.execute(sa.text("SELECT org_id FROM organization ORDER BY org_id")).scalars().all()
    for org_id in organizations:
        with store.read(org_id) as connection:
            found += [sorted(map(tuple, connection.execute(sa.text(question)))) for question in QUESTIONS]
    return found


def test_what_was_booked_before_the_migration_is_told_as_if_it_had_been_there(database_url: str) -> None:
    clock = MovedClock()
    with a_shop(database_url, clock) as shop:
        shop.create_organization("other", shop.program("acme"))
        shop.open_account("other/ravi")
        shop.sell("other/ravi", "big", payment="r 9", reason="cash", actor="mary")
        pack = shop.sell("acme/asha", "starter", payment="r 1", reason="cash", actor="mary")
        shop.grant("acme/asha", 30, reason="a gift")
        used = shop.spend("acme/asha", action="work", tokens=70, agent="srs", model="gpt-4o", input_tokens=9)
        shop.refund("acme/asha", used.transaction_id, tokens=7, reason="partly wrong")
        shop.refund_purchase("acme/asha", pack.purchase_id, amount_minor=1_000, reason="a bit")
        shop.spend("other/ravi", action="work", tokens=333, event_at=clock().replace(day=1))
        clock.forward(days=40)
        shop.sweep()
    store = open_store(database_url)
    written = told(store)
    assert all(any(row[-1] for row in written[place]) for place in (0, 1)), "nothing was earned, nothing taxed"
    store.downgrade("0005_programs")
    store.upgrade()
    assert told(store) == written
    assert all(proof.whole for proof in prove(store))
    store.close()
