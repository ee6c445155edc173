"""A simulation while it runs and when it is done: progress that can be stopped, figures, and who is worse off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from creditbook.reports.finance.simulated import Change, Compared, Month, added
from creditbook.ui import charts, tables
from creditbook.ui.colour import FADED, INK
from creditbook.ui.format import DASH, dollars_in_markdown, esc, full, inr, plural, short, signed, usd
from creditbook.ui.money import money
from creditbook.ui.page import card, head, muted, row

_SLOT = "simulation"
SHOWN = 12

Parts = Iterator[tuple[int, int, list[Compared]]]


@dataclass(slots=True)
class Running:
    """What was asked, what is known of it by now, and where the rest comes from. ``stopped``: somebody pressed Stop."""

    change: Change
    parts: Parts
    found: list[Compared] = field(default_factory=list)
    done: int = 0
    of: int = 0
    is_done: bool = False
    stopped: bool = False


def begun() -> Running | None:
    """The simulation of this session, whatever became of it."""
    there = st.session_state.get(_SLOT)
    return there if isinstance(there, Running) else None


def begin(change: Change, parts: Parts) -> Running:
    """Forget the one before and begin another."""
    st.session_state[_SLOT] = running = Running(change, parts)
    return running


def forget() -> None:
    """Nothing is simulated any more."""
    st.session_state.pop(_SLOT, None)


def go_on(running: Running) -> None:
    """Replay family by family under a bar, until it is done or somebody presses Stop; what is known stays known."""
    if running.is_done or running.stopped:
        return
    st.button("Stop", icon=":material/stop_circle:", key="stop", on_click=_stop, args=(running,))
    bar = st.progress(0.0, "Reading the month …")
    for done, of, found in running.parts:
        running.found += found
        running.done, running.of = done, of
        bar.progress(done / of, f"{done} of {plural(of, 'family', 'families')} replayed")
    running.is_done = True
    bar.empty()
    st.rerun()


def _stop(running: Running) -> None:
    running.stopped = True


def figures(running: Running) -> None:
    """Refusals, what is paid, what it costs, and how many are worse off: as it ran, and as it would have."""
    before, after = added(one.before for one in running.found), added(one.after for one in running.found)
    worse = sum(one.is_worse_off for one in running.found)
    grid = st.grid(4, min_column_width=160, gap="small", key="kpis")
    with grid.cell():
        _figure("Refused", full(after.refused), signed(after.refused - before.refused), _reasons(after))
    with grid.cell():
        _figure("Paid by customers", _paid(after.paid) or DASH, _paid_change(before.paid, after.paid),
                f"It was {_paid(before.paid) or 'nothing'}. The same sales at the other prices, tax included: nobody "
                "is taken to buy more or less.")  # fmt: skip
    with grid.cell():
        _figure("Cost of the work", usd(after.cost_usd_nanos), _dollars(after.cost_usd_nanos - before.cost_usd_nanos),
                f"{inr(after.cost_inr_nanos)}. What is refused costs nothing.")  # fmt: skip
    with grid.cell():
        _figure("Worse off", full(worse), f"of {full(len(running.found))}",
                "More is refused, more is paid, or less is left to spend when the month ends.")  # fmt: skip


def _figure(label: str, value: str, change: str, told: str) -> None:
    st.metric(label, dollars_in_markdown(value), dollars_in_markdown(change), delta_color="off", delta_arrow="off",
              border=True, height="stretch", help=dollars_in_markdown(told))  # fmt: skip


def _reasons(month: Month) -> str:
    words = {"InsufficientTokens": "out of tokens", "LimitExceeded": "over a limit", "RequestTooLarge": "too large",
             "FeatureNotInPlan": "not in the plan"}  # fmt: skip
    said = ", ".join(f"{full(times)} {words.get(name, name)}" for name, times in sorted(month.reasons.items()))
    tokens = f" {full(month.refused_tokens)} tokens of work." if month.refused else ""
    return f"Requests that the books have and this program refuses. {said}.{tokens}" if said else "Nothing is refused."


def _paid(paid: Mapping[str, int]) -> str:
    return " · ".join(money(minor, currency) for currency, minor in sorted(paid.items()))


def _paid_change(before: Mapping[str, int], after: Mapping[str, int]) -> str:
    parts = []
    for currency in sorted({*before, *after}):
        more = after.get(currency, 0) - before.get(currency, 0)
        parts.append(("+" if more > 0 else "") + money(more, currency))
    return " · ".join(parts) or "as it was"


def _dollars(nanos: int) -> str:
    return ("+" if nanos > 0 else "") + usd(nanos)


def proof(running: Running) -> None:
    """How well the month as it ran is reproduced: the measure of all the rest."""
    exact = [one for one in running.found if one.is_exact]
    others = [one for one in running.found if not one.is_exact]
    if running.stopped:
        st.warning(f"**Stopped** after {running.done} of {plural(running.of, 'family', 'families')}. These figures are "
                   "of those that were replayed.", icon=":material/stop_circle:")  # fmt: skip
    if not others:
        muted(f"Replayed unchanged, {plural(len(exact), 'account is', 'accounts are')} charged exactly what the books "
              "have: what follows is the change's doing alone.")  # fmt: skip
        return
    st.info(f"**{full(len(exact))} of {full(len(running.found))} accounts are reproduced exactly.** For the others "
            "what the books tell was not enough (imported history, or a program that changed within the month): "
            + ", ".join(f"{esc(one.holder.shown)} {short(one.before.charged)} for {short(one.booked)} tokens"
                        for one in others[:5]) + ("…" if len(others) > 5 else ".") +
            " Differences are told between two replays, so they stand.", icon=":material/rule:")  # fmt: skip


def left(running: Running) -> None:
    """Tokens left at the month's end, as it ran and as it would have, of those whom it changes most."""
    changed = sorted((one for one in running.found if one.left_change), key=lambda one: -abs(one.left_change))
    if not changed:
        return
    top = changed[:SHOWN]
    names = [charts.shortened(one.holder.shown, 16) for one in top]
    fig = charts.figure(270, barmode="group", showlegend=False, hovermode="x unified")
    for label, colour, months in (("as it ran", FADED, [one.before for one in top]),
                                  ("simulated", INK, [one.after for one in top])):  # fmt: skip
        values = [_net(month) for month in months]
        fig.add_bar(x=list(range(len(top))), y=values, name=label, marker_color=colour,
                    customdata=["unlimited" if month.left is None else f"{full(_net(month))} tokens"
                                for month in months], hovertemplate="%{customdata}")  # fmt: skip
    charts.count_axis(fig, max(_net(month) for one in top for month in (one.before, one.after)))
    fig.update_xaxes(tickmode="array", tickvals=list(range(len(top))), ticktext=names)
    table = pd.DataFrame(
        [(one.holder.shown, one.before.left, one.after.left, one.before.owed, one.after.owed) for one in changed],
        columns=["Account", "Left as it ran", "Left simulated", "Owed as it ran", "Owed simulated"],
    ).astype(dict.fromkeys(("Left as it ran", "Left simulated"), "Int64"))
    number = st.column_config.NumberColumn(format="localized")
    more = f" The {SHOWN} largest are drawn, all are in the table." if len(changed) > SHOWN else ""
    note = (
        f"Grey as it ran, ink simulated, debt taken off. {plural(len(changed), 'account differs', 'accounts differ')}."
    )
    charts.chart_card("left-after", "Left when the month ends", note + more, fig, table, alt=note,
                      columns=dict.fromkeys(table.columns[1:], number))  # fmt: skip


