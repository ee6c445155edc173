"""`creditbook source`: what arrived by itself is listed, set up otherwise, and tried again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.terminal import Run, runner

from creditbook.installation import installation
from creditbook.sources.settings import source_for
from creditbook.sources.taking import take
from creditbook.sources.values import Event


@pytest.fixture
def run(sqlite_url: str, installed_at: Callable[[str], None], capsys: pytest.CaptureFixture[str]) -> Run:
    """Commands on a database to which two events came, of which only one says in the usual way whose it is."""
    installed_at(sqlite_url)
    made = runner(capsys)
    made("org", "create", "acme", "--program", "studio")
    made("account", "create", "acme/asha")
    here = installation()
    org, now = here.ledger.core.organization("acme"), here.clock()
    source = source_for(here.store, org.org_id, "otlp", None, now)
    fields = {"action": "chat", "input_tokens": 10, "output_tokens": 5}
    events = [Event("a", now, fields, {"user.id": "asha"}), Event("b", now, fields, {"tenant.member": "asha"})]
    take(here.ledger, "acme", source, events, actor="key:app")
    return made


def test_what_waits_is_listed_with_its_reason_and_booked_once_it_is_understood(run: Run) -> None:
    (listed,) = run("source", "list", "--org", "acme")["sources"]
    assert (listed["name"], listed["arrived"], listed["booked"], listed["waiting"]) == ("OpenTelemetry", 2, 1, 1)
    assert [(one["reason"], one["events"]) for one in listed["reasons"]] == [("It names no account.", 1)]
    assert run("source", "replay", "opentelemetry", "--org", "acme")["booked"] == 0
    made = run("source", "set", "OpenTelemetry", "--org", "acme", "--who", "user.id", "--who", "tenant.member",
               "--set", "agent=srs", "--rename", "Spans")  # fmt: skip
    assert (made["name"], made["who"], made["fixed"]) == ("Spans", ["user.id", "tenant.member"], {"agent": "srs"})
    done = run("source", "replay", "Spans", "--org", "acme")
    assert (done["booked"], done["waiting"], done["interrupted"]) == (1, 0, False)
    (listed,) = run("source", "list", "--org", "acme")["sources"]
    assert (listed["booked"], listed["waiting"], listed["reasons"]) == (2, 0, [])


def test_a_new_source_says_what_sends_to_it(run: Run) -> None:
    refused = run("source", "set", "Gateway", "--org", "acme", status=1)
    assert "--kind" in refused["detail"]
    assert run("source", "set", "Gateway", "--org", "acme", "--kind", "litellm", "--mode", "charge")["mode"] == "charge"
    other = run("source", "set", "Gateway", "--org", "acme", "--kind", "otlp", status=1)
    assert "LiteLLM" in other["detail"]
    run("source", "set", "Gateway", "--org", "acme", "--kind", "litellm", "--map", "nonsense=x", status=1)
    run("source", "replay", "Nobody", "--org", "acme", status=1)
