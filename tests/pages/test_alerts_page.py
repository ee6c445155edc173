"""Alerts: what one is told of, a new one, a test, what was sent; and the notice on the overview."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.listening import Listener, listening
from support.mailbox import Mailbox, mailbox

from creditbook.alerts import check
from creditbook.alerts.rules import Alerts
from creditbook.installation import installation
from creditbook.ui import alerting

PAGE = "account/alerts.py"


@pytest.fixture
def web() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def mail() -> Iterator[Mailbox]:
    with mailbox() as box:
        yield box


@pytest.fixture
def asha(visit: Any, mail: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Asha with 10,000 tokens of a month, where mail can be sent and webhooks may stay at home."""
    visit.ledger.open_account("acme/asha", plan="monthly")
    here = installation()
    here.settings = replace(here.settings, smtp_url=mail.url, alerts_to_private_hosts=True)
    who = replace(visit.principal("asha"), email="asha@example.com")
    monkeypatch.setattr(alerting, "require", lambda *roles: who)
    return who


def press(at: AppTest, label: str) -> AppTest:
    return next(button for button in at.button if button.label == label).click().run()


def alerts(visit: Any, who: Any) -> Alerts:
    return Alerts(visit.ledger, who, visit.place.settings)


def test_an_alert_is_added_tried_switched_and_removed(
    visit: Any, asha: Any, mail: Mailbox, text: Callable[[AppTest], str]
) -> None:
    at = visit.open(PAGE, asha)
    assert at.title[0].value == "Alerts"
    assert not at.exception
    assert "You have none yet" in text(at)
    assert at.text_input(key="alert-where").value == "asha@example.com"
    at.number_input(key="alert-tokens").set_value(2_500)
    press(at, "Add alert")
    assert "Added" in at.success[0].value
    assert "At or below 2,500 tokens" in text(at)
    press(at, "Send a test")
    assert "Sent to asha@" in at.success[0].value
    assert mail.letters[0].recipients == ["asha@example.com"]
    press(at, "Turn off")
    assert alerts(visit, asha).rules()[0].is_on is False
    press(at, "Turn on")
    assert alerts(visit, asha).rules()[0].is_on is True
    press(at, "Remove")
    assert alerts(visit, asha).rules() == []
    assert not at.exception


def test_a_run_out_alert_goes_to_a_webhook(
    visit: Any, asha: Any, web: Listener, text: Callable[[AppTest], str]
) -> None:
    at = visit.open(PAGE, asha)
    at.segmented_control(key="alert-kind").set_value("Runs out soon").run()
    at.number_input(key="alert-days").set_value(5)
    at.text_input(key="alert-where").set_value(web.url)
    press(at, "Add alert")
    assert "Used up within 5 days" in text(at)


@pytest.mark.parametrize("where", ["", "http://169.254.169.254/latest", "file:///etc/passwd", "asha"])
def test_an_address_that_is_refused_is_told_in_a_sentence_and_nothing_is_lost(
    visit: Any, asha: Any, where: str
) -> None:
    at = visit.open(PAGE, asha)
    at.text_input(key="alert-where").set_value(where)
    press(at, "Add alert")
    assert len(at.error[0].value) > 20
    assert at.text_input(key="alert-where").value == where
    assert alerts(visit, asha).rules() == []


def test_a_test_that_does_not_arrive_says_why(
    visit: Any, asha: Any, web: Listener, text: Callable[[AppTest], str]
) -> None:
    alerts(visit, asha).add("low_balance", 10, web.url)
    web.answer = lambda _: (500, {})
    at = press(visit.open(PAGE, asha), "Send a test")
    assert "answered with status 500" in at.warning[0].value


def test_what_was_told_and_when_stands_on_the_page(
    visit: Any, asha: Any, web: Listener, text: Callable[[AppTest], str]
) -> None:
    alerts(visit, asha).add("low_balance", 10_000, web.url)
    assert check(visit.ledger, visit.clock(), settings=visit.place.settings).delivered == 1
    visit.clock.forward(minutes=5)
    at = visit.open(PAGE, asha)
    assert "Told 5 min ago" in text(at)
    assert at.table[0].value.iloc[0].tolist()[1:3] == ["Low balance", 10_000]


def test_the_overview_tells_that_tokens_run_low_by_ones_own_threshold_or_the_programs(
    visit: Any, asha: Any, web: Listener
) -> None:
    def notices() -> list[str]:
        return [one.value for one in visit.open("account/overview.py", asha).warning]

    visit.ledger.spend("acme/asha", action="work", tokens=9_000)
    assert notices() == []
    alerts(visit, asha).add("low_balance", 1_000, web.url)
    assert "Running low" in notices()[0]
    assert "1,000 tokens left" in notices()[0]
    alerts(visit, asha).switch(alerts(visit, asha).rules()[0].alert_id, on=False)
    assert notices() == []
    program = replace(visit.ledger.program("acme"), low_balance_tokens=1_500)
    visit.ledger.load_program("acme", program, reason="test")
    assert "low begins at 1,500 tokens" in notices()[0]
