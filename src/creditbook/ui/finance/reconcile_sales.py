"""A payment provider's settlement held against purchases, drawn: money by currency, fees named, and what to look at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from creditbook.reports.finance.settling import Compared, Found, Settlement, Total
from creditbook.store.finance.reconciling import PaidFor
from creditbook.ui import page, tables
from creditbook.ui.format import DASH, esc, full, plural
from creditbook.ui.money import money
from creditbook.ui.page import card, head, muted

SHOWN = 500
LABELS: dict[Found, str] = {
    "agrees": "Agrees", "refund agrees": "Refund agrees", "other amount": "Differs", "unknown here": "Unknown here",
    "not settled": "Not settled", "fee": "Fee", "payout": "Payout", "other": "Other",
}  # fmt: skip


def upload() -> Any:
    """The settlement file."""
    with card("upload"):
        head(
            "A payment provider's settlement",
            "Stripe's payout reconciliation or balance history, Razorpay's settlement recon. Every line is held "
            "against the purchase of that payment, and what the provider kept is named. Nothing is kept.",
        )
        return st.file_uploader("File", ["csv"], key="settlement", max_upload_size=50, label_visibility="collapsed")


def show(kind: str, found: Settlement) -> None:
    """The comparison."""
    wrong = [row for row in found.rows if not row.is_fine]
    what = f"{esc(kind)}, {page.days(found.first, found.last)} (UTC)"
    if wrong:
        st.warning(f"**{plural(len(wrong), 'line')} of {full(len(found.rows))} to look at** · {what}",
                   icon=":material/difference:")  # fmt: skip
    else:
        st.success(f"**Everything agrees**, {plural(len(found.rows), 'line')} · {what}", icon=":material/check_circle:")
    for currency, total in sorted(found.totals.items()):
        _total(currency, total)
    _lines(found.rows, wrong)


def _total(currency: str, total: Total) -> None:
    with card(f"total-{currency}"):
        head(f"Settled in {esc(currency)}", "Lines of the file, which add up to what reached the bank")
        share = f" ({total.fees * 100 / total.payments:.2f}% of payments)" if total.payments and total.fees else ""
        tax = f", of it {money(total.fee_tax, currency)} tax" if total.fee_tax else ""
        facts = {
            "Payments": f"**{money(total.payments, currency)}**, sold here for {money(total.expected, currency)}",
            "Refunds": money(total.refunds, currency) if total.refunds else DASH,
            "Disputes": money(total.disputes, currency) if total.disputes else DASH,
            "Other": money(total.other, currency) if total.other else DASH,
            "Kept by the provider": f"**{money(-total.fees, currency)}**{share}{tax}" if total.fees else DASH,
            "Reached the bank": f"**{money(total.net, currency)}**",
        }
        page.facts({label: value for label, value in facts.items() if value != DASH})


def _lines(rows: Sequence[Compared], wrong: Sequence[Compared]) -> None:
    with card("lines"):
        head("Line by line", "What has to be looked at comes first")
        with page.row():
            every = st.toggle("Also what agrees", value=not wrong, key="every", disabled=not wrong)
            shown = rows if every or not wrong else wrong
            frame = _frame(shown)
            tables.download(lambda: tables.frame_csv(frame), "settled", "Every line", key="lines-csv")
        right: Any = {"alignment": "right", "width": 92}
        column = st.column_config
        columns = {
            "": column.TextColumn(width=100), "Payment": column.TextColumn(width=140),
            "Day": column.DateColumn(format="D MMM YYYY", width=92),
            "Settled": column.TextColumn(**right), "Sold for": column.TextColumn(**right),
            "Fee": column.TextColumn(**right), "Account": column.TextColumn(width=100),
            "Why": column.TextColumn(width=340),
        }  # fmt: skip
        height: Any = "content" if len(shown) <= 12 else 12 * tables.ROW_HEIGHT
        tables.grid(frame.head(SHOWN), columns, "Settlement line by line", height=height, key="lines-table")
        if len(shown) > SHOWN:
            muted(f"The first {SHOWN} of {full(len(shown))}; the CSV has them all.")


def _frame(rows: Sequence[Compared]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "": [LABELS[row.found] for row in rows],
            "Payment": [_payment(row) for row in rows],
            "Day": [row.line.day if row.line else _paid_on(row.purchase) for row in rows],
            "Settled": [money(row.line.gross_minor, row.line.currency) if row.line else DASH for row in rows],
            "Sold for": [
                money(row.purchase.price_minor, row.purchase.currency) if row.purchase else DASH for row in rows
            ],
            "Fee": [money(row.line.fee_minor, row.line.currency) if row.line else DASH for row in rows],
            "Account": [row.purchase.account if row.purchase else DASH for row in rows],
            "Why": [row.sentence for row in rows],
        }
    )


def _paid_on(purchase: PaidFor | None) -> date | None:
    return purchase.paid_at.date() if purchase is not None and purchase.paid_at is not None else None


def _payment(row: Compared) -> str:
    if row.line is not None and row.line.references:
        return row.line.references[0]
    return (row.purchase.provider_payment or str(row.purchase.purchase_id)) if row.purchase else DASH
