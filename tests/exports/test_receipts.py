"""Receipts: numbered without a gap in each fiscal year, whoever issues them at once, and never changed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from creditbook.access.values import NotAllowed
from creditbook.domain.errors import NotFound
from creditbook.exports import receipts
from creditbook.store.finance import receipts as rows


def issue(told: Any) -> int:
    return receipts.issue_due(told.store, told.who.org_id, told.who.zone, told.clock())


def numbers(told: Any) -> list[tuple[str, int]]:
    found = [one for name in ("asha",) for one in receipts.of_account(told.store, told.member(name))]
    return [(one.fiscal_year, one.number) for one in reversed(found)]


def sell(told: Any, payment: str) -> Any:
    return told.ledger.sell("acme/asha", "starter", reason="By hand", payment=payment)


def test_numbers_follow_the_payments_and_begin_anew_in_april(shop: Any) -> None:
    for n, at in enumerate(
        [
            datetime(2026, 3, 1, tzinfo=UTC),
            datetime(2026, 3, 31, 18, 29, tzinfo=UTC),  # 23:59 in Kolkata
            datetime(2026, 3, 31, 18, 31, tzinfo=UTC),  # April there
            datetime(2026, 4, 2, tzinfo=UTC),
        ]
    ):
        shop.clock.at = at
        sell(shop, f"p-{n}")
    assert issue(shop) == 4
    assert numbers(shop) == [("2025-26", 1), ("2025-26", 2), ("2026-27", 1), ("2026-27", 2)]
    assert issue(shop) == 0, "each has one"


def test_what_is_not_paid_has_no_receipt_and_takes_no_number(shop: Any) -> None:
    shop.ledger.open_purchase("acme/asha", "starter")
    sell(shop, "p-1")
    assert issue(shop) == 1
    assert numbers(shop) == [("2025-26", 1)]


def test_ten_that_issue_at_once_leave_no_gap_and_give_no_number_twice(shop: Any) -> None:
    stores, failed = [], []
    gate = threading.Barrier(5)

    def at_work() -> None:
        try:
            gate.wait()
            for _ in range(4):
                issue(shop)
        except Exception as error:  # noqa: BLE001 - told below
            failed.append(error)

    for n in range(12):
        sell(shop, f"p-{n}")
    workers = [threading.Thread(target=at_work) for _ in range(4)]
    for worker in workers:
        worker.start()
    gate.wait()
    for n in range(12, 18):
        sell(shop, f"p-{n}")
    for worker in workers:
        worker.join()
    issue(shop)
    assert not failed, stores
    assert numbers(shop) == [("2025-26", n) for n in range(1, 19)]


@pytest.mark.parametrize("verb", ["UPDATE receipt SET number = 7", "DELETE FROM receipt"])
def test_a_receipt_is_refused_every_change_by_the_database_itself(shop: Any, verb: str) -> None:
    sell(shop, "p-1")
    issue(shop)
    with pytest.raises(Exception, match=r"history|permission denied"), shop.store.write(shop.who.org_id) as connection:
        connection.exec_driver_sql(verb)


def test_the_same_receipt_is_the_same_paper_whatever_becomes_of_the_purchase(shop: Any, tmp_path: Path) -> None:
    sold = sell(shop, "p-1")
    issue(shop)
    one = receipts.find(shop.store, shop.who, "R/2025-26/00001")
    receipts.write(one, shop.who, tmp_path / "before.pdf")
    shop.clock.forward(days=3)
    shop.ledger.refund_purchase("acme/asha", sold.purchase_id, reason="Not wanted")
    again = receipts.find(shop.store, shop.who, "r/2025-26/1")
    assert again.purchase.status == "refunded"
    receipts.write(again, shop.who, tmp_path / "after.pdf")
    assert (tmp_path / "before.pdf").read_bytes() == (tmp_path / "after.pdf").read_bytes()


def test_the_tax_of_a_receipt_is_the_one_in_the_price(shop: Any) -> None:
    sell(shop, "p-1")
    issue(shop)
    (one,) = receipts.of_account(shop.store, shop.member("asha"))
    bought = one.purchase
    assert (bought.price_minor, bought.tax_minor, bought.tax_label) == (9_900, 1_510, "GST")
    assert receipts.percent(bought.tax_rate) == "18%"
    assert receipts.number_words(one) == "R/2025-26/00001"
    assert len(receipts.number_words(one)) <= 16


@pytest.mark.parametrize(
    ("rate", "said"), [("0.18", "18%"), ("9/50", "18%"), ("0.125", "12.5%"), ("", ""), ("0", "0%")]
)
def test_a_rate_is_said_in_per_cent(rate: str, said: str) -> None:
    assert receipts.percent(rate) == said


def test_a_receipt_is_found_by_its_number_by_those_who_may_see_it(story: Any) -> None:
    issue(story)
    mine = receipts.of_account(story.store, story.member("asha"))
    number = receipts.number_words(mine[0])
    assert receipts.find(story.store, story.member("asha"), number).purchase == mine[0].purchase
    with pytest.raises(NotAllowed):
        receipts.find(story.store, story.member("lena"), number)
    for wrong in ("R/2025-26/99999", "nonsense", "R/2025-26/x"):
        with pytest.raises(NotFound, match="R/2026-27/00042"):
            receipts.find(story.store, story.who, wrong)
    assert rows.of_purchase(story.store, story.who.org_id, mine[0].purchase.purchase_id) == mine[0]
