"""Why a balance is what it is: the steps equal the entries, at any moment, and each opens to its transactions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from support.ledgers import MovedClock

from creditbook import Ledger, open_ledger
from creditbook.access.values import Principal
from creditbook.programs.loader import load_program
from creditbook.reports import explaining
from creditbook.reports.explaining import GROUPS, Explained
from creditbook.store.tables.ledger import entry, ledger_transaction, token_grant
from creditbook.store.tables.ledger_history import KINDS

MOMENTS: list[datetime] = []


@pytest.fixture
def studio(database_url: str, clock: MovedClock) -> Iterator[Ledger]:
    """Three months of Asha: allowances that roll over, a pack, a code's gift taken back in part, refunds, a hold."""
    with open_ledger(database_url, clock=clock) as ledger:
        ledger.create_organization("studio", load_program("studio"))
        ledger.open_account("studio/asha")
        ledger.sell("studio/asha", "starter", reason="paid")
        ledger.grant("studio/asha", 3_000, reason="a prize")
        MOMENTS[:] = [clock()]
        for n in range(12):
            clock.forward(days=8)
            done = ledger.spend("studio/asha", action="srs", tokens=1_500 + n)
            if n % 4 == 1:
                ledger.refund("studio/asha", done.transaction_id, tokens=500, reason="half of it failed")
            MOMENTS.append(clock())
        ledger.reserve("studio/asha", action="project", estimate=1_000)
        clock.forward(minutes=1)
        yield ledger


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


def principal(ledger: Ledger, account: str) -> Principal:
    slug, _, name = account.partition("/")
    org, ref = ledger.core.organization(slug), ledger.core.account(account)
    return Principal(1, "x", "x", "user", org.org_id, slug, slug, org.zone, account_id=ref.account_id,
                     account_name=name)  # fmt: skip


def explained(ledger: Ledger, account: str, at: datetime | None = None) -> Explained:
    pending = ledger.pending(account) if at is None else []
    return explaining.explained(ledger.core.store, principal(ledger, account), ledger.balance(account, at=at), pending)


def by_entries(ledger: Ledger, account: str, at: datetime) -> dict[tuple[str, int], int]:
    """What each kind gave and took, transaction by transaction, straight from the entries of the account's grants."""
    who, t, e, g = principal(ledger, account), ledger_transaction.c, entry.c, token_grant.c
    query = (
        sa.select(t.kind, t.txn_id, sa.func.sum(e.amount), sa.func.min(g.source))
        .join_from(entry, ledger_transaction, sa.and_(t.org_id == e.org_id, t.txn_id == e.txn_id))
        .join(token_grant, sa.and_(g.org_id == e.org_id, g.grant_id == e.grant_id))
        .where(e.account_id == who.account_id, t.effective_at <= at)
        .group_by(t.kind, t.txn_id)
    )
    sums: dict[tuple[str, int], int] = {}
    with ledger.core.store.read(who.org_id) as connection:
        for booked, _, tokens, source in connection.execute(query):
            if tokens:
                kind = "first_allowance" if (booked, source) == ("grant", "allowance") else booked
                side = (kind, 1 if tokens > 0 else -1)
                sums[side] = sums.get(side, 0) + int(tokens)
    return sums


def grouped(sums: dict[tuple[str, int], int]) -> dict[str, int]:
    found = {one.name: sum(sums.get((kind, one.sign), 0) for kind in one.kinds) for one in GROUPS}
    return {name: tokens for name, tokens in found.items() if tokens}


def test_every_kind_stands_in_one_group_for_what_it_gives_and_one_for_what_it_takes() -> None:
    for sign in (1, -1):
        named = [kind for one in GROUPS if one.sign == sign for kind in one.kinds if kind in KINDS]
        assert len(named) == len(set(named))
        assert set(KINDS) - set(named) <= {"usage"} | ({"reset"} if sign > 0 else set())


def test_the_steps_equal_the_entries_now_and_at_every_moment_before(studio: Ledger, clock: MovedClock) -> None:
    for at in [None, *MOMENTS, MOMENTS[3] + timedelta(hours=5)]:
        found = explained(studio, "studio/asha", at)
        assert {one.name: one.tokens for one in found.steps} == grouped(
            by_entries(studio, "studio/asha", at or clock())
        )
        assert sum(one.tokens for one in found.steps) == found.balance.posted
    names = {one.name for one in explained(studio, "studio/asha").steps}
    assert {"Allowances", "Bought", "Gifts and rewards", "Given back", "Spent", "Expired"} <= names


def test_what_rolled_over_is_told_and_adds_nothing(studio: Ledger) -> None:
    found = explained(studio, "studio/asha")
    assert found.moved_on > 0
    assert not any("dju" in one.name for one in found.steps)


def test_what_is_due_is_counted_and_marked(studio: Ledger, clock: MovedClock) -> None:
    clock.forward(days=40)
    found = explained(studio, "studio/asha")
    assert found.balance.pending
    assert sum(one.due for one in found.steps) == found.balance.posted - sum(
        grouped(by_entries(studio, "studio/asha", clock())).values()
    )
    assert sum(one.tokens for one in found.steps) == found.balance.posted


def test_a_step_opens_to_its_transactions_page_by_page_and_they_add_up_to_it(studio: Ledger) -> None:
    who, found = principal(studio, "studio/asha"), explained(studio, "studio/asha")
    for one in found.steps:
        upto, total, count = None, 0, 0
        while True:
            some, older = explaining.lines(studio.core.store, who, one.name, found.balance.at, upto=upto, size=2)
            total, count = total + sum(line.change for line in some), count + len(some)
            if not older:
                break
            upto = some[-1].txn_id - 1
        assert total == one.tokens - one.due
        assert one.transactions in (None, count)


def test_a_step_that_nobody_knows_opens_to_nothing(studio: Ledger, clock: MovedClock) -> None:
    assert explaining.lines(studio.core.store, principal(studio, "studio/asha"), "Stolen", clock()) == ((), False)


def test_a_pool_is_explained_by_its_members_lines_and_a_member_by_her_own(database_url: str, clock: MovedClock) -> None:
    with open_ledger(database_url, clock=clock) as ledger:
        ledger.create_organization("teams", load_program("teams"))
        ledger.open_account("teams")
        ledger.open_account("teams/ben", draws_on_pool=True)
        ledger.sell("teams", "pro", kind="plan", reason="paid")
        ledger.grant("teams/ben", 3, reason="hers")
        first = ledger.spend("teams/ben", action="lead_generation")
        ledger.refund("teams/ben", first.transaction_id, reason="failed")
        ledger.spend("teams/ben", action="goal_generation")
        for account in ("teams", "teams/ben"):
            found = explained(ledger, account)
            assert {one.name: one.tokens for one in found.steps} == grouped(by_entries(ledger, account, clock()))
        pool = principal(ledger, "teams")
        lines, _ = explaining.lines(ledger.core.store, pool, "Spent", clock())
        assert sum(line.change for line in lines) == grouped(by_entries(ledger, "teams", clock()))["Spent"]
        opened = explaining.opened(ledger.core.store, pool, first.transaction_id)
        assert opened is not None
        assert {moved.of_pool for moved in opened.moved} == {True, False}
        assert explaining.opened(ledger.core.store, principal(ledger, "teams/ben"), first.transaction_id) is not None
