"""Each crossing alerts once: over a real web server, a real mail server, and both databases."""

from __future__ import annotations

import threading
import time

import pytest
from alerts.conftest import World
from support.listening import Heard
from support.people import House

from creditbook.access import console
from creditbook.alerts import AlertReport
from creditbook.alerts.checking import INTERRUPTED, TRIES
from creditbook.alerts.figures import figures
from creditbook.domain.errors import InvalidRequest, LimitExceeded, NotFound
from creditbook.reports.overview import trend
from creditbook.settings import Settings
from creditbook.store import alerts as rows

QUIET = AlertReport(watched=1)


def test_a_crossing_is_told_once_and_again_only_after_a_recovery(world: World) -> None:
    world.alerts.add("low_balance", 4_000, world.web.url)
    assert world.check() == QUIET
    world.spend(5_999)
    assert world.check() == QUIET
    world.spend(1)
    assert world.check() == AlertReport(watched=1, delivered=1)
    world.spend(1)
    assert world.check() == QUIET
    world.give(2)
    assert world.check() == AlertReport(watched=1, rearmed=1)
    world.spend(1)
    assert world.check() == AlertReport(watched=1, delivered=1)
    assert world.check() == QUIET
    assert [heard.json["alert"]["available"] for heard in world.web.heard] == [4_000, 4_000]


def test_a_webhook_gets_words_for_people_and_facts_for_programs(world: World) -> None:
    world.alerts.add("low_balance", 10_000, world.web.url + "/in")
    world.check()
    (heard,) = world.web.heard
    assert heard.json["title"] == "10,000 tokens left in Test"
    assert "at 10,000 tokens or fewer" in heard.json["body"]
    assert "https://credits.example/" in heard.json["body"]
    assert heard.json["alert"] == {
        "kind": "low_balance", "account": "acme/asha", "available": 10_000, "threshold": 10_000, "empty_at": None,
        "at": "2026-03-04T12:00:00+00:00",
    }  # fmt: skip


def test_a_mail_reaches_its_reader(world: World) -> None:
    world.alerts.add("low_balance", 10_000, "asha@example.com")
    assert world.check().delivered == 1
    (letter,) = world.mail.letters
    assert (letter.sender, letter.recipients) == ("credits@example.com", ["asha@example.com"])
    assert letter.message["Subject"] == "10,000 tokens left in Test"
    assert "10,000 Tokens Available" in letter.text


def test_running_out_is_told_by_the_pace_of_the_last_seven_days(world: World) -> None:
    """10,000 tokens on 4 March; the month's reset is on the 1st of April."""
    world.alerts.add("run_out", 3, world.web.url)
    assert world.check() == QUIET  # no pace yet
    world.spend(1_000)
    world.clock.forward(days=2)
    world.spend(1_000)
    assert world.check() == QUIET  # 2,000 in 2.7 days: 8,000 last for eleven more
    world.spend(5_000)
    assert world.check() == AlertReport(
        watched=1, delivered=1
    )  # 7,000 in 2.7 days: 3,000 last for little more than one
    (heard,) = world.web.heard
    assert heard.json["title"] == "Tokens in Test run out by Saturday, 7 March"
    assert heard.json["alert"]["empty_at"].startswith("2026-03-07T")
    world.give(20_000)
    assert world.check() == AlertReport(watched=1, rearmed=1)


def test_the_pace_is_the_one_that_the_overview_tells(world: World) -> None:
    world.spend(1_234)
    world.clock.forward(days=3, hours=5)
    world.spend(2_345)
    now, org_id = world.clock(), world.ledger.core.organization("acme").org_id
    available = world.ledger.balance("acme/asha").available
    told = trend(world.store, world.who, available, now).empty_at
    ref = world.ledger.core.account("acme/asha")
    figure = figures(
        world.store, world.ledger.core.batches, org_id, {ref.account_id: (ref.root_id, "Asia/Kolkata")}, now
    )[ref.account_id]
    assert figure.available == available
    assert figure.empty_at == told


