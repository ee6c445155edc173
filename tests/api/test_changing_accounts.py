"""Accounts frozen, limited, moved and closed, wallets switched, activities rewarded: by an administrator's requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from api.door import Door, open_door

from creditbook.domain.program import Reward
from creditbook.installation import close_installations

WHY = {"reason": "a test"}


@pytest.fixture(scope="module")
def acme(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """One installation for the module; every test opens an account of its own."""
    url = f"sqlite:///{copy(sqlite_template, tmp_path_factory.mktemp('changing') / 'creditbook.db')}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CREDITBOOK_DATABASE_URL", url)
        yield open_door(url, rewards={"published": Reward("published", "Published a site", 2)})
        close_installations()


def opened(acme: Door, name: str, tokens: int = 0, **terms: Any) -> str:
    assert acme.post("/v1/accounts", {"account": name, **terms}, "admin").status_code == 201
    if tokens:
        acme.post("/v1/grants", {"account": name, "tokens": tokens, **WHY}, "admin")
    return name


def change(acme: Door, name: str, once: str | None = None, **what: Any) -> Any:
    return acme.send("PATCH", f"/v1/accounts/{name}", "admin", {**what, **WHY}, once)


def test_a_frozen_account_starts_nothing_until_it_is_thawed_and_a_key_acts_once(acme: Door) -> None:
    name = opened(acme, "fay", 10)
    told = change(acme, name, "freeze", status="frozen")
    assert (told.status_code, told.json()["balance"]["status"]) == (200, "frozen")
    assert told.headers["x-tokens-remaining"] == "10"
    assert acme.spend(account=name, tokens=1, once="f1").status_code == 403
    again = change(acme, name, "freeze", status="frozen")
    assert (again.json()["replayed"], again.headers["idempotency-replayed"]) == (True, "true")
    assert change(acme, name, "freeze", status="active").status_code == 422  # the same key, another request
    assert change(acme, name, status="active").json()["balance"]["status"] == "active"
    assert acme.spend(account=name, tokens=1, once="f1").status_code == 200


def test_a_quota_is_set_and_lifted(acme: Door) -> None:
    acme.post("/v1/accounts", {}, "admin")
    acme.post("/v1/grants", {"account": "acme", "tokens": 100, **WHY}, "admin")
    name = opened(acme, "quin", draws_on_pool=True)
    assert change(acme, name, quota=5).json()["balance"]["quota_left"] == 5
    refused = acme.spend(account=name, tokens=6, once="q1")
    assert (refused.status_code, refused.json()["limit"]) == (429, "quota")
    assert change(acme, name, quota=None).json()["balance"]["quota_left"] is None
    assert acme.spend(account=name, tokens=6, once="q2").json()["charged"] == 6


def test_a_zone_is_changed_and_goes_back_to_the_organizations(acme: Door) -> None:
    name = opened(acme, "zoe")
    assert change(acme, name, zone="Asia/Tokyo").json()["balance"]["zone"] == "Asia/Tokyo"
    assert change(acme, name, zone=None).json()["balance"]["zone"] == "Asia/Kolkata"


def test_a_plan_is_moved_to_at_once(acme: Door) -> None:
    name = opened(acme, "pia", plan="monthly")
    told = change(acme, name, plan="daily").json()
    assert (told["balance"]["plan"], told["balance"]["available"]) == ("daily", 5)
    assert change(acme, name, plan="golden").status_code == 422


WRONG: list[dict[str, Any]] = [
    {}, {"status": "closed"}, {"status": None}, {"plan": None}, {"quota": -1}, {"zone": "Mars/Base"}, {"role": "boss"},
    {"status": "frozen", "quota": 5},
]  # fmt: skip


def test_what_is_no_change_is_refused_and_changes_nothing(acme: Door) -> None:
    before = acme.get("/v1/accounts/asha/balance").json()
    for what in WRONG:
        refused = change(acme, "asha", **what)
        assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json"), what
    assert acme.send("PATCH", "/v1/accounts/asha", "admin", {"status": "frozen"}).status_code == 422  # no reason
    assert change(acme, "nobody", status="frozen").status_code == 404
    after = acme.get("/v1/accounts/asha/balance").json()
    assert {**after, "at": ""} == {**before, "at": ""}


def test_an_account_is_closed_for_good_its_holds_voided_and_the_rest_revoked(acme: Door) -> None:
    name = opened(acme, "cleo", 10)
    acme.post("/v1/holds", {"account": name, "action": "work", "estimate": 4})
    assert acme.send("DELETE", f"/v1/accounts/{name}", "admin").status_code == 422  # without a reason
    gone = acme.send("DELETE", f"/v1/accounts/{name}?reason=left", "admin", once="bye")
    assert (gone.status_code, gone.json()["balance"]["status"]) == (200, "closed")
    assert (gone.json()["balance"]["posted"], gone.json()["balance"]["held"]) == (0, 0)
    assert acme.send("DELETE", f"/v1/accounts/{name}?reason=left", "admin", once="bye").json()["replayed"]
    assert acme.send("DELETE", f"/v1/accounts/{name}?reason=left", "admin").status_code == 403
    assert acme.spend(account=name, tokens=1, once="c1").status_code == 403


def test_a_wallet_is_switched_off_and_on_again(acme: Door) -> None:
    name = opened(acme, "wim", 10)
    wallet = acme.get(f"/v1/accounts/{name}/balance").json()["wallets"][0]["wallet_id"]
    off = acme.send("PATCH", f"/v1/wallets/{wallet}", "admin", {"account": name, "is_active": False, **WHY})
    assert off.status_code == 200
    assert (off.json()["balance"]["blocked"], off.json()["balance"]["available"]) == (10, 0)
    on = acme.send("PATCH", f"/v1/wallets/{wallet}", "admin", {"account": name, "is_active": True, **WHY})
    assert on.json()["balance"]["available"] == 10
    # Another account's wallet is none of hers.
    assert acme.send("PATCH", f"/v1/wallets/{wallet}", "admin",
                     {"account": "asha", "is_active": False, **WHY}).status_code == 404  # fmt: skip


def test_an_activity_is_rewarded_once(acme: Door) -> None:
    name = opened(acme, "rob")
    wanted = {"account": name, "activity": "published"}
    told = acme.post("/v1/rewards", wanted, "admin", once="r1").json()
    assert (told["kind"], told["tokens"], told["available"]) == ("reward", 2, 2)
    assert acme.post("/v1/rewards", wanted, "admin", once="r1").json()["replayed"]
    assert acme.post("/v1/rewards", wanted, "admin").status_code == 409
    assert acme.post("/v1/rewards", {**wanted, "activity": "slept"}, "admin").status_code == 422


def test_codes_are_listed_page_by_page_and_switched_off_and_on(acme: Door) -> None:
    for name in ("SPRING", "SUMMER"):
        acme.post("/v1/promo-codes", {"code": name, "tokens": 5, "per_account": 2, **WHY}, "admin")
    acme.post("/v1/promo-codes", {"code": "MANY", "tokens": 5, "count": 3, "batch": "many", **WHY}, "admin")
    first = acme.get("/v1/promo-codes?limit=4", "admin").json()
    assert [one["batch"] for one in first["codes"]] == ["many", "many", "many", ""]
    second = acme.get(f"/v1/promo-codes?limit=4&cursor={first['next_cursor']}", "admin").json()
    assert ([one["code"] for one in second["codes"]], second["next_cursor"]) == (["SPRING"], None)
    assert len(acme.get("/v1/promo-codes?batch=many", "admin").json()["codes"]) == 3
    redeem = {"account": opened(acme, "cora"), "promo_code": "spring"}
    assert acme.post("/v1/tokens/redeem-code", redeem).status_code == 200
    for _ in range(2):  # sent again after a lost answer
        off = acme.send("PATCH", "/v1/promo-codes/spring", "admin", {"is_disabled": True, **WHY})
        assert (off.status_code, off.json()["is_disabled"], off.json()["redeemed"]) == (200, True, 1)
    assert acme.post("/v1/tokens/redeem-code", redeem).status_code == 404
    acme.send("PATCH", "/v1/promo-codes/%20Spring", "admin", {"is_disabled": False, **WHY})
    assert acme.post("/v1/tokens/redeem-code", redeem).status_code == 200
    assert acme.send("PATCH", "/v1/promo-codes/winter", "admin", {"is_disabled": True, **WHY}).status_code == 404
