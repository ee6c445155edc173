"""The audit page: who did what to whom and why, filtered by the address, exported, and sealed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest
from support.ledgers import PROGRAM

from creditbook.reports import audit, signing
from creditbook.store import sealing
from creditbook.store.tables.ledger import audit as log
from creditbook.ui import audit_log, tables

PAGE = "admin/audit.py"


@pytest.fixture
def boss(visit: Any) -> Any:
    """Three acts of two administrators on three days, after the organization's own."""
    for name in ("asha", "kabir"):
        visit.ledger.open_account(f"acme/{name}", plan="bare")
    visit.ledger.grant("acme/asha", 100, reason="=Prize, of the *hackathon*", actor="nisha")
    visit.clock.forward(days=1)
    visit.ledger.freeze("acme/kabir", reason="a look at 100% of it", actor="boss")
    visit.clock.forward(days=1)
    visit.ledger.grant("acme/kabir", 7, reason="Sorry", actor="boss")
    return visit.principal("boss", "admin", account=False)


def shown(at: AppTest) -> list[list[str]]:
    rows: list[list[str]] = at.dataframe[0].value[["what", "whom", "who", "why"]].to_numpy().tolist()
    return rows


def test_the_newest_act_stands_first_and_open(visit: Any, boss: Any, text: Callable[[AppTest], str]) -> None:
    at = visit.open(PAGE, boss)
    assert not at.exception
    assert shown(at)[:3] == [
        ["Tokens given", "kabir", "boss", "Sorry"],
        ["Account frozen", "kabir", "boss", "a look at 100% of it"],
        ["Tokens given", "asha", "nisha", "=Prize, of the *hackathon*"],
    ]
    assert at.table[0].value.iloc[2].tolist() == [":gray[Why]", "“Sorry”"]
    changes = at.table[1].value
    assert changes.iloc[0].tolist() == [":gray[available]", "0", "7"]


def test_an_act_in_the_address_is_opened_with_before_after_and_its_reason_as_text(
    visit: Any, boss: Any, text: Callable[[AppTest], str]
) -> None:
    acts = audit.page(visit.place.store, boss).acts
    given = next(act for act in acts if act.actor == "nisha")
    at = visit.open(PAGE, boss, line=str(given.audit_id))
    assert not at.exception
    assert any(r"\*hackathon\*" in str(cell) for table in at.table for cell in table.value.to_numpy().ravel())
    frozen = next(act for act in acts if act.act == "freeze")
    assert (":gray[status]", "active", "frozen") in audit_log.changed(frozen)


def test_filters_stand_in_the_address(visit: Any, boss: Any, text: Callable[[AppTest], str]) -> None:
    assert [row[2] for row in shown(visit.open(PAGE, boss, who_="nisha"))] == ["nisha"]
    assert [row[0] for row in shown(visit.open(PAGE, boss, what="Account frozen"))] == ["Account frozen"]
    assert [row[1] for row in shown(visit.open(PAGE, boss, account="ASHA"))] == ["asha"]
    day = (visit.clock.at.date()).isoformat()
    assert [row[3] for row in shown(visit.open(PAGE, boss, since=day))] == ["Sorry"]
    at = visit.open(PAGE, boss, account="nobody like this")
    assert not at.dataframe
    assert "Nothing matches these filters" in text(at)


def test_a_per_cent_sign_is_looked_for_as_itself(visit: Any, boss: Any) -> None:
    found = audit.page(visit.place.store, boss, audit.AuditFilter(subject="100%")).acts
    assert [act.act for act in found] == ["freeze"]
    assert not audit.page(visit.place.store, boss, audit.AuditFilter(subject="1%0")).acts


