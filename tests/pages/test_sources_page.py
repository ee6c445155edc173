"""The Sources page: what arrived, why some of it waits, settings with what they would do, and what is done about it."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from streamlit.testing.v1 import AppTest
from support.running import running

from creditbook.access import console
from creditbook.access.api_keys import ApiKeys
from creditbook.ingest.outcome import Mode
from creditbook.reports.finance import usage
from creditbook.reports.finance.wanted import Wanted
from creditbook.sources import reading
from creditbook.sources.planning import UNKNOWN
from creditbook.sources.previewing import Foreseen, foresee
from creditbook.sources.reading import Group
from creditbook.sources.settings import source_for
from creditbook.sources.taking import take
from creditbook.sources.values import Event, Source
from creditbook.ui import address, confirm
from creditbook.ui.sources import acts, form, senders, upload

PAGE = "admin/sources.py"
DOCS = Path(__file__).parents[2] / "docs" / "integrations"


def event(number: int, at: Any, **attributes: str) -> Event:
    return Event(f"e{number}", at, {"action": "work", "input_tokens": 10, "output_tokens": 5, "cost_usd": "0.25"},
                 attributes)  # fmt: skip


@pytest.fixture
def boss(visit: Any) -> Any:
    visit.ledger.open_account("acme/asha")
    return visit.principal("boss", "admin", account=False)


@pytest.fixture
def arrived(visit: Any, boss: Any) -> Source:
    """Three of asha's by `user.id`; two by `member`, which nothing reads yet; one of a stranger; one without usage."""
    source = source_for(visit.place.store, boss.org_id, "otlp", None, visit.clock.at)
    at = visit.clock.at - timedelta(hours=1)
    events = [*(event(n, at, **{"user.id": "asha"}) for n in range(3)), *(event(n, at, member="asha") for n in (3, 4)),
              event(5, at, **{"user.id": "zed"}), replace(event(6, at), problem="It has no token counts.")]  # fmt: skip
    taken = take(visit.ledger, "acme", source, events, actor="key:app")
    assert (taken.booked, taken.waiting, taken.rejected) == (3, 3, 1)
    return source


def as_boss(monkeypatch: pytest.MonkeyPatch, boss: Any) -> None:
    for module in (acts, upload):
        monkeypatch.setattr(module, "require", lambda *roles: boss)
    monkeypatch.setattr(address, "clear", lambda *names: None)


def requests(visit: Any, name: str) -> int:
    found: int = visit.ledger.figures.analytics(f"acme/{name}").total_transactions
    return found


def test_before_anything_came_the_page_says_how_each_sender_is_set_up(visit: Any, boss: Any) -> None:
    at = visit.open(PAGE, boss)
    assert not at.exception
    said = "\n".join(code.value for code in at.code)
    for endpoint in ("/api/v1/events", "/api/v1/otlp", "/api/v1/litellm", "creditbook import usage"):
        assert endpoint in said


def test_what_the_page_says_about_sending_works_as_it_stands_there(visit: Any, boss: Any) -> None:
    org = visit.ledger.core.organization("acme")
    at_console = console(org.org_id, org.slug, org.name, org.zone)
    key = ApiKeys(visit.place.store, visit.clock).create(at_console, "app", "spend", reason="test").text
    with running() as url:
        base = url.removesuffix("/api")
        exec(senders.snippet("cloudevents", base).replace("cb_…", key), {})
        words = shlex.split(senders.curl(base).replace("cb_…", key).replace("\\\n", " "))
        headers = dict(word.split(": ") for word in words if word.startswith(("Authorization", "Content-Type")))
        assert httpx.post(words[1], headers=headers, content=words[-1]).status_code == 204
    usages = Wanted(visit.clock.at.date(), visit.clock.at.date())
    assert usage.total(visit.place.store, boss, usages).requests == 2
    pages = "".join((DOCS / f"{name}.md").read_text("utf-8") for name in ("opentelemetry", "litellm"))
    for kind in ("otlp", "litellm"):
        for line in senders.snippet(kind, "https://credits.example.com").splitlines():
            if line.startswith("export"):
                assert line.replace("cb_…", "cb_studio_…") in pages, line


def test_what_came_and_what_waits_stands_with_its_reasons(
    visit: Any, boss: Any, arrived: Source, text: Callable[[AppTest], str]
) -> None:
    at = visit.open(PAGE, boss)
    assert not at.exception
    sources, groups = at.dataframe[0].value, at.dataframe[1].value
    assert sources[["name", "received", "booked", "waiting", "rejected"]].to_numpy().tolist() == [
        ["OpenTelemetry", 7, 3, 3, 1]
    ]
    assert sorted(groups[["state", "account", "reason", "events"]].to_numpy().tolist()) == [
        ["Rejected", "–", "It has no token counts.", 1],
        ["Waiting", "zed", "There is no such account.", 1],
        ["Waiting", "–", "It names no account.", 2],
    ]
    assert "4 events not booked" in text(at)
    assert at.button(key="sources-replay").disabled
    assert at.button(key="sources-open").label == "Open 1 account"


def test_settings_tell_what_they_would_book_before_they_are_saved(
    visit: Any, boss: Any, arrived: Source, text: Callable[[AppTest], str]
) -> None:
    at = visit.open(PAGE, boss, settings="1")
    assert not at.exception
    assert [metric.value for metric in at.metric if metric.label == "Would be booked"] == ["0"]
    assert at.button(key="settings-save").disabled
    who = at.multiselect(key=f"source-{arrived.source_id}-who")
    assert "member" in who.options
    who.set_value(["user.id", "member"]).run()
    assert [(metric.label, metric.value) for metric in at.metric if metric.label.startswith("Would")] == [
        ("Would be booked", "2"), ("Would stay", "2")]  # fmt: skip
    assert "1 event: There is no such account" in text(at)
    assert not at.button(key="settings-save").disabled
    assert reading.standings(visit.place.store, boss, visit.clock.at.date(), visit.clock.at.date())


