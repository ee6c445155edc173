"""A model provider's bill held against the books, drawn: totals, what explains the difference, and every line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.domain.errors import InvalidRequest
from creditbook.reports.finance.beneath import Bar
from creditbook.reports.finance.money import Booking
from creditbook.reports.finance.reconciling import Difference, Reconciled, Why
from creditbook.ui import charts, page, tables
from creditbook.ui.colour import INK
from creditbook.ui.format import DASH, dollars_in_markdown, esc, full, inr, plural, signed, usd
from creditbook.ui.page import card, head, muted

from . import rows as rows_beneath
from .price_preview import signed_usd

SHOWN = 500
LABELS: dict[Why, str] = {
    "not booked": "Not booked here", "not billed": "Not billed", "more used": "More or less used",
    "no price": "No price here", "batch": "Batch price", "other price": "Another price",
    "midnight": "Other side of midnight", "rounding": "Rounding",
    "agrees": "Agrees",
}  # fmt: skip
FIELDS = {
    "day": "Day (UTC)", "model": "Model", "requests": "Requests", "input_tokens": "Input tokens",
    "output_tokens": "Output tokens", "cached_tokens": "Cached tokens", "cost": "Cost in $",
}  # fmt: skip
_NONE = "–"


def upload() -> list[Any]:
    """The provider's files: usage, costs, or both together."""
    with card("upload"):
        head(
            "A provider's bill or usage export",
            "OpenAI's usage and costs, Anthropic's usage and costs, or any CSV with a day and a model. Both files of "
            "one provider together tell price from volume. Days are UTC days, as providers bill. Nothing is kept.",
        )
        files = st.file_uploader("Files", ["csv", "tsv", "txt"], accept_multiple_files=True, key="bill",
                                 max_upload_size=50, label_visibility="collapsed")  # fmt: skip
    return list(files or [])


def mapping(name: str, number: int, columns: Sequence[str], guess: Mapping[str, str]) -> dict[str, str] | None:
    """Which column is which, guessed and changed by hand; None while day or model is missing."""
    with card(f"mapping-{number}"):
        head(f"Which column is which in {esc(name)}?", "It is no export that is known here. A day, a model, and "
             "either tokens or a cost are enough.")  # fmt: skip
        grid = st.grid(4, min_column_width=150, gap="small")
        chosen: dict[str, str] = {}
        for field, title in FIELDS.items():
            with grid.cell():
                at = list(columns).index(guess[field]) + 1 if field in guess else 0
                said = st.selectbox(title, [_NONE, *columns], at, key=f"map-{number}-{field}")
                if said and said != _NONE:
                    chosen[field] = said
        if not {"day", "model"} <= chosen.keys():
            muted("Choose the columns of the day and the model.")
            return None
    return chosen


def refused_whole(name: str, refusal: InvalidRequest) -> None:
    """A file that can't be used at all."""
    st.error(f"**{esc(name)} can't be used**  \n{esc(str(refusal))}", icon=":material/block:")


def refused_lines(sentences: Sequence[str]) -> None:
    """Lines that can't be read; the others count."""
    if sentences:
        said = "  \n".join(esc(sentence) for sentence in sentences[:5])
        more = f"  \nand {full(len(sentences) - 5)} more" if len(sentences) > 5 else ""
        st.warning(f"**{plural(len(sentences), 'line')} can't be read**  \n{said}{more}", icon=":material/rule:")


def show(kinds: Sequence[str], found: Reconciled, booking: Booking, zone: ZoneInfo) -> None:
    """The comparison: figures, parts, lines."""
    apart = [row for row in found.rows if not row.agrees]
    _verdict(kinds, found, len(apart))
    _figures(found, booking)
    if any(found.parts.values()):
        _parts(found)
    _lines(found, apart, zone)