def test_an_account_that_lasts_until_its_reset_is_not_running_out(world: World) -> None:
    world.alerts.add("run_out", 90, world.web.url)
    world.clock.forward(days=20)
    world.spend(800)  # 800 a day: 9,200 last for eleven days and a half, the reset comes in eight
    assert world.check() == QUIET
    world.spend(1_500)
    assert world.check().delivered == 1


def test_an_account_with_nothing_left_has_run_out(world: World) -> None:
    world.alerts.add("run_out", 1, world.web.url)
    world.clock.forward(days=27)
    world.spend(10_000)
    assert world.check().delivered == 1
    assert world.web.heard[0].json["title"] == "Nothing left in Test"
    world.clock.forward(days=3)  # the month's reset was on the first of them
    assert world.check().rearmed == 1


def test_unlimited_and_switched_off_and_closed_accounts_are_not_told(world: World) -> None:
    rule = world.alerts.add("low_balance", 10_000, world.web.url)
    world.alerts.switch(rule, on=False)
    assert world.check() == AlertReport()
    world.alerts.switch(rule, on=True)
    world.ledger.close_account("acme/asha", reason="left")
    assert world.check() == AlertReport()
    assert world.web.heard == []


def test_whoever_may_not_sign_in_any_more_is_not_told(world: World) -> None:
    world.alerts.add("low_balance", 10_000, world.web.url)
    house = House(world.store, clock=world.clock)
    org = console(world.who.org_id, "acme", "Test", "Asia/Kolkata")
    person_id = house.person(org, "asha")
    house.access.people.give_account(org, person_id, "asha", reason="test")
    assert world.check().delivered == 1
    world.give(1)
    assert world.check().rearmed == 1
    house.access.people.deactivate(org, person_id, reason="left")
    world.spend(1)
    assert world.check() == AlertReport()


def test_what_failed_is_written_down_and_tried_again_later_each_time_until_it_arrives(world: World) -> None:
    world.alerts.add("low_balance", 10_000, world.web.url)
    world.web.answer = lambda _: (503, {})
    assert world.check() == AlertReport(watched=1, failed=1)
    assert world.check() == QUIET  # too soon
    world.clock.forward(minutes=1)
    assert world.check() == AlertReport(watched=1, failed=1)
    world.clock.forward(minutes=1)
    assert world.check() == QUIET  # the second pause is longer
    world.web.answer = lambda _: (204, {})
    world.clock.forward(minutes=1)
    assert world.check() == AlertReport(watched=1, delivered=1)
    world.clock.forward(days=1)
    assert world.check() == QUIET
    assert [(one.delivered, one.error) for one in world.alerts.sent()] == [
        (True, ""), (False, "127.0.0.1 answered with status 503."), (False, "127.0.0.1 answered with status 503."),
    ]  # fmt: skip


def test_a_channel_that_never_answers_is_given_up_until_the_next_crossing(world: World) -> None:
    world.alerts.add("low_balance", 10_000, world.web.url)
    world.web.answer = lambda _: (500, {})
    for _ in range(TRIES + 3):
        world.check()
        world.clock.forward(hours=1)
    assert len(world.web.heard) == TRIES
    world.give(1)
    assert world.check().rearmed == 1
    world.spend(1)
    world.web.answer = lambda _: (200, {})
    assert world.check().delivered == 1


def test_a_recovery_ends_the_tries(world: World) -> None:
    world.alerts.add("low_balance", 10_000, world.web.url)
    world.web.answer = lambda _: (500, {})
    world.check()
    world.give(1)
    world.clock.forward(hours=1)
    assert world.check() == AlertReport(watched=1, rearmed=1)
    assert len(world.web.heard) == 1


def test_eight_checks_at_once_send_one_alert(world: World) -> None:
    world.alerts.add("low_balance", 10_000, world.web.url)
    reports: list[AlertReport] = []
    start = threading.Barrier(8)

    def run() -> None:
        start.wait()
        reports.append(world.check())

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(report.delivered for report in reports) == 1
    assert len(world.web.heard) == 1


