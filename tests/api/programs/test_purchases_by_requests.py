"""Purchases of the studio by requests alone: opened, paid by hand, listed, their money given back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from api.application import WHY, Application, Applications


@pytest.fixture
def studio(apps: Applications) -> Application:
    app = apps.of("studio", at=datetime(2026, 3, 4, 6, tzinfo=UTC))
    app.open("asha")
    return app


def test_a_purchase_waits_for_its_payment_is_paid_once_and_its_money_given_back(studio: Application) -> None:
    waits = studio.tell("/v1/tokens/purchase", "asha", package_id="starter")
    assert (waits["status"], studio.left("asha")) == ("pending", 10_000)
    path = f"/v1/purchases/{waits['purchase_id']}"
    for _ in range(2):  # told twice, it is given once
        paid = studio.order(f"{path}/pay", "asha", payment="UPI 77", **WHY)
        assert (paid["status"], paid["payment"], paid["trouble"]) == ("granted", "UPI 77", "")
    assert studio.left("asha") == 60_000
    (listed,) = studio.ask("/v1/purchases", "asha")["purchases"]
    assert listed == paid
    assert studio.send("GET", "/v1/purchases?status=pending", key="admin").json()["purchases"] == []
    for _ in range(2):
        studio.spend("asha", "srs", tokens=8_000)  # the month's 10,000 end first; 6,000 of the pack went
    back = studio.order(f"{path}/refund", "asha", amount_minor=4_950, **WHY)
    assert (back["status"], back["refunded_minor"], back["refunded_tokens"]) == ("granted", 4_950, 25_000)
    assert studio.left("asha") == 60_000 - 16_000 - 25_000
    studio.refused(422, f"{path}/refund", "asha", key="admin", amount_minor=9_900, **WHY)


def test_purchases_are_each_accounts_own_and_an_administrator_lists_everybodys(studio: Application) -> None:
    studio.open("rohan")
    hers, his = (studio.tell("/v1/tokens/purchase", user, package_id="starter") for user in ("asha", "rohan"))
    studio.buy("asha", "pro", "UPI 1")
    assert [one["item"] for one in studio.ask("/v1/purchases", "asha")["purchases"]] == ["pro", "starter"]
    first = studio.send("GET", "/v1/purchases?limit=2", key="admin").json()
    assert [one["account"].partition("/")[2] for one in first["purchases"]] == ["asha", "rohan"]
    second = studio.send("GET", f"/v1/purchases?limit=2&cursor={first['next_cursor']}", key="admin").json()
    assert [one["purchase_id"] for one in second["purchases"]] == [hers["purchase_id"]]
    assert second["next_cursor"] is None
    waiting = studio.send("GET", "/v1/purchases?status=pending", key="admin").json()["purchases"]
    assert [one["purchase_id"] for one in waiting] == [his["purchase_id"], hers["purchase_id"]]
    # Whoever may only read and names nobody asks for the pool's, as everywhere: here is none.
    assert studio.send("GET", "/v1/purchases", key="read").status_code == 404
    paid = {"payment": "UPI 2", **WHY}
    studio.refused(404, f"/v1/purchases/{his['purchase_id']}/pay", "asha", key="admin", **paid)
    studio.refused(404, f"/v1/purchases/{his['purchase_id']}/refund", "asha", key="admin", **WHY)
    studio.refused(403, f"/v1/purchases/{hers['purchase_id']}/pay", "asha", **paid)
    # What was paid is not what it costs: it is told, and waits for a person.
    odd = studio.order(f"/v1/purchases/{hers['purchase_id']}/pay", "asha", **paid, paid_minor=5, currency="INR")
    assert (odd["status"], studio.left("asha")) == ("pending", 10_000 + 200_000)
    assert "is of 5 INR, 9900 INR are due" in odd["trouble"]