def _verdict(kinds: Sequence[str], found: Reconciled, apart: int) -> None:
    what = f"{esc(' and '.join(dict.fromkeys(kinds)))}, {page.days(found.first, found.last)} (UTC)"
    if apart:
        st.warning(
            f"**{plural(apart, 'line')} of {full(len(found.rows))} differ** · {what}", icon=":material/difference:"
        )
    else:
        st.success(f"**Everything agrees**, {plural(len(found.rows), 'model and day', 'models and days')} · {what}",
                   icon=":material/check_circle:")  # fmt: skip


def _figures(found: Reconciled, booking: Booking) -> None:
    def rupees(nanos: int) -> str:
        return (
            f"{inr(booking.both(nanos, 0)[1])}, {booking.words}" if booking.restated else "no rupees: no rate is known"
        )

    billed = found.theirs_usd
    ours = sum(row.ours.tokens or 0 for row in found.rows)
    theirs = [row.theirs.tokens for row in found.rows if row.theirs.tokens is not None]
    apart = None if billed is None else billed - found.ours_usd
    told = f"They tell {full(sum(theirs))}, here are {full(ours)}" if theirs else "The files tell no tokens"
    cells = [
        ("They billed", DASH if billed is None else usd(billed), "" if billed is None else rupees(billed)),
        ("Booked here", usd(found.ours_usd), f"Of the same models and UTC days: {rupees(found.ours_usd)}"),
        ("Difference", DASH if apart is None else signed_usd(apart), "" if apart is None else rupees(apart)),
        ("Tokens", signed(sum(theirs) - ours) if theirs else DASH, told),
    ]
    grid = st.grid(4, min_column_width=140, gap="small", key="kpis")
    for label, value, note in cells:
        with grid.cell():
            st.metric(
                label, dollars_in_markdown(value), border=True, height="stretch", help=dollars_in_markdown(note) or None
            )


def _parts(found: Reconciled) -> None:
    parts = sorted(((why, nanos) for why, nanos in found.parts.items() if nanos), key=lambda part: -abs(part[1]))
    names = [LABELS[why] for why, _ in parts]
    amounts = [signed_usd(nanos) for _, nanos in parts]
    fig = charts.figure(max(130, 48 * len(parts)), showlegend=False, hovermode="closest", bargap=0.5)
    fig.add_bar(
        x=[float(Decimal(nanos).scaleb(-9)) for _, nanos in parts], y=list(range(len(parts))), orientation="h",
        marker_color=INK, customdata=list(zip(names, amounts, strict=True)),
        hovertemplate="%{customdata[0]}: %{customdata[1]}<extra></extra>",
    )  # fmt: skip
    fig.update_xaxes(visible=False)
    # The amount stands below its name: beside a bar it would not fit on a phone.
    told = [f"{name}<br><b>{amount}</b>" for name, amount in zip(names, amounts, strict=True)]
    fig.update_yaxes(autorange="reversed", showgrid=False, tickfont_color=INK, ticksuffix="   ", tickmode="array",
                     tickvals=list(range(len(parts))), ticktext=told)  # fmt: skip
    table = pd.DataFrame({"What explains it": names, "Difference $": amounts})
    charts.chart_card(
        "parts",
        "What explains the difference",
        f"Theirs less ours, in parts that add up to **{dollars_in_markdown(signed_usd(sum(n for _, n in parts)))}**",
        fig,
        table,
        alt=f"Parts of the difference: {', '.join(f'{n} {a}' for n, a in zip(names, amounts, strict=True))}",
        columns={"Difference $": st.column_config.TextColumn(alignment="right")},
    )