def _net(month: Month) -> int:
    return max(0, (month.left or 0) - month.owed)


def who(running: Running) -> None:
    """Who is worse off, with numbers, those first to whom most is refused; or everybody."""
    worse = [one for one in running.found if one.is_worse_off]
    with card("worse"):
        with row(horizontal_alignment="distribute"):
            with st.container(width="content", gap=None):
                head("Who is worse off", f"{full(len(worse))} of {plural(len(running.found), 'account')} that used or "
                     "bought something")  # fmt: skip
            with row(width="content"):
                everybody = st.toggle("Everybody", key="everybody", bind="query-params")
                shown = ordered(running.found if everybody else worse)
                tables.download(lambda: tables.frame_csv(frame(shown)), "simulation", "Download these accounts",
                                key="worse-csv")  # fmt: skip
        if not shown:
            st.markdown("Nobody: nothing more is refused, nothing more is paid, and nobody has less left.")
            return
        number = st.column_config.NumberColumn(format="localized")
        columns = dict.fromkeys(("Refused", "Tokens refused", "Left", "Lost unspent", "Debt"), number)
        tables.grid(frame(shown), columns, "Accounts with what the change does to them", key="who-worse",
                    height="content" if len(shown) < 11 else 420)  # fmt: skip
        muted("Each figure is the difference to the month as it ran.")


def ordered(found: Sequence[Compared]) -> list[Compared]:
    """Most refused first, then those who pay most more, then those who have least left."""

    def rank(one: Compared) -> tuple[int, int, int, int]:
        more_paid = sum(one.after.paid.values()) - sum(one.before.paid.values())
        return one.before.refused - one.after.refused, -more_paid, one.left_change, one.holder.account_id

    return sorted(found, key=rank)


def frame(found: Sequence[Compared]) -> pd.DataFrame:
    """The table: differences to the month as it ran."""
    rows = [
        (one.holder.shown, one.after.refused - one.before.refused,
         one.after.refused_tokens - one.before.refused_tokens, _paid_change(one.before.paid, one.after.paid)
         if one.before.paid or one.after.paid else DASH, one.left_change, one.after.lost - one.before.lost,
         one.after.owed - one.before.owed, one.holder.plan)
        for one in found
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["Account", "Refused", "Tokens refused", "Paid", "Left", "Lost unspent", "Debt",
                                       "Plan"])  # fmt: skip
