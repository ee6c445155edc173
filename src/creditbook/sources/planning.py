"""What an event means to the ledger by its source's settings: whose, what, at which cost; or why it can't be booked."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.money import NANOS
from creditbook.domain.operations import Cost
from creditbook.ledger.ledger import Ledger
from creditbook.pricing.rates import TokenUsage

from .fields import COST_FIELD, DEFAULT_ACTION, TEXT_FIELDS, TOKEN_FIELDS, BadRow, Record, cost_nanos_of, text_of
from .fields import tokens_of as counted
from .values import Event, Source

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of ours another machine's clock may be."""

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_ID = 200

NOBODY = "It names no account."
UNKNOWN = "There is no such account."
OFF = "The source is switched off."
FUTURE = "Its time lies in the future."
ANCIENT = "Its time lies before 1970."
NO_ZONE = "Its time has no time zone."
FOREIGN = "The API key that sent it is bound to another account."


@dataclass(slots=True)
class Plan:
    """What is to become of one event. ``spend`` is what the ledger is asked; without it ``state`` and ``reason`` tell.

    ``named`` is whom the event names, ``create`` whether that account has to be opened first.
    """

    event: Event
    key: str
    state: Literal["book", "waiting", "rejected", "empty", "replayed"] = "book"
    reason: str = ""
    named: str = ""
    create: bool = False
    work: dict[str, Any] = field(default_factory=dict)
    spend: dict[str, Any] = field(default_factory=dict)

    def stop(self, state: Literal["waiting", "rejected"], reason: str) -> None:
        """It can't be booked now."""
        self.state, self.reason = state, reason


def key_of(source: Source, event: Event) -> str:
    """The idempotency key of an event, the same whenever and wherever it comes again (rule 16)."""
    text = event.event_id
    if len(text) > LONGEST_ID or not text.isprintable():
        text = "#" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"event:{source.kind}:{text}"


