"""What OpenMeter's SDK asks of us: entitlements and meters, against sums that were made by hand."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from urllib.parse import quote

import pytest
from api.door import Door, open_door
from support.ledgers import NOON

from creditbook.api.metering import BY_ACCOUNT, Group
from creditbook.installation import close_installations
from creditbook.store.meters import DIMENSIONS

WORK = [  # who, when, model, input, output
    ("asha", NOON - timedelta(days=2, hours=11, minutes=31), "gpt-4o", 100, 10),  # March 2, 00:29 UTC
    ("asha", NOON - timedelta(minutes=40), "gpt-4o", 200, 20),  # 11:20 UTC, 16:50 in Kolkata
    ("asha", NOON - timedelta(minutes=25), "gpt-4o-mini", 400, 40),  # 11:35 UTC, 17:05 in Kolkata
    ("ben", NOON - timedelta(minutes=40), "gpt-4o", 800, 80),
]


@pytest.fixture(scope="module")
def here(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("metering") / "creditbook.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CREDITBOOK_DATABASE_URL", f"sqlite:///{path}")
        yield stocked(open_door(f"sqlite:///{path}"))
        close_installations()


def stocked(door: Door) -> Door:
    """With the work above, and an account that is somebody else's customer."""
    door.ledger.open_account("acme/cleo", external_id="crm/9")
    for who, at, model, inp, out in WORK:
        door.ledger.spend(f"acme/{who}", action="work", meter=True, event_at=at, model=model, input_tokens=inp,
                          output_tokens=out)  # fmt: skip
    return door


def asked(door: Door, slug: str = "tokens", key: str = "read", **params: Any) -> Any:
    headers = {"Authorization": f"Bearer {door.keys[key]}"}
    return door.client.get(f"/v1/meters/{slug}/query", params=params, headers=headers)


def rows(door: Door, slug: str = "tokens", key: str = "read", **params: Any) -> list[tuple[Any, ...]]:
    answer = asked(door, slug, key, **params)
    assert answer.status_code == 200, answer.text
    return [(row["windowStart"][:16], row["subject"], *row["groupBy"].values(), row["value"])
            for row in answer.json()["data"]]  # fmt: skip


def test_everything_together_is_one_figure_for_each_meter(here: Door) -> None:
    values = {slug: rows(here, slug)[0][-1] for slug in ("tokens", "input_tokens", "output_tokens", "requests", "cost")}
    assert values == {
        "tokens": 1_650, "input_tokens": 1_500, "output_tokens": 150, "requests": 4,
        # 1,100 × $2.50 + 110 × $10, and 400 × $0.15 + 40 × $0.60, a million each
        "cost": pytest.approx(0.00275 + 0.0011 + 0.00006 + 0.000024),
    }  # fmt: skip
    assert rows(here)[0][:2] == ("2026-03-02T00:29", None)


def test_days_hours_and_minutes_are_those_of_the_zone_that_is_asked_for(here: Door) -> None:
    assert rows(here, windowSize="DAY") == [("2026-03-02T00:00", None, 110), ("2026-03-04T00:00", None, 1_540)]
    zone = {"windowTimeZone": "America/New_York"}
    assert rows(here, windowSize="DAY", **zone) == [("2026-03-01T05:00", None, 110), ("2026-03-04T05:00", None, 1_540)]
    assert rows(here, windowSize="MONTH", **zone) == [("2026-03-01T05:00", None, 1_650)]
    half = {"windowTimeZone": "Asia/Kolkata", "from": "2026-03-04T00:00:00Z", "windowSize": "HOUR"}
    assert rows(here, **half) == [("2026-03-04T10:30", None, 1_100), ("2026-03-04T11:30", None, 440)]
    assert rows(here, windowSize="HOUR", **{"from": "2026-03-04T00:00:00Z"}) == [("2026-03-04T11:00", None, 1_540)]
    assert rows(here, windowSize="MINUTE", **{"from": "2026-03-04T11:30:00Z"}) == [("2026-03-04T11:35", None, 440)]


def test_accounts_and_models_are_told_apart_and_filtered(here: Door) -> None:
    assert rows(here, groupBy=["subject"]) == [("2026-03-02T00:29", "asha", 770), ("2026-03-04T11:20", "ben", 880)]
    since = {"from": "2026-03-04T00:00:00Z"}
    assert rows(here, groupBy=["subject", "model"], **since) == [
        ("2026-03-04T00:00", "asha", "gpt-4o", 220),
        ("2026-03-04T00:00", "asha", "gpt-4o-mini", 440),
        ("2026-03-04T00:00", "ben", "gpt-4o", 880),
    ]
    assert rows(here, subject=["acme/asha", "nobody"], **since) == [("2026-03-04T00:00", "acme/asha", 660)]
    assert rows(here, subject=["nobody"]) == []
    assert rows(here, **{"filterGroupBy[model]": "gpt-4o-mini"})[0][-1] == 440
    assert rows(here, filterGroupBy=quote("{'model': 'gpt-4o-mini'}"))[0][-1] == 440


