"""Resets: how they stand per zone, what a run would do before it is made, the run, and a forced one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from creditbook.domain.errors import InvalidRequest, LedgerError
from creditbook.reports import due, grants, resets
from creditbook.ui import forcing, resetting
from creditbook.ui.session import TEST_USER

PAGE = "admin/resets.py"


@pytest.fixture
def boss(visit: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Two who reset daily in Kolkata, one in New York, one whom nothing refills; a day and a half has passed."""
    for name, zone in (("asha", None), ("meera", None), ("kabir", "America/New_York")):
        visit.ledger.open_account(f"acme/{name}", plan="daily", zone=zone)
    visit.ledger.open_account("acme/divya", plan="bare")
    visit.ledger.spend("acme/asha", action="work", tokens=2)
    visit.clock.forward(hours=7)
    who = visit.principal("boss", "admin", account=False)
    for module in (resetting, forcing):
        monkeypatch.setattr(module, "require", lambda *roles: who)
    return who


def receiver(visit: Any, who: Any, name: str) -> grants.Receiver:
    return next(one for one in grants.receivers(visit.place.store, who) if one.name == name)


def test_each_zone_tells_what_is_done_due_and_late(visit: Any, boss: Any) -> None:
    def standing() -> dict[str, tuple[int, int, int]]:
        found = resets.health(visit.place.store, boss, visit.clock.at)
        return {one.zone: (one.done, one.due, one.late) for one in found.zones}

    assert standing() == {"Asia/Kolkata": (0, 2, 0), "America/New_York": (1, 0, 0)}
    visit.clock.forward(hours=1)
    assert standing()["Asia/Kolkata"] == (0, 2, 2)
    visit.ledger.sweep("acme")
    assert standing() == {"Asia/Kolkata": (2, 0, 0), "America/New_York": (1, 0, 0)}


def test_what_is_foreseen_is_what_the_run_then_does(visit: Any, boss: Any) -> None:
    store, batches, now = visit.place.store, visit.ledger.core.batches, visit.clock.at
    seen = due.foresee(batches, boss, due.due_families(store, boss, now), now, now)
    assert [(one.name, one.before, one.expires, one.granted, one.after) for one in seen.accounts] == [
        ("asha", 3, 3, 5, 5),
        ("meera", 5, 5, 5, 5),
    ]
    assert resets.health(store, boss, now).due == 2, "nothing was written"
    did = resetting.run("The night was dark", "once", "").report
    assert (did.resets, did.tokens_granted, did.tokens_expired) == (
        seen.resets,
        seen.tokens_granted,
        seen.tokens_expired,
    )


def test_the_reset_to_come_is_foreseen_as_time_would_write_it(visit: Any, boss: Any) -> None:
    store, batches = visit.place.store, visit.ledger.core.batches
    visit.ledger.sweep("acme")
    now = visit.clock.at
    at = resets.health(store, boss, now).next_reset
    assert at is not None
    seen = due.foresee(batches, boss, due.due_families(store, boss, at), now, at)
    assert [one.name for one in seen.accounts] == ["kabir"]
    visit.clock.at = at
    assert visit.ledger.sweep("acme").tokens_granted == seen.tokens_granted == 5


def test_pressing_twice_gives_once_and_both_presses_are_audited(visit: Any, boss: Any) -> None:
    first = resetting.run("The night was dark", "once", "").report
    second = resetting.run("And again", "twice", "").report
    assert (first.resets, second.resets) == (2, 0)
    assert visit.ledger.balance("acme/asha").available == 5
    with visit.place.store.read(boss.org_id) as connection:
        rows = connection.exec_driver_sql("SELECT actor, reason FROM audit WHERE act = 'reset.run' ORDER BY audit_id")
        assert rows.all() == [("boss", "The night was dark"), ("boss", "And again")]


def test_what_a_run_did_is_kept_for_its_organization_alone(visit: Any, boss: Any) -> None:
    from support.ledgers import PROGRAM

    visit.ledger.create_organization("other", PROGRAM)
    visit.ledger.sweep(actor="scheduler")
    (run,) = resets.health(visit.place.store, boss, visit.clock.at).runs
    assert (run.actor, run.accounts, run.resets, run.tokens_granted) == ("scheduler", 2, 2, 10)
    visit.ledger.sweep(actor="scheduler")
    assert len(resets.health(visit.place.store, boss, visit.clock.at).runs) == 1, "nothing was due, so no line"