class Planner:
    """Plans events of one source. ``only`` is the one account of a bound key ('' the pool)."""

    def __init__(self, ledger: Ledger, org_slug: str, source: Source, *, only: str | None = None) -> None:
        self._core = ledger.core
        self._org = ledger.core.organization(org_slug)
        self._source, self._only = source, only

    def plans(self, events: Sequence[Event], now: datetime, *, though_off: bool = False) -> list[Plan]:
        """One plan an event: all that can be said without the database's help."""
        found = []
        for event in events:
            plan = Plan(event, key_of(self._source, event))
            found.append(plan)
            if event.problem:
                plan.stop("rejected", event.problem)
            elif not event.is_usage:
                plan.state = "empty"
            else:
                self._read(plan, now)
                if plan.state == "book" and not (self._source.is_on or though_off):
                    plan.stop("waiting", OFF)
        return found

    def _read(self, plan: Plan, now: datetime) -> None:
        try:
            given = picked(self._source, plan.event)
            plan.named = self._named(given, plan.event)
            plan.work = _work(given)
        except BadRow as wrong:
            plan.stop("rejected", str(wrong))
            return
        reason = _odd_time(plan.event.at, now) or _contradiction(plan.work)
        if reason:
            plan.stop("rejected", reason)

    def _named(self, given: Record, event: Event) -> str:
        """Whom the event names: a name, an id from elsewhere, or '' for nobody."""
        for value in (given.get("account"), *(event.attributes.get(name) for name in self._source.who)):
            if value is not None and not isinstance(value, bool | dict | list) and (name := text_of("account", value)):
                return name.removeprefix(f"{self._org.slug}/")
        return ""

    def settle(self, plans: Sequence[Plan], accounts: Mapping[str, str], now: datetime) -> None:
        """Give each its account, of those that are there, and the spend that books it."""
        for plan in plans:
            if plan.state != "book":
                continue
            name = self._account(plan, accounts)
            if name is None:
                continue
            try:
                cost = self._cost(plan.work, plan.event.at or now)
            except InvalidRequest as wrong:
                plan.stop("rejected", str(wrong))
                continue
            plan.spend = self._spend(plan, name, cost)

    def names(self, plans: Sequence[Plan]) -> Collection[str]:
        """Whom the plans name, to be looked up."""
        return {self._written(plan.named) for plan in plans if plan.state == "book" and plan.named}

    def _written(self, named: str) -> str:
        return "" if named == self._org.slug else named

    def _account(self, plan: Plan, accounts: Mapping[str, str]) -> str | None:
        """The account's own name ('' is the pool); None where it can't be booked."""
        if not plan.named:
            if self._only is None:
                plan.stop("waiting", NOBODY)
            return self._only
        name = accounts.get(self._written(plan.named))
        if self._only is not None and name != self._only:
            plan.stop("rejected", FOREIGN)
            return None
        if name is None and self._source.unknown == "create" and self._written(plan.named):
            plan.create = True
            return plan.named
        if name is None:
            plan.stop("waiting", UNKNOWN)
        return name

    def _cost(self, work: Mapping[str, Any], at: datetime) -> Cost:
        pricer = self._core.pricer
        if COST_FIELD in work:
            by = work["provider"] or self._source.name
            return pricer.reported(Decimal(work[COST_FIELD]) / NANOS, by, at)
        counts = TokenUsage(work["input_tokens"], work["output_tokens"], work["cached_tokens"],
                            work["cache_write_tokens"], work["reasoning_tokens"])  # fmt: skip
        model, provider = work["model"] or None, work["provider"] or None
        return pricer.price(counts, model, at, org_id=self._org.org_id, provider=provider)

    def _spend(self, plan: Plan, name: str, cost: Cost) -> dict[str, Any]:
        work = plan.work
        told: dict[str, object] = {"source": self._source.name}
        if work["provider"]:
            told["provider"] = work["provider"]
        kept = {n: work[n] for n in ("agent", "model", "project", "description", "input_tokens", "output_tokens",
                                     "cached_tokens", "reasoning_tokens", "tokens")}  # fmt: skip
        how = {"meter": True} if self._source.mode == "meter" else {"done": True}
        return {"account": f"{self._org.slug}/{name}" if name else self._org.slug, "action": work["action"], **kept,
                "event_at": plan.event.at, "cost": cost, "metadata": told, "idempotency_key": plan.key,
                **how}  # fmt: skip


def picked(source: Source, event: Event) -> Record:
    """The event's fields by its source's settings: a mapping wins over the parser, a fixed value over both.

    Beside a mapping of the same field, the fixed value fills what the mapping does not find.
    """
    given = dict(event.fields)
    for name, attribute in source.mapping.items():
        given[name] = event.attributes.get(attribute)
    for name, value in source.fixed.items():
        if name not in source.mapping or given.get(name) in (None, ""):
            given[name] = value
    return {name: value for name, value in given.items() if value is not None and value != ""}


def _work(given: Record) -> dict[str, Any]:
    work: dict[str, Any] = {name: text_of(name, given[name]) if name in given else "" for name in TEXT_FIELDS}
    work |= {name: counted(name, given[name]) if name in given else 0 for name in TOKEN_FIELDS}
    work["action"] = work["action"] or DEFAULT_ACTION
    if "tokens" not in given:
        work["tokens"] = None
    if COST_FIELD in given:
        work[COST_FIELD] = cost_nanos_of(given[COST_FIELD])
    return work


def _odd_time(at: datetime | None, now: datetime) -> str:
    if at is None:
        return ""
    if at.tzinfo is None:
        return NO_ZONE
    if at > now + CLOCK_SKEW:
        return FUTURE
    return ANCIENT if at < FIRST else ""


def _contradiction(work: Mapping[str, Any]) -> str:
    for part, whole in (("cached", "input"), ("cache_write", "input"), ("reasoning", "output")):
        if work[f"{part}_tokens"] > work[f"{whole}_tokens"]:
            return f"It has more {part.replace('_', '-')} tokens than {whole} tokens, which include them."
    return ""
