"""The simulator: unchanged it reproduces the books, changed it goes by the real rules, and it writes nothing."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from support.ledgers import MONTHLY, PROGRAM, MovedClock

from creditbook import InsufficientTokens, Ledger, open_ledger
from creditbook.access.values import Principal
from creditbook.domain.operations import Cost
from creditbook.domain.program import Allowance, Every, GrantClass, Package, Plan, Program, WalletType
from creditbook.reports.finance.simulated import Change, Compared
from creditbook.reports.finance.simulating import Window, last_month, run
from creditbook.store.finance.replaying import happened
from creditbook.store.tables.ledger import entry

PAID = Plan("paid", "Paid", 3, GrantClass.PLAN,
            (Allowance(WalletType.MONTHLY, 20_000, Every.ANNIVERSARY_MONTH),), price_minor=49_900)  # fmt: skip
SHOP: Program = replace(
    PROGRAM, zone="UTC", plans={**PROGRAM.plans, "paid": PAID},
    packages={"small": Package("small", "Small", 1_000, 9_900)},
)  # fmt: skip
COST = Cost(usd_nanos=1_000_000, inr_nanos=85_000_000)


@dataclass
class April:
    """A March and an April with everything in it, seen on the second of May."""

    ledger: Ledger
    file: Path
    who: Principal
    now: datetime

    @property
    def window(self) -> Window:
        return last_month(self.who, self.now)

    def tried(self, change: Change) -> dict[str, Compared]:
        core = self.ledger.core
        parts = run(core.store, core.batches, self.who, self.window, change, self.now)
        return {one.holder.name: one for _, _, found in parts for one in found}

    def with_plan(self, slug: str, **changes: Any) -> Change:
        plan = replace(SHOP.plans[slug], **changes)
        return Change(replace(SHOP, plans={**SHOP.plans, slug: plan}))


def spend(ledger: Ledger, name: str, tokens: int, **more: Any) -> int:
    done = ledger.spend(f"acme/{name}", action="work", tokens=tokens, cost=COST, **more)
    return done.transaction_id


@pytest.fixture(scope="module")
def april(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[April]:
    file = tmp_path_factory.mktemp("april") / "book.db"
    shutil.copy(sqlite_template, file)
    clock = MovedClock(datetime(2026, 3, 10, 9, tzinfo=UTC))
    ledger = open_ledger(f"sqlite:///{file}", clock=clock)
    ledger.create_organization("acme", SHOP, zone="UTC")
    for name, plan in (
        ("asha", "monthly"),
        ("ravi", "monthly"),
        ("mira", "bare"),
        ("dev", "daily"),
        ("kai", "monthly"),
        ("tess", "daily"),
    ):
        ledger.open_account(f"acme/{name}", plan=plan)
    spend(ledger, "asha", 4_000)
    clock.at = datetime(2026, 3, 15, tzinfo=UTC)
    _buy(ledger, "kai", "plan", "paid")  # closes what would have ended with March
    clock.at = datetime(2026, 3, 20, tzinfo=UTC)
    _buy(ledger, "mira", "plan", "paid")
    early = spend(ledger, "ravi", 500)
    _an_april(ledger, clock, early)
    clock.at = datetime(2026, 5, 2, tzinfo=UTC)
    ledger.sweep()
    spend(ledger, "asha", 77)
    org = ledger.core.organization("acme")
    who = Principal(person_id=1, user_name="vera", name="Vera", role="finance", org_id=org.org_id, org_slug="acme",
                    org_name="Acme", zone="UTC", org_zone="UTC", currency="INR")  # fmt: skip
    yield April(ledger, file, who, clock.at)
    ledger.close()


def _buy(ledger: Ledger, name: str, kind: str, item: str) -> None:
    ledger.sell(f"acme/{name}", item, kind=kind, reason="Paid by card", actor="vera")


def _an_april(ledger: Ledger, clock: MovedClock, early: int) -> None:
    for day in range(1, 29):
        clock.at = datetime(2026, 4, day, 10, tzinfo=UTC)
        spend(ledger, "asha", 400)
        spend(ledger, "dev", 4)
        spend(ledger, "kai", 1_000)
        if day <= 22:  # her plan is not paid again: on the 23rd she falls to the free one
            spend(ledger, "mira", 600)
        if day == 3:
            ledger.refund("acme/ravi", early, reason="It failed in March")
        if day == 5:
            failed = spend(ledger, "ravi", 900)
            ledger.refund("acme/ravi", failed, reason="It failed", tokens=300)
        if day == 8:
            _buy(ledger, "asha", "package", "small")
            ledger.grant("acme/ravi", 700, reason="A prize", expires_at=date(2026, 4, 12))
        if day == 9:
            with ledger.reserve("acme/ravi", action="work", estimate=2_000) as job:
                job.capture(tokens=800, final=False)
                job.capture(tokens=700)
            with pytest.raises(InsufficientTokens):
                spend(ledger, "dev", 5)
        if day == 11:
            ledger.reserve("acme/ravi", action="work", estimate=5_000)  # times out
        if day == 14:
            _buy(ledger, "kai", "renewal", "paid")
        if day == 17:  # told of when it was done: more than her day has, and than it has of requests
            spend(ledger, "tess", 9, done=True)
        if day == 20:
            ledger.freeze("acme/dev", reason="Asked for it", actor="vera")
            ledger.unfreeze("acme/dev", reason="Is back", actor="vera")
            ledger.open_account("acme/new", plan="monthly")
        if day > 20:
            spend(ledger, "new", 50)


def test_an_unchanged_program_charges_and_leaves_what_the_books_have_for_everybody(april: April) -> None:
    found = april.tried(Change(SHOP))
    assert set(found) == {"asha", "ravi", "mira", "dev", "kai", "new", "tess"}
    end = april.window.until - timedelta(microseconds=1)
    for name, one in found.items():
        assert one.is_exact, name
        assert one.before == one.after, name
        booked = april.ledger.balance(f"acme/{name}", at=end)
        assert (one.before.left, one.before.owed) == (booked.available, booked.debt), name
        assert one.before.lost == lapsed(april, one.holder.account_id), name
        assert not one.is_worse_off


def lapsed(april: April, account_id: int) -> int:
    """What the books have as lapsed of the account within April."""
    rows = happened(april.ledger.core.store, april.who.org_id, [account_id], april.window.since, april.window.until)
    kinds = {row.txn_id for row in rows.transactions if row.kind in ("expiry", "plan_change")}
    with april.ledger.core.store.read(april.who.org_id) as connection:
        lines = connection.execute(sa.select(entry.c.amount, entry.c.txn_id).where(entry.c.txn_id.in_(kinds))).all()
    return -sum(line.amount for line in lines if line.amount < 0)


def test_a_smaller_allowance_refuses_what_it_does_not_cover_and_saves_its_cost(april: April) -> None:
    half = tuple(replace(one, tokens=5_000) for one in MONTHLY.allowances)
    asha = april.tried(april.with_plan("monthly", allowances=half))["asha"]
    # April opens with 5,000; half of the 1,000 that March leaves rolls in, the pack brings 1,000: 6,500 ÷ 400 = 16.
    assert asha.after.requests == 16
    assert asha.after.refused == 28 - 16
    assert asha.after.reasons == {"InsufficientTokens": 12}
    assert asha.after.cost_usd_nanos == 16 * COST.usd_nanos
    assert asha.is_worse_off


def test_without_rollover_the_rest_of_march_is_lost(april: April) -> None:
    none = tuple(replace(one, rollover=Fraction(0)) for one in MONTHLY.allowances)
    asha = april.tried(april.with_plan("monthly", allowances=none))["asha"]
    assert asha.before.lost - asha.after.lost == -3_000
    # 10,000 + 3,000 + 1,000 were enough for 28 × 400; without the 3,000 the last one finds 200.
    assert (asha.before.left, asha.after.left, asha.after.refused) == (2_800, 200, 1)
    assert asha.left_change == -2_600


def test_prices_change_what_is_paid_and_nothing_else(april: April) -> None:
    dearer = replace(SHOP, packages={"small": replace(SHOP.packages["small"], price_minor=19_900)})
    found = april.tried(Change(dearer))
    assert (found["asha"].before.paid, found["asha"].after.paid) == ({"INR": 9_900}, {"INR": 19_900})
    assert found["asha"].after.charged == found["asha"].before.charged
    assert [name for name, one in found.items() if one.is_worse_off] == ["asha"]


def test_people_moved_to_another_plan_start_a_full_term_of_it(april: April) -> None:
    found = april.tried(Change(SHOP, moves={"daily": "monthly"}))
    dev = found["dev"]
    assert dev.after.left == 10_000 - dev.booked
    assert not dev.is_worse_off


def test_a_limit_refuses_by_its_own_reason(april: April) -> None:
    asha = april.tried(april.with_plan("monthly", max_request_tokens=300))["asha"]
    assert asha.after.reasons == {"RequestTooLarge": 28}


def test_the_same_question_has_the_same_answer_and_the_books_stay_as_they_are(april: April) -> None:
    change = april.with_plan("monthly", allowances=())
    before = hashlib.sha256(april.file.read_bytes()).hexdigest()
    assert april.tried(change) == april.tried(change)
    assert hashlib.sha256(april.file.read_bytes()).hexdigest() == before


def test_it_stops_when_nobody_asks_on(april: April) -> None:
    core = april.ledger.core
    parts = run(core.store, core.batches, april.who, april.window, Change(SHOP), april.now)
    done, of, found = next(parts)
    parts.close()
    assert (done, of, len(found)) == (1, 7, 1)
