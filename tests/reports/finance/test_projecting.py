"""Accounts lived ahead: by the rules of resets, rollover, expiry, packs, pools and quotas; never by a division."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from support.ledgers import PROGRAM, MovedClock

from creditbook import Ledger, open_ledger
from creditbook.domain.program import Allowance, Every, GrantClass, Plan, WalletType
from creditbook.domain.state import Book
from creditbook.reports.finance.projecting import Need, live, spread
from creditbook.store.batch import Wanted

DAYS = 40
PAID = Plan(
    "paid", "Paid", 3, GrantClass.PLAN, (Allowance(WalletType.MONTHLY, 20_000, Every.ANNIVERSARY_MONTH),), 49_900
)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def ledger(sqlite_url: str, clock: MovedClock) -> Iterator[Ledger]:
    opened = open_ledger(sqlite_url, clock=clock)
    opened.create_organization("acme", replace(PROGRAM, zone="UTC", plans=PROGRAM.plans | {"paid": PAID}), zone="UTC")
    yield opened
    opened.close()


def book_of(ledger: Ledger, name: str, **more: Any) -> tuple[Book, int]:
    ref = ledger.core.account(name)
    wanted = Wanted(ref.org_id, {ref.account_id: ref.root_id}, ledger.core.now(), **more)
    return ledger.core.batches.read(wanted).books[ref.account_id], ref.account_id


def test_it_runs_out_on_the_first_day_that_is_not_all_there(ledger: Ledger, clock: MovedClock) -> None:
    ledger.open_account("acme/asha", plan="bare")
    ledger.grant("acme/asha", 250, reason="A start")
    book, asha = book_of(ledger, "acme/asha")
    path = live(book, [Need(asha, [100] * 5, {})], clock(), 4).paths[asha]
    assert path.levels == [150, 50, 0, 0, 0]
    assert path.runs_out == date(2026, 3, 6)
    assert (path.missing_first, path.short_days, path.missing) == (50, 3, 250)


def test_a_reset_before_the_shortage_carries_on_and_the_rest_rolls_over(ledger: Ledger, clock: MovedClock) -> None:
    """10,000 a month, half of what is left rolls on: a division by the pace would know neither."""
    ledger.open_account("acme/asha", plan="monthly")
    book, asha = book_of(ledger, "acme/asha")
    lived = live(book, [Need(asha, [300] * (DAYS + 1), {})], clock(), DAYS)
    # 28 days of March at 300 leave 1,600: half of it rolls into April beside the new 10,000, half lapses.
    assert [(lapse.kind, lapse.tokens, lapse.at.date()) for lapse in lived.lapses] == [
        ("expiry", 800, date(2026, 4, 1))
    ]
    levels = lived.paths[asha].levels
    assert levels[27] == 1_600
    assert levels[28] == 10_000 + 800 - 300
    assert lived.paths[asha].runs_out is None


def test_what_expires_is_gone_from_its_instant_and_told_as_a_loss(ledger: Ledger, clock: MovedClock) -> None:
    ledger.open_account("acme/asha", plan="bare")
    ledger.grant("acme/asha", 1_000, reason="For a week", expires_at=date(2026, 3, 10))
    book, asha = book_of(ledger, "acme/asha")
    lived = live(book, [Need(asha, [10] * 20, {})], clock(), 19)
    (lapse,) = lived.lapses
    assert (lapse.tokens, lapse.at.date()) == (1_000 - 7 * 10, date(2026, 3, 11))
    assert lived.paths[asha].runs_out == date(2026, 3, 11)


def test_a_member_runs_out_when_the_others_have_emptied_the_pool(ledger: Ledger, clock: MovedClock) -> None:
    ledger.open_account("acme", plan="bare")
    ledger.grant("acme", 1_000, reason="For the team")
    for name in ("acme/asha", "acme/ravi"):
        ledger.open_account(name, draws_on_pool=True)
    book, asha = book_of(ledger, "acme/asha", whole_families=True)
    ravi = ledger.core.account("acme/ravi").account_id
    alone = live(book, [Need(asha, [50] * 10, {})], clock(), 9).paths[asha]
    both = live(book, [Need(asha, [50] * 10, {}), Need(ravi, [150] * 10, {})], clock(), 9)
    assert alone.runs_out is None
    assert both.paths[asha].runs_out == both.paths[ravi].runs_out == date(2026, 3, 9)


def test_a_quota_ends_what_a_member_may_take_though_the_pool_is_full(ledger: Ledger, clock: MovedClock) -> None:
    ledger.open_account("acme", plan="bare")
    ledger.grant("acme", 100_000, reason="For the team")
    ledger.open_account("acme/asha", draws_on_pool=True, quota=120)
    book, asha = book_of(ledger, "acme/asha", whole_families=True)
    path = live(book, [Need(asha, [50] * 4, {})], clock(), 3).paths[asha]
    assert path.runs_out == date(2026, 3, 6)
    assert path.levels == [70, 20, 0, 0]


def test_nothing_of_it_reaches_the_book_it_was_copied_from(ledger: Ledger, clock: MovedClock) -> None:
    ledger.open_account("acme/asha", plan="monthly")
    book, asha = book_of(ledger, "acme/asha")
    before = repr(book)
    live(book, [Need(asha, [1_000] * (DAYS + 1), {})], clock() + timedelta(0), DAYS)
    assert repr(book) == before


def test_a_subscription_is_taken_as_paid_for_as_long_as_it_is_not_cancelled(ledger: Ledger, clock: MovedClock) -> None:
    ledger.open_account("acme/asha", plan="bare")
    ledger.sell("acme/asha", "paid", kind="plan", reason="Paid by card", actor="vera")
    book, asha = book_of(ledger, "acme/asha")
    levels = live(book, [Need(asha, [100] * (DAYS + 1), {})], clock(), DAYS).paths[asha].levels
    # Bought on the fourth of March: from the fourth of April on there are 20,000 again, less ten days of use.
    assert levels[DAYS] == 20_000 - 10 * 100


def test_a_day_is_spread_over_features_in_whole_tokens_that_add_up() -> None:
    assert spread(10, {}) == {"": 10}
    assert spread(10, {"a": 2, "b": 1}) == {"a": 7, "b": 3}
    assert sum(spread(101, {"a": 7, "b": 11, "c": 13}).values()) == 101


def test_somebody_who_uses_nothing_has_what_the_ledgers_own_projection_says(ledger: Ledger, clock: MovedClock) -> None:
    ledger.open_account("acme/asha", plan="monthly")
    ledger.grant("acme/asha", 500, reason="Until the tenth", expires_at=date(2026, 3, 10))
    book, asha = book_of(ledger, "acme/asha")
    levels = live(book, [Need(asha, [], {})], clock(), DAYS).paths[asha].levels
    for place in (0, 6, 7, 27, 28, DAYS):
        evening = clock().replace(hour=23, minute=59) + timedelta(days=place)
        assert levels[place] == ledger.balance("acme/asha", at=evening).available
