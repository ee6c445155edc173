"""Money of sale in another currency: exact rates, either way round, each amount rounded once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from creditbook.reports.finance.converting import Rate, rate
from creditbook.store import prices
from creditbook.store.engine import Store, open_store
from creditbook.store.prices import FxRow

MONDAY = date(2026, 3, 2)


@pytest.fixture
def rated(sqlite_url: str) -> Iterator[Store]:
    """A database with rates of our own for a Monday, beside those that ship."""
    store = open_store(sqlite_url)
    with store.write() as connection:
        for base, quote, nanos in (("USD", "THB", 33_100_000_000), ("JPY", "INR", 570_000_000)):
            prices.add_fx_rates(
                connection, [(MONDAY, nanos)], base=base, quote=quote, source="test", actor="nisha",
                entered_at=datetime(2026, 3, 2, tzinfo=UTC),
            )  # fmt: skip
    yield store
    store.close()


def test_the_fixture_of_the_law_converts_to_the_paisa() -> None:
    at_83 = Rate("USD", "INR", FxRow(1, MONDAY, 83_000_000_000, "test"))
    assert at_83.of(245) == 20_335
    assert Rate("INR", "USD", at_83.row, inverted=True).of(20_335) == 245
    assert at_83.of(-245) == -20_335
    assert Rate("INR", "INR", None).of(99) == 99


def test_the_pair_is_found_either_way_round_and_named_as_it_was_entered(rated: Store) -> None:
    straight, inverse = rate(rated, "USD", "THB", MONDAY), rate(rated, "THB", "USD", MONDAY)
    assert straight is not None
    assert inverse is not None
    assert (straight.of(100), inverse.of(3_310)) == (3_310, 100)
    assert straight.words == inverse.words == "1 USD = 33.1000 THB, the rate of 2 Mar 2026 (test)"


def test_currencies_without_minor_units_keep_their_size(rated: Store) -> None:
    yen = rate(rated, "JPY", "INR", MONDAY)
    assert yen is not None
    assert yen.of(100) == 5_700, "¥100 are ₹57.00"


def test_a_rate_that_is_old_says_so_and_one_that_is_not_known_is_none(rated: Store) -> None:
    fresh, old = rate(rated, "USD", "THB", date(2026, 3, 4)), rate(rated, "USD", "THB", date(2026, 3, 5))
    assert fresh is not None
    assert old is not None
    assert (fresh.is_stale, old.is_stale) == (False, True)
    assert "more than two business days old" in old.words
    assert rate(rated, "USD", "THB", date(2026, 3, 1)) is None
    assert rate(rated, "EUR", "THB", MONDAY) is None
