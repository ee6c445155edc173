"""Four months of a shop in Kolkata, by hand: packs, plans that go up, down and away, money that goes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from support.ledgers import BARE, DAILY, PROGRAM, MovedClock

from creditbook import Ledger
from creditbook.access import Principal
from creditbook.domain.program import Allowance, Every, GrantClass, Package, Plan, Tax, WalletType

BASIC, PRO, THIRTY = (
    Plan(slug, slug.title(), rank, GrantClass.PLAN, (Allowance(WalletType.MONTHLY, tokens, every),), price_minor=price)
    for slug, rank, tokens, every, price in (
        ("basic", 3, 1_000, Every.CALENDAR_MONTH, 29_900),
        ("pro", 4, 5_000, Every.CALENDAR_MONTH, 99_900),
        ("thirty", 5, 9_000, Every.DAYS_30, 150_000),
    )
)
PRICES = {"basic": 29_900, "pro": 99_900, "thirty": 150_000}
"""What each paid plan costs, tax included, in paise."""

SHOP = replace(
    PROGRAM,
    plans={plan.slug: plan for plan in (DAILY, BARE, BASIC, PRO, THIRTY)},
    packages={
        "starter": Package("starter", "Starter", 100, 9_900, lifetime_days=30),
        "big": Package("big", "Big", 1_000, 49_900, wallet=WalletType.BONUS),
    },
    tax=Tax("GST", Fraction(18, 100)),
    ready_action="work",
    ready_tokens=100,
)
PEOPLE = ("asha", "bimal", "chitra", "dev", "esha", "farid", "gita")


class Season:
    """The shop's ledger under a clock that is put forward from deed to deed."""

    def __init__(self, ledger: Ledger, clock: MovedClock, slug: str = "acme") -> None:
        self.ledger, self.clock, self.slug = ledger, clock, slug
        self.bought: dict[str, int] = {}

    def at(self, month: int, day: int, hour: int = 6, minute: int = 0) -> None:
        self.clock.at = datetime(2026, month, day, hour, minute, tzinfo=UTC)

    def of(self, name: str) -> str:
        return f"{self.slug}/{name}"

    def buy(self, name: str, item: str, kind: str = "package", mark: str = "") -> int:
        done = self.ledger.sell(self.of(name), item, kind=kind, reason="Paid by card", actor="nisha")
        self.bought[mark or f"{name}/{item}"] = done.purchase_id
        return done.purchase_id

    def use(self, name: str, tokens: int) -> None:
        self.ledger.spend(self.of(name), action="work", tokens=tokens, agent="srs")

    def play(self) -> None:
        """March to June; the clock stands at 2 July."""
        self._march_and_april()
        self._may()
        self._june()
        self.at(7, 2)
        self.ledger.sweep(self.slug)

    def _march_and_april(self) -> None:
        self.at(3, 4)
        for name in PEOPLE[:4]:
            self.ledger.open_account(self.of(name))
        self.buy("asha", "starter")
        self.use("asha", 37)
        self.buy("bimal", "basic", "plan")
        self.at(3, 31, 18, 29)  # a minute before April in Kolkata
        self.buy("dev", "big")
        self.at(3, 31, 18, 31)
        self.buy("asha", "starter", mark="second")
        self.at(4, 2)
        for name in PEOPLE[4:]:
            self.ledger.open_account(self.of(name))
        self.buy("chitra", "pro", "plan")
        self.use("dev", 333)
        self.at(4, 29)
        self.buy("chitra", "pro", "renewal")

    def _may(self) -> None:
        self.at(5, 6)  # bimal's second unpaid term lapsed after its grace
        self.buy("bimal", "basic", "plan", mark="again")
        self.at(5, 10)
        self.buy("farid", "basic", "plan")
        self.at(5, 12)
        self.buy("farid", "pro", "plan")
        self.at(5, 15)
        self.give_back("asha", "second", 3_333)
        self.at(5, 20)
        self.ledger.change_plan(self.of("chitra"), "basic")
        self.buy("chitra", "basic", "renewal", mark="lower")
        self.at(5, 30)
        self.buy("farid", "pro", "renewal")

    def _june(self) -> None:
        self.at(6, 2)
        self.give_back("asha", "second", 6_567)
        self.buy("gita", "thirty", "plan")
        self.at(6, 5)
        big = self.bought["dev/big"]
        self.ledger.dispute_purchase(self.of("dev"), big, "opened", reason="Told by the bank")
        self.ledger.dispute_purchase(self.of("dev"), big, "lost", reason="Told by the bank")
        self.at(6, 10)
        late = self.ledger.open_purchase(self.of("esha"), "starter", reason="wants it")
        self.ledger.close_account(self.of("esha"), reason="She asked")
        self.ledger.pay_purchase(self.of("esha"), late.purchase_id, provider="stripe", payment="pi_late")
        self.bought["stuck"] = late.purchase_id
        self.at(6, 11)
        self.ledger.cancel_plan(self.of("farid"), reason="Too dear")

    def give_back(self, name: str, mark: str, minor: int) -> None:
        self.ledger.refund_purchase(
            self.of(name), self.bought[mark], amount_minor=minor, reason="Bought twice", actor="nisha"
        )


def a_season(ledger: Ledger, clock: MovedClock, slug: str = "acme", **changes: Any) -> Season:
    """An organization with its four months behind it."""
    ledger.create_organization(slug, replace(SHOP, **changes))
    season = Season(ledger, clock, slug)
    season.play()
    return season


def lead(ledger: Ledger, slug: str = "acme", **changes: Any) -> Principal:
    """The finance lead of the organization, who has no account."""
    org = ledger.core.organization(slug)
    who = Principal(
        person_id=9, user_name="lead", name="Lead", role="finance", org_id=org.org_id, org_slug=slug, org_name=org.name,
        zone=org.zone, org_zone=org.zone, currency="INR",
    )  # fmt: skip
    return replace(who, **changes)
