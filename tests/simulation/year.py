"""A year of days over five organizations on one ledger: time handed in, sweeps that come late, twice or never."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from simulation.deeds import Deed
from simulation.players import Players
from simulation.rules import PROGRAMS

from creditbook import Ledger, open_ledger
from creditbook.domain.errors import LedgerError
from creditbook.programs import load_program

WHY = {"reason": "simulated"}
SWEEPS = (0, 0, 1, 1, 1, 2)  # a day


@dataclass
class Year:
    """Plays the days and keeps the list of deeds; ``now`` is the clock that the ledger is handed."""

    ledger: Ledger
    players: dict[str, Players]
    chance: Random
    now: datetime
    deeds: list[Deed] = field(default_factory=list)
    jobs: dict[tuple[str, str], int] = field(default_factory=dict)
    uses: dict[tuple[str, int], int] = field(default_factory=dict)
    sales: dict[tuple[str, int], int] = field(default_factory=dict)

    def play(self, first: date, days: int) -> None:
        for number in range(days):
            day = first + timedelta(days=number)
            lines = [deed for players in self.players.values() for deed in players.day(day)]
            midnight = datetime.combine(day, time(), UTC)
            lines += [
                Deed(midnight + timedelta(seconds=self.chance.randrange(86_400)), "", "", "sweep")
                for _ in range(self.chance.choice(SWEEPS))
            ]
            for deed in sorted(lines, key=lambda deed: deed.at):
                self.perform(deed)
        self.now += timedelta(hours=1)  # a quiet hour, in which the last holds time out

    def perform(self, deed: Deed) -> None:
        self.now = max(self.now, deed.at)
        deed.at = self.now
        if deed.what == "sweep":
            assert self.ledger.sweep().failed == 0
            return
        job = deed.terms.get("job")
        if job is not None and deed.what != "start_job" and (deed.program, job) not in self.jobs:
            return  # it was refused at the start
        account = f"{deed.program}/{deed.account}" if deed.account else deed.program
        try:
            deed.charged = getattr(self, deed.what)(deed, account, **deed.terms) or 0
        except LedgerError as refusal:
            deed.refused = type(refusal).__name__
        self.deeds.append(deed)

    # The verbs, by the names that deeds have

    def open(self, deed: Deed, account: str, *, brought_by: str = "", quota: int | None = None) -> None:
        member = deed.program == "teams" and deed.account != ""
        self.ledger.open_account(account, draws_on_pool=member, quota=quota, referred_by=brought_by or None)

    def spend(
        self, deed: Deed, account: str, *, use: int, action: str, tokens: int | None = None, wallet: str = ""
    ) -> int:
        receipt = self.ledger.spend(account, action=action, tokens=tokens, wallet=wallet or None)
        if receipt.charged:
            self.uses[deed.program, use] = receipt.transaction_id
            self.players[deed.program].charged[use] = deed.account
        return receipt.charged

    def start_job(self, deed: Deed, account: str, *, job: str, action: str, estimate: int) -> None:
        held = self.ledger.hold(account, action=action, estimate=estimate)
        self.jobs[deed.program, job] = held.hold_id

    def part(
        self, deed: Deed, account: str, *, job: str, tokens: int, action: str | None = None, final: bool = False
    ) -> int:
        hold = self.jobs[deed.program, job]
        return self.ledger.capture(account, hold, tokens=tokens, action=action, final=final).charged

    def give_up(self, deed: Deed, account: str, *, job: str) -> None:
        self.ledger.void(account, self.jobs[deed.program, job])

    def refund_use(self, deed: Deed, account: str, *, use: int) -> int:
        return self.ledger.refund(account, self.uses[deed.program, use], **WHY).charged

    def buy(self, deed: Deed, account: str, *, sale: int, item: str, kind: str = "package") -> None:
        bought = self.ledger.sell(account, item, kind=kind, payment=f"{deed.program}-{sale}", **WHY)
        assert bought.status == "granted", bought
        self.sales[deed.program, sale] = bought.purchase_id
        if kind == "package":
            self.players[deed.program].sold[sale] = deed.account

    def refund_sale(self, deed: Deed, account: str, *, sale: int, amount: int | None = None) -> None:
        self.ledger.refund_purchase(account, self.sales[deed.program, sale], amount_minor=amount, **WHY)

    def choose(self, _deed: Deed, account: str, *, plan: str, at_once: bool = False) -> None:
        self.ledger.change_plan(account, plan, at_once=at_once, **WHY)

    def cancel(self, _deed: Deed, account: str) -> None:
        self.ledger.cancel_plan(account)

    def redeem(self, _deed: Deed, account: str, *, code: str) -> None:
        self.ledger.redeem(account, code)

    def reward(self, _deed: Deed, account: str, *, activity: str) -> None:
        self.ledger.reward(account, activity)

    def grant(self, deed: Deed, account: str, *, tokens: int, days: int | None, wallet: str = "BONUS") -> None:
        ends = None if days is None else deed.at + timedelta(days=days)
        self.ledger.grant(account, tokens, wallet=wallet, expires_at=ends, **WHY)

    def open_wallet(self, deed: Deed, account: str, *, tokens: int, days: int) -> None:
        ends = deed.at + timedelta(days=days)
        self.ledger.open_wallet(account, "PREMIUM", tokens=tokens, expires_at=ends, **WHY)

    def reset(self, _deed: Deed, account: str) -> None:
        self.ledger.reset(account, **WHY)

    def freeze(self, _deed: Deed, account: str, *, frozen: bool) -> None:
        (self.ledger.freeze if frozen else self.ledger.unfreeze)(account, **WHY)

    def closing(self, program: str, name: str) -> dict[str, Any]:
        """What the ledger says stands under the line."""
        account = f"{program}/{name}" if name else program
        seen = self.ledger.balance(account)
        assert seen.held == seen.blocked == 0
        wallets: dict[str, int] = {}
        for wallet in seen.wallets:
            wallets[str(wallet.type)] = wallets.get(str(wallet.type), 0) + wallet.posted
        stands = self.ledger.subscription(account)
        return {
            "wallets": {name: tokens for name, tokens in wallets.items() if tokens},
            "owed": seen.debt,
            "plan": stands.plan,
            "status": stands.status,
        }


def a_year(url: str, seed: int, people: dict[str, list[Deed]], start: date, *, busy: float = 1.0) -> Year:
    """Five organizations with their first accounts, on an open ledger whose clock the year moves."""
    chance = Random(seed)
    clock: list[Callable[[], datetime]] = []
    ledger = open_ledger(url, clock=lambda: clock[0]())
    players = {
        program: Players(program, [deed.account for deed in people[program]], Random(chance.random()), busy)
        for program in PROGRAMS
    }
    year = Year(ledger, players, chance, datetime.combine(start, time(), UTC))
    clock.append(lambda: year.now)
    for program, opened in people.items():
        ledger.create_organization(program, load_program(program))
        for deed in opened:
            year.perform(deed)
    return year