def _lines(found: Reconciled, apart: Sequence[Difference], zone: ZoneInfo) -> None:
    with card("lines"):
        head("By model and day", "The largest difference first. Choose a line to open it")
        with page.row():  # at the left: a table's own buttons float above its right end
            every = st.toggle("Also what agrees", value=not apart, key="every", disabled=not apart)
            rows = found.rows if every or not apart else apart
            frame = _frame(rows)
            tables.download(lambda: tables.frame_csv(frame), "reconciled", "Every line", key="lines-csv")
        right: Any = {"alignment": "right"}
        column = st.column_config
        columns = {
            "Model": column.TextColumn(width=150), "Day": column.DateColumn(format="D MMM YYYY", width=96),
            "Difference $": column.TextColumn(width=96, **right), "Why": column.TextColumn(width=330),
            "They $": column.TextColumn(width=92, **right), "Here $": column.TextColumn(width=92, **right),
            "Tokens": column.TextColumn("Tokens ±", width=90, **right),
        }  # fmt: skip
        height: Any = "content" if len(rows) <= 12 else 12 * tables.ROW_HEIGHT
        picked = tables.grid(frame.head(SHOWN), columns, "Differences by model and day", height=height,
                             key=f"lines-{len(rows)}", on_select="rerun", selection_mode="single-row")  # fmt: skip
        if len(rows) > SHOWN:
            muted(f"The largest {SHOWN} of {full(len(rows))}; the CSV has them all.")
        chosen: list[int] = picked.selection.rows
        if chosen and chosen[0] < len(rows):
            _opened(rows[chosen[0]], zone)


def _opened(row: Difference, zone: ZoneInfo) -> None:
    """One line: both sides, every part in words, and the way to the requests booked here."""
    head(f"{esc(row.model or 'not named')}, {page.days(row.day, row.day)} (UTC)", f"Theirs less ours: {_total(row)}")
    sides = pd.DataFrame({"": ["They", "Here"]})
    for name, title in _COUNTS.items():
        told = (getattr(row.theirs, name), getattr(row.ours, name))
        sides[title] = [DASH if value is None else full(value) for value in told]
    sides["Cost"] = [_theirs(row), _here(row)]
    right = dict.fromkeys([*_COUNTS.values(), "Cost"], st.column_config.TextColumn(alignment="right"))
    tables.grid(sides, right, "Both sides of this line", key="sides")
    for part in row.parts:
        st.markdown(f"**{dollars_in_markdown(signed_usd(part.usd_nanos))}** {dollars_in_markdown(esc(part.sentence))}")
    if row.ours.requests:
        midnight, end = (datetime.combine(row.day, at, UTC).astimezone(zone).date() for at in (time.min, time.max))
        bar = Bar(midnight, end, tuple(("model", name) for name in row.spellings))
        label = f"Open what is booked on {page.days(midnight, end)} ({zone.key})"
        st.button(label, on_click=rows_beneath.put, args=(bar,), icon=":material/list_alt:", key="open-rows")


_COUNTS = {"requests": "Requests", "input_tokens": "Input tokens", "output_tokens": "Output tokens",
           "cached_tokens": "Cached tokens"}  # fmt: skip


def _total(row: Difference) -> str:
    if row.usd_nanos is not None:
        return f"**{dollars_in_markdown(signed_usd(row.usd_nanos))}**"
    return f"**{signed(row.tokens or 0)} tokens**"


def _theirs(row: Difference) -> str:
    return DASH if row.theirs.usd_nanos is None else usd(row.theirs.usd_nanos, 6)


def _frame(rows: Sequence[Difference]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Model": [row.model or "not named" for row in rows],
            "Day": [row.day for row in rows],
            "Difference $": [DASH if row.usd_nanos is None else signed_usd(row.usd_nanos) for row in rows],
            "Why": ["; ".join(_part(row, n) for n in range(len(row.parts))) for row in rows],
            "They $": [DASH if row.theirs.usd_nanos is None else usd(row.theirs.usd_nanos, 6) for row in rows],
            "Here $": [_here(row) for row in rows],
            "Tokens": [DASH if row.tokens is None else signed(row.tokens) for row in rows],
        }
    )


def _here(row: Difference) -> str:
    if not row.ours.requests:
        return DASH
    return f"{usd(row.ours.usd_nanos or 0, 6)}" if row.ours.unpriced < row.ours.requests else DASH


def _part(row: Difference, number: int) -> str:
    part = row.parts[number]
    return part.sentence if len(row.parts) == 1 else f"{signed_usd(part.usd_nanos)} {part.sentence}"
