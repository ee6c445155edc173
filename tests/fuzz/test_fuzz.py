"""Requests that schemathesis makes up for every route, by every kind of caller: none is answered wrongly.

The campaign of thousands is `make fuzz-api`; here each route gets a part of what is tried by plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import pytest
from fuzz.campaign import Campaign, Tally, keyless
from fuzz.world import CALLERS, World, a_world

from creditbook.api import callers
from creditbook.domain.errors import NotFound

EACH, UNTIL = 4, 20


@pytest.fixture(scope="module")
def campaign(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    url = f"sqlite:///{copy(sqlite_template, tmp_path_factory.mktemp('fuzz') / 'creditbook.db')}"
    with a_world(url) as world:
        yield Campaign(world)


def test_no_made_up_request_is_answered_wrongly_or_changes_anything_when_refused(campaign: Campaign) -> None:
    told = Tally()
    for number, label in enumerate(campaign.operations):
        told.add(campaign.edges(label, number, EACH, UNTIL))
    assert not told.wrong, f"{len(told.wrong)} of {told.cases}:\n" + "\n".join(told.wrong[:5])
    assert told.callers.keys() == {str(caller) for caller in CALLERS}
    assert told.cases > 3 * len(campaign.operations)
    assert len(told.answered()) > 15, "hardly a request got through"


def test_random_requests_of_the_verb_that_matters_most_are_answered_rightly(campaign: Campaign) -> None:
    told = campaign.random_cases("POST /v1/usage", 7, 20)
    assert not told.wrong, "\n".join(told.wrong[:5])
    assert told.cases >= 15


def test_every_route_that_asks_for_no_key_is_tried_too(campaign: Campaign) -> None:
    assert {"GET /healthz", "GET /readyz", "POST /webhooks/{name}"} <= keyless() & campaign.operations.keys()


def test_a_refusal_that_writes_is_noticed(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    world: World = campaign.world

    def account(_caller: object, _named: str | None = None) -> str:
        world.door.ledger.grant("acme/asha", 1, reason="by mistake")
        raise NotFound("There is no such account.")

    monkeypatch.setattr(callers.Caller, "account", account)
    told = campaign.edges("GET /billing/balance", until=8)
    assert any("404, and" in wrong and "entry" in wrong for wrong in told.wrong), told.wrong


def test_an_error_of_ours_and_a_key_that_may_too_much_are_noticed(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers.Caller, "account", lambda *_: 1 / 0)
    assert any("500" in wrong for wrong in campaign.edges("GET /billing/balance", until=8).wrong)
    monkeypatch.undo()
    monkeypatch.setattr(callers, "_keys", callers.Keys())
    keys = campaign.world.door.keys
    monkeypatch.setitem(keys, "read", keys["admin"])
    assert any("beyond the key's scope" in wrong for wrong in campaign.edges("POST /v1/grants", until=40).wrong)
    monkeypatch.setitem(keys, "wrong", keys["admin"])
    assert any("for nobody in particular" in wrong for wrong in campaign.edges("POST /v1/grants", until=40).wrong)
