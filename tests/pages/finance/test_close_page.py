"""Close: the list before, the question, the frozen month afterwards, its journal and the codes it books to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.ledgers import MovedClock
from support.looking import look
from support.revenues import SHOP, a_season, lead

from creditbook import Ledger, open_ledger
from creditbook.domain.errors import Conflict
from creditbook.domain.flow import Flow
from creditbook.installation import Installation, close_installations, installation
from creditbook.reports.finance import books, checklist, journal, liability
from creditbook.reports.finance.checklist import Proved, State
from creditbook.reports.proof import prove
from creditbook.store import purchases
from creditbook.ui.finance import closing
from creditbook.ui.finance import journal as drawn

PAGE = "finance/close.py"
MARCH, JUNE = date(2026, 3, 1), date(2026, 6, 1)
FINE = Proved(datetime(2026, 7, 2, tzinfo=UTC), 30, ())


@pytest.fixture(scope="module")
def file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A season's database that is copied for each test."""
    path = Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("close") / "creditbook.db"))
    clock = MovedClock()
    with open_ledger(f"sqlite:///{path}", clock=clock) as ledger:
        a_season(ledger, clock)
        ledger.create_organization("empty", SHOP)
    return path


@dataclass
class Desk:
    """The installation on a season of its own, its clock, and the finance lead."""

    place: Installation
    clock: MovedClock
    who: Any

    @property
    def ledger(self) -> Ledger:
        return self.place.ledger

    def open(self, *, from_home: bool = False, **query: str) -> AppTest:
        return look(PAGE, self.who, from_home=from_home, **query)


