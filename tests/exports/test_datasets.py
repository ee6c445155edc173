"""Exports of an organization add up to the ledger's own rows; FOCUS to its purchases and costs."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from creditbook.access.values import NotAllowed
from creditbook.domain.errors import InvalidRequest
from creditbook.exports import receipts
from creditbook.exports.focus_rows import plain
from creditbook.exports.making import making
from creditbook.store.finance import export_rows
from creditbook.store.finance.export_rows import Days

ALL = Days(date(2026, 1, 1), date(2026, 12, 31))
MARCH = Days(date(2026, 3, 1), date(2026, 3, 31))
Rows = Callable[[Path], list[dict[str, str]]]


def made(told: Any, what: str, days: Days, path: Path, **more: Any) -> Path:
    making(told.store, told.who, what, path.suffix[1:], days, **more)(path)
    return path


def raw(told: Any, sql: str) -> Any:
    with told.store.read(told.who.org_id) as connection:
        return connection.exec_driver_sql(sql).one()


def total(rows: list[dict[str, str]], column: str) -> Decimal:
    return sum((Decimal(row[column]) for row in rows if row[column]), Decimal(0))


def test_transactions_add_up_to_the_ledgers_rows(story: Any, tmp_path: Path, rows_of: Rows) -> None:
    rows = rows_of(made(story, "transactions", ALL, tmp_path / "t.csv"))
    count, tokens, usd, inr = raw(
        story, "SELECT count(*), sum(tokens), sum(cost_usd_nanos), sum(cost_inr_nanos) FROM ledger_transaction"
    )
    assert (len(rows), total(rows, "tokens")) == (count, tokens)
    assert total(rows, "cost_usd") == Decimal(usd).scaleb(-9)
    assert total(rows, "cost_inr") == Decimal(inr).scaleb(-9)
    assert {row["agent"] for row in rows} >= {"'=srs", "code"}
    assert {row["unpriced"] for row in rows} == {"true", "false"}
    assert next(row["cost_usd"] for row in rows if row["unpriced"] == "true") == "", "unknown is not zero"


def test_pieces_join_without_a_gap_or_a_repeat(story: Any) -> None:
    with story.store.read(story.who.org_id) as connection:
        for days in (ALL, Days(ALL.first, ALL.last, "accounting"), Days(ALL.first, ALL.last, "event", 0)):
            whole = list(export_rows.transactions(connection, story.who.org_id, days))
            assert list(export_rows.transactions(connection, story.who.org_id, days, piece=3)) == whole


def test_usage_adds_up_to_the_usage_of_its_days(story: Any, tmp_path: Path, rows_of: Rows) -> None:
    rows = rows_of(made(story, "usage", MARCH, tmp_path / "u.csv"))
    requests, charged, inr = raw(
        story,
        "SELECT sum(requests), sum(charged), sum(cost_inr_nanos) FROM ledger_transaction "
        "WHERE kind = 'usage' AND org_date BETWEEN '2026-03-01' AND '2026-03-31'",
    )
    assert (total(rows, "requests"), total(rows, "charged_tokens")) == (requests, charged)
    assert total(rows, "cost_inr") == Decimal(inr).scaleb(-9)
    assert {row["account"] for row in rows} == {"acme/asha", "acme/lena"}
    assert min(row["org_date"] for row in rows) >= "2026-03-01"


def test_one_account_is_exported_alone_and_by_herself(story: Any, tmp_path: Path, rows_of: Rows) -> None:
    lena = story.account("lena").account_id
    days = Days(ALL.first, ALL.last, account_id=lena)
    rows = rows_of(made(story, "transactions", days, tmp_path / "l.csv"))
    assert {row["account"] for row in rows} == {"acme/lena"}
    making(story.store, story.member("lena"), "usage", "csv", days)(tmp_path / "own.csv")
    for who, wanted in ((story.member("lena"), ALL), (story.member("asha"), days)):
        with pytest.raises(NotAllowed):
            making(story.store, who, "usage", "csv", wanted)


def test_focus_bills_purchases_and_costs_usage(story: Any, tmp_path: Path, rows_of: Rows) -> None:
    receipts.issue_due(story.store, story.who.org_id, story.who.zone, story.clock())
    rows = rows_of(made(story, "focus", ALL, tmp_path / "f.csv"))
    by = {name: [row for row in rows if row["ChargeCategory"] == name] for name in ("Usage", "Purchase", "Tax")}
    price, back = raw(story, "SELECT sum(price_minor), sum(refunded_minor) FROM purchase WHERE paid_at IS NOT NULL")
    billed = total(by["Purchase"], "BilledCost") + total(by["Tax"], "BilledCost")
    assert billed == Decimal(price - back).scaleb(-2)
    assert total(by["Purchase"], "EffectiveCost") == total(by["Usage"], "BilledCost") == 0
    usd, inr, charged, refunded = raw(
        story,
        "SELECT sum(cost_usd_nanos), sum(cost_inr_nanos), sum(CASE kind WHEN 'usage' THEN charged ELSE 0 END), "
        "sum(CASE kind WHEN 'refund' THEN charged ELSE 0 END) FROM ledger_transaction",
    )
    assert total(by["Usage"], "EffectiveCost") == Decimal(inr).scaleb(-9)
    assert total(by["Usage"], "PricingCurrencyEffectiveCost") == Decimal(usd).scaleb(-9)
    assert total(by["Usage"], "x_VirtualCurrencyCost") == charged - refunded
    assert {row["InvoiceId"][:2] for row in rows} == {"R/", "S/", "C/"}


def test_focus_prices_times_quantities_are_costs_and_no_price_is_negative(
    story: Any, tmp_path: Path, rows_of: Rows
) -> None:
    for row in rows_of(made(story, "focus", ALL, tmp_path / "f.csv")):
        if row["ChargeCategory"] == "Tax":
            assert (row["PricingQuantity"], row["ListUnitPrice"]) == ("", "")
            continue
        product = Decimal(row["ListUnitPrice"]) * Decimal(row["PricingQuantity"])
        assert abs(product - Decimal(row["ListCost"])) < Decimal("1E-12")
        assert Decimal(row["ListUnitPrice"]) >= 0
        assert "." in row["PricingQuantity"]


def test_focus_text_is_ascii_and_names_survive_in_tags(story: Any, tmp_path: Path, rows_of: Rows) -> None:
    path = made(story, "focus", ALL, tmp_path / "f.csv")
    rows = rows_of(path)
    assert path.read_bytes().isascii()
    assert rows[0]["ChargePeriodStart"].endswith("Z")
    assert {json.loads(row["Tags"]).get("agent") for row in rows if row["Tags"]} >= {"=srs", "code"}


@pytest.mark.parametrize(
    ("text", "said"), [("Café", "Cafe"), ("ร้านดี", "other"), ("रमेश", "other"), ("", "other"), ("Plus ⭐", "Plus")]
)
def test_text_that_ascii_cannot_say_is_replaced_whole(text: str, said: str) -> None:
    assert plain(text, "other") == said


def test_focus_in_a_virtual_currency_prices_usage_in_tokens(story: Any, tmp_path: Path) -> None:
    path = made(story, "focus", ALL, tmp_path / "v.parquet", virtual=True)
    rows = pq.read_table(path).to_pylist()
    used = [row for row in rows if row["ChargeCategory"] == "Usage"]
    assert {row["PricingCurrency"] for row in used} == {"Tokens"}
    assert all(row["PricingCurrencyEffectiveCost"] == row["x_VirtualCurrencyCost"] for row in used)


def test_days_the_wrong_way_round_and_formats_that_are_none_are_refused(story: Any) -> None:
    with pytest.raises(InvalidRequest, match="Turn them round"):
        making(story.store, story.who, "usage", "csv", Days(date(2026, 3, 2), date(2026, 3, 1)))
    with pytest.raises(InvalidRequest, match="csv, parquet"):
        making(story.store, story.who, "focus", "xlsx", ALL)