def test_usage_is_told_apart_by_everything_that_is_offered(here: Door) -> None:
    assert set(get_args(Group)) == {*DIMENSIONS, *BY_ACCOUNT}
    for name in get_args(Group):
        assert sum(row[-1] for row in rows(here, groupBy=[name])) == 1_650, name


def test_the_end_is_not_included_and_an_empty_time_has_no_rows(here: Door) -> None:
    edge = NOON - timedelta(minutes=25)
    assert rows(here, to=edge.isoformat())[0][-1] == 1_210
    assert rows(here, to=(edge + timedelta(microseconds=1)).isoformat())[0][-1] == 1_650
    assert rows(here, **{"from": "2026-03-05T00:00:00Z", "to": "2026-03-06T00:00:00Z"}) == []


def test_a_spreadsheet_gets_it_as_csv(here: Door) -> None:
    headers = {"Authorization": f"Bearer {here.keys['read']}", "Accept": "text/csv"}
    answer = here.client.get("/v1/meters/tokens/query?windowSize=DAY&groupBy=model&subject=ben", headers=headers)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.splitlines() == [
        "window_start,window_end,subject,model,value",
        "2026-03-04T00:00:00+00:00,2026-03-05T00:00:00+00:00,ben,gpt-4o,880.0",
    ]


def test_a_bound_key_sees_its_own_account_alone(here: Door) -> None:
    assert rows(here, key="bound")[0][-1] == 880
    assert rows(here, key="bound", subject=["ben"])[0][-1] == 880
    assert asked(here, key="bound", subject=["ben", "asha"]).status_code == 404
    assert asked(here, key="bound", subject=["nobody"]).status_code == 404


@pytest.mark.parametrize(
    ("slug", "params", "status"),
    [
        ("colours", {}, 404),
        ("tokens", {"groupBy": "colour"}, 422),
        ("tokens", {"windowSize": "YEAR"}, 422),
        ("tokens", {"windowTimeZone": "Mars/Olympus"}, 422),
        ("tokens", {"from": "yesterday"}, 422),
        ("tokens", {"filterGroupBy": "model"}, 422),
        ("tokens", {"filterGroupBy": "{'model': 7}"}, 422),
        ("tokens", {"filterGroupBy[colour]": "red"}, 422),
    ],
)
def test_what_can_not_be_asked_is_a_problem(here: Door, slug: str, params: dict[str, str], status: int) -> None:
    answer = asked(here, slug, **params)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_an_entitlement_tells_access_balance_usage_and_overage(sqlite_url: str, installed_at: Any) -> None:
    installed_at(sqlite_url)
    door = open_door(sqlite_url)
    path = "/v1/customers/asha/entitlements/work/value"
    assert door.get(path).json() == {
        "hasAccess": True, "balance": 1_000, "usage": 0, "overage": 0, "totalAvailableGrantAmount": 1_000,
    }  # fmt: skip
    door.ledger.spend("acme/asha", action="work", tokens=300)
    assert door.get(path).json() == {
        "hasAccess": True, "balance": 700, "usage": 300, "overage": 0, "totalAvailableGrantAmount": 1_000,
    }  # fmt: skip
    door.ledger.spend("acme/asha", action="work", tokens=750, done=True)
    assert door.get(path).json() == {
        "hasAccess": False, "balance": 0, "usage": 1_050, "overage": 50, "totalAvailableGrantAmount": 1_000,
    }  # fmt: skip
    assert door.get("/v1/customers/asha/entitlements/chat/value").json()["hasAccess"]  # a free action
    before = quote(datetime(2025, 1, 1, tzinfo=UTC).isoformat())
    assert door.get(f"{path}?time={before}").json() == {"hasAccess": False, "balance": 0}
    assert door.get("/v1/customers/asha/entitlements/dance/value").status_code == 404
    assert door.get("/v1/customers/nobody/entitlements/work/value").status_code == 404


def test_a_customer_is_found_by_the_id_that_it_has_elsewhere(here: Door) -> None:
    assert here.get("/v1/customers/crm%2F9/entitlements/work/value").json()["hasAccess"] is False
    assert here.get("/v1/customers/crm%2F9/entitlements/work/value", "bound").status_code == 404
