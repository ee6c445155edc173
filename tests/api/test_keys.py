"""API keys through the API: made, shown once, replaced with an overlap, ended, each act in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from api.door import Door, open_door

from creditbook.api import callers
from creditbook.installation import installation


@pytest.fixture
def door(sqlite_url: str, installed_at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> Door:
    installed_at(sqlite_url)
    monkeypatch.setattr(callers, "SECONDS_UNTIL_ASKED_AGAIN", 0.0)
    return open_door(sqlite_url)


def test_a_key_is_made_shown_once_and_may_do_what_its_scope_says(door: Door) -> None:
    made = door.post("/v1/keys", {"name": "shop", "scope": "spend", "account": "ben", "reason": "new"}, "admin")
    assert made.status_code == 201
    door.keys["shop"] = made.json()["key"]
    assert door.get("/v1/accounts/ben/balance", "shop").status_code == 200
    assert door.get("/v1/accounts/asha/balance", "shop").status_code == 404
    assert door.post("/v1/grants", {"account": "ben", "tokens": 1, "reason": "x"}, "shop").status_code == 403
    listed = door.get("/v1/keys", "admin")
    newest = listed.json()["keys"][0]
    assert (newest["name"], newest["scope"], newest["account"], newest["state"]) == ("shop", "spend", "ben", "active")
    assert newest["last_used_at"] is not None
    assert made.json()["key"] not in listed.text
    assert made.json()["key"].startswith(newest["shown"])


def test_a_rotated_key_works_on_for_its_overlap_and_an_ended_one_no_more(door: Door) -> None:
    old = next(one["key_id"] for one in door.get("/v1/keys", "admin").json()["keys"] if one["name"] == "read")
    new = door.post(f"/v1/keys/{old}/rotate", {"overlap_seconds": 3_600, "reason": "quarterly"}, "admin").json()
    door.keys["new"] = new["key"]
    assert [door.get("/v1/accounts/asha/balance", key).status_code for key in ("read", "new")] == [200, 200]
    states = {one["key_id"]: one for one in door.get("/v1/keys", "admin").json()["keys"]}
    assert (states[old]["state"], states[old]["replaced_by"]) == ("ending", new["key_id"])
    assert door.post(f"/v1/keys/{old}/rotate", {"reason": "again"}, "admin").status_code == 409
    ended = door.post(f"/v1/keys/{new['key_id']}/revoke", {"reason": "leaked"}, "admin")
    assert (ended.status_code, ended.json()["state"]) == (200, "revoked")
    assert door.get("/v1/accounts/asha/balance", "new").status_code == 401
    assert door.post(f"/v1/keys/{new['key_id']}/revoke", {"reason": "leaked"}, "admin").status_code == 409
    assert door.post("/v1/keys/999999/revoke", {"reason": "leaked"}, "admin").status_code == 404


def test_a_key_that_can_not_be_made_is_refused(door: Door) -> None:
    past = (installation().clock() - timedelta(days=1)).isoformat()
    right = {"name": "shop", "scope": "spend", "reason": "new"}
    for wrong, status in [({"scope": "all"}, 422), ({"name": "x" * 61}, 422), ({"reason": " "}, 422),
                          ({"expires_at": past}, 422), ({"account": "nobody"}, 404)]:  # fmt: skip
        assert door.post("/v1/keys", {**right, **wrong}, "admin").status_code == status, wrong
    assert len(door.get("/v1/keys", "admin").json()["keys"]) == 5


def test_the_audit_log_names_the_key_that_did_it_and_why(door: Door) -> None:
    door.post("/v1/keys", {"name": "shop", "scope": "read", "reason": "for the shop"}, "admin")
    org = door.ledger.core.organization("acme").org_id
    with installation().store.read(org) as connection:
        found = connection.execute(sa.text("SELECT act, actor, reason FROM audit ORDER BY audit_id DESC LIMIT 1"))
        assert tuple(found.one()) == ("key.create", "key:admin", "for the shop")
