"""What an organization used: every figure equals DuckDB's over the raw transactions, which converts zones by itself."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest
from support.far_flung import AGENTS, CLOSED, FIRST, LAST, MODELS, FarFlung

from creditbook.reports.finance import usage
from creditbook.reports.finance.wanted import NAMED, Dimension, Wanted
from creditbook.store.finance import lines as store_lines

ASKED: tuple[tuple[Dimension, ...], ...] = (
    (), ("org_date",), ("agent",), ("model", "feature"), ("plan",), ("org_date", "model"), ("hour",),
    ("weekday_hour",), ("org_date", "hour"), ("account",), ("account", "agent"), ("account", "org_date"),
    ("account", "plan"), ("agent", "hour"),
)  # fmt: skip
FIGURES = """
coalesce(sum(requests), 0), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0),
coalesce(sum(cached_tokens), 0), coalesce(sum(reasoning_tokens), 0),
coalesce(sum(charged) FILTER (kind = 'usage'), 0), coalesce(sum(charged) FILTER (kind = 'refund'), 0),
coalesce(sum(cost_usd_nanos), 0), coalesce(sum(cost_inr_nanos), 0),
coalesce(sum(CASE WHEN kind = 'adjustment' THEN -unpriced::INT ELSE unpriced::INT END), 0)
"""


def a_question(chance: random.Random) -> Wanted:
    """Some days, whole months among them, with or without filters, by either date."""
    span = (LAST - FIRST).days
    first = FIRST.date() + timedelta(days=chance.randrange(span))
    last = first + timedelta(days=chance.choice((0, 1, 6, 29, 70, 200)))
    if chance.random() < 0.3:
        first, last = first.replace(day=1), (last.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(1)
    picks = {
        "agents": AGENTS, "models": MODELS, "features": ("work", "chat", "never"), "plans": ("monthly", "bare"),
    }  # fmt: skip
    chosen: dict[str, Any] = {
        name: tuple(chance.sample(names, chance.randrange(1, len(names))))
        for name, names in picks.items()
        if chance.random() < 0.25
    }
    return Wanted(first, last, basis=chance.choice(("event", "event", "accounting")), **chosen)


def judged(rock: FarFlung, wanted: Wanted, by: tuple[Dimension, ...]) -> dict[tuple[Any, ...], tuple[int, ...]]:
    day = "org_date" if wanted.basis == "event" else "accounting_date"
    keys = {"org_date": day, "weekday_hour": "weekday, hour"}
    listed = ", ".join(keys.get(name, name) for name in by)
    terms = [f"{day} BETWEEN '{wanted.first}' AND '{wanted.last}'"]
    terms += [f"{n} IN ({str(wanted.names(n))[1:-1].rstrip(',')})" for n in NAMED if wanted.names(n)]
    sql = f"SELECT {listed + ',' if listed else ''} {FIGURES} FROM raw WHERE {' AND '.join(terms)}"
    found = rock.read("rock").execute(sql + (f" GROUP BY {listed}" if listed else "")).fetchall()
    width = len(by) + ("weekday_hour" in by)
    told = {}
    for row in found:
        key = tuple(row[:width]) if "weekday_hour" not in by else (tuple(row[:2]),)
        told[key] = tuple(int(n) for n in row[width:])
    return told


def figures(found: dict[tuple[Any, ...], usage.Usage]) -> dict[tuple[Any, ...], tuple[int, ...]]:
    return {k: tuple(getattr(v, name) for name in usage.Usage.__dataclass_fields__) for k, v in found.items()}


@pytest.mark.parametrize("by", ASKED, ids=lambda by: "-".join(by) or "total")
def test_every_figure_equals_the_raw_transactions(rock: FarFlung, by: tuple[Dimension, ...]) -> None:
    chance = random.Random("-".join(by))
    store, who = rock.ledger.core.store, rock.who("rock")
    seen = 0
    opened = CLOSED + timedelta(days=1)
    whole = [Wanted(FIRST.date(), LAST.date(), basis=basis) for basis in ("event", "accounting")]
    late = Wanted(opened, opened, basis="accounting")
    a_day_beside_a_month = Wanted(date(2025, 10, 31), date(2025, 12, 1))
    for wanted in [*(a_question(chance) for _ in range(6)), *whole, late, a_day_beside_a_month]:
        found = figures(usage.by(store, who, wanted, *by))
        assert found == judged(rock, wanted, by), wanted
        seen += sum(row[0] for row in found.values())
    assert seen > 100


def test_no_day_counts_what_the_next_one_does(rock: FarFlung) -> None:
    store, who = rock.ledger.core.store, rock.who("rock")
    whole = Wanted(FIRST.date() - timedelta(days=2), LAST.date() + timedelta(days=2))
    days = usage.series(usage.by(store, who, whole, "org_date"), whole)
    assert sum(one.requests for _, one in days) == usage.total(store, who, whole).requests
    for first in (date(2025, 11, 1), date(2026, 3, 7)):
        alone = [
            usage.total(store, who, Wanted(first + timedelta(days=n), first + timedelta(days=n))) for n in range(3)
        ]
        both = usage.total(store, who, Wanted(first, first + timedelta(days=2)))
        assert both.requests == sum(one.requests for one in alone) > 10


def test_what_came_late_counts_in_the_open_month_of_the_books_and_in_its_own_of_analytics(rock: FarFlung) -> None:
    store, who = rock.ledger.core.store, rock.who("rock")
    first_open = CLOSED + timedelta(days=1)
    event = usage.total(store, who, Wanted(first_open, first_open))
    books = usage.total(store, who, Wanted(first_open, first_open, basis="accounting"))
    assert books.requests > event.requests + 20
    before = Wanted(FIRST.date(), CLOSED)
    closed = usage.total(store, who, before.on(FIRST.date(), CLOSED))
    assert closed.requests > usage.total(store, who, Wanted(FIRST.date(), CLOSED, basis="accounting")).requests


def test_the_rows_beneath_a_figure_add_up_to_it(rock: FarFlung) -> None:
    chance = random.Random(3)
    store, who = rock.ledger.core.store, rock.who("rock")
    for wanted in [a_question(chance) for _ in range(4)] + [Wanted(FIRST.date(), LAST.date())]:
        with store.read(who.org_id) as connection:
            rows = list(store_lines.every(connection, who.org_id, wanted, batch=37))
        total = usage.total(store, who, wanted)
        assert len({row.txn_id for row in rows}) == len(rows)
        assert sum(row.requests for row in rows) == total.requests
        assert sum(row.cost_usd_nanos or 0 for row in rows) == total.cost_usd_nanos
        assert [(row.org_date, row.txn_id) for row in rows] == sorted(
            ((row.org_date, row.txn_id) for row in rows), reverse=True
        )


def test_another_organization_is_never_counted(rock: FarFlung) -> None:
    store = rock.ledger.core.store
    wanted = Wanted(FIRST.date(), LAST.date())
    ours, theirs = (usage.by(store, rock.who(slug), wanted, "account") for slug in ("rock", "other"))
    assert theirs
    assert not set(ours) & set(theirs)


def test_accounts_are_told_by_name(rock: FarFlung) -> None:
    store, who = rock.ledger.core.store, rock.who("rock")
    found = usage.by(store, who, Wanted(FIRST.date(), LAST.date()), "account")
    told = usage.accounts(store, who, [account for (account,) in found])
    assert {one.shown for one in told.values()} == {f"user{n}" for n in range(5)}
    assert usage.names(store, who)["model"] == ["claude-sonnet-4-5", "gpt-5", "unheard-of-1"]
    edges = usage.days(store, who)
    assert edges is not None
    assert edges[0] <= date(2025, 10, 22)
