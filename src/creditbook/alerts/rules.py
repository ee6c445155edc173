"""A person's own alerts: what she wants to hear about and where, a test, and what was sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from creditbook.access.values import Principal
from creditbook.domain.errors import InvalidRequest, LimitExceeded, NotFound
from creditbook.ledger.ledger import Ledger
from creditbook.settings import Settings
from creditbook.store import alerts as rows
from creditbook.store import directory
from creditbook.store.directory import AccountRef, Organization

from .channels import channel, shown
from .checking import LOW_BALANCE, RUN_OUT
from .figures import Figure, figures
from .messages import test_message
from .sending import send

MOST_RULES = 10
MOST_TESTS_AN_HOUR = 5
LARGEST = {LOW_BALANCE: 10**15, RUN_OUT: 90}
TEST = "test"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as its holder sees it: ``threshold`` in tokens or, to run out, in days; ``where`` without secrets."""

    alert_id: int
    kind: str
    threshold: int
    where: str
    is_on: bool
    is_armed: bool
    last_fired_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sent:
    """One alert that was sent or failed; ``kind`` is a rule's or `test`, ``figure`` what was available then."""

    at: datetime
    kind: str
    figure: int
    delivered: bool
    error: str


class Alerts:
    """The signed-in person's alerts about her own account. Raises NotFound for people without one."""

    def __init__(self, ledger: Ledger, principal: Principal, settings: Settings) -> None:
        self._store = ledger.core.store
        self._batches = ledger.core.batches
        self._who = principal
        self._clock = ledger.core.clock
        self._settings = settings

    def rules(self) -> list[Rule]:
        """Her rules, oldest first."""
        ref = self._account()
        with self._store.read(ref.org_id) as connection:
            found = rows.rules(connection, ref.org_id, ref.account_id)
        return [
            Rule(
                r.alert_id, r.kind, r.threshold, shown(r.channel, self._settings), r.is_on, r.is_armed, r.last_fired_at
            )
            for r in found
        ]

    def sent(self, limit: int = 20) -> list[Sent]:
        """The newest alerts, tests too."""
        ref = self._account()
        with self._store.read(ref.org_id) as connection:
            found = rows.sent(connection, ref.org_id, ref.account_id, limit)
        return [Sent(row.at, row.kind, row.figure, bool(row.delivered), row.error) for row in found]

    def add(self, kind: str, threshold: int, where: str) -> int:
        """A new rule; returns its id. Raises InvalidRequest: the sentence says what to write."""
        ref = self._account()
        if kind not in LARGEST:
            raise InvalidRequest(f"“{kind}” is nothing to be alerted of. Use {' or '.join(LARGEST)}.")
        least = 0 if kind == LOW_BALANCE else 1
        if not least <= threshold <= LARGEST[kind]:
            unit = "tokens" if kind == LOW_BALANCE else "days"
            raise InvalidRequest(f"Give a threshold from {least} to {LARGEST[kind]:,} {unit}.")
        checked = channel(where, self._settings, resolve=True)
        with self._store.write(ref.org_id) as connection:
            known = rows.rules(connection, ref.org_id, ref.account_id)
            if len(known) >= MOST_RULES:
                raise InvalidRequest(f"You have {MOST_RULES} alerts already. Remove one first.")
            if any((one.kind, one.threshold, one.channel) == (kind, threshold, checked.text) for one in known):
                raise InvalidRequest("You have this very alert already.")
            return rows.add(
                connection, ref.org_id, ref.account_id,
                kind=kind, threshold=threshold, channel=checked.text, created_at=self._clock(),
            )  # fmt: skip

    def switch(self, alert_id: int, *, on: bool) -> None:
        """Turn a rule off, or on again, armed: what is crossed then is told at the next check."""
        ref = self._account()
        self._rule(ref, alert_id)
        with self._store.write(ref.org_id) as connection:
            rows.change(connection, ref.org_id, alert_id, is_on=on, **({"is_armed": True} if on else {}))

    def remove(self, alert_id: int) -> None:
        """Forget a rule and its address; what was sent stays on record."""
        ref = self._account()
        self._rule(ref, alert_id)
        with self._store.write(ref.org_id) as connection:
            rows.remove(connection, ref.org_id, alert_id)

    def test(self, alert_id: int) -> str:
        """Send what an alert will look like. Returns '' when it was taken, else why not. Raises LimitExceeded."""
        ref, now = self._account(), self._clock()
        rule = self._rule(ref, alert_id)
        with self._store.read(ref.org_id) as connection:
            lately = rows.sent_since(connection, ref.org_id, ref.account_id, TEST, now - timedelta(hours=1))
        if lately >= MOST_TESTS_AN_HOUR:
            raise LimitExceeded(f"{MOST_TESTS_AN_HOUR} tests an hour are enough. Try again later.", TEST, 3600)
        figure = self._figure(ref, now)
        message = test_message(self._organization(), self._who.account or "", figure, now, self._settings)
        try:
            error = send(channel(rule.channel, self._settings), message, self._settings)
        except InvalidRequest as refusal:
            error = str(refusal)
        with self._store.write(ref.org_id) as connection:
            rows.record(
                connection, ref.org_id, alert_id=alert_id, account_id=ref.account_id, at=now, kind=TEST,
                figure=figure.available or 0, delivered=not error, error=error,
            )  # fmt: skip
        return error

    def threshold(self) -> int | None:
        """The highest of her own low-balance thresholds that are on, None where she set none."""
        return max((rule.threshold for rule in self.rules() if rule.is_on and rule.kind == LOW_BALANCE), default=None)

    def _figure(self, ref: AccountRef, now: datetime) -> Figure:
        watched = {ref.account_id: (ref.root_id, self._who.zone)}
        return figures(self._store, self._batches, ref.org_id, watched, now)[ref.account_id]

    def _organization(self) -> Organization:
        found = directory.organization_by_slug(self._store, self._who.org_slug)
        assert found is not None
        return found

    def _account(self) -> AccountRef:
        name = self._who.account_name
        ref = None if name is None else directory.account_by_name(self._store, self._who.org_id, name)
        if ref is None:
            raise NotFound("You have no account of your own in this organization, and so nothing to be alerted of.")
        return ref

    def _rule(self, ref: AccountRef, alert_id: int) -> rows.Row:
        with self._store.read(ref.org_id) as connection:
            found = rows.rule(connection, ref.org_id, ref.account_id, alert_id)
        if found is None:
            raise NotFound("This alert is not there any more.")
        return found
