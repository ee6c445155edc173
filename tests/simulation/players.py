"""What the people of the five organizations do on one day, drawn at random: deeds, in no particular order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from random import Random
from typing import Any

from simulation.deeds import Deed
from simulation.rules import PROGRAMS, ProgramRule

AGENTS = {"idea": 2_000, "srs": 3_500, "code": 5_000, "uml": 2_500, "report": 4_000, "ppt": 1_500, "viva": 2_000}


@dataclass
class Players:
    """One organization's people, who work more or less (``busy``).

    ``charged`` and ``sold`` are told by whoever performs: what can be undone.
    """

    program: str
    names: list[str]
    chance: Random
    busy: float = 1.0
    charged: dict[int, str] = field(default_factory=dict)
    sold: dict[int, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def rule(self) -> ProgramRule:
        return PROGRAMS[self.program]

    def day(self, day: date) -> list[Deed]:
        """All that happens on this UTC day."""
        deeds: list[Deed] = []
        for name in self.names:
            for what, chance in self.habits(name).items():
                if self.chance.random() < (chance * self.busy if what == "work" else chance):
                    deeds += getattr(self, what)(name, self.instant(day))
        return deeds

    def instant(self, day: date) -> datetime:
        """Some second of the day, rather often just before or after midnight somewhere, early enough for a job."""
        seconds = self.chance.choice([self.chance.randrange(85_000), 61_200, 66_600, 66_599, 0, 43_200])
        return datetime.combine(day, time(), UTC) + timedelta(seconds=seconds)

    def habits(self, name: str) -> dict[str, float]:
        """How often people of this program do what, on average, a day."""
        pool = self.program == "teams"
        plans = any(p.paid for p in self.rule.plans.values()) and (not pool or name == "")
        habits = {"work": 0.0 if pool and name == "" else 0.5, "undo": 0.02, "freeze": 0.004}
        if plans:
            habits |= {"upgrade": 0.02, "renew": 0.03, "lower": 0.012, "cancel": 0.008}
        if self.rule.packs and (not pool or name == ""):
            habits |= {"buy": 0.012, "money_back": 0.006}
        if self.rule.codes:
            habits["redeem"] = 0.01
        if self.rule.rewards:
            habits["reward"] = 0.01
        if self.program == "wallets":
            habits["open_wallet"] = 0.012
        if not pool:
            habits |= {"present": 0.006, "reset": 0.004}
        return habits

    def deed(self, at: datetime, name: str, what: str, **terms: Any) -> Deed:
        return Deed(at, self.program, name, what, terms)

    # Work

    def work(self, name: str, at: datetime) -> list[Deed]:
        if self.program == "studio" and self.chance.random() < 0.6:
            return self.project(name, at)
        if self.program == "daily" and self.chance.random() < 0.6:
            return self.website(name, at)
        deeds = []
        for _ in range(self.chance.choice([1, 1, 2, 4])):
            action = self.chance.choice(sorted(self.rule.prices))
            terms: dict[str, Any] = {"use": next(self.numbers), "action": action}
            if self.rule.prices[action] is None:
                terms["tokens"] = self.chance.choice([0, 1, self.chance.randrange(8_193), 8_192])
            if self.program == "wallets":
                terms["wallet"] = self.chance.choice(["", "", "PREMIUM"])
            deeds.append(self.deed(at, name, "spend", **terms))
        return deeds

    def website(self, name: str, at: datetime) -> list[Deed]:
        """Check, hold 1, build, capture on success, void on failure; or the builder dies and the hold times out."""
        job = f"job-{next(self.numbers)}"
        deeds = [self.deed(at, name, "start_job", job=job, action="project_creation", estimate=1)]
        end = at + timedelta(minutes=self.chance.randrange(14))
        how = self.chance.random()
        if how < 0.75:
            deeds.append(self.deed(end, name, "part", job=job, tokens=1, final=True))
        elif how < 0.93:
            deeds.append(self.deed(end, name, "give_up", job=job))
        return deeds

    def project(self, name: str, at: datetime) -> list[Deed]:
        """Seven agents as parts of one hold; some take more than was estimated, some runs stop half-way."""
        job = f"job-{next(self.numbers)}"
        estimate = self.chance.choice([20_000, 20_000, 6_000, 1_000])
        deeds = [self.deed(at, name, "start_job", job=job, action="project", estimate=estimate)]
        stops = self.chance.choice([7, 7, 3])
        for number, (agent, typical) in enumerate(list(AGENTS.items())[:stops], 1):
            at += timedelta(minutes=self.chance.randrange(3))
            tokens = typical * self.chance.randrange(50, 140) // 100
            final = number == 7
            deeds.append(self.deed(at, name, "part", job=job, tokens=tokens, action=agent, final=final))
        if stops == 3 and self.chance.random() < 0.5:
            deeds.append(self.deed(at, name, "give_up", job=job))
        return deeds

    def undo(self, name: str, at: datetime) -> list[Deed]:
        mine = [use for use, who in self.charged.items() if who == name]
        if not mine:
            return []
        use = self.chance.choice(mine[-12:])
        del self.charged[use]
        return [self.deed(at, name, "refund_use", use=use)]

    # Money and plans

    def buy(self, name: str, at: datetime) -> list[Deed]:
        item = self.chance.choice(sorted(self.rule.packs))
        return [self.deed(at, name, "buy", sale=next(self.numbers), item=item)]

    def upgrade(self, name: str, at: datetime) -> list[Deed]:
        item = self.chance.choice(sorted(p for p, rule in self.rule.plans.items() if rule.paid))
        return [self.deed(at, name, "buy", sale=next(self.numbers), item=item, kind="plan")]

    def renew(self, name: str, at: datetime) -> list[Deed]:
        return [self.deed(at, name, "buy", sale=next(self.numbers), item="", kind="renewal")]

    def lower(self, name: str, at: datetime) -> list[Deed]:
        plan = self.chance.choice(sorted(self.rule.plans))
        return [self.deed(at, name, "choose", plan=plan, at_once=self.chance.random() < 0.2)]

    def cancel(self, name: str, at: datetime) -> list[Deed]:
        return [self.deed(at, name, "cancel")]

    def money_back(self, name: str, at: datetime) -> list[Deed]:
        """All of a pack's price, or a part and later perhaps the rest."""
        mine = [sale for sale, who in self.sold.items() if who == name]
        if not mine:
            return []
        sale = self.chance.choice(mine[-6:])
        amount = self.chance.choice([None, 100, 333])
        if amount is None:
            del self.sold[sale]
        return [self.deed(at, name, "refund_sale", sale=sale, amount=amount)]

    # What is given

    def redeem(self, name: str, at: datetime) -> list[Deed]:
        return [self.deed(at, name, "redeem", code=self.chance.choice(sorted(self.rule.codes)))]

    def reward(self, name: str, at: datetime) -> list[Deed]:
        return [self.deed(at, name, "reward", activity=self.chance.choice(sorted(self.rule.rewards)))]

    def present(self, name: str, at: datetime) -> list[Deed]:
        tokens, days = self.chance.choice([(2, None), (7, 10), (2_500, 45)])
        wallet = self.chance.choice(["BONUS", "PREMIUM"])
        return [self.deed(at, name, "grant", tokens=tokens, days=days, wallet=wallet)]

    def open_wallet(self, name: str, at: datetime) -> list[Deed]:
        return [self.deed(at, name, "open_wallet", tokens=10, days=self.chance.choice([3, 30, 90]))]

    def reset(self, name: str, at: datetime) -> list[Deed]:
        return [self.deed(at, name, "reset")]

    def freeze(self, name: str, at: datetime) -> list[Deed]:
        thaws = at + timedelta(hours=self.chance.randrange(1, 6))
        return [self.deed(at, name, "freeze", frozen=True), self.deed(thaws, name, "freeze", frozen=False)]
