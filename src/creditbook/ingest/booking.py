"""The till: checked rows become spends of the ledger, each with its price and its key, a batch in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from creditbook.domain.errors import Conflict, IdempotencyConflict, InvalidRequest, LedgerError, Unavailable
from creditbook.domain.money import NANOS
from creditbook.domain.operations import NO_COST, Cost
from creditbook.domain.results import Receipt
from creditbook.ledger.ledger import Ledger
from creditbook.ledger.spending import asked_hash
from creditbook.pricing.extract import Extracted
from creditbook.pricing.pricer import Pricer
from creditbook.pricing.rates import TokenUsage
from creditbook.store import imports as runs

from .checking import KEYED_BY_ID
from .outcome import Booked, ImportRequest, Mode
from .values import UsageRow

OPERATION = "spend"
OPENING = "Create it, or import with accounts opened that are not there (create_accounts, --create-accounts)."
"""What to do about an account, in words that fit the command line, a form and the dialog's switch."""


class LedgerTill:
    """Books rows into one organization through the ledger's own spends."""

    def __init__(self, ledger: Ledger, request: ImportRequest, import_id: int | None) -> None:
        self.accounts_created = 0
        self._ledger, self._request, self._import_id = ledger, request, import_id
        self._org = ledger.core.organization(request.org)
        self._store, self._pricer = ledger.core.store, ledger.core.pricer
        self._open: dict[str, int | None] = {}  # accounts that are there → the import that holds them

    def book(self, rows: Sequence[UsageRow]) -> list[Booked]:
        """Books what can be booked, each row for itself. Raises Unavailable when the database is."""
        self._look_up(rows)
        now = self._ledger.core.now()
        known = self._known(rows) if self._request.mode is Mode.CHARGE or self._request.dry_run else {}
        found: list[Booked | None] = []
        spends, places = [], []
        for row in rows:
            cost, refusal = self._cost(row, row.event_at or now)
            refusal = refusal or self._admit(row, known)
            if refusal:
                found.append(Booked(reason=refusal))
                continue
            if self._request.dry_run:
                found.append(self._foreseen(row, cost, known))
                continue
            places.append((len(found), row, cost))
            found.append(None)
            spends.append(self._spend(row, cost))
        answers = self._ledger.spend_many(spends) if spends else []
        for (place, row, cost), answer in zip(places, answers, strict=True):
            found[place] = _booked(answer, row, cost)
        return [booked for booked in found if booked is not None]

    def end(self) -> None:
        """Lets everybody use the accounts that a charging import kept to itself."""
        if self._import_id is not None and self._request.mode is Mode.CHARGE:
            with self._store.read(self._org.org_id) as connection:
                names = runs.held_accounts(connection, self._org.org_id, self._import_id)
            for name in names:
                self._ledger.end_import(self._name(name), self._import_id, actor=self._request.actor)

    def _look_up(self, rows: Sequence[UsageRow]) -> None:
        names = {row.account for row in rows} - self._open.keys()
        if names:
            with self._store.read(self._org.org_id) as connection:
                self._open |= runs.accounts(connection, self._org.org_id, names)

    def _foreseen(self, row: UsageRow, cost: Cost, known: dict[str, str]) -> Booked:
        """What booking the row would come to, by the keys used before and those of the rows before it."""
        asked = asked_hash(self._spend(row, cost))
        if row.key not in known:
            known[row.key] = asked
            return Booked(unpriced=cost.unpriced)
        if known[row.key] != asked:
            return _in_conflict(row)
        return Booked(replayed=True, unpriced=cost.unpriced, known=True)

    def _known(self, rows: Sequence[UsageRow]) -> dict[str, str]:
        with self._store.read(self._org.org_id) as connection:
            return runs.known_requests(connection, self._org.org_id, OPERATION, [row.key for row in rows])

    def _admit(self, row: UsageRow, known: Collection[str]) -> str:
        """Opens the row's account where that is wanted; else why the row can't be booked, or nothing."""
        charging = self._request.mode is Mode.CHARGE
        if row.account not in self._open:
            if not self._request.create_accounts:
                return f"There is no account {self._name(row.account)}. {OPENING}"
            refusal = self._create(row, charging=charging)
            if refusal:
                return refusal
        if charging and row.key not in known and self._open[row.account] != self._import_id:
            return (
                f"The account {self._name(row.account)} was there before this import, which charges only accounts that "
                "it opened itself. Only record the cost (mode meter)."
            )
        return ""

    def _create(self, row: UsageRow, *, charging: bool) -> str:
        """Opens an account; returns why it can't be opened, or nothing."""
        try:
            if not self._request.dry_run:
                self._opened(row, charging=charging)
        except Conflict:  # somebody else opened it meanwhile
            self._open[row.account] = None
            return ""
        except InvalidRequest as error:
            return str(error)
        self._open[row.account] = self._import_id if charging else None
        self.accounts_created += 1
        return ""

    def _opened(self, row: UsageRow, *, charging: bool) -> None:
        self._ledger.open_account(
            self._name(row.account),
            opened_at=row.event_at if charging else None,
            import_id=self._import_id if charging else None,
            actor=self._request.actor,
        )

    def _name(self, account: str) -> str:
        return f"{self._request.org}/{account}" if account else self._request.org

    def _spend(self, row: UsageRow, cost: Cost) -> dict[str, Any]:
        spend: dict[str, Any] = {
            "account": self._name(row.account), "action": row.action, "agent": row.agent, "model": row.model,
            "project": row.project, "description": row.description, "input_tokens": row.input_tokens,
            "output_tokens": row.output_tokens, "cached_tokens": row.cached_tokens,
            "reasoning_tokens": row.reasoning_tokens, "tokens": row.tokens, "event_at": row.event_at, "cost": cost,
            "actor": self._request.actor, "idempotency_key": row.key,
        }  # fmt: skip
        if row.provider:
            spend["metadata"] = {"provider": row.provider}
        if self._request.mode is Mode.METER:
            return {**spend, "meter": True}
        return {**spend, "import_id": self._import_id, "decided_at": row.event_at or self._ledger.core.now()}

    def _cost(self, row: UsageRow, at: datetime) -> tuple[Cost, str]:
        """The row's cost, or why it can have none."""
        try:
            return self._price(row, at), ""
        except InvalidRequest as error:
            return NO_COST, str(error)

    def _price(self, row: UsageRow, at: datetime) -> Cost:
        if row.cost_usd_nanos is not None:
            by = row.provider or self._request.path.name
            return self._pricer.reported(Decimal(row.cost_usd_nanos) / NANOS, by, at)
        if row.extracted is not None:
            return extracted_cost(self._pricer, row.extracted, at, self._org.org_id)
        counts = TokenUsage(
            row.input_tokens, row.output_tokens, row.cached_tokens, row.cache_write_tokens, row.reasoning_tokens
        )
        return self._pricer.price(counts, row.model, at, org_id=self._org.org_id, provider=row.provider or None)


