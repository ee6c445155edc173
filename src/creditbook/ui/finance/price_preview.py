"""What a price would change, drawn before it is written; then the question, the writing and what was written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from creditbook.access.values import Principal
from creditbook.domain.costs import CostCorrection
from creditbook.installation import installation
from creditbook.ledger.correcting import CorrectionReport
from creditbook.pricing.pricer import Pricer
from creditbook.pricing.repricing import Line, Preview, repriced
from creditbook.pricing.setting import PriceTerms, set_price
from creditbook.reports.finance import prices
from creditbook.reports.finance.prices import ModelLine
from creditbook.store.engine import Store
from creditbook.ui import confirm, tables
from creditbook.ui.confirm import Act
from creditbook.ui.format import DASH, dollars_in_markdown, esc, full, inr, plural, usd
from creditbook.ui.page import card, head, muted, row
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

from .price_form import Asked
from .price_models import shown

AT_ONCE = 20_000
"""Up to so many requests are looked at while somebody types; more take a press of a button."""
SHOWN = 200
_SEEN = "price-seen"


@dataclass(frozen=True, slots=True)
class Applied:
    """What was written: the price's number (None where none was set), and what was corrected."""

    model: str
    price_id: int | None
    withdrawn: bool
    report: CorrectionReport | None


def show(store: Store, who: Principal, pricer: Pricer, line: ModelLine, asked: Asked) -> None:
    """Whose cost changes by how much, and the one button that leads on."""
    with card("preview"):
        if not asked.corrects:
            _future(line, asked)
            return
        found = _looked(store, who, pricer, line, asked)
        if found is None:
            return
        changes = found.total.requests
        head("What will change", _verdict(found))
        if changes:
            _figures(found.total, len(found.accounts))
            _whose(found)
            _closed(found, prices.closed_through(store, who))
        _act(line, asked, found)


def _looked(store: Store, who: Principal, pricer: Pricer, line: ModelLine, asked: Asked) -> Preview | None:
    """The preview, computed once for the same question; a press of a button first where that takes long."""
    question = (who.org_id, asked.proposal, line.requests, line.cost_usd_nanos)
    kept = st.session_state.get(_SEEN)
    if kept is not None and kept[0] == question:
        seen: Preview = kept[1]
        return seen
    many = line.unpriced if asked.proposal.unpriced_only else line.requests
    if many > AT_ONCE:
        head("What will change", f"{plural(many, 'request')} have to be looked at, which takes some seconds.")
        if not st.button("Look at them", icon=":material/visibility:", key="look"):
            return None
    with st.spinner("Adding up what would change …"):
        found = read(partial(prices.would_change, store, who, pricer, asked.proposal))
    if isinstance(found, Unread):
        not_read("What would change", found)
        return None
    st.session_state[_SEEN] = (question, found)
    return found


def _verdict(found: Preview) -> str:
    said = []
    if not found.total.requests:
        said.append("Nothing that is booked changes")
    else:
        said.append("Nothing is written yet. Every change becomes an entry of its own; what was booked stays as it was")
    if found.same:
        said.append(f"{plural(found.same, 'request costs', 'requests cost')} that already")
    if found.unpriced:
        said.append(f":orange[{plural(found.unpriced, 'request')} would still have no price]")
    return ". ".join(said)


def _figures(total: Line, accounts: int) -> None:
    grid = st.grid(4, min_column_width=140, gap="small", key="kpis")
    before = "not known" if total.unpriced == total.requests else usd(total.usd_before, 6)
    cells: list[tuple[str, str, str | None]] = [
        ("Requests", full(total.requests), f"{full(total.model_tokens)} model tokens"),
        ("Accounts", full(accounts), None),
        ("Change in dollars", signed_usd(total.usd_after - total.usd_before),
         f"from {before} to {usd(total.usd_after, 6)}"),
        ("Change in rupees", signed_inr(total.inr_after - total.inr_before),
         f"from {inr(total.inr_before)} to {inr(total.inr_after)}, each at the rate of its own day"),
    ]  # fmt: skip
    for label, value, note in cells:
        with grid.cell():
            st.metric(label, dollars_in_markdown(value), border=True, height="stretch",
                      help=None if note is None else dollars_in_markdown(note))  # fmt: skip


