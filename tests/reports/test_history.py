"""History: keyset pages that join, filters, a line with its entries, a CSV that adds up."""

import csv
import io

import pytest
from support.spent_account import TODAY, SpentAccount

from creditbook.access.values import Principal
from creditbook.reports import history
from creditbook.reports.history import LineFilter
from creditbook.store.engine import Store
from creditbook.ui import tables


def turn_to_the_end(store: Store, who: Principal, wanted: LineFilter = history.NO_FILTER) -> list[history.Line]:
    page = history.page(store, who, wanted)
    lines = list(page.lines)
    while page.older:
        page = history.page(store, who, wanted, upto=page.lines[-1].txn_id - 1)
        lines += page.lines
    return lines


def test_pages_join_without_a_gap_or_a_repeat(store: Store, rows: SpentAccount, asha: Principal) -> None:
    lines = turn_to_the_end(store, asha)
    assert [line.txn_id for line in lines] == sorted((r["txn_id"] for r in rows.rows["txn"]), reverse=True)
    first = history.page(store, asha)
    assert (first.newer, first.older) == (False, True)


def test_turning_back_shows_the_page_before(store: Store, rows: SpentAccount, asha: Principal) -> None:
    first = history.page(store, asha)
    second = history.page(store, asha, upto=first.lines[-1].txn_id - 1)
    assert second.newer
    back = history.page(store, asha, newer_than=second.lines[0].txn_id)
    assert (back.lines, back.newer, back.older) == (first.lines, False, True)


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        (LineFilter(kinds=("refund",)), lambda line: line.kind == "refund"),
        (LineFilter(agents=("srs",)), lambda line: line.agent == "srs"),
        (LineFilter(models=("unheard-of-1",)), lambda line: line.model == "unheard-of-1"),
        (LineFilter(text="CROP"), lambda line: "Crop" in line.project),
        (LineFilter(text="hackathon"), lambda line: "Hackathon" in line.description),
        (LineFilter(first=TODAY, last=TODAY), lambda line: line.account_date == TODAY),
    ],
)
def test_a_filter_shows_what_it_says_and_all_of_it(
    store: Store, rows: SpentAccount, asha: Principal, wanted: LineFilter, holds
) -> None:  # type: ignore[no-untyped-def]
    found = turn_to_the_end(store, asha, wanted)
    assert found == [line for line in turn_to_the_end(store, asha) if holds(line)]
    assert found


def test_a_percent_sign_is_looked_for_as_itself(store: Store, rows: SpentAccount, asha: Principal) -> None:
    assert history.page(store, asha, LineFilter(text="%")).lines == ()


def test_a_line_opens_to_the_grants_it_moved(store: Store, rows: SpentAccount, asha: Principal) -> None:
    spent = next(line for line in turn_to_the_end(store, asha) if line.kind == "usage")
    opened = history.opened(store, asha, spent.txn_id)
    assert opened is not None
    assert sum(m.amount for m in opened.moved) == spent.change == -spent.charged
    assert [(m.wallet_type, m.label, m.of_pool) for m in opened.moved] == [("MONTHLY", "Welcome bonus", False)]
    assert spent.available_after == (spent.available_before or 0) + spent.change


def test_another_account_can_not_open_the_line(store: Store, rows: SpentAccount, asha: Principal) -> None:
    line = history.page(store, asha).lines[0]
    stranger = Principal(
        person_id=3,
        user_name="b",
        name="B",
        role="user",
        org_id=1,
        org_slug="org1",
        org_name="N",
        zone="UTC",
        account_id=7,
    )
    nobody = Principal(
        person_id=4, user_name="c", name="C", role="admin", org_id=1, org_slug="org1", org_name="N", zone="UTC"
    )
    assert history.opened(store, stranger, line.txn_id) is None
    assert history.opened(store, nobody, line.txn_id) is None
    assert history.page(store, nobody).lines == ()


def test_the_csv_adds_up_to_what_is_left(store: Store, rows: SpentAccount, asha: Principal) -> None:
    body = tables.csv_bytes(history.CSV_COLUMNS, history.csv_rows(store, asha)).decode()
    lines = list(csv.DictReader(io.StringIO(body, newline="")))
    assert (
        sum(int(line["change_tokens"]) for line in lines)
        == rows.available
        == sum(int(str(g["remaining"])) for g in rows.grants.values())
    )
    assert {line["project"] for line in lines} >= {"'=Bus, pass", "Crop price alert"}
    assert {"0.012000000", ""} <= {line["cost_usd"] for line in lines}
    assert lines[0]["when"].endswith("+05:30")
