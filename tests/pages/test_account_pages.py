"""A person's own pages, run by Streamlit's test runner over a real ledger: every figure is the ledger's."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from creditbook.reports.standing import standing
from creditbook.ui.format import full, instant
from creditbook.ui.wallets import in_order

PAGES = {
    "account/overview.py": "Overview",
    "account/wallets.py": "Wallets",
    "account/history.py": "History",
    "account/usage.py": "Usage",
}


@pytest.mark.parametrize(("page", "title"), PAGES.items())
def test_each_page_opens_for_an_account_that_has_spent(spent: Any, page: str, title: str) -> None:
    at = spent.open(page, spent.principal("asha"))
    assert [t.value for t in at.title] == [title]
    assert not at.exception
    assert not at.error


@pytest.mark.parametrize(("page", "title"), PAGES.items())
def test_each_page_opens_for_an_account_that_is_new(visit: Any, page: str, title: str) -> None:
    visit.ledger.open_account("acme/new", plan="bare")
    at = visit.open(page, visit.principal("new"))
    assert [t.value for t in at.title] == [title]
    assert not at.exception


def test_overview_shows_what_the_ledger_says_is_available(spent: Any) -> None:
    at = spent.open("account/overview.py", spent.principal("asha"))
    available = spent.ledger.balance("acme/asha").available
    assert {m.label: m.value for m in at.metric}["Available"] == full(available)


def test_overview_names_the_zone_and_the_instant_of_the_next_reset(spent: Any, text: Callable[[AppTest], str]) -> None:
    at = spent.open("account/overview.py", spent.principal("asha"))
    assert "back to **10,000**" in text(at)
    assert "Wed 1 Apr, 00:00 · Asia/Kolkata" in text(at)
    assert {m.label: m.value for m in at.metric}["Next reset"] == "in 7 days"


def test_usage_compares_only_with_days_in_which_the_account_was_in_use(spent: Any) -> None:
    for period, compared in (("7d", True), ("All", False)):
        at = spent.open("account/usage.py", spent.principal("asha"), period=period)
        assert [m.label for m in at.metric if bool(m.delta) is not compared] == []
        assert all(m.proto.delta_description.startswith("vs ") is compared for m in at.metric)


def test_an_empty_wallet_stands_where_its_next_tokens_will_be_spent(spent: Any) -> None:
    who = spent.principal("asha")

    def order() -> list[tuple[str, bool]]:
        now = spent.place.clock()
        found = standing(spent.place.store, spent.ledger.core.batches, who, now)
        return [(wallet.type, wallet.posted > 0) for wallet in in_order(found)]

    before = order()
    assert ("MONTHLY", True) in before
    left = next(w for w in spent.ledger.balance("acme/asha").wallets if w.type == "MONTHLY").available
    spent.ledger.spend("acme/asha", action="work", tokens=left, wallet="MONTHLY", only_wallet=True)
    assert order() == [(name, there and name != "MONTHLY") for name, there in before]


def test_a_balance_that_can_not_be_read_is_a_dash_and_a_reference(
    spent: Any, monkeypatch: pytest.MonkeyPatch, text: Callable[[AppTest], str]
) -> None:
    who = spent.principal("asha")
    with spent.place.store.write(who.org_id) as connection:
        connection.exec_driver_sql("ALTER TABLE wallet RENAME TO wallet_gone")
    at = spent.open("account/overview.py", who)
    assert {m.label: m.value for m in at.metric}["Available"] == "–"
    assert "Nothing was charged" in text(at)
    assert "Reference" in text(at)
    assert not at.exception


@pytest.mark.parametrize(
    ("page", "table"),
    [
        ("account/wallets.py", "wallet"),
        ("account/history.py", "ledger_transaction"),
        ("account/usage.py", "usage_account_day"),
    ],
)
def test_a_page_stands_whatever_the_database_does(
    spent: Any, text: Callable[[AppTest], str], page: str, table: str
) -> None:
    who = spent.principal("asha")
    with spent.place.store.write(who.org_id) as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO gone")
    at = spent.open(page, who)
    assert "could not be read" in text(at)
    assert not at.exception


def test_an_empty_account_reads_zero_and_says_what_comes_next(visit: Any, text: Callable[[AppTest], str]) -> None:
    visit.ledger.open_account("acme/zero", plan="monthly")
    visit.ledger.spend("acme/zero", action="work", tokens=10_000)
    at = visit.open("account/overview.py", visit.principal("zero"))
    assert {m.label: m.value for m in at.metric}["Available"] == "0"
    assert "You have 0 tokens remaining" in text(at)
    assert "Next reset" in text(at)


def test_a_frozen_account_is_told_so(spent: Any, text: Callable[[AppTest], str]) -> None:
    spent.ledger.freeze("acme/asha", reason="a test")
    at = spent.open("account/overview.py", spent.principal("asha"))
    assert "This account is frozen" in text(at)


def test_what_is_due_is_counted_and_shown_as_pending_but_not_written(
    spent: Any, text: Callable[[AppTest], str]
) -> None:
    who = spent.principal("asha")
    spent.clock.forward(days=30)
    at = spent.open("account/wallets.py", who)
    tables = [row for t in at.table for row in t.value.to_numpy().tolist()]
    assert any("Reset" in str(row[0]) and row[1] == 10_000 for row in tables)
    assert spent.ledger.pending("acme/asha")


def test_wallets_list_grants_in_the_order_in_which_they_burn(spent: Any) -> None:
    at = spent.open("account/wallets.py", spent.principal("asha"))
    grants = at.dataframe[0].value
    assert grants.next.tolist() == [1, 2]
    assert grants.wallet.tolist() == ["Monthly", "Bonus"]
    assert int(grants.left.sum()) == spent.ledger.balance("acme/asha").available


def test_history_shows_the_newest_line_first_and_opens_it(spent: Any, text: Callable[[AppTest], str]) -> None:
    at = spent.open("account/history.py", spent.principal("asha"))
    frame = at.dataframe[0].value
    assert len(frame) == 14
    assert frame.kind[0] == "Refund"
    assert frame.after[0] == spent.ledger.balance("acme/asha").available
    assert "It failed" in str([t.value.to_numpy().tolist() for t in at.table])


def test_history_tells_its_earliest_and_latest_when_late_events_were_booked_last(
    spent: Any, text: Callable[[AppTest], str]
) -> None:
    before, zone = spent.clock.at - timedelta(days=1), ZoneInfo(spent.principal("asha").zone)
    spent.ledger.spend("acme/asha", action="work", tokens=7)
    spent.ledger.spend("acme/asha", action="work", tokens=8, event_at=before)
    at = spent.open("account/history.py", spent.principal("asha"))
    times = at.dataframe[0].value["at"]
    assert times[0] != times.max()
    latest, earliest = (instant(one, zone, now=spent.clock.at) for one in (times.max(), times.min()))
    assert f"{latest} back to {earliest}" in text(at)


def test_overview_does_not_say_that_every_request_charged(spent: Any, text: Callable[[AppTest], str]) -> None:
    at = spent.open("account/overview.py", spent.principal("asha"))
    assert re.search(r"tokens charged.* · [\d,]+ requests?", text(at))
    assert "charged in" not in text(at)


def test_a_line_has_an_address(spent: Any) -> None:
    who = spent.principal("asha")
    first = spent.ledger.spend("acme/asha", action="work", tokens=7, agent="uml", project="The one")
    spent.ledger.spend("acme/asha", action="work", tokens=8)
    at = spent.open("account/history.py", who, line=str(first.transaction_id))
    assert [m.label for m in at.metric] == ["The one"]
    assert at.query_params["line"] == str(first.transaction_id)


def test_older_turns_to_the_lines_below_and_newer_comes_back(spent: Any) -> None:
    at = spent.open("account/history.py", spent.principal("asha"))
    newest = at.dataframe[0].value
    at.button(key="older").click().run()
    older = at.dataframe[0].value
    assert older["at"].max() < newest["at"].min()
    assert "from" in at.query_params
    at.button(key="newer").click().run()
    assert at.dataframe[0].value.equals(newest)
    assert "from" not in at.query_params


def test_a_filter_lives_in_the_address_and_can_be_cleared(spent: Any, text: Callable[[AppTest], str]) -> None:
    at = spent.open("account/history.py", spent.principal("asha"), kind="Refunds")
    assert set(at.dataframe[0].value.kind) == {"Refund"}
    at.text_input(key="text").set_value("no such project").run()
    assert "Nothing matches these filters" in text(at)
    at.button(key="clear-filters").click().run()
    assert len(at.dataframe[0].value) == 14


def test_usage_tells_charged_tokens_and_model_tokens_apart(spent: Any) -> None:
    at = spent.open("account/usage.py", spent.principal("asha"))
    figures = {m.label: m.value for m in at.metric}
    charged = sum(100 + n for n in range(40)) - 139
    counted = sum(100 + n for n in range(40))
    assert (figures["Tokens charged"], figures["Model tokens"], figures["Requests"]) == (
        f"{charged / 1000:.3g}K",
        f"{counted / 1000:.3g}K",
        "40",
    )


def test_usage_of_a_period_without_use_offers_the_latest(spent: Any, text: Callable[[AppTest], str]) -> None:
    spent.clock.forward(days=200)
    at = spent.open("account/usage.py", spent.principal("asha"))
    assert "No usage in these days" in text(at)
    at.button(key="latest-use").click().run()
    assert {m.label: m.value for m in at.metric}["Requests"] == "40"


def test_a_person_without_an_account_is_told_so(visit: Any, text: Callable[[AppTest], str]) -> None:
    visit.ledger.open_account("acme/other", plan="bare")
    boss = visit.principal("boss", "admin", account=False)
    at = visit.open("admin/grants.py", boss)
    assert [t.value for t in at.title] == ["Grants"]
    assert not at.exception
