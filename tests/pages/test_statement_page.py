"""Statement: the months of one's own account and the receipts of what was paid, each as a file on record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.sales import SHOP

from creditbook.exports import receipts
from creditbook.exports.datasets import account_named
from creditbook.ui import statement as draw
from creditbook.ui.format import full

PAGE = "account/statement.py"
Text = Callable[[AppTest], str]


def figures(at: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in at.metric}


@pytest.fixture
def bought(visit: Any) -> Any:
    """Asha with a pack bought, some of it used, a month ago; and nothing since."""
    ledger = visit.ledger
    ledger.load_program("acme", replace(SHOP, name="test"), reason="It sells now")
    ledger.open_account("acme/asha")
    ledger.sell("acme/asha", "starter", reason="By hand", payment="p-1")
    ledger.spend("acme/asha", action="work", tokens=30, agent="*srs*", model="gpt-5", input_tokens=1_000)
    visit.clock.at += timedelta(days=20)
    ledger.sell("acme/asha", "big", reason="By hand", payment="p-2")
    receipts.issue_all(visit.place.store, visit.clock())
    visit.clock.at += timedelta(days=12)
    return visit


def test_the_page_shows_the_running_month_and_any_other_by_its_address(bought: Any) -> None:
    asha = bought.principal("asha")
    april = bought.open(PAGE, asha)
    assert [title.value for title in april.title] == ["Statement"]
    assert not april.exception
    assert figures(april)["Opening"] == figures(april)["So far"] == full(1_070)
    march = bought.open(PAGE, asha, month="March 2026")
    assert figures(march) | {"Model cost": ""} == {
        "Opening": "0", "Came in": "+1,100", "Went out": "−30", "Closing": "1,070", "Model cost": ""
    }  # fmt: skip


def test_receipts_are_listed_newest_first_with_their_tax(bought: Any) -> None:
    at = bought.open(PAGE, bought.principal("asha"))
    frame = at.dataframe[0].value
    assert list(frame["Receipt"]) == ["R/2025-26/00002", "R/2025-26/00001"]
    assert list(frame["Paid"]) == ["₹499.00", "₹99.00"]
    assert list(frame["Tax in it"]) == ["₹76.12 GST 18%", "₹15.10 GST 18%"]


def test_what_is_downloaded_is_on_record_under_her_own_name(bought: Any) -> None:
    asha, store = bought.principal("asha"), bought.place.store
    account = account_named(store, asha, "asha")
    month = bought.clock().date().replace(month=3, day=1)
    assert draw.build(asha, account, month, "pdf").startswith(b"%PDF")
    assert draw.build(asha, account, month, "csv").startswith(b"id,when,kind")
    (newest, _) = receipts.of_account(store, asha)
    assert draw.build_receipt(asha, newest).startswith(b"%PDF")
    with store.read(asha.org_id) as connection:
        rows = connection.exec_driver_sql("SELECT actor, act, subject FROM audit ORDER BY audit_id").all()
    assert [tuple(row) for row in rows][-3:] == [
        ("asha", "export.statement", "acme/asha"),
        ("asha", "export.statement", "acme/asha"),
        ("asha", "export.receipt", "R/2025-26/00002"),
    ]


def test_an_account_that_is_new_has_its_first_month_and_no_receipts(visit: Any, text: Text) -> None:
    visit.ledger.open_account("acme/new", plan="bare")
    at = visit.open(PAGE, visit.principal("new"))
    assert not at.exception
    assert not at.error
    assert "No receipts yet" in text(at)
    assert "Nothing moved in this month" in text(at)
