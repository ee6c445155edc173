"""A month's statement drawn: where it began and ended, what moved, the files of it; and receipts of what was paid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.access import Principal
from creditbook.domain.sales import PurchaseStatus
from creditbook.exports import audited, receipts, statement, statement_files
from creditbook.exports.audited import Request
from creditbook.exports.datasets import AccountName
from creditbook.exports.receipts import Receipt
from creditbook.exports.statement import Statement
from creditbook.exports.words import month_words
from creditbook.installation import installation
from creditbook.site import PAGES

from .format import dollars_in_markdown, esc, full, inr, plural, signed, usd
from .kinds import kind_name
from .money import money
from .page import card, days, empty, head, muted, row
from .tables import file_name, grid

WHY = "Downloaded by the account's holder from the Statement page"
MIME = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
}
SHOWN = 8
_STATES = {
    PurchaseStatus.REFUNDED: "refunded since",
    PurchaseStatus.DISPUTED: "disputed",
    PurchaseStatus.PAID: "not granted yet",
}


def month_of(months: Sequence[date]) -> date:
    """Which month is looked at; what is chosen lives in the address."""
    words = {month_words(month): month for month in months}
    chosen = st.selectbox(
        "Month",
        list(words),
        key="month",
        bind="query-params",
        label_visibility="collapsed",
        width=210,
    )
    return words.get(chosen or "", months[0])


def figures(found: Statement) -> None:
    """Opening, what came, what went, closing; what it cost beside."""
    came = sum(one.tokens for one in found.moved if one.tokens > 0)
    went = sum(one.tokens for one in found.moved if one.tokens < 0)
    cells = {
        "Opening": (full(found.opening), f"Posted tokens as {month_words(found.month)} began in {found.zone}"),
        "Came in": (signed(came), "Grants, resets, purchases and refunds"),
        "Went out": (signed(went), "Usage, expiry and what was taken back"),
        "So far" if found.so_far else "Closing": (full(found.closing), "Opening, and everything that moved since"),
        "Model cost": (usd(found.cost_usd_nanos), f"{inr(found.cost_inr_nanos)} as booked{_unpriced(found)}"),
    }
    shown = st.grid(5, min_column_width=150, gap="small", key="statement-kpis")
    for label, (value, explained) in cells.items():
        with shown.cell():
            st.metric(label, dollars_in_markdown(value), help=dollars_in_markdown(explained), border=True)


def _unpriced(found: Statement) -> str:
    return f"; {plural(found.unpriced, 'line')} without a known price" if found.unpriced else ""


def movements(found: Statement) -> None:
    """What moved by kind, from the opening to the closing, in tokens and in both currencies."""
    with card("movements"):
        zone = ZoneInfo(found.zone)
        first = found.first_at.astimezone(zone).date()
        last = (found.end_at - timedelta(hours=1)).astimezone(zone).date()
        with row(horizontal_alignment="distribute"):
            head("From opening to closing", f"{days(first, last)} in {esc(found.zone)}. Costs as booked")
            st.page_link(
                PAGES / "account" / "history.py",
                label="Every line",
                icon=":material/arrow_forward:",
                icon_position="right",
                query_params={"since": first.isoformat(), "until": last.isoformat()},
            )
        if not found.count:
            muted("Nothing moved in this month.")
        st.table(_table(found), hide_index=True, border="horizontal")
        if found.so_far:
            muted("So far: the month still runs, or something of it is due and not written yet.")
        if found.opening_owed or found.closing_owed:
            muted(f"Owed: {full(found.opening_owed)} as it began, {full(found.closing_owed)} as it ended.")


def _table(found: Statement) -> pd.DataFrame:
    def cost(nanos: int, write: Callable[[int], str]) -> str:
        return dollars_in_markdown(write(nanos)) if nanos else ""

    lines: list[tuple[str, ...]] = [("**Opening**", "", f"**{full(found.opening)}**", "", "")]
    for one in found.moved:
        both = (cost(one.cost_usd_nanos, usd), cost(one.cost_inr_nanos, inr))
        lines.append((kind_name(one.kind), full(one.lines), signed(one.tokens), *both))
    total = (cost(found.cost_usd_nanos, usd), cost(found.cost_inr_nanos, inr))
    bold = tuple(f"**{one}**" if one else "" for one in total)
    lines.append(("**Closing**", f"**{full(found.count)}**", f"**{full(found.closing)}**", *bold))
    return pd.DataFrame(lines, columns=["", "Lines", "Tokens", "USD", "INR"])


def files(who: Principal, account: AccountName, month: date) -> None:
    """The statement as files; each is made, and put on record, when its button is pressed."""
    for place, format_ in enumerate(statement_files.FORMATS):
        st.download_button(
            format_.upper() if format_ != "parquet" else "Parquet",
            partial(build, who, account, month, format_),
            file_name(f"statement-{account.name or 'pool'}-{month:%Y-%m}").replace(".csv", f".{format_}"),
            MIME[format_],
            icon=":material/download:",
            type="secondary" if place else "primary",
            on_click="ignore",
            key=f"statement-{format_}",
        )


def build(who: Principal, account: AccountName, month: date, format_: str) -> bytes:
    """The file of a month's statement, on record in the audit log."""
    here = installation()
    now = here.clock()

    def make(path: Path) -> int:
        with statement.reading(here.reports, who, account, month, now) as found:
            return statement_files.write(found, format_, path)

    wanted = Request("statement", who.named(account.name), format_, WHY, {"month": f"{month:%Y-%m}"})
    return audited.to_bytes(here.store, who, wanted, make, now)


