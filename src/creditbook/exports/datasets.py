"""Exports of a whole organization, or of one account: every transaction, or usage by day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from creditbook.access.values import NotAllowed, Principal
from creditbook.domain.errors import InvalidRequest, NotFound
from creditbook.store import directory
from creditbook.store.engine import Store
from creditbook.store.finance import export_rows
from creditbook.store.finance.export_rows import Days

from .tables import Column, Table, cost, of_nanos, whole

TRANSACTIONS = (
    Column("id", "id"), Column("account"), Column("kind"), Column("event_at", "instant"),
    Column("effective_at", "instant"), Column("created_at", "instant"), Column("org_date", "day"),
    Column("accounting_date", "day"), Column("account_date", "day"), Column("action"), Column("feature"),
    Column("agent"), Column("model"), Column("project"), Column("description"), Column("plan"), whole("tokens"),
    whole("charged_tokens"), Column("metered", "flag"), whole("requests"), whole("input_tokens"),
    whole("output_tokens"), whole("cached_tokens"), whole("reasoning_tokens"), cost("cost_usd", "USD"),
    cost("cost_inr", "INR"), Column("unpriced", "flag"), Column("price_version"), Column("fx_rate_id", "id"),
    Column("available_after", "whole"), Column("hold_id", "id"), Column("reverses_id", "id"), Column("actor"),
    Column("reason"),
)  # fmt: skip

USAGE = (
    Column("org_date", "day"), Column("account"), Column("agent"), Column("model"), Column("feature"),
    whole("requests"), whole("input_tokens"), whole("output_tokens"), whole("cached_tokens"),
    whole("reasoning_tokens"), whole("charged_tokens"), whole("refunded_tokens"), cost("cost_usd", "USD"),
    cost("cost_inr", "INR"), whole("unpriced_requests"),
)  # fmt: skip


def transactions(store: Store, who: Principal, days: Days) -> Table:
    """Every transaction of these days. Instants are local to the organization, costs exact; unknown costs are empty."""
    may_export(who, days.account_id)
    return Table("Transactions", TRANSACTIONS, _transactions(store, who, days), _facts(who, days))


def _transactions(store: Store, who: Principal, days: Days) -> Iterator[tuple[Any, ...]]:
    zone = ZoneInfo(zone_of(who))
    with store.read(who.org_id) as connection:
        for r in export_rows.transactions(connection, who.org_id, days):
            (txn_id, account, kind, event_at, effective_at, created_at, *rest) = r
            happened = (at.astimezone(zone) for at in (event_at, effective_at, created_at))
            yield (txn_id, who.named(account), kind, *happened, *rest[:18], of_nanos(rest[18]), of_nanos(rest[19]),
                   *rest[20:])  # fmt: skip


def usage(store: Store, who: Principal, days: Days) -> Table:
    """What each account used on each day of the organization, by agent, model and feature."""
    may_export(who, days.account_id)
    if days.basis != "event":
        raise InvalidRequest(
            "Usage is exported by the day on which it happened; export transactions by the books' day."
        )
    return Table("Usage", USAGE, _usage(store, who, days), _facts(who, days))


def _usage(store: Store, who: Principal, days: Days) -> Iterator[tuple[Any, ...]]:
    with store.read(who.org_id) as connection:
        for day, _, account, _, agent, model, feature, *figures in export_rows.usage_days(connection, who.org_id, days):
            *counts, usd_nanos, inr_nanos, unpriced = figures
            costs = (of_nanos(usd_nanos), of_nanos(inr_nanos))
            yield (day, who.named(account), agent, model, feature, *counts, *costs, unpriced)


def may_export(who: Principal, account_id: int | None) -> None:
    """Raises NotAllowed unless the account is her own, or she sees the whole organization's books."""
    if not (who.has("finance", "admin") or (account_id is not None and account_id == who.account_id)):
        raise NotAllowed("You can export your own account. Ask finance or an administrator for more.")


@dataclass(frozen=True, slots=True)
class AccountName:
    """An account by its id and its user name, '' for the pool."""

    account_id: int
    name: str


def account_named(store: Store, who: Principal, said: str) -> AccountName:
    """An account of her organization, written `ORG/USERNAME`, the user name alone, or `ORG` for the pool.

    Raises NotFound.
    """
    user = "" if said == who.org_slug else said.removeprefix(f"{who.org_slug}/")
    ref = directory.account_by_name(store, who.org_id, user)
    if ref is None:
        raise NotFound(f"There is no account “{said}” in {who.org_slug}.")
    return AccountName(ref.account_id, user)


def zone_of(who: Principal) -> str:
    """The organization's zone, whatever zone the person's account is in."""
    return who.org_zone or who.zone


def _facts(who: Principal, days: Days) -> tuple[tuple[str, str], ...]:
    dates = "days on which it happened" if days.basis == "event" else "days of the books"
    return (
        ("Organization", f"{who.org_name} ({who.org_slug})"),
        ("First day", _said(days.first)),
        ("Last day", _said(days.last)),
        ("By", f"{dates}, in {zone_of(who)}"),
        ("Costs", "as booked; empty where not known yet"),
    )


def _said(day: date) -> str:
    return day.isoformat()