def test_pages_turn_by_the_ids_at_their_ends(visit: Any, boss: Any) -> None:
    for n in range(40):
        visit.ledger.grant("acme/asha", 1, reason=f"no. {n}", actor="nisha")
    store = visit.place.store
    first = audit.page(store, boss, size=14)
    second = audit.page(store, boss, upto=first.acts[-1].audit_id - 1, size=14)
    back = audit.page(store, boss, newer_than=second.acts[0].audit_id, size=14)
    assert (first.newer, first.older, second.newer, second.older) == (False, True, True, True)
    assert first.acts[-1].audit_id > second.acts[0].audit_id
    assert back.acts == first.acts
    at = visit.open(PAGE, boss, from_=str(second.acts[0].audit_id))
    assert shown(at)[0][3] == second.acts[0].reason


def test_the_period_is_of_local_days_both_included(visit: Any, boss: Any) -> None:
    since, until = audit.period(boss, date(2026, 3, 5), date(2026, 3, 5))
    assert since is not None
    assert until is not None
    assert (since.isoformat(), until.isoformat()) == ("2026-03-04T18:30:00+00:00", "2026-03-05T18:30:00+00:00")
    wanted = audit.AuditFilter(since=since, until=until)
    assert [act.act for act in audit.page(visit.place.store, boss, wanted).acts] == ["freeze"]


def test_exports_hold_every_act_and_are_acts_themselves(visit: Any, boss: Any) -> None:
    store = visit.place.store
    lines = [json.loads(line) for line in audit.jsonl(store, boss).splitlines()]
    assert lines[0]["reason"] == "Sorry"
    assert lines[0]["after"]["available"] == 7
    content = tables.csv_bytes(audit.COLUMNS, audit.csv_rows(store, boss)).decode()
    assert content.count("\r\n") == len(lines) + 1
    assert "'=Prize" in content, "a spreadsheet must not run it"
    audit.exported(store, boss, visit.clock.at, "csv", "for the auditors")
    newest = audit.page(store, boss).acts[0]
    assert (newest.act, newest.actor, newest.after, newest.reason) == (
        "export",
        "boss",
        {"format": "csv"},
        "for the auditors",
    )


def test_the_seal_tells_how_far_it_goes_and_that_a_changed_act_breaks_it(
    visit: Any, boss: Any, text: Callable[[AppTest], str]
) -> None:
    store = visit.place.store
    assert "Nothing is sealed yet" in text(visit.open(PAGE, boss))
    sealing.seal(store, boss.org_id)
    found = audit.chain(store, boss)
    assert found.sealed == found.acts == len(audit.page(store, boss).acts)
    head = json.loads(signing.sealed(audit.head(boss, found, visit.clock.at), None))["document"]
    assert (head["head"], head["sealed_acts"], head["organization"]) == (found.digest, found.sealed, "acme")
    visit.ledger.grant("acme/asha", 1, reason="later", actor="nisha")
    said = text(visit.open(PAGE, boss))
    assert "The chain is whole" in said
    assert "the next sweep seals 1 more" in said
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_refuses_update")
        connection.execute(sa.update(log).where(log.c.act == "freeze").values(reason="nothing happened"))
    assert "The chain is broken at 1 place" in text(visit.open(PAGE, boss))


def test_another_organizations_acts_are_not_shown(visit: Any, boss: Any) -> None:
    visit.ledger.create_organization("other", PROGRAM)
    visit.ledger.open_account("other/spy", plan="bare")
    visit.ledger.grant("other/spy", 1, reason="secret", actor="spy")
    theirs = visit.ledger.core.organization("other").org_id
    assert "spy" not in audit.names(visit.place.store, boss)[0]
    with visit.place.store.read(theirs) as connection:
        line = connection.scalar(sa.select(sa.func.max(log.c.audit_id)).where(log.c.org_id == theirs))
    assert audit.opened(visit.place.store, boss, line) is None
    assert all(act.reason != "secret" for act in audit.page(visit.place.store, boss).acts)


def test_a_user_can_not_open_the_page(visit: Any, boss: Any) -> None:
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        visit.open(PAGE, visit.principal("asha"))
