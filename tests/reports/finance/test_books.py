"""The books and their journal as finance reads them: by day and month, in balance, by the accounting system's codes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa
from support.closing import rows
from support.ledgers import MovedClock
from support.sales import a_shop

from creditbook import Ledger
from creditbook.access.values import Principal
from creditbook.domain.errors import InvalidRequest
from creditbook.domain.flow import Flow
from creditbook.exports.cells import csv_bytes
from creditbook.reports.finance import books as reports
from creditbook.reports.finance.journal import CSV_COLUMNS, ROLES, accounts, csv_rows, journal
from creditbook.store.tables.ledger import audit

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
END = date(2026, 4, 30)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """March: a pack sold, 40 of 100 used, a month of a plan. April: the pack ends, and money goes back for the plan."""
    clock = MovedClock(datetime(2026, 3, 4, 6, 0, tzinfo=UTC))
    ledger = a_shop(f"sqlite:///{tmp_path_factory.mktemp('books')}/books.db", clock, approval_above=None)
    ledger.open_account("acme/ravi")
    ledger.sell("acme/asha", "starter", reason="cash", actor="fiona")
    plan = ledger.sell("acme/ravi", "monthly", kind="plan", reason="cash", actor="fiona")
    ledger.spend("acme/asha", action="work", tokens=40, model="gpt-4o", input_tokens=40_000, output_tokens=2_000)
    clock.at = datetime(2026, 4, 20, 6, 0, tzinfo=UTC)
    ledger.sweep("acme")
    ledger.refund_purchase("acme/ravi", plan.purchase_id, amount_minor=9_000, reason="They asked")
    with ledger:
        yield ledger


@pytest.fixture(scope="module")
def who(shop: Ledger) -> Principal:
    """Fiona of finance."""
    org = shop.core.organization("acme")
    return Principal(1, "fiona", "Fiona", "finance", org.org_id, "acme", "Acme", org.zone, org.zone, currency="INR")


def test_a_months_books_roll_every_class_forward(shop: Ledger, who: Principal) -> None:
    march = reports.books(shop.core.store, who, MARCH, date(2026, 3, 31))
    flows = {one.grant_class: one for one in march.flows}
    assert flows["purchased"].tokens == Flow(sold=100, used=40)
    assert flows["purchased"].money == {"INR": Flow(sold=8_390, used=3_356)}
    # 29,900 with 4,561 tax in it; the first term of a calendar month ends with March.
    assert flows["plan"].money == {"INR": Flow(sold=25_339, used=25_339)}


def test_months_are_the_period_cut_at_its_months(shop: Ledger, who: Principal) -> None:
    whole = reports.books(shop.core.store, who, MARCH, END).revenue["INR"]
    months = [one.revenue["INR"] for one in reports.books_by_month(shop.core.store, who, MARCH, END)]
    assert len(months) == 2
    for name in ("sold_minor", "tax_minor", "earned_minor", "breakage_minor", "paid_back_minor", "reversed_minor"):
        assert getattr(whole, name) == sum(getattr(one, name) for one in months), name
    assert months[0].deferred_closing_minor == months[1].deferred_opening_minor == 8_390 - 3_356
    assert months[1].breakage_packs_minor == 5_034
    assert whole.deferred_closing_minor == 0


def test_money_back_lowers_revenue_and_its_tax(shop: Ledger, who: Principal) -> None:
    april = reports.books(shop.core.store, who, APRIL, END).revenue["INR"]
    assert (april.paid_back_minor, april.paid_back_tax_minor) == (9_000, 1_373)
    assert (april.released_minor, april.reversed_minor) == (0, 7_627)


def test_every_payment_for_a_plan_is_there_with_its_term(shop: Ledger, who: Principal) -> None:
    (sale,) = reports.plan_sales(shop.core.store, who)
    assert (sale.plan, sale.on, sale.first, sale.next) == ("monthly", date(2026, 3, 4), date(2026, 3, 4), APRIL)


def test_the_journal_balances_and_says_what_became_of_the_money(shop: Ledger, who: Principal) -> None:
    lines = journal(shop.core.store, who, MARCH, END)
    sums: dict[str, int] = {}
    for one in lines:
        sums[one.role] = sums.get(one.role, 0) + one.debit_minor - one.credit_minor
    assert sum(sums.values()) == 0
    assert sums["cash"] == 9_900 + 29_900 - 9_000
    assert sums["tax_payable"] == -(1_510 + 4_561 - 1_373)
    assert sums["deferred_revenue"] == 0
    assert (sums["revenue"], sums["breakage"], sums["refunds"]) == (-(3_356 + 25_339), -5_034, 7_627)
    assert sums["model_costs"] == -sums["accrued_costs"] > 0
    assert {one.accounting_date for one in lines} == {date(2026, 3, 31), END}


def test_the_journals_file_adds_up_in_exact_decimals(shop: Ledger, who: Principal) -> None:
    text = csv_bytes(CSV_COLUMNS, csv_rows(journal(shop.core.store, who, MARCH, END))).decode()
    lines = list(csv.DictReader(io.StringIO(text)))
    assert {"date", "account", "debit", "credit"} <= set(lines[0])
    debits = sum(Decimal(one["debit"] or 0) for one in lines)
    assert debits == sum(Decimal(one["credit"] or 0) for one in lines) > 0
    assert lines[0]["debit"] == "398.00"


def test_an_account_is_called_as_the_accounting_system_calls_it(shop: Ledger, who: Principal) -> None:
    shop.set_account_code("acme", "cash", " 1200-HDFC ", "HDFC current", reason="Our chart", actor="fiona")
    shop.set_account_code("acme", "cash", "1201", reason="Our chart", actor="fiona")
    assert accounts(shop.core.store, who) == {**ROLES, "cash": ("1201", ROLES["cash"][1])}
    line = next(one for one in journal(shop.core.store, who, MARCH, END) if one.role == "cash")
    assert line.code == "1201"
    a = audit.c
    told = rows(shop, sa.select(a.before, a.after).where(a.act == "account.code").order_by(a.audit_id))
    assert [(before["code"], after["code"]) for before, after in told] == [("1000", "1200-HDFC"), ("1200-HDFC", "1201")]


@pytest.mark.parametrize(("role", "code"), [("till", "1000"), ("cash", " "), ("cash", "9" * 61)])
def test_an_account_code_that_is_none_is_refused(shop: Ledger, role: str, code: str) -> None:
    with pytest.raises(InvalidRequest):
        shop.set_account_code("acme", role, code, reason="Our chart")


def test_what_is_to_be_closed_next_is_a_month_that_is_over(shop: Ledger, who: Principal) -> None:
    store = shop.core.store
    assert reports.next_to_close(store, who, date(2026, 3, 31)) is None
    assert reports.next_to_close(store, who, APRIL) == MARCH
    shop.close_month("acme", MARCH, reason="The books", actor="fiona")
    assert reports.next_to_close(store, who, END) is None
    assert reports.next_to_close(store, who, date(2026, 5, 1)) == APRIL
    (kept,) = reports.closings(store, who)
    assert (kept.month, kept.actor, kept.is_sound) == (MARCH, "fiona", True)