def _whose(found: Preview) -> None:
    """The change by account or by month, as a table and a download."""
    ranked = sorted(found.accounts.items(), key=lambda pair: -abs(pair[1].usd_after - pair[1].usd_before))
    tabled = {
        "By account": ("Account", [(name or "The pool", line) for name, line in ranked]),
        "By month": ("Month", [(f"{month:%b %Y}", line) for month, line in sorted(found.months.items())]),
    }
    with row():  # at the left: a table's own buttons float above its right end
        view = st.segmented_control("Whose cost", list(tabled), default="By account", required=True, key="whose",
                                    label_visibility="collapsed")  # fmt: skip
        first, lines = tabled[view or "By account"]
        frame = _frame(first, lines)
        tables.download(lambda: tables.frame_csv(frame), "cost-changes", "Every line of this table", key="changes-csv")
    shown_lines = frame.head(SHOWN)
    height: Any = "content" if len(shown_lines) <= 10 else 10 * tables.ROW_HEIGHT
    tables.grid(shown_lines, _columns(first), f"Change of cost {(view or '').lower()}", height=height,
                key=f"changes-{first}")  # fmt: skip


def _closed(found: Preview, closed_through: date | None) -> None:
    closed = [month for month in found.months if closed_through is not None and month <= closed_through]
    if closed:
        names = ", ".join(f"{month:%b %Y}" for month in sorted(closed))
        verb = "is" if len(closed) == 1 else "are"
        st.info(
            f"**{esc(names)}** {verb} closed, and closed figures never move: what belongs there is booked on the first "
            "day of the open month. Pages that go by when it happened still show it there.",
            icon=":material/lock_clock:",
        )


def _frame(first: str, lines: list[tuple[str, Line]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            first: [name for name, _ in lines],
            "Change $": [signed_usd(line.usd_after - line.usd_before) for _, line in lines],
            "Change ₹": [signed_inr(line.inr_after - line.inr_before) for _, line in lines],
            "Requests": [line.requests for _, line in lines],
            "Before $": [DASH if line.unpriced == line.requests else usd(line.usd_before, 6) for _, line in lines],
            "After $": [usd(line.usd_after, 6) for _, line in lines],
            "Model tokens": [line.model_tokens for _, line in lines],
        }
    )


def _columns(first: str) -> dict[str, Any]:
    column = st.column_config
    text = {name: column.TextColumn(name, alignment="right", width=108)
            for name in ("Before $", "After $", "Change $", "Change ₹")}  # fmt: skip
    number = {name: column.NumberColumn(name, format="localized", width=96) for name in ("Requests", "Model tokens")}
    return {first: column.TextColumn(first, width=150), **number, **text}


def signed_usd(nanos: int) -> str:
    """A change in dollars with its sign: six digits below a dollar, two above."""
    digits = 2 if abs(nanos) >= 10**9 else 6
    return ("+" if nanos > 0 else "") + usd(nanos, digits)


def signed_inr(nanos: int) -> str:
    """A change in rupees with its sign."""
    return ("+" if nanos > 0 else "") + inr(nanos)


def _future(line: ModelLine, asked: Asked) -> None:
    head("What will change", "Nothing that is booked. What is booked from now on costs the new price.")
    _act(line, asked, None)


def _act(line: ModelLine, asked: Asked, found: Preview | None) -> None:
    something = asked.sets or bool(found and found.total.requests)
    with row(horizontal_alignment="right"):
        if not asked.reason and something:
            muted("A reason is required")
        pressed = st.button("Review and apply", type="primary", icon=":material/arrow_forward:", icon_position="right",
                            disabled=not (asked.reason and something), key="review")  # fmt: skip
    if pressed:
        confirm.ask(
            question(line, asked, found), partial(_apply, shown(line), asked, found.total.requests if found else 0)
        )


