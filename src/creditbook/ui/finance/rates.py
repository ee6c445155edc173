"""Exchange rates, drawn: the one in force and how old it is, those before it, and how an operator enters more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import partial
from zoneinfo import ZoneInfo

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from creditbook.access.values import Principal
from creditbook.domain.errors import LedgerError
from creditbook.domain.money import to_rate_nanos
from creditbook.installation import installation
from creditbook.pricing.rate_files import RateFile, read_rates
from creditbook.pricing.rate_provider import fetch_rates
from creditbook.pricing.setting import Entered, enter_rates
from creditbook.reports.finance.prices import Rates
from creditbook.store.prices import EnteredRate
from creditbook.ui import charts, confirm
from creditbook.ui.colour import INK
from creditbook.ui.confirm import Act
from creditbook.ui.format import esc, plural, when
from creditbook.ui.page import card, head, muted, row
from creditbook.ui.session import require

DAYS = 90
LISTED = 60


@dataclass(frozen=True, slots=True)
class Done:
    """What was entered, and from where."""

    entered: Entered
    source: str
    refused: tuple[str, ...] = ()


def written(rate_nanos: int) -> str:
    """A rate with every digit that was published."""
    whole, rest = divmod(rate_nanos, 10**9)
    return f"₹{whole:,}.{f'{rest:09d}'.rstrip('0').ljust(2, '0')}"


def brief(rate_nanos: int) -> str:
    """The same with four digits, where the whole one is near: ``₹94.9552``."""
    return f"₹{(Decimal(rate_nanos) / 10**9).quantize(Decimal('0.0001'), ROUND_HALF_EVEN):,}"


def day_of(day: date) -> str:
    """``Fri 20 Nov 2026``."""
    return f"{day:%a} {day.day} {day:%b %Y}"


def show(who: Principal, found: Rates, url: str | None, now: datetime, zone: ZoneInfo) -> None:
    """The whole view."""
    if (done := confirm.result("rates")) is not None:
        _result(done)
    _in_force(found)
    left, right = st.columns([7, 5], gap="small")
    with left:
        _history(found.entered, now, zone)
    with right:
        if who.is_operator:
            _enter(now)
            _from_file()
            _provider(url)
        else:
            with card("enter"):
                head("Who enters rates", "One rate holds for every organization of this installation, so an operator "
                     "enters them: here, from a bank's file, or by `creditbook fx import`.")  # fmt: skip


def _in_force(found: Rates) -> None:
    rate = found.now
    if rate is None:
        st.warning("**There is no exchange rate yet**  \nCosts are known in dollars only until one is entered. What is "
                   "booked before that stays without rupees.", icon=":material/currency_exchange:")  # fmt: skip
        return
    with card("now"), row(horizontal_alignment="distribute"):
        with st.container(width="content", gap=None):
            head("One US dollar today")
            with st.container(key="hero"):
                st.metric("Rupees", brief(rate.rate_nanos), label_visibility="collapsed", help=written(rate.rate_nanos))
            muted(f"{written(rate.rate_nanos)}, the rate of {day_of(rate.day)} ({esc(rate.source)})")
        if found.stale:
            st.markdown(f":orange[:material/schedule: **{plural(found.age, 'business day')} old.** "
                        "Costs of today are booked at it until a newer one is entered.]", width="content")  # fmt: skip
        else:
            st.markdown(":green[:material/check_circle: Fresh]", width="content")


def _history(entered: Sequence[EnteredRate], now: datetime, zone: ZoneInfo) -> None:
    holding: dict[date, EnteredRate] = {}
    for one in entered:
        holding.setdefault(one.day, one)  # of one date the last entered comes first
    shown = sorted(holding.values(), key=lambda one: one.day)[-DAYS:]
    frame = pd.DataFrame(
        {
            "Date": [one.day for one in entered],
            "₹ per $": [written(one.rate_nanos) for one in entered],
            "Source": [one.source for one in entered],
            "Entered by": [one.actor for one in entered],
            "Entered": [when(one.entered_at, now, zone) for one in entered],
            "": ["" if holding[one.day] is one else "corrected" for one in entered],
        }
    ).head(LISTED)
    if not shown:
        with card("rates"):
            head("No rates yet", "The first one that is entered appears here.")
        return
    fig = _line(shown, now.astimezone(UTC).date())
    low, high = (pick(shown, key=lambda one: one.rate_nanos) for pick in (min, max))
    charts.chart_card(
        "rates",
        "Rupees for one dollar",
        f"{day_of(shown[0].day)} – {day_of(shown[-1].day)}: {brief(low.rate_nanos)} to {brief(high.rate_nanos)}",
        fig,
        frame,
        alt=f"Rupees for one US dollar by date, between {written(low.rate_nanos)} and {written(high.rate_nanos)}",
        columns={"₹ per $": st.column_config.TextColumn(alignment="right")},
    )


def _line(shown: Sequence[EnteredRate], today: date) -> go.Figure:
    """A step a rate, the newest one marked and drawn until today: it holds until there is another."""
    newest = shown[-1]
    held = [*shown, newest] if newest.day < today else shown
    fig = charts.figure(330, showlegend=False)
    fig.add_scatter(
        x=[*(one.day for one in shown), *([today] if newest.day < today else [])],
        y=[_axis(one) for one in held], mode="lines", line={"color": INK, "width": 2, "shape": "hv"},
        customdata=[(written(one.rate_nanos), one.source) for one in held],
        hovertemplate="%{customdata[0]}, %{customdata[1]}<extra></extra>",
    )  # fmt: skip
    fig.add_scatter(
        x=[newest.day], y=[_axis(newest)], mode="markers", marker={"color": INK, "size": 8}, cliponaxis=False,
        hoverinfo="skip",
    )  # fmt: skip
    return fig


def _axis(one: EnteredRate) -> float:
    return float(Decimal(one.rate_nanos).scaleb(-9))


def _enter(now: datetime) -> None:
    with card("enter"):
        head("Enter a rate", "It holds from its date until the next one. What is booked keeps its own.")
        day_cell, rate_cell = st.columns(2, gap="small")
        day: date | None = day_cell.date_input("Date (UTC)", now.astimezone(UTC).date(), key="rate-day")
        said = rate_cell.text_input("Rupees for \\$1", placeholder="94.96", key="rate", max_chars=24)
        source = st.text_input("Where it comes from", placeholder="RBI reference rate", key="rate-source", max_chars=80)
        pressed = st.button("Review and enter", type="primary", key="rate-review",
                            disabled=not (day and said and (source or "").strip()))  # fmt: skip
        if pressed and day is not None:
            try:
                nanos = to_rate_nanos((said or "").strip().lstrip("₹"))
            except LedgerError as refusal:
                st.error(esc(str(refusal)), icon=":material/block:")
                return
            effect = f"**{written(nanos)}** for \\$1 from **{day_of(day)}** on, by *{esc(source or '')}*."
            confirm.ask(_act(effect, "Enter this rate"), partial(_write, [(day, nanos)], (source or "").strip(), ()))


def _act(effect: str, button: str) -> Act:
    return Act(
        "rates", "Enter exchange rates?", f"{effect} It holds for every organization of this installation.", button,
        after="A wrong rate is corrected by entering the right one for the same date.",
        icon=":material/currency_exchange:", reason="",
    )  # fmt: skip


def _from_file() -> None:
    with card("file"):
        head("Import a bank's file", "The ECB's `eurofxref` CSV, the RBI's or FBIL's reference rates, or `date,rate`")
        file = st.file_uploader(
            "Exchange rates", "csv", key="rate-file", max_upload_size=5, label_visibility="collapsed"
        )
        if file is None:
            return
        try:
            read = _read(file.getvalue())
            known = enter_rates(installation().store, read.rates, base="USD", quote="INR", source=file.name, actor="",
                                at=installation().clock(), dry_run=True)  # fmt: skip
        except LedgerError as refusal:
            st.error(f"**{esc(file.name)} can't be used**  \n{esc(str(refusal))}", icon=":material/block:")
            return
        st.markdown(f"**{plural(known.added, 'rate')}** to enter, {known.unchanged} known already"
                    + (f", {_span(read)}" if read.rates else ""))  # fmt: skip
        _refused(tuple(read.refused))
        source = st.text_input(
            "Where it comes from", placeholder="RBI reference rates", key="file-source", max_chars=80
        )
        if st.button("Review and import", key="file-review", disabled=not (known.added and (source or "").strip())):
            effect = f"**{plural(known.added, 'rate')}** of {_span(read)}, by *{esc(source or '')}*."
            confirm.ask(_act(effect, f"Enter {plural(known.added, 'rate')}"),
                        partial(_write, read.rates, (source or "").strip(), tuple(read.refused)))  # fmt: skip


def _read(content: bytes) -> RateFile:
    try:
        return read_rates(content.decode("utf-8-sig").splitlines(), "USD", "INR")
    except UnicodeDecodeError:
        return RateFile(refused=["This is no UTF-8 text. Save the sheet as “CSV UTF-8” and choose it again."])


def _span(read: RateFile) -> str:
    days = [day for day, _ in read.rates]
    return f"{day_of(min(days))} – {day_of(max(days))}"


def _refused(sentences: tuple[str, ...]) -> None:
    if sentences:
        said = "  \n".join(esc(sentence) for sentence in sentences[:5])
        more = f"  \nand {len(sentences) - 5} more" if len(sentences) > 5 else ""
        st.warning(f"**{plural(len(sentences), 'line')} can't be read**  \n{said}{more}", icon=":material/rule:")


def _provider(url: str | None) -> None:
    if url is None:
        return
    with card("provider"):
        head("Fetch them", "From the address that CREDITBOOK\\_FX\\_URL names, for days that have no rate yet")
        if st.button("Fetch now", icon=":material/cloud_download:", key="fetch"):
            who, place = require("admin", "finance"), installation()
            try:
                if not who.is_operator:
                    return
                with st.spinner("Asking the bank …"):
                    got = fetch_rates(place.store, url, at=place.clock(), actor=who.user_name)
            except LedgerError as refusal:
                st.error(esc(str(refusal)), icon=":material/cloud_off:")
                return
            place.ledger.core.pricer.forget()
            st.session_state["rates-result"] = Done(Entered(got.added, got.unchanged), got.source, got.refused)
            st.rerun()


def _write(rates: Sequence[tuple[date, int]], source: str, refused: tuple[str, ...], _once: str, why: str) -> Done:
    """Enter them, as whoever is signed in now."""
    who, place = require("admin", "finance"), installation()
    if not who.is_operator:
        raise LedgerError("Exchange rates hold for the whole installation: an operator enters them.")
    done = enter_rates(
        place.store, rates, base="USD", quote="INR", source=source, actor=who.user_name, at=place.clock(),
        org_id=who.org_id, reason=why,
    )  # fmt: skip
    place.ledger.core.pricer.forget()
    return Done(done, source, refused)


def _result(done: Done) -> None:
    with card("entered"):
        what = plural(done.entered.added, "rate") if done.entered.added else "Nothing new"
        head(f":green[:material/check_circle:] {what} entered" if done.entered.added else what,
             f"{esc(done.source)} · {done.entered.unchanged} known · what is booked keeps its rate")  # fmt: skip
        _refused(done.refused)
        with row():
            st.button("Done", type="primary", key="rates-done", on_click=confirm.clear, args=("rates",))
