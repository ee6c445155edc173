"""Rollups come back as they were, whatever became of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from creditbook.ledger.ledger import Ledger, ledger_on
from creditbook.programs import load_program
from creditbook.reports.proof import prove
from creditbook.store.counted import ROLLUPS
from creditbook.store.engine import open_store
from creditbook.store.rebuilding import rebuild_rollups


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    """Usage of two accounts, one of it refunded, and a pack that was sold, in two organizations."""
    with ledger_on(open_store(database_url)) as opened:
        for slug in ("studio", "atelier"):
            opened.create_organization(slug, load_program("studio"))
            for name in ("asha", "ravi"):
                opened.open_account(f"{slug}/{name}")
                opened.grant(f"{slug}/{name}", 90_000, reason="test")
            spent = opened.spend(f"{slug}/asha", action="srs", tokens=300, model="gpt-4o", input_tokens=10)
            opened.sell(f"{slug}/ravi", "starter", payment="r 1", reason="cash", actor="mary")
            opened.spend(f"{slug}/ravi", action="code", tokens=200, agent="code")
            opened.refund(f"{slug}/asha", spent.transaction_id, tokens=100, reason="test")
        yield opened


def rows(ledger: Ledger, org_id: int) -> dict[str, list[tuple[object, ...]]]:
    with ledger.core.store.read(org_id) as connection:
        return {
            one.table: sorted(
                map(tuple, connection.execute(sa.text(f"SELECT * FROM {one.table} WHERE org_id = {org_id}")))
            )
            for one in ROLLUPS
        }


def test_rebuilt_rollups_are_those_that_the_ledger_wrote(ledger: Ledger) -> None:
    org_id = ledger.core.organization("studio").org_id
    written = rows(ledger, org_id)
    made = rebuild_rollups(ledger.core.store, org_id)
    assert rows(ledger, org_id) == written
    assert made == {table: len(found) for table, found in written.items()}
    assert all(made.values())


def test_a_rollup_that_was_tampered_with_is_mended_and_its_neighbour_left_alone(ledger: Ledger) -> None:
    store = ledger.core.store
    ours, theirs = (ledger.core.organization(slug).org_id for slug in ("studio", "atelier"))
    whole, neighbour = rows(ledger, ours), rows(ledger, theirs)
    with store.write(ours) as connection:
        connection.execute(sa.text(f"UPDATE usage_org_day SET charged = charged + 7 WHERE org_id = {ours}"))
        connection.execute(sa.text(f"DELETE FROM usage_account_day WHERE org_id = {ours}"))
    assert not prove(store, "studio")[0].whole
    rebuild_rollups(store, ours)
    assert rows(ledger, ours) == whole
    assert rows(ledger, theirs) == neighbour
    assert all(proof.whole for proof in prove(store))