def test_the_page_shows_the_run_before_it_is_made(visit: Any, boss: Any, text: Callable[[AppTest], str]) -> None:
    at = visit.open(PAGE, boss)
    assert not at.exception
    said = text(at)
    assert "2 wallets are due" in said
    assert "What a run would do" in said
    assert "Off on this server" not in said
    table = next(frame.value for frame in at.dataframe if "Expires" in frame.value)
    assert table[["Account", "Before", "Expires", "Granted", "After"]].to_numpy().tolist() == [
        ["asha", 3, "−3", "+5", 5],
        ["meera", 5, "−5", "+5", 5],
    ]
    assert at.button(key="review").disabled
    at.text_input(key="why").set_value("The night was dark").run()
    assert not at.button(key="review").disabled


def test_after_the_run_the_page_says_what_it_did(visit: Any, boss: Any, text: Callable[[AppTest], str]) -> None:
    at = visit.open(PAGE, boss)
    at.session_state["sweep-result"] = resetting.run("The *night* was dark", "once", "")
    at.run()
    said = text(at)
    assert "Settled 2 accounts" in said
    assert r"The \*night\* was dark" in said
    assert "Every wallet is up to date" in said
    at.button(key="swept-done").click().run()
    assert "A run would change nothing now" in text(at)


def test_where_only_a_hold_timed_out_no_token_is_said_to_move(
    visit: Any, boss: Any, text: Callable[[AppTest], str]
) -> None:
    visit.ledger.sweep("acme")
    visit.ledger.hold("acme/asha", action="work", estimate=1)
    visit.clock.forward(minutes=20)
    said = text(visit.open(PAGE, boss))
    assert "A run would move no token" in said
    assert "1 account only with holds" in said


def test_an_organization_where_nothing_refills_says_so(visit: Any, text: Callable[[AppTest], str]) -> None:
    visit.ledger.open_account("acme/divya", plan="bare")
    at = visit.open(PAGE, visit.principal("boss", "admin", account=False))
    assert "Nothing resets here" in text(at)
    assert "review" not in {button.key for button in at.button}


def test_a_forced_reset_is_seen_before_it_is_written_and_is_the_same_then(visit: Any, boss: Any) -> None:
    visit.ledger.sweep("acme")
    visit.ledger.grant("acme/asha", 100, reason="bonus")
    visit.ledger.spend("acme/asha", action="work", tokens=4)
    asha = receiver(visit, boss, "asha")
    ref = visit.ledger.core.account("acme/asha")
    seen = due.foresee_forced(visit.ledger.core.batches, boss, ref, None, visit.clock.at)
    assert (seen.before.available, seen.expires, seen.granted, seen.after.available) == (101, 1, 5, 105)
    assert visit.ledger.balance("acme/asha").available == 101
    forced = forcing.run(asha, 0, "Daily", "A failed demo", seen, "once", "")
    assert forced.done.available == visit.ledger.balance("acme/asha").available == 105
    again = forcing.run(asha, 0, "Daily", "A failed demo", seen, "once", "")
    assert again.done.replayed


def test_the_form_offers_only_wallets_that_reset(visit: Any, boss: Any, text: Callable[[AppTest], str]) -> None:
    at = visit.open(PAGE, boss)
    by_name = {one.split(" ")[0]: one for one in at.selectbox(key="force-who").options}
    at.selectbox(key="force-who").set_value(receiver(visit, boss, "divya").account_id).run()
    assert "nothing to force" in text(at)
    at.selectbox(key="force-who").set_value(receiver(visit, boss, "asha").account_id).run()
    assert not at.exception
    assert at.selectbox(key="force-wallet").options == ["Daily"]
    assert "boss" not in by_name


def test_forcing_what_does_not_reset_is_refused_in_words(visit: Any, boss: Any) -> None:
    ref = visit.ledger.core.account("acme/divya")
    with pytest.raises(InvalidRequest, match="reset"):
        due.foresee_forced(visit.ledger.core.batches, boss, ref, None, visit.clock.at)
    with pytest.raises(LedgerError):
        visit.ledger.reset("acme/divya", reason="x")


def test_a_user_can_not_open_the_page(visit: Any, boss: Any) -> None:
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        visit.open(PAGE, visit.principal("asha"))


def test_a_scheduler_that_has_not_run_for_long_is_called_silent(
    visit: Any, boss: Any, text: Callable[[AppTest], str]
) -> None:
    from creditbook.store import leases

    store, now = visit.place.store, visit.clock.at
    leases.take(store, resets.JOB, "host.example/42", now, timedelta(minutes=2))
    leases.note(store, resets.JOB, "host.example/42", last_finished_at=now)
    at = visit.open(PAGE, boss)
    assert "Running" in text(at)
    assert r"host\.example" in text(at)
    visit.clock.forward(minutes=10)
    assert "Silent" in text(at.run())
    assert at.session_state[TEST_USER] == boss