def test_a_check_that_died_while_sending_is_written_down_and_not_repeated(world: World) -> None:
    rule = world.alerts.add("low_balance", 10_000, world.web.url)
    org_id = world.ledger.core.organization("acme").org_id
    with world.store.write(org_id) as connection:
        assert rows.claim(connection, org_id, rule, armed=True, last_fired_at=None, now=world.clock())
    assert world.check() == QUIET  # perhaps it is still at it
    world.clock.forward(minutes=11)
    world.check()
    world.clock.forward(hours=1)
    assert world.check() == QUIET
    assert [one.error for one in world.alerts.sent()] == [INTERRUPTED]
    assert world.web.heard == []
    world.give(1)
    world.check()
    world.spend(1)
    assert world.check().delivered == 1


def test_a_slow_channel_keeps_nobody_else_waiting(world: World) -> None:
    def slow(_: Heard) -> tuple[int, dict[str, str]]:
        time.sleep(0.5)
        return 200, {}

    world.web.answer = slow
    for tokens in range(10_000, 10_008):
        world.alerts.add("low_balance", tokens, world.web.url)
    begun = time.monotonic()
    assert world.check().delivered == 8
    assert time.monotonic() - begun < 3


def test_a_host_that_moved_inside_since_it_was_typed_is_refused_when_sending(world: World) -> None:
    world.alerts.add("low_balance", 10_000, world.web.url)
    world.settings = Settings()
    assert world.check().failed == 1
    assert world.web.heard == []
    assert "inside a private network" in world.alerts.sent()[0].error


def test_the_test_button_sends_what_an_alert_will_look_like_and_not_without_end(world: World) -> None:
    rule = world.alerts.add("low_balance", 1, "asha@example.com")
    assert world.alerts.test(rule) == ""
    assert "This is how an alert will reach you." in world.mail.letters[0].text
    world.mail.answer = "554 no thanks"
    assert world.alerts.test(rule)
    assert [(one.kind, one.delivered) for one in world.alerts.sent()] == [("test", False), ("test", True)]
    for _ in range(3):
        world.alerts.test(rule)
    with pytest.raises(LimitExceeded, match="5 tests an hour"):
        world.alerts.test(rule)
    assert world.check() == QUIET  # tests disarm nothing
    world.clock.forward(hours=2)
    world.alerts.test(rule)


@pytest.mark.parametrize(
    ("kind", "threshold", "where", "advice"),
    [
        ("low_balance", -1, "asha@example.com", "from 0"),
        ("run_out", 0, "asha@example.com", "from 1"),
        ("run_out", 91, "asha@example.com", "to 90"),
        ("rich", 1, "asha@example.com", "nothing to be alerted of"),
        ("low_balance", 1, "somewhere", "no address"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_a_sentence(
    world: World, kind: str, threshold: int, where: str, advice: str
) -> None:
    with pytest.raises(InvalidRequest, match=advice):
        world.alerts.add(kind, threshold, where)
    assert world.alerts.rules() == []


def test_rules_are_ones_own_few_and_different(world: World) -> None:
    world.alerts.add("low_balance", 1, "asha@example.com")
    with pytest.raises(InvalidRequest, match="very alert already"):
        world.alerts.add("low_balance", 1, " asha@example.com")
    for tokens in range(2, 11):
        world.alerts.add("low_balance", tokens, "asha@example.com")
    with pytest.raises(InvalidRequest, match="10 alerts already"):
        world.alerts.add("low_balance", 99, "asha@example.com")
    assert world.alerts.threshold() == 10
    first = world.alerts.rules()[0]
    world.ledger.open_account("acme/ravi")
    ravi = world.alerts
    object.__setattr__(ravi, "_who", _named(ravi, "ravi"))
    for forbidden in (lambda: ravi.remove(first.alert_id), lambda: ravi.test(first.alert_id)):
        with pytest.raises(NotFound):
            forbidden()
    world.alerts.remove(first.alert_id)
    assert len(world.alerts.rules()) == 9
    assert ravi.rules() == []


def _named(alerts: object, name: str) -> object:
    from dataclasses import replace

    return replace(alerts._who, account_name=name)  # type: ignore[attr-defined]