def extracted_cost(pricer: Pricer, found: Extracted, at: datetime, org_id: int) -> Cost:
    """What a call cost with everything billed beside it, each inference at its own price; unpriced if any is."""
    whole = NO_COST
    for one in (found, *found.besides):
        cost = pricer.price(one.usage, one.model, at, org_id=org_id, provider=one.provider)
        if cost.unpriced:
            return cost
        whole = _sum(whole, cost) if whole.usd_nanos is not None else cost
    return whole


def _sum(one: Cost, other: Cost) -> Cost:
    if other.usd_nanos is None or one.usd_nanos is None:
        return one
    parts = {name: count + (other.parts or {}).get(name, 0) for name, count in (one.parts or {}).items()}
    in_rupees = None if one.inr_nanos is None else one.inr_nanos + (other.inr_nanos or 0)
    return replace(one, usd_nanos=one.usd_nanos + other.usd_nanos, inr_nanos=in_rupees, parts=parts)


def _booked(answer: Receipt | LedgerError, row: UsageRow, cost: Cost) -> Booked:
    if isinstance(answer, Unavailable):
        raise answer
    if isinstance(answer, IdempotencyConflict):
        return _in_conflict(row)
    if isinstance(answer, LedgerError):
        return Booked(reason=str(answer))
    return Booked(replayed=answer.replayed, unpriced=cost.unpriced, known=answer.replayed)


def _in_conflict(row: UsageRow) -> Booked:
    """The refusal of a row whose key the ledger has used for another content."""
    if row.key.startswith(KEYED_BY_ID):
        what = f"The id {row.key.removeprefix(KEYED_BY_ID)} is in the ledger already, with another content."
    else:
        what = (
            "The row is in the ledger already, imported in another way: look at the mode, and at the zone of times "
            "without one (tz, --tz)."
        )
    return Booked(reason=what, known=True)