def question(line: ModelLine, asked: Asked, found: Preview | None) -> Act:
    """The question before it is written."""
    name, since = esc(shown(line)), asked.proposal.since
    said = []
    if asked.proposal.withdraws:
        said.append(f"Your price of **{name}** ends on **{since}** (UTC): the price list holds again.")
    elif asked.proposal.terms is not None:
        said.append(f"From **{since}** (UTC) on **{name}** costs {_entered(asked.proposal.terms)}.")
    count = found.total.requests if found else 0
    if found and count:
        by = signed_usd(found.total.usd_after - found.total.usd_before)
        rupees = signed_inr(found.total.inr_after - found.total.inr_before)
        said.append(f"**{plural(count, 'request')}** of {plural(len(found.accounts), 'account')} "
                    f"change by **{dollars_in_markdown(by)}** ({rupees}).")  # fmt: skip
    button = f"Correct {plural(count, 'request')}" if count else "Set this price"
    return Act(
        key="price",
        title="Apply this price?",
        effect=" ".join(said),
        button="Withdraw it" if asked.proposal.withdraws and not count else button,
        after="No token moves. A wrong price is corrected by setting the right one: both stay in the history.",
        icon=":material/price_check:",
    )


def _entered(terms: PriceTerms) -> str:
    given = {"input": terms.input, "output": terms.output, "cached": terms.cached, "cache write": terms.cache_write,
             "reasoning": terms.reasoning}  # fmt: skip
    said = ", ".join(f"**\\${esc(str(price))}** {kind}" for kind, price in given.items() if price is not None)
    return f"{said} per million tokens"


def _apply(name: str, asked: Asked, asked_for: int, once: str, _why: str) -> Applied:
    """Write it, as whoever is signed in now. Pressing again goes on where it was: what is corrected stays so."""
    who, place, proposal = require("admin", "finance"), installation(), asked.proposal
    pricer = place.ledger.core.pricer
    number: int | None = st.session_state.get(f"price-{once}")
    if asked.sets and number is None:
        number = set_price(
            place.store, proposal.model, proposal.terms, valid_from=proposal.since, org_id=who.org_id,
            source=proposal.source, actor=who.user_name, reason=asked.reason, at=place.clock(),
        )  # fmt: skip
        st.session_state[f"price-{once}"] = number
        pricer.forget()
    report = None
    if asked.corrects:
        bar = st.progress(0.0, "Correcting …")
        written = replace(proposal, price_id=number)
        changed = (one for one in repriced(place.store, pricer, who.org_id, written) if one.changes)

        def tell(done: int) -> None:
            bar.progress(min(done / max(asked_for, 1), 1.0), f"{full(done)} corrected …")

        report = place.ledger.correct_costs(
            who.org_slug, (CostCorrection(one.txn_id, one.cost) for one in changed), reason=asked.reason,
            actor=who.user_name, progress=tell,
        )  # fmt: skip
    st.session_state.pop(_SEEN, None)
    return Applied(name, number, asked.proposal.withdraws, report)


def result(done: Applied) -> None:
    """What was written."""
    report = done.report
    with card("applied"):
        if report is None or not (report.corrected or report.refused):
            what = "no longer has a price of yours" if done.withdrawn else "has its price"
            head(f":green[:material/check_circle:] {esc(done.model)} {what}", "What is booked keeps its cost.")
        else:
            change = dollars_in_markdown(signed_usd(report.usd_nanos))
            head(
                f":green[:material/check_circle:] {plural(report.corrected, 'request')} of {esc(done.model)} corrected",
                f"Cost changed by **{change}** ({signed_inr(report.inr_nanos)}), each by an entry of its own.",
            )
            for txn_id, why in report.refused[:5]:
                st.markdown(f":orange[:material/block:] :small[Transaction {txn_id}: {esc(why)}]")
        with row():
            st.button("Done", type="primary", key="price-done", on_click=confirm.clear, args=("price",))


__all__ = ["Applied", "question", "result", "show", "signed_inr", "signed_usd"]