def build_receipt(who: Principal, one: Receipt) -> bytes:
    """A receipt's file, on record in the audit log."""
    here = installation()
    wanted = Request("receipt", receipts.number_words(one), "pdf", WHY)
    return audited.to_bytes(here.store, who, wanted, partial(receipts.write, one, who), here.clock())


def receipts_of(who: Principal, found: Sequence[Receipt]) -> None:
    """What was paid, newest first, each with its numbered receipt."""
    if not found:
        empty("No receipts yet", "Whatever you buy gets a numbered receipt here a minute after it is paid.")
        return
    with card("receipts"):
        head("Receipts", "One for everything that was paid, numbered by fiscal year from April")
        zone = ZoneInfo(who.zone)
        frame = pd.DataFrame(
            [
                (
                    receipts.number_words(one),
                    (one.purchase.paid_at or one.issued_at).astimezone(zone).date(),
                    one.purchase.title or one.purchase.item,
                    full(one.purchase.tokens) if one.purchase.tokens else "",
                    money(one.purchase.price_minor, one.purchase.currency),
                    _tax(one),
                    _STATES.get(one.purchase.status, ""),
                )
                for one in found
            ],
            columns=["Receipt", "Paid on", "What", "Tokens", "Paid", "Tax in it", "State"],
        )
        shown = grid(
            frame,
            {
                "Receipt": st.column_config.TextColumn(pinned=True),
                "Paid on": st.column_config.DateColumn(format="D MMM YYYY"),
                **dict.fromkeys(("Tokens", "Paid", "Tax in it"), st.column_config.TextColumn(alignment="right")),
            },
            "Receipts: number, day of payment, what was bought, tokens, price, tax and state",
            height="content" if len(found) <= SHOWN else 380,
            on_select="rerun",
            selection_mode="single-row",
            key="receipt-rows",
        )
        chosen = shown.selection.rows
        one = found[chosen[0] if chosen and chosen[0] < len(found) else 0]
        number = receipts.number_words(one)
        with row():
            st.download_button(
                f"Receipt {number}",
                partial(build_receipt, who, one),
                file_name(f"receipt-{one.fiscal_year}-{one.number:05}").replace(".csv", ".pdf"),
                MIME["pdf"],
                icon=":material/receipt:",
                on_click="ignore",
                key="receipt-pdf",
            )
            muted("Choose a line for its receipt." if len(found) > 1 else "")


def _tax(one: Receipt) -> str:
    bought = one.purchase
    if not bought.tax_minor:
        return "none"
    return f"{money(bought.tax_minor, bought.currency)} {bought.tax_label} {receipts.percent(bought.tax_rate)}".strip()