def test_saving_the_right_attribute_books_what_waited_on_its_own_day(
    visit: Any, boss: Any, arrived: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_boss(monkeypatch, boss)
    terms = replace(form.terms_of(arrived), who=("user.id", "member"))
    visit.clock.forward(days=2)
    done = acts._save(arrived, terms, 2, "once", "They call it member")
    assert done.taken is not None
    assert (done.taken.booked, done.taken.waiting, done.taken.rejected) == (2, 1, 1)
    days = reading.standings(visit.place.store, boss, visit.clock.at.date() - timedelta(days=3), visit.clock.at.date())
    assert {day.isoformat(): (one.received, one.booked) for day, one in (days[arrived.source_id].days or {}).items()} \
        == {"2026-03-04": (7, 5)}  # fmt: skip
    at = visit.open(PAGE, boss)
    at.session_state[f"{acts.KEY}-result"] = done
    at.run()
    assert not at.exception
    assert "2 events booked, 1 still waiting, 1 rejected." in "\n".join(one.value for one in at.markdown)


@pytest.mark.parametrize(("count", "said"), [(1, "**1 event** that waits is"), (2, "**2 events** that wait are")])
def test_one_event_is_spoken_of_as_one(
    boss: Any, arrived: Source, monkeypatch: pytest.MonkeyPatch, count: int, said: str
) -> None:
    asked: list[confirm.Act] = []
    monkeypatch.setattr(confirm, "ask", lambda act, do: asked.append(act))
    acts.ask_save(arrived, form.terms_of(arrived), Foreseen(count, count, Counter({"asha": count}), (), Counter()))
    acts.ask_open(arrived, [Group("waiting", UNKNOWN, "zed", count, arrived.created_at, arrived.created_at)])
    assert f"{said} booked with it." in asked[0].effect
    assert asked[1].effect.endswith(f"Then {'1 event is' if count == 1 else '2 events are'} booked.")


def test_a_source_tells_since_when_it_is_here_and_not_who_set_it_up_as_it_is_now(
    visit: Any, boss: Any, arrived: Source
) -> None:
    at = visit.open(PAGE, boss)
    facts = str([table.value.reset_index().to_numpy().tolist() for table in at.table])
    assert "Since" in facts
    assert "Wed 4 Mar, 17:30, with its first event" in facts


def test_opening_the_accounts_that_events_name_books_theirs_and_nobody_elses(
    visit: Any, boss: Any, arrived: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_boss(monkeypatch, boss)
    groups = [one for one in reading.groups(visit.place.store, boss, arrived.source_id) if one.account == "zed"]
    done = acts._open(arrived, ["zed"], groups, "once", "He joined")
    assert done.taken is not None
    assert (done.taken.booked, done.taken.waiting) == (1, 0)
    assert visit.ledger.balance("acme/zed").status == "active"
    assert sum(one.events for one in reading.groups(visit.place.store, boss, arrived.source_id)) == 3


def test_what_is_put_aside_is_counted_and_never_booked(
    visit: Any, boss: Any, arrived: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_boss(monkeypatch, boss)
    groups = [one for one in reading.groups(visit.place.store, boss, arrived.source_id) if one.state == "rejected"]
    only = reading.arrivals_of(visit.place.store, boss, arrived.source_id, groups)
    assert acts._dismiss(arrived, only, "once", "A broken exporter").dismissed == 1
    again = take(visit.ledger, "acme", arrived, [replace(event(6, visit.clock.at), problem="")], actor="key:app")
    assert (again.booked, again.replayed) == (0, 1)
    left = foresee(visit.ledger, boss, arrived)
    assert (left.open, left.books.total(), left.stays.total()) == (3, 0, 3)


def test_a_file_is_looked_at_first_and_then_imported_once(
    visit: Any, boss: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_boss(monkeypatch, boss)
    wanted = upload.Wanted(Mode.METER, "account=whose", "action=work", "", create_accounts=False)
    rows = b"whose,time,input_tokens,output_tokens\nasha,2026-03-01T10:00:00Z,10,5\nzed,2026-03-01T10:00:00Z,1,1\n"
    looked = upload.run(boss, "usage.csv", rows, wanted, dry_run=True)
    assert (looked.result.imported, looked.result.refused, looked.result.dry_run) == (1, 1, True)
    first, again = (upload.run(boss, "usage.csv", rows, wanted, dry_run=False) for _ in range(2))
    assert (first.result.imported, again.result.imported, again.result.replayed) == (1, 0, 1)
    assert b"zed" in first.refused
    at = visit.open(PAGE, boss)
    at.session_state[upload.RESULT] = first
    at.run()
    assert not at.exception
    assert any("is imported" in one.value for one in at.header)
    otherwise = replace(wanted, fixed="action=other")
    at.session_state[upload.RESULT] = upload.run(boss, "usage.csv", rows, otherwise, dry_run=True)
    at.run()
    assert any("would be booked a second time" in one.value for one in at.markdown)


def test_sources_are_for_administrators(visit: Any, boss: Any, arrived: Source) -> None:
    with pytest.raises(ValueError, match=r"sources\.py"):
        visit.open(PAGE, visit.principal("asha"))
    assert confirm.result(acts.KEY) is None
