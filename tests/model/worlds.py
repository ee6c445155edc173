"""Small worlds of one organization for the model's own tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from model.books import Sale
from model.model import Model
from model.programs import TEAM

from creditbook.domain.program import Program

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def one(terms: Program, which: str, at: datetime = NOON, **more: Any) -> Model:
    model = Model()
    model.create_organization("o", terms)
    model.open_account("o/a", at, plan=which, **more)
    return model


def available(model: Model, at: datetime, name: str = "o/a", feature: str | None = None) -> int:
    return model.balance(name, at, feature)["available"]


def team(at: datetime = NOON, quota: int | None = None) -> Model:
    model = Model()
    model.create_organization("o", TEAM)
    model.open_account("o", at, plan="pool")
    model.open_account("o/a", at, plan=None, draws=True, quota=quota)
    return model


def buy(model: Model, at: datetime, item: str, kind: str = "plan", name: str = "o/a") -> Sale:
    """Opened, paid and granted at once."""
    book = model.find(name)[0]
    bought = model.do("open_purchase", name, at, item=item, kind=kind, payment=f"payment-{len(book.sales)}")
    assert bought.sale.status == "granted"
    sale: Sale = bought.sale
    return sale


def plan_now(model: Model, at: datetime, name: str = "o/a") -> tuple[str | None, str]:
    """The plan and where its subscription stands."""
    _, account, _ = model.settled(name, at)
    return account.plan, account.term.status
