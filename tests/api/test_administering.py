"""Administrators' programs: accounts opened and listed, tokens given and taken back, codes, resets, balances as of."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from api.door import Door

from creditbook.installation import installation


def test_an_account_is_opened_once_with_what_the_program_opens(door: Door) -> None:
    wanted = {"account": "cleo", "external_id": "u-7", "plan": "monthly"}
    first = door.post("/v1/accounts", wanted, "admin", once="cleo")
    assert first.status_code == 201
    opened = first.json()
    assert (opened["account"], opened["external_id"], opened["balance"]["available"]) == ("acme/cleo", "u-7", 10_000)
    assert [wallet["type"] for wallet in opened["balance"]["wallets"]] == ["MONTHLY"]
    assert first.headers["x-tokens-remaining"] == "10000"
    again = door.post("/v1/accounts", wanted, "admin", once="cleo")
    assert (again.status_code, again.json()["replayed"], again.headers["idempotency-replayed"]) == (201, True, "true")


REFUSED: list[tuple[dict[str, Any], int]] = [
    ({"account": "asha"}, 409),
    ({"account": "dora", "external_id": "u-1"}, 409),
    ({"account": "dora", "plan": "golden"}, 422),
    ({"account": "dora", "zone": "Mars/Base"}, 422),
    ({"account": "dora "}, 422),
    ({"account": "acme/do/ra"}, 422),
    ({"account": "dora", "draws_on_pool": True}, 404),
    ({"account": "dora", "referred_by": "nobody"}, 422),
    ({"account": "dora", "quota": -1}, 422),
]


def test_an_account_that_can_not_be_opened_is_refused(door: Door) -> None:
    door.post("/v1/accounts", {"account": "cleo", "external_id": "u-1"}, "admin")
    for wanted, status in REFUSED:
        refused = door.post("/v1/accounts", wanted, "admin")
        assert (refused.status_code, refused.headers["content-type"]) == (status, "application/problem+json"), wanted
    assert len(door.get("/v1/accounts", "admin").json()["accounts"]) == 3


def test_accounts_are_listed_page_by_page(door: Door) -> None:
    door.post("/v1/accounts", {}, "admin")
    door.post("/v1/accounts", {"account": "cleo", "draws_on_pool": True, "quota": 5}, "admin")
    first = door.get("/v1/accounts?limit=2", "admin").json()
    second = door.get(f"/v1/accounts?limit=2&cursor={first['next_cursor']}", "admin").json()
    assert [one["account"] for one in first["accounts"]] == ["acme/asha", "acme/ben"]
    assert [one["account"] for one in second["accounts"]] == ["acme", "acme/cleo"]
    assert (second["accounts"][1]["draws_on_pool"], second["accounts"][1]["quota"]) == (True, 5)
    assert second["next_cursor"] is None
    assert door.get("/v1/accounts?cursor=nonsense", "admin").status_code == 422


def test_an_account_is_found_by_the_applications_own_id_and_closed_ones_when_asked_for(door: Door) -> None:
    door.post("/v1/accounts", {"account": "cleo", "external_id": "u-7"}, "admin")
    (found,) = door.get("/v1/accounts?external_id=u-7", "admin").json()["accounts"]
    assert (found["account"], found["external_id"], found["status"]) == ("acme/cleo", "u-7", "active")
    assert door.get("/v1/accounts?external_id=u-8", "admin").json() == {"accounts": [], "next_cursor": None}
    door.ledger.close_account("acme/cleo", reason="moved away")
    assert len(door.get("/v1/accounts", "admin").json()["accounts"]) == 2
    closed = door.get("/v1/accounts?status=closed", "admin").json()["accounts"]
    assert [(one["account"], one["status"]) for one in closed] == [("acme/cleo", "closed")]
    assert door.get("/v1/accounts?status=lost", "admin").status_code == 422


def test_tokens_are_given_once_and_taken_back(door: Door) -> None:
    day = (installation().clock() + timedelta(days=30)).date().isoformat()
    wanted = {"account": "ben", "tokens": 500, "reason": "welcome", "expires_at": day}
    given = door.post("/v1/grants", wanted, "admin", once="g")
    assert (given.json()["kind"], given.json()["available"]) == ("grant", 500)
    assert door.post("/v1/grants", wanted, "admin", once="g").json()["replayed"]
    # The date includes that day where the organization is: it ends when the next one begins in Kolkata.
    ends = door.get(f"/v1/accounts/ben/balance?as_of={day}T18:30:00Z").json()
    before = door.get(f"/v1/accounts/ben/balance?as_of={day}T18:29:59Z").json()
    assert (before["available"], ends["available"]) == (500, 0)
    grant_id = given.json()["lines"][0]["grant_id"]
    back = {"account": "ben", "grant_id": grant_id, "tokens": 200, "reason": "too many"}
    assert door.post("/v1/revocations", back, "admin").json()["available"] == 300
    assert door.post("/v1/revocations", {**back, "tokens": 301}, "admin").status_code == 422
    assert door.post("/v1/revocations", {**back, "grant_id": 99}, "admin").status_code == 404
    assert door.post("/v1/grants", {**wanted, "expires_at": "2020-03-03"}, "admin").status_code == 422
    assert door.post("/v1/grants", {"account": "ben", "tokens": 5}, "admin").status_code == 422


def test_codes_are_made_one_or_many_and_each_once(door: Door) -> None:
    code = {"code": "LAUNCH50", "tokens": 50, "valid_through": "2150-12-31", "plans": ["bare"], "reason": "launch"}
    assert door.post("/v1/promo-codes", code, "admin").json() == {"codes": ["LAUNCH50"]}
    assert door.post("/v1/promo-codes", code, "admin").status_code == 409
    assert door.ledger.redeem("acme/ben", "launch50").tokens == 50
    many = {"code": "BETA", "tokens": 5, "count": 3, "batch": "beta", "reason": "beta"}
    made = door.post("/v1/promo-codes", many, "admin").json()["codes"]
    assert len(set(made)) == 3
    assert door.post("/v1/promo-codes", many, "admin").status_code == 409
    assert door.post("/v1/promo-codes", {**many, "batch": ""}, "admin").status_code == 422
    assert door.post("/v1/promo-codes", {**code, "code": "NEW", "plans": ["golden"]}, "admin").status_code == 422


def test_codes_sent_again_with_their_key_are_the_same_codes(door: Door) -> None:
    many = {"code": "BETA", "tokens": 5, "count": 3, "batch": "beta", "reason": "beta"}
    first = door.post("/v1/promo-codes", many, "admin", once="codes")
    again = door.post("/v1/promo-codes", many, "admin", once="codes")
    assert (again.status_code, again.json()) == (201, first.json())
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert door.post("/v1/promo-codes", {**many, "count": 4}, "admin", once="codes").status_code == 422
    assert len(door.ledger.codes("acme")) == 3


def test_of_many_who_make_one_batch_at_once_one_makes_it(door: Door) -> None:
    many = {"code": "BETA", "tokens": 5, "count": 20, "batch": "beta", "reason": "beta"}
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: door.post("/v1/promo-codes", many, "admin").status_code, range(6)))
    assert sorted(answers) == [201] + [409] * 5
    assert len(door.ledger.codes("acme")) == 20


def test_many_are_given_tokens_in_one_batch_each_once(door: Door) -> None:
    gift = {"tokens": 50, "reason": "spring"}
    batch = {"grants": [{**gift, "account": "ben", "idempotency_key": "spring/ben"}, {**gift, "account": "nobody"},
                        {**gift, "account": "asha", "wallet": "PREMIUM"}]}  # fmt: skip
    results = door.post("/v1/grants/batch", batch, "admin", once="b").json()["results"]
    assert [one["receipt"]["available"] if one["receipt"] else one["problem"]["status"] for one in results] == [
        50, 404, 1_050,
    ]  # fmt: skip
    again = door.post("/v1/grants/batch", {"grants": batch["grants"][:1]}, "admin").json()["results"]
    assert again[0]["receipt"]["replayed"]
    assert door.ledger.balance("acme/ben").available == 50
    assert door.post("/v1/grants/batch", {"grants": []}, "admin").status_code == 422
    foreign = {"grants": [{**gift, "account": "ben"}, {**gift, "account": "other/ben"}]}
    assert door.post("/v1/grants/batch", foreign, "admin").status_code == 404
    assert door.ledger.balance("acme/ben").available == 50


def test_an_allowance_is_reset_for_one_or_everything_due_is_settled(door: Door) -> None:
    door.post("/v1/accounts", {"account": "cleo", "plan": "monthly"}, "admin")
    door.spend(account="cleo", tokens=4_000)
    again = {"account": "cleo", "reason": "a mishap"}
    answer = door.post("/v1/resets", again, "admin", once="r")
    assert (answer.status_code, answer.headers["x-tokens-remaining"]) == (200, "10000")
    assert door.post("/v1/resets", again, "admin", once="r").json()["replayed"]
    everything = door.post("/v1/resets", {"everything_due": True, "reason": "by hand"}, "admin").json()
    assert (everything["accounts"], everything["resets"]) == (0, 0)
    assert door.post("/v1/resets", {**again, "everything_due": True}, "admin").status_code == 422


def test_a_balance_is_told_now_and_as_of_any_moment(door: Door) -> None:
    now = door.get("/v1/accounts/asha/balance")
    assert (now.json()["available"], now.json()["wallets"][0]["type"]) == (1_000, "BONUS")
    assert now.headers["x-tokens-remaining"] == "1000"
    assert door.get("/v1/accounts/acme/asha/balance").json()["available"] == 1_000
    past = door.get("/v1/accounts/asha/balance?as_of=2020-01-01T00:00:00%2B05:30")
    assert (past.status_code, past.json()["available"]) == (200, 0)
    assert door.get("/v1/accounts/asha/balance?as_of=2020-01-01T00:00:00").status_code == 422
    assert door.get("/v1/accounts/asha/balance?as_of=2190-01-01T00:00:00Z").status_code == 422
    assert door.get("/v1/accounts/nobody/balance").status_code == 404
    assert door.get("/v1/accounts/other/asha/balance").status_code == 404
