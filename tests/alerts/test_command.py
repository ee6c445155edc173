"""`creditbook alerts check`, as cron runs it."""

from __future__ import annotations

import json

import pytest
from alerts.conftest import World

from creditbook.cli import main


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


def test_the_command_sends_what_is_due_and_says_so(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDITBOOK_DATABASE_URL", world.store.url)
    monkeypatch.setenv("CREDITBOOK_SMTP_URL", world.mail.url)
    world.alerts.add("low_balance", 10**9, "asha@example.com")
    assert run("alerts", "check") == 0
    assert "Alerts watched: 1; 1 sent, 0 failed, 0 armed again." in capsys.readouterr().out
    assert run("alerts", "check", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"watched": 1, "delivered": 0, "failed": 0, "rearmed": 0}
    assert len(world.mail.letters) == 1
