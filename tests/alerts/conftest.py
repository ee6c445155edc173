"""An account on both databases, a web server and a mail server on loopback, and a clock that tests move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from support.ledgers import MovedClock, a_ledger
from support.listening import Listener, listening
from support.mailbox import Mailbox, mailbox

from creditbook import Ledger
from creditbook.access.values import Principal
from creditbook.alerts import AlertReport, check
from creditbook.alerts.rules import Alerts
from creditbook.settings import Settings
from creditbook.store.engine import Store


@dataclass
class World:
    """Asha's account of 10,000 monthly tokens in `acme`, and where her alerts arrive."""

    ledger: Ledger
    clock: MovedClock
    web: Listener
    mail: Mailbox
    settings: Settings

    @property
    def store(self) -> Store:
        return self.ledger.core.store

    @property
    def who(self) -> Principal:
        org, ref = self.ledger.core.organization("acme"), self.ledger.core.account("acme/asha")
        return Principal(
            person_id=1, user_name="asha", name="Asha", role="user", org_id=org.org_id, org_slug="acme",
            org_name="Acme", zone="Asia/Kolkata", account_name="asha", account_id=ref.account_id,
        )  # fmt: skip

    @property
    def alerts(self) -> Alerts:
        return Alerts(self.ledger, self.who, self.settings)

    def check(self) -> AlertReport:
        return check(self.ledger, self.clock(), settings=self.settings)

    def spend(self, tokens: int) -> None:
        self.ledger.spend("acme/asha", action="work", tokens=tokens)

    def give(self, tokens: int) -> None:
        self.ledger.grant("acme/asha", tokens, reason="test")


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    clock = MovedClock()
    with listening() as web, mailbox() as mail, a_ledger(database_url, clock, default_plan="monthly") as ledger:
        ledger.open_account("acme/asha")
        settings = Settings(smtp_url=mail.url, alerts_to_private_hosts=True, base_url="https://credits.example")
        yield World(ledger, clock, web, mail, settings)