@pytest.fixture
def desk(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("CREDITBOOK_DATABASE_URL", f"sqlite:///{shutil.copy(file, tmp_path / 'season.db')}")
    place, clock = installation(), MovedClock(datetime(2026, 7, 2, 6, tzinfo=UTC))
    place.clock = clock
    who = lead(place.ledger)
    for module in (closing, drawn):
        monkeypatch.setattr(module, "require", lambda *roles: who)
    yield Desk(place, clock, who)
    close_installations()


def states(desk: Desk, month: date, proved: Proved | None = None) -> dict[str, State]:
    return {one.name: one.state for one in checklist.points(desk.place.store, desk.who, month, proved)}


def test_the_list_tells_what_is_fine_and_what_may_be_left(desk: Desk) -> None:
    store, who = desk.place.store, desk.who
    assert states(desk, MARCH, FINE) == dict.fromkeys(("Prices", "Purchases", "Exchange rates", "Proof"), State.FINE)
    found = {one.name: one for one in checklist.points(store, who, JUNE, FINE)}
    assert found["Purchases"].state is State.LOOK
    assert "Starter of esha" in found["Purchases"].sentence
    desk.ledger.spend("acme/asha", action="work", model="never-heard-of", input_tokens=5, output_tokens=5, meter=True)
    july = {one.name: one for one in checklist.points(store, who, date(2026, 7, 1), FINE)}
    assert (july["Prices"].state, "1 request has no price" in july["Prices"].sentence) == (State.LOOK, True)


def test_a_day_with_cost_and_an_old_rate_is_told(desk: Desk) -> None:
    desk.clock.at = datetime(2031, 1, 15, 6, tzinfo=UTC)
    desk.ledger.spend("acme/asha", action="work", model="gpt-5", input_tokens=5_000, output_tokens=500, meter=True)
    (rates,) = [one for one in checklist.points(desk.place.store, desk.who, date(2031, 1, 1), FINE)
                if one.name == "Exchange rates"]  # fmt: skip
    assert rates.state is State.LOOK
    assert "1 day with cost" in rates.sentence


def test_only_a_proof_that_is_missing_or_broken_stands_in_the_way(desk: Desk) -> None:
    store, who = desk.place.store, desk.who
    broken = replace(FINE, broken=("every grant equals its entries: not so 1 times",))
    assert not checklist.may_close(checklist.points(store, who, JUNE, None))
    assert not checklist.may_close(checklist.points(store, who, JUNE, broken))
    assert checklist.may_close(checklist.points(store, who, JUNE, FINE)), "what may be left does not stop"
    assert checklist.proved(prove(store, "acme"), FINE.at).broken == ()
    raw = desk.place.store.engine.raw_connection()
    raw.cursor().execute("UPDATE token_grant SET remaining = remaining - 1 WHERE remaining > 0")
    raw.close()
    assert checklist.proved(prove(store, "acme"), FINE.at).broken


def test_the_page_asks_for_the_proof_and_a_reason_before_it_offers_to_close(
    desk: Desk, text: Callable[[AppTest], str]
) -> None:
    at = desk.open()
    assert not at.exception
    assert "Close March 2026" in text(at)
    assert at.button(key="review-close").disabled
    at.button(key="prove").click().run()
    assert not at.exception
    assert "checks hold" in text(at)
    assert at.button(key="review-close").disabled
    at.text_input(key="close-why").set_value("The month is over").run()
    assert not at.button(key="review-close").disabled
    months = [one.value for one in at.selectbox]
    assert "March 2026" in months


def test_a_closed_month_is_frozen_with_who_when_why_and_its_digest(desk: Desk, text: Callable[[AppTest], str]) -> None:
    before = books.books(desk.place.store, desk.who, MARCH, date(2026, 3, 31))
    closed = closing.run(MARCH, "The month is over", "once", "")
    assert (closed.actor, closed.reason, closed.is_sound) == ("lead", "The month is over", True)
    assert checklist.frozen(closed).flows == before.flows
    assert checklist.frozen(closed).revenue == before.revenue
    (row,) = checklist.closed_rows([closed])
    frozen, currency = before.revenue["INR"], "INR"
    assert row[:4] == (
        MARCH,
        currency,
        Decimal(frozen.revenue_minor) / 100,
        Decimal(frozen.deferred_closing_minor) / 100,
    )
    assert row[4] == sum(flow.tokens.closing for flow in before.flows)
    with pytest.raises(Conflict, match="closed already"):
        closing.run(MARCH, "Again", "twice", "")
    desk.ledger.refund_purchase("acme/asha", _purchase(desk, "asha"), reason="After all", actor="nisha")
    after = books.books(desk.place.store, desk.who, MARCH, date(2026, 3, 31))
    assert checklist.stands(closed, after), "what comes late books in the open month"
    at = desk.open(month="March 2026")
    said = text(at)
    assert "March 2026 is closed" in said
    assert closed.digest in "".join(str(table.value.to_string()) for table in at.table)
    assert "the rows still add up to them" in said
    assert books.next_to_close(desk.place.store, desk.who, date(2026, 7, 2)) == date(2026, 4, 1)


def _purchase(desk: Desk, name: str) -> int:
    found = purchases.of_organization(desk.place.store, desk.who.org_id)
    return min(one.purchase.purchase_id for one in found if one.account == name)


def test_the_closed_months_fit_the_page_with_their_amounts_at_the_right(desk: Desk) -> None:
    closing.run(MARCH, "The month is over", "once", "")
    (table,) = [one for one in desk.open().dataframe if "Digest" in one.value.columns]
    how = {name: one for name, one in json.loads(table.proto.columns).items() if name != "_index"}
    assert list(how) == list(table.value.columns), "every column has a width"
    assert sum(one["width"] for one in how.values()) <= 1054, "as wide as the page is on a laptop"
    for name in ("Revenue", "Deferred", "Tokens owed"):
        assert how[name]["alignment"] == "right"


def test_work_told_late_for_a_closed_month_books_in_the_open_one_and_is_found_there(desk: Desk) -> None:
    store, who, april = desk.place.store, desk.who, (date(2026, 4, 1), date(2026, 4, 30))
    closing.run(MARCH, "The month is over", "once", "")
    before = {one.grant_class: one.tokens for one in books.books(store, who, *april).flows}
    late = desk.ledger.spend(
        "acme/gita", action="work", tokens=70, agent="srs", event_at=datetime(2026, 3, 20, tzinfo=UTC)
    )
    after = {one.grant_class: one.tokens for one in books.books(store, who, *april).flows}
    assert after["plan"].used == before.get("plan", Flow()).used + 70
    found = liability.moved(store, who, *april, "used", grant_class="plan", limit=100)
    assert (late.transaction_id, april[0], -70) in [(one.txn_id, one.day, one.tokens) for one in found]
    assert sum(one.tokens for one in found) == -after["plan"].used
    for day, flow in ((date(2026, 3, 31), before["plan"].opening), (april[1], after["plan"].closing)):
        left = liability.outstanding(store, who, day, grant_class="plan", limit=100)
        assert sum(one.remaining for one in left) == flow, day


def test_figures_that_are_not_those_that_were_frozen_are_told(desk: Desk) -> None:
    closed = closing.run(MARCH, "The month is over", "once", "")
    moved = books.books(desk.place.store, desk.who, date(2026, 4, 1), date(2026, 4, 30))
    assert not checklist.stands(closed, moved)
    assert not replace(closed, figures={**closed.figures, "mark": 0}).is_sound


def test_after_closing_the_page_says_so(desk: Desk, text: Callable[[AppTest], str]) -> None:
    at = desk.open()
    at.session_state[f"{closing.ACT}-result"] = closing.run(MARCH, "The *month* is over", "once", "")
    at.run()
    assert not at.exception
    assert "March 2026 is closed" in text(at)
    assert r"The \*month\* is over" in text(at)
    at.button(key="close-done").click().run()
    assert not at.exception


def test_the_question_names_what_is_frozen_and_where_late_things_go(desk: Desk) -> None:
    of = books.books(desk.place.store, desk.who, JUNE, date(2026, 6, 30))
    act = closing.question(JUNE, of, checklist.points(desk.place.store, desk.who, JUNE, FINE), "It is *over*")
    assert "purchases" in act.effect
    assert r"It is \*over\*" in act.effect
    assert "1 July 2026" in act.after
    assert act.button == "Close June 2026"


def test_the_journal_balances_every_month_and_shows_its_sums(desk: Desk) -> None:
    months = journal.journal(desk.place.store, desk.who, MARCH, date(2026, 6, 30))
    assert {one.accounting_date.month for one in months} == {3, 4, 5, 6}
    for day in {one.accounting_date for one in months}:
        lines = [one for one in months if one.accounting_date == day and one.currency == "INR"]
        *rows, total = drawn.frame(lines, "INR").to_numpy().tolist()
        assert total[3] == total[4] != "₹0.00"
        assert len(rows) == len(lines)


def test_a_code_is_renamed_and_the_journal_books_by_it(desk: Desk, text: Callable[[AppTest], str]) -> None:
    drawn.run("revenue", "8400", "Erlöse", "Our chart of accounts", "once", "")
    assert journal.accounts(desk.place.store, desk.who)["revenue"] == ("8400", "Erlöse")
    lines = journal.journal(desk.place.store, desk.who, MARCH, date(2026, 3, 31))
    assert {one.code for one in lines if one.role == "revenue"} == {"8400"}
    at = desk.open()
    at.session_state[f"{drawn.ACT}-result"] = drawn.Named("revenue", "8400", "Erlöse")
    at.run()
    assert "Revenue is 8400" in text(at)


def test_a_month_that_runs_says_why_it_can_not_be_closed(desk: Desk, text: Callable[[AppTest], str]) -> None:
    at = desk.open(month="July 2026")
    assert "July 2026 is open" in text(at)
    assert "runs until 31 July" in text(at)
    at.selectbox(key="month").set_value("May 2026").run()
    assert "Close March 2026 first" in text(at)


def test_an_organization_without_anything_booked_and_people_who_may_not_look(
    desk: Desk, text: Callable[[AppTest], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = replace(desk, who=lead(desk.ledger, "empty"))
    at = nobody.open()
    assert not at.exception
    assert "None yet" in text(at)
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        replace(desk, who=lead(desk.ledger, role="user")).open(from_home=True)


def test_books_that_do_not_answer_are_told_with_a_reference(
    desk: Desk, text: Callable[[AppTest], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(books, "closings", broken)
    assert "The closed months could not be read" in text(desk.open())
