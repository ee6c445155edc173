"""A statement: opening + lines = closing, each month beginning where the last one ended, for members and pools."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from creditbook.access.values import NotAllowed
from creditbook.domain.errors import InvalidRequest
from creditbook.exports import statement, statement_files, statement_pdf

FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)


def reading(told: Any, name: str, month: date) -> Any:
    return statement.reading(told.store, told.who, told.account(name), month, told.clock())


@pytest.mark.parametrize("name", ["acme/asha", "acme/lena"])
def test_opening_and_lines_make_the_closing_which_opens_the_next_month(story: Any, name: str) -> None:
    with reading(story, name, FEBRUARY) as february:
        assert february.opening == 0
        assert february.opening + sum(line.tokens for line in february.lines()) == february.closing
        closing, owed = february.closing, february.closing_owed
    with reading(story, name, MARCH) as march:
        lines = list(march.lines())
        assert (march.opening, march.opening_owed) == (closing, owed)
        assert lines[-1].balance == march.closing == march.opening + sum(line.tokens for line in lines)
        assert march.count == len(lines) == sum(one.lines for one in march.moved)
        assert march.cost_inr_nanos == sum(line.cost_inr_nanos or 0 for line in lines)
        assert march.closing == story.ledger.balance(name, story.clock()).posted


def test_the_opening_is_the_balance_as_of_the_first_moment(story: Any) -> None:
    with reading(story, "acme/asha", MARCH) as march:
        assert march.first_at == datetime(2026, 2, 28, 18, 30, tzinfo=UTC), "a day begins in Kolkata"
        assert march.opening == story.ledger.balance("acme/asha", march.first_at).posted


def test_a_finished_month_never_changes_whatever_comes_later(shop: Any) -> None:
    shop.ledger.grant("acme/asha", 1_000, reason="Gift")
    shop.clock.forward(days=5)
    with reading(shop, "acme/asha", FEBRUARY) as before:
        first, lines = (before.opening, before.closing, before.moved), list(before.lines())
    late = datetime(2026, 2, 27, tzinfo=UTC)
    shop.ledger.spend("acme/asha", action="work", tokens=9, event_at=late, model="gpt-5", input_tokens=5)
    with reading(shop, "acme/asha", FEBRUARY) as after:
        assert ((after.opening, after.closing, after.moved), list(after.lines())) == (first, lines)
    with reading(shop, "acme/asha", MARCH) as march:
        assert [(line.kind, line.tokens) for line in march.lines()] == [("usage", -9)]


def test_a_month_that_runs_or_waits_for_its_reset_is_marked_so_far(shop: Any) -> None:
    shop.ledger.open_account("acme/lena", plan="monthly")
    with reading(shop, "acme/lena", FEBRUARY) as running:
        assert running.so_far
    shop.clock.at = datetime(2026, 4, 2, tzinfo=UTC)
    with reading(shop, "acme/lena", MARCH) as due:
        assert due.so_far, "March's own reset was never written"
    shop.ledger.sweep("acme")
    with reading(shop, "acme/lena", MARCH) as done:
        assert not done.so_far
        assert {one.kind for one in done.moved} >= {"reset", "expiry"}


def test_what_a_pool_paid_stands_in_its_own_statement_and_beside_the_members(shop: Any) -> None:
    ledger = shop.ledger
    ledger.open_account("acme")
    ledger.grant("acme", 500, reason="For all")
    ledger.open_account("acme/kim", draws_on_pool=True)
    ledger.grant("acme/kim", 10, reason="Her own")
    ledger.spend("acme/kim", action="work", tokens=25, model="gpt-5", input_tokens=5)
    with reading(shop, "acme/kim", FEBRUARY) as hers:
        (used,) = [line for line in hers.lines() if line.kind == "usage"]
        assert (used.tokens, used.elsewhere, hers.closing) == (-10, -15, 0)
        assert used.cost_usd_nanos is not None
    with reading(shop, "acme", FEBRUARY) as pools:
        (used,) = [line for line in pools.lines() if line.kind == "usage"]
        assert (used.tokens, used.by, pools.closing) == (-15, "kim", 485)
        assert pools.cost_usd_nanos == 0, "the cost is the member's, counted once"


def test_debt_stands_beside_the_tokens(shop: Any) -> None:
    shop.ledger.grant("acme/asha", 5, reason="Little")
    with shop.ledger.reserve("acme/asha", action="work", estimate=5) as job:
        job.capture(tokens=12)
    with reading(shop, "acme/asha", FEBRUARY) as found:
        assert (found.closing, found.closing_owed) == (0, 7)
        assert sum(line.owed for line in found.lines()) == 7


def test_nobody_reads_the_statement_of_somebody_else(story: Any) -> None:
    asha, now = story.member("asha"), story.clock()
    with statement.reading(story.store, asha, story.account("asha"), MARCH, now) as own:
        assert own.count
    with pytest.raises(NotAllowed), statement.reading(story.store, asha, story.account("lena"), MARCH, now):
        pass


def test_a_month_that_has_not_begun_is_refused(story: Any) -> None:
    with pytest.raises(InvalidRequest, match="has not begun"), reading(story, "acme/asha", date(2031, 1, 1)):
        pass


def test_months_reach_from_the_first_line_to_now(story: Any) -> None:
    found = statement.months(story.store, story.who, story.account("asha"), story.clock())
    assert found == [MARCH, FEBRUARY]


def test_the_csv_runs_from_opening_to_closing_with_text_defused(
    story: Any, tmp_path: Path, rows_of: Callable[[Path], list[dict[str, str]]]
) -> None:
    with reading(story, "acme/asha", MARCH) as found:
        statement_files.write(found, "csv", tmp_path / "s.csv")
        closing, cost = found.closing, found.cost_usd_nanos
    rows = rows_of(tmp_path / "s.csv")
    assert (rows[0]["kind"], rows[-1]["kind"]) == ("opening", "closing")
    moved = sum(int(row["tokens"]) for row in rows if row["tokens"])
    assert int(rows[0]["balance_tokens"]) + moved == closing == int(rows[-1]["balance_tokens"])
    assert sum(Decimal(row["cost_usd"]) for row in rows if row["cost_usd"]) == Decimal(cost).scaleb(-9)
    assert {row["what"] for row in rows} >= {"'=1+1", "'@रमेश"}
    assert "'=srs" in {row["agent"] for row in rows}


def test_the_workbooks_balances_are_formulas_whose_values_are_the_ledgers(story: Any, tmp_path: Path) -> None:
    path = tmp_path / "s.xlsx"
    with reading(story, "acme/asha", MARCH) as found:
        statement_files.write(found, "xlsx", path)
        balances, closing = [line.balance for line in found.lines()], found.closing
    formulas = openpyxl.load_workbook(path).active
    values = openpyxl.load_workbook(path, data_only=True).active
    top = next(n for n in range(1, 40) if values.cell(n, 3).value == "opening")
    last = top + len(balances)
    assert [values.cell(n, 10).value for n in range(top + 1, last + 1)] == balances
    assert formulas.cell(top + 1, 10).value == f"=J{top}+I{top + 1}"
    assert formulas.cell(last + 1, 9).value == f"=SUM(I{top}:I{last})"
    assert (values.cell(last + 1, 10).value, values.cell(last + 2, 10).value) == (closing, 0)


def test_a_days_usage_is_put_together_without_moving_a_balance(story: Any) -> None:
    with reading(story, "acme/asha", MARCH) as found:
        every, short = list(found.lines()), list(found.condensed())
        assert sum(line.times for line in short) == len(every) > len(short)
        assert short[-1].balance == found.closing
        assert sum(line.tokens for line in short) == sum(line.tokens for line in every)
        costs = [sum(line.cost_inr_nanos or 0 for line in lines) for lines in (every, short)]
        assert costs[0] == costs[1]


def test_a_statement_on_paper_is_a_pdf_with_its_own_fonts(
    story: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement_pdf, "MOST_LINES", 5)
    path = tmp_path / "s.pdf"
    with reading(story, "acme/asha", MARCH) as found:
        assert statement_files.write(found, "pdf", path) == found.count
    made = path.read_bytes()
    assert made.startswith(b"%PDF")
    assert b"NotoSans" in made
    assert b"NotoSansDevanagari" in made


def test_a_month_without_lines_is_a_statement_too(shop: Any, tmp_path: Path) -> None:
    shop.clock.forward(days=40)
    with reading(shop, "acme/asha", MARCH) as nothing:
        assert (nothing.count, nothing.opening, nothing.closing) == (0, 0, 0)
        for format_ in statement_files.FORMATS:
            assert statement_files.write(nothing, format_, tmp_path / f"none.{format_}") == 0
