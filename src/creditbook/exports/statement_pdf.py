"""A statement on paper: opening, every line, closing, in tokens, with what the usage cost in both currencies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from creditbook.domain.units import MINUS

from .amounts import inr, usd
from .paper import WIDTH, Cell, Paper, Place
from .statement import Line, Moved, Statement
from .words import KINDS, day_words, month_words

MOST_LINES = 1_000
"""Beyond so many lines (some forty pages) a day's usage is put together by agent and model."""

PLACES = (
    Place("When", 25), Place("What", 61), Place("Tokens", 24, "R"), Place("Balance", 26, "R"),
    Place("Cost, USD", 20, "R"), Place("Cost, INR", WIDTH - 156, "R"),
)  # fmt: skip
SUMMARY = (Place("Kind", 70), Place("Lines", 24, "R"), Place("Tokens", 42, "R"), Place("Owed", WIDTH - 136, "R"))


def write(statement: Statement, path: Path) -> int:
    """Draw the statement into a new file and tell how many lines it has."""
    title = f"Statement {month_words(statement.month)}"
    of = f"{statement.org_name} · {statement.account}"
    paper = Paper(f"{title}, {statement.account}", f"{title} · {of}", _foot(statement), statement.made_at)
    _top(paper, statement, title)
    _summary(paper, statement)
    _cost(paper, statement)
    _lines(paper, statement)
    paper.output(str(path))
    return statement.count


def _foot(statement: Statement) -> str:
    local = statement.made_at.astimezone(ZoneInfo(statement.zone))
    return f"Made by Creditbook on {day_words(local.date())}, {local:%H:%M} ({statement.zone})"


def _top(paper: Paper, statement: Statement, title: str) -> None:
    paper.say(statement.org_name, 10, grey=True, gap=1)
    paper.say(title, 18, bold=True, gap=1)
    who = f"{statement.holder} · {statement.account}" if statement.holder else statement.account
    paper.say(f"{who} (the team's pool)" if statement.is_pool else who, 11, gap=1)
    zone = ZoneInfo(statement.zone)
    first = statement.first_at.astimezone(zone).date()
    last = (statement.end_at - timedelta(days=1)).astimezone(zone).date()
    paper.say(f"{first.day} – {day_words(last)}, days in {statement.zone}", 8, grey=True, gap=1)
    if statement.so_far:
        paper.say("So far: the month still runs, or something of it is due and not written yet.", 8, bold=True, gap=1)
    paper.ln(2)


def _summary(paper: Paper, statement: Statement) -> None:
    zone = ZoneInfo(statement.zone)
    owes = bool(statement.opening_owed or statement.closing_owed or any(one.owed for one in statement.moved))
    paper.heading(SUMMARY if owes else (*SUMMARY[:-1], Place("", SUMMARY[-1].width)))
    first = statement.first_at.astimezone(zone).date()
    paper.line_of(
        SUMMARY,
        (Cell(f"Opening on {day_words(first)}"), Cell(""), Cell(count(statement.opening)),
         Cell(count(statement.opening_owed) if owes else "")),
        bold=True,
    )  # fmt: skip
    for one in statement.moved:
        paper.line_of(SUMMARY, _kind(one, owes=owes))
    paper.line_of(
        SUMMARY,
        (Cell("Closing"), Cell(count(statement.count)), Cell(count(statement.closing)),
         Cell(count(statement.closing_owed) if owes else "")),
        bold=True,
    )  # fmt: skip
    paper.ln(4)


def _kind(one: Moved, *, owes: bool) -> tuple[Cell, ...]:
    return (Cell(KINDS.get(one.kind, one.kind)), Cell(count(one.lines)), Cell(signed(one.tokens)),
            Cell(signed(one.owed) if owes and one.owed else ""))  # fmt: skip


def _cost(paper: Paper, statement: Statement) -> None:
    if not (statement.cost_usd_nanos or statement.cost_inr_nanos or statement.unpriced):
        return
    both = f"{usd(statement.cost_usd_nanos, 4)}  ·  {inr(statement.cost_inr_nanos, 2)}"
    paper.say(f"Cost of the models used: {both}", 9, bold=True)
    more = "As booked: the price and the exchange rate of each line's own day."
    if statement.unpriced:
        many = f"{statement.unpriced:,} lines had" if statement.unpriced > 1 else "1 line had"
        more += f" {many} no known price when booked; one set since stands as an adjustment in the month it was set in."
    paper.say(more, 7.5, grey=True, gap=3)


def _lines(paper: Paper, statement: Statement) -> None:
    if not statement.count:
        paper.say("Nothing moved in this month.", 9, grey=True)
        return
    short = statement.count > MOST_LINES
    if short:
        paper.say(
            f"{statement.count:,} lines are too many for paper: each day's usage is put together by agent and model. "
            "The CSV, XLSX and Parquet statements have every line.", 8, grey=True, gap=2,
        )  # fmt: skip
    paper.heading(PLACES)
    for line in _shown(statement, short=short):
        paper.line_of(PLACES, _cells(line))
    paper.line_of(
        PLACES,
        (Cell("Closing"), Cell(""), Cell(signed(statement.closing - statement.opening)), Cell(count(statement.closing)),
         Cell(usd(statement.cost_usd_nanos, 4)), Cell(inr(statement.cost_inr_nanos, 2))),
        bold=True,
    )  # fmt: skip


def _shown(statement: Statement, *, short: bool) -> Iterator[Line]:
    return statement.condensed() if short else statement.lines()


def _cells(line: Line) -> tuple[Cell, ...]:
    kind = KINDS.get(line.kind, line.kind)
    what = line.what or (f"{line.times:,} × {kind.lower()}" if line.times > 1 else kind)
    about = [kind if line.what else "", line.by, line.agent, line.model, line.reason]
    elsewhere = f"pool {signed(line.elsewhere)}" if line.elsewhere else ""
    owed = f"owed {signed(line.owed)}" if line.owed else ""
    known = "" if not line.unpriced else "no price then"
    when = f"{line.at.day} {line.at:%b}" + ("" if line.times > 1 else f", {line.at:%H:%M}")
    return (
        Cell(when, "" if line.times > 1 else f"no. {line.txn_id}"),
        Cell(what, " · ".join(one for one in about if one)),
        Cell(signed(line.tokens), elsewhere or owed),
        Cell(count(line.balance)),
        Cell("" if line.cost_usd_nanos is None else usd(line.cost_usd_nanos, 6), known),
        Cell("" if line.cost_inr_nanos is None else inr(line.cost_inr_nanos, 4)),
    )


def count(tokens: int) -> str:
    """Every digit of it."""
    return f"{tokens:,}".replace("-", MINUS)


def signed(tokens: int) -> str:
    """A change, with its sign."""
    return ("+" if tokens > 0 else "") + count(tokens)
