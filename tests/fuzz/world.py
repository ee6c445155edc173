"""What requests are made up about: an organization with a little of everything in it, and keys of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from api.door import Door, open_door
from fuzz.witness import Witness
from support.ledgers import DAILY, MONTHLY, PROGRAM, MovedClock

from creditbook.access import console
from creditbook.access.api_keys import ApiKeys
from creditbook.domain.program import Action, GrantClass, Package, Plan, Pricing, PromoTerms, WalletType
from creditbook.installation import close_installations, installation

CALLERS = ("read", "spend", "admin", "bound", "bound admin", "wrong", None)
"""By the names of their keys; None sends none."""

KNOWN: dict[str, list[Any]] = {
    "account": ["asha", "ben", "acme/asha", "acme"],
    "action": ["work", "build", "chat"],
    "feature": ["draft", "work"],
    "package_id": ["small"],
    "plan": ["daily", "monthly", "gold"],
    "promo_code": ["FUZZ"],
    "referred_by": ["asha"],
    "zone": ["Asia/Kolkata", "Asia/Bangkok"],
    "windowTimeZone": ["UTC", "Asia/Kolkata"],
    "filterGroupBy": ['{"model": "gpt-4o"}'],
    "name": ["stripe", "razorpay"],
    "wallet": ["BONUS", "PREMIUM", "STANDARD"],
    "features": [["draft"]],
    "plans": [["daily"]],
    "code": ["FUZZ"],
    "slug": ["tokens", "requests", "cost"],
    "activity": ["helped"],
}
"""Words that a made-up request would never hit upon; ids join them as answers name them."""


def program() -> dict[str, Any]:
    """The tests' program, with something to buy, a paid plan, and a feature that has a wallet of its own."""
    gold = Plan("gold", "Gold", 3, GrantClass.PLAN, MONTHLY.allowances, price_minor=99_900)
    return {
        "packages": {"small": Package("small", "Small", 10, 100, WalletType.PREMIUM)},
        "plans": {**PROGRAM.plans, "daily": DAILY, "gold": gold},
        "actions": {**PROGRAM.actions, "draft": Action("draft", Pricing.FIXED, 2, feature="draft")},
    }


class World:
    """The door, a clock that stands still while requests are made, and the witness."""

    def __init__(self, url: str, clock: MovedClock) -> None:
        self.clock, self.url = clock, url
        here = installation()
        here.clock = clock
        self.door: Door = open_door(url, **program())
        ledger = self.door.ledger
        for name in ("asha", "ben"):
            ledger.grant(f"acme/{name}", 10**9, reason="to spend")
        ledger.grant("acme/asha", 50, features=["draft"], reason="to spend on one feature")
        ledger.create_codes("acme", PromoTerms("FUZZ", 1, per_account=1_000_000), reason="to redeem")
        self.known = {name: list(words) for name, words in KNOWN.items()}
        self.witness = Witness(url)
        self._numbers = count(1)

    def renew_keys(self) -> None:
        """Makes every key anew, after a request that may have ended one."""
        org = self.door.ledger.core.organization("acme")
        here = installation()
        service, boss = ApiKeys(here.store, self.clock), console(org.org_id, org.slug, org.name, org.zone)
        for name in (one for one in CALLERS if one not in (None, "wrong")):
            account = "ben" if name.startswith("bound") else None
            scope = {"bound": "spend", "bound admin": "admin"}.get(name, name)
            label = f"{name} {next(self._numbers)}"
            self.door.keys[name] = service.create(boss, label, scope, account=account, reason="test").text
        self.witness.written()

    def pass_time(self, **by: float) -> None:
        """Moves the clock on and settles what is due, so that no refused request has anything else to write down."""
        self.clock.forward(**by)
        self.door.ledger.sweep()
        self.witness.written()

    def learn(self, told: Any) -> None:
        """Keeps the ids that an answer names, for later requests to speak of."""
        for name in ("hold_id", "transaction_id", "wallet_id", "grant_id", "purchase_id", "key_id"):
            for one in told if isinstance(told, list) else [told]:
                if isinstance(one, dict) and isinstance(one.get(name), int):
                    self.known[name] = [*self.known.get(name, []), one[name]][-20:]
        for inner in told.values() if isinstance(told, dict) else told if isinstance(told, list) else ():
            if isinstance(inner, dict | list):
                self.learn(inner)


@contextmanager
def a_world(url: str) -> Iterator[World]:
    """The world over a migrated SQLite database, for the length of a `with`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CREDITBOOK_DATABASE_URL", url)
        close_installations()
        now = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
        world = World(url, MovedClock(now))
        try:
            yield world
        finally:
            world.witness.close()
            close_installations()
