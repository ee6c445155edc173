"""The rows beneath a bar: as many as it counts, adding up to it, whatever the bar is of; and its link."""

from __future__ import annotations

from datetime import date

import pytest
from support.far_flung import FIRST, LAST, FarFlung

from creditbook.reports.finance import beneath, usage
from creditbook.reports.finance.beneath import Bar, bar
from creditbook.reports.finance.wanted import Wanted

WHOLE = Wanted(FIRST.date(), LAST.date())
BARS = (
    Bar(), Bar(date(2025, 11, 2)), Bar(date(2026, 3, 2), date(2026, 3, 8), (("model", "gpt-5"),)),
    Bar(names=(("agent", ""),)), Bar(names=(("model", "gpt-5"), ("model", ""), ("feature", "work"))),
    Bar(weekday=6, hour=1), Bar(hour=0), Bar(names=(("plan", "bare"),), weekday=6, hour=3),
)  # fmt: skip


def rows(rock: FarFlung, wanted: Wanted, of: Bar) -> list[beneath.Line]:
    store, who = rock.ledger.core.store, rock.who("rock")
    found: list[beneath.Line] = []
    while True:
        page = beneath.lines(store, who, wanted, of, found[-1].txn_id if found else None)
        found += page[: beneath.LINES]
        if len(page) <= beneath.LINES:
            return found


@pytest.mark.parametrize(
    ("of", "basis"),
    [(of, "event") for of in BARS] + [(of, "accounting") for of in (Bar(), Bar(weekday=6, hour=1))],
    ids=str,
)
def test_the_rows_are_those_the_bar_counts(rock: FarFlung, of: Bar, basis: str) -> None:
    wanted = Wanted(WHOLE.first, WHOLE.last, basis=basis)  # type: ignore[arg-type]
    store, who = rock.ledger.core.store, rock.who("rock")
    found, total = rows(rock, wanted, of), beneath.total(store, who, wanted, of)
    assert len({one.txn_id for one in found}) == len(found) > 0
    assert sum(one.requests for one in found) == total.requests
    assert sum(one.change for one in found) == total.net_charged
    assert sum(one.cost_inr_nanos or 0 for one in found) == total.cost_inr_nanos
    exported = list(beneath.csv_rows(store, who, wanted, of))
    assert [row[0] for row in exported] == [one.txn_id for one in found]
    assert sum(row[beneath.CSV_COLUMNS.index("cost_usd")] or 0 for row in exported) * 10**9 == total.cost_usd_nanos


def test_the_rows_of_an_account_are_hers_alone(rock: FarFlung) -> None:
    store, who = rock.ledger.core.store, rock.who("rock")
    top, many = usage.top(store, who, WHOLE, "requests", limit=2)
    assert (len(top), many) == (2, 5)
    everyone = usage.by(store, who, WHOLE, "account")
    assert [figures.requests for _, figures in top] == sorted((u.requests for u in everyone.values()), reverse=True)[:2]
    for holder, figures in top:
        of = Bar(account_id=holder.account_id)
        found = rows(rock, WHOLE, of)
        assert {one.account for one in found} == {holder.name}
        assert beneath.total(store, who, WHOLE, of) == figures
        assert sum(one.requests for one in found) == figures.requests
        assert usage.of_accounts(store, who, WHOLE, [holder.account_id]) == {holder.account_id: figures}


def test_what_a_row_moved_is_its_entries(rock: FarFlung) -> None:
    store, who = rock.ledger.core.store, rock.who("rock")
    charged = next(one for one in rows(rock, WHOLE, Bar(names=(("feature", "work"),))) if one.charged)
    moved = beneath.entries(store, who, charged.txn_id)
    assert -sum(one.amount for one in moved) == charged.change
    assert not beneath.entries(store, rock.who("other"), charged.txn_id)


@pytest.mark.parametrize(
    "of", [*BARS[1:], Bar(account_id=32), Bar(names=(("model", "a&b=c/д e"),))], ids=lambda of: of.text
)
def test_a_bars_link_leads_back_to_it(of: Bar) -> None:
    found = bar(of.text)
    assert found is not None
    assert found.of(WHOLE) == of.of(WHOLE)
    assert found.text == of.text


@pytest.mark.parametrize(
    "text", ["days=1..2", "account=x", "weekday=3", "drop=table", "nothing", "hour=", "days=2026-03-01"]
)
def test_a_link_that_names_no_bar_opens_nothing(text: str) -> None:
    assert bar(text) is None


def test_a_bar_never_shows_what_the_page_filters_away() -> None:
    wanted = Wanted(WHOLE.first, WHOLE.last, models=("gpt-5",))
    assert Bar(names=(("model", "gpt-5"), ("model", "other"))).of(wanted).models == ("gpt-5",)
    assert Bar(names=(("model", "other"),)).of(wanted).models not in ((), ("other",))
    assert Bar(date(2020, 1, 1), date(2030, 1, 1)).of(wanted) == wanted
