"""Usage in windows, on both databases, against the same sums made by hand from the list of what was done."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from support.ledgers import MovedClock, a_ledger

from creditbook.domain.costs import CostCorrection
from creditbook.domain.errors import InvalidRequest
from creditbook.domain.operations import Cost
from creditbook.reports import metering
from creditbook.reports.metering import Question, Window, metered

NOW = datetime(2026, 4, 6, 12, 0, tzinfo=UTC)
ZONES = ("UTC", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
MODELS = ("gpt-4o", "gpt-4o-mini")


def begins(at: datetime, window: Window, zone: str) -> datetime:
    """When the window of an instant begins, by the wall clock of a zone."""
    local = at.astimezone(ZoneInfo(zone))
    if window is Window.MINUTE:
        return at.replace(second=0, microsecond=0)
    if window is Window.HOUR:
        return at - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    day = day.replace(day=1) if window is Window.MONTH else day
    return day.astimezone(UTC)


def test_every_window_in_every_zone_adds_up(database_url: str) -> None:
    chance = random.Random(7)
    clock = MovedClock(NOW)
    ledger = a_ledger(database_url, clock)
    # Around the changes of the clocks in New York (March 8) and on Lord Howe (April 5, by half an hour).
    done = [
        (chance.choice(("asha", "ben")), chance.choice(MODELS), chance.randrange(1, 999),
         NOW - timedelta(seconds=chance.randrange(40 * 86_400), microseconds=chance.randrange(10**6)))
        for _ in range(400)
    ]  # fmt: skip
    for who in ("asha", "ben"):
        ledger.open_account(f"acme/{who}")
    ledger.spend_many(
        {"account": f"acme/{who}", "action": "work", "meter": True, "model": model, "input_tokens": tokens,
         "event_at": at, "idempotency_key": str(number)}
        for number, (who, model, tokens, at) in enumerate(done)
    )  # fmt: skip
    org_id = ledger.core.organization("acme").org_id
    since, until = NOW - timedelta(days=35, hours=7, minutes=7), NOW - timedelta(hours=3)
    for window in Window:
        for zone in ZONES:
            asked = Question("tokens", until, since, window, zone, ("model",), by_account=True)
            found = {(row.starts, row.account, row.groups["model"]): row.value
                     for row in metered(ledger.core.store, org_id, asked)}  # fmt: skip
            wanted: Counter[tuple[datetime, str, str]] = Counter()
            for who, model, tokens, at in done:
                if since <= at < until:
                    wanted[begins(at, window, zone), who, model] += tokens
            assert found == dict(wanted), (window, zone)
    (whole,) = metered(ledger.core.store, org_id, Question("requests", NOW))
    assert (whole.value, whole.account, whole.starts) == (400, None, min(at for *_, at in done))
    ledger.close()


def test_a_window_ends_where_the_next_one_begins_also_when_the_clocks_change(sqlite_url: str) -> None:
    ledger = a_ledger(sqlite_url, MovedClock(NOW))
    ledger.open_account("acme/asha")
    ledger.spend("acme/asha", action="work", meter=True, event_at=datetime(2026, 3, 8, 15, tzinfo=UTC))
    org_id = ledger.core.organization("acme").org_id
    (day,) = metered(ledger.core.store, org_id, Question("requests", NOW, None, Window.DAY, "America/New_York"))
    assert day.ends - day.starts == timedelta(hours=23)
    (month,) = metered(ledger.core.store, org_id, Question("requests", NOW, None, Window.MONTH, "America/New_York"))
    assert (month.starts, month.ends) == (datetime(2026, 3, 1, 5, tzinfo=UTC), datetime(2026, 4, 1, 4, tzinfo=UTC))
    ledger.close()


def test_a_corrected_cost_counts_on_the_day_of_its_usage(sqlite_url: str) -> None:
    ledger = a_ledger(sqlite_url, MovedClock(NOW))
    ledger.open_account("acme/asha")
    at = NOW - timedelta(days=3)
    txn = ledger.spend("acme/asha", action="work", meter=True, event_at=at, model="home-made", input_tokens=5)
    cost = Cost(usd_nanos=700, parts={"input": 700}, price_version="ours 1")
    ledger.correct_costs("acme", [CostCorrection(txn.transaction_id, cost)], reason="a price")
    org_id = ledger.core.organization("acme").org_id
    for meter, value in (("cost", 700), ("requests", 1), ("tokens", 5)):
        (row,) = metered(ledger.core.store, org_id, Question(meter, NOW, None, Window.DAY))
        assert (row.value, row.starts.date()) == (value, at.date())
    ledger.close()


def test_too_much_for_one_answer_says_so(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = a_ledger(sqlite_url, MovedClock(NOW))
    ledger.open_account("acme/asha")
    for hours in (1, 2, 3):
        ledger.spend("acme/asha", action="work", meter=True, event_at=NOW - timedelta(hours=hours))
    org_id = ledger.core.organization("acme").org_id
    for bound in ("MOST_STEPS", "MOST_WINDOWS"):
        with monkeypatch.context() as patch:
            patch.setattr(metering, bound, 2)
            with pytest.raises(InvalidRequest, match="too much for one answer"):
                metered(ledger.core.store, org_id, Question("requests", NOW, None, Window.HOUR))
    ledger.close()
