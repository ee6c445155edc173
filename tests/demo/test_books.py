"""Finance of the sample organizations closes its months; the latest whole one is left for the visitor."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from support.ledgers import MovedClock, a_ledger

from creditbook.demo.acts import CloseMonth
from creditbook.demo.books import with_books
from creditbook.demo.clock import StoryClock
from creditbook.demo.deeds import Deeds
from creditbook.demo.studio import studio
from creditbook.store import closing

END = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_every_month_but_the_latest_whole_one_is_closed_on_the_third_of_the_next() -> None:
    start = END - timedelta(days=120)
    story = with_books(studio(1, start, END, 10), start, END)
    closes = [act for act in story.acts if isinstance(act, CloseMonth)]
    assert [act.month for act in closes] == [date(2026, 7, 1), date(2026, 8, 1), date(2026, 9, 1)]
    assert [act.at.date() for act in closes] == [date(2026, 8, 3), date(2026, 9, 3), date(2026, 10, 3)]
    assert [act.at for act in story.acts] == sorted(act.at for act in story.acts)


def test_a_demo_of_one_month_closes_nothing() -> None:
    start = END - timedelta(days=40)
    assert not any(isinstance(act, CloseMonth) for act in with_books(studio(1, start, END, 10), start, END).acts)


def test_a_month_is_closed_once_however_often_the_story_is_played(sqlite_url: str) -> None:
    clock = MovedClock()
    with a_ledger(sqlite_url, clock) as ledger:
        ledger.open_account("acme/asha")
        ledger.grant("acme/asha", 10, reason="to have a line")
        at = clock.forward(days=40)
        deeds = Deeds(ledger, StoryClock(at), "acme", lambda _: None)
        act = CloseMonth(at=at, account="fiona", key="close/2026-03", month=date(2026, 3, 1))
        deeds.do(act)
        deeds.do(act)
        org_id = ledger.core.organization("acme").org_id
        with ledger.core.store.read(org_id) as connection:
            (closed,) = closing.closed_months(connection, org_id)
        assert (closed.month, closed.actor) == (date(2026, 3, 1), "fiona")
