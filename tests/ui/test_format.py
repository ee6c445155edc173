"""Numbers, money and time as people read them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from creditbook.ui import format as f

KOLKATA, BANGKOK = ZoneInfo("Asia/Kolkata"), ZoneInfo("Asia/Bangkok")
NOW = datetime(2025, 10, 30, 14, 12, tzinfo=UTC)  # 19:42 in Kolkata


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (0, "0"),
        (75_569, "75,569"),
        (-4_285, "−4,285"),
        (1_000_000, "1,000,000"),
        (9 * 10**18, "9,000,000,000,000,000,000"),
    ],
)
def test_a_full_number_shows_every_digit(n: int, said: str) -> None:
    assert f.full(n) == said


@pytest.mark.parametrize(("n", "said"), [(0, "0"), (2_000, "+2,000"), (-3_353, "−3,353")])
def test_a_change_carries_its_sign(n: int, said: str) -> None:
    assert f.signed(n) == said


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1K"),
        (75_569, "75.6K"),
        (999_999, "1M"),
        (999_499, "999K"),
        (1_000_000, "1M"),
        (80_850_000, "80.8M"),
        (2_500_000_000, "2.5B"),
        (-75_569, "−75.6K"),
        (100_000, "100K"),
        (10_049, "10K"),
        (9 * 10**18, "9,000,000T"),
        (0.4, "0"),
        (-0.4, "0"),
    ],
)
def test_a_short_number_keeps_three_digits(n: float, said: str) -> None:
    assert f.short(n) == said


@pytest.mark.parametrize(
    ("nanos", "digits", "said"),
    [
        (386_550_000_000, 2, "$386.55"),
        (0, 2, "$0.00"),
        (21_088_000, 6, "$0.021088"),
        (-1_500_000_000, 2, "−$1.50"),
        (10**15, 2, "$1,000,000.00"),
    ],
)
def test_dollars(nanos: int, digits: int, said: str) -> None:
    assert f.usd(nanos, digits) == said


@pytest.mark.parametrize(
    ("nanos", "digits", "said"),
    [
        (100_000 * 10**9, 2, "₹1,00,000.00"),
        (203_350_000_000, 2, "₹203.35"),
        (34_111_840_000_000, 2, "₹34,111.84"),
        (0, 2, "₹0.00"),
        (-1_500_000_000, 2, "−₹1.50"),
        (10**16, 0, "₹1,00,00,000"),
        (1_234_567, 6, "₹0.001235"),
    ],
)
def test_rupees_are_grouped_the_indian_way(nanos: int, digits: int, said: str) -> None:
    assert f.inr(nanos, digits) == said


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=1, minutes=49), "1 h 49 min ago"),
        (timedelta(hours=22, minutes=23), "Yesterday, 21:19"),
        (timedelta(days=3), "Mon 27 Oct, 19:42"),
        (timedelta(days=365), "Wed 30 Oct 2024, 19:42"),
    ],
)
def test_the_past_is_told_in_the_readers_zone(ago: timedelta, said: str) -> None:
    assert f.when(NOW - ago, NOW, KOLKATA) == said


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(hours=4, minutes=18), "in 4 h 18 min"),
        (timedelta(days=1, hours=4), "in 1 day 4 h"),
        (timedelta(days=12, hours=5), "in 12 days"),
        (timedelta(minutes=7), "in 7 min"),
        (timedelta(seconds=20), "in less than a minute"),
        (timedelta(0), "now"),
        (timedelta(days=2), "in 2 days"),
    ],
)
def test_the_future_counts_down(ahead: timedelta, said: str) -> None:
    assert f.countdown(NOW + ahead, NOW) == said


def test_a_zone_without_letters_is_told_by_its_offset() -> None:
    assert (f.zone_mark(KOLKATA, NOW), f.zone_mark(BANGKOK, NOW), f.zone_mark(ZoneInfo("America/Sao_Paulo"), NOW)) == (
        "IST",
        "UTC+7",
        "UTC−3",
    )
    assert f.zone_mark(ZoneInfo("Asia/Kathmandu"), NOW) == "UTC+5:45"


@pytest.mark.parametrize(
    ("left", "of", "said"),
    [(26, 100, "ok"), (25, 100, "low"), (10, 100, "low"), (9, 100, "out"), (0, 100, "out"), (0, 0, "out")],
)
def test_a_bar_is_coloured_by_what_is_left(left: int, of: int, said: str) -> None:
    assert f.tone(left, of) == said


def test_user_text_can_not_become_markdown() -> None:
    assert f.esc("![x](http://e.example/a.png)") == r"\!\[x\]\(http\:\/\/e\.example\/a\.png\)".replace(r"\/", "/")
    assert f.esc("a\n# b") == r"a \# b"


@pytest.mark.parametrize(("part", "whole", "said"), [(62, 100, "62%"), (1, 1000, "<1%"), (0, 100, "0%"), (0, 0, "–")])
def test_a_share_of_nothing_is_not_known(part: int, whole: int, said: str) -> None:
    assert f.percent(part, whole) == said
