"""The list of deeds, worked through on the spreadsheet line by line: what each should have done, and what is left."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from simulation.deeds import Deed
from simulation.rules import ALL, ProgramRule
from simulation.sheet import FOREVER, Envelope, Job, Line, Row, Sheet

HOLD = timedelta(minutes=15)


class No(Exception):
    """A refusal, by the name of it."""


@dataclass
class Sale:
    row: Row
    tokens: int
    price: int
    envelope: Envelope | None
    refunded: int = 0
    due: int = 0


@dataclass
class Replay:
    rule: ProgramRule
    free: str
    rows: dict[str, Row] = field(default_factory=dict)
    uses: dict[int, tuple[list[Line], date | None]] = field(default_factory=dict)
    sales: dict[int, Sale] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sheet = Sheet(self.rule, self.free)

    def work_through(self, deeds: list[Deed]) -> None:
        for number, deed in enumerate(deeds):
            charged, refused = 0, ""
            try:
                charged = self.one(deed) or 0
            except No as refusal:
                refused = str(refusal)
            assert (refused, charged) == (deed.refused, deed.charged), (
                f"deed {number}: sheet {refused, charged}, {deed}"
            )

    def one(self, deed: Deed) -> int | None:
        for row in self.rows.values():
            self.sheet.live_until(row, deed.at)
        if deed.what == "open":
            self.open(deed.at, deed.account, **deed.terms)
            return None
        row = self.rows[deed.account]
        done: int | None = getattr(self, deed.what)(row, deed.at, **deed.terms)
        for each in self.rows.values():
            self.sheet.repay(each)
        return done

    def open(self, at: datetime, name: str, *, brought_by: str = "", quota: int | None = None) -> None:
        row = self.rows[name] = Row(name, self.free, self.sheet.today(at), brought_by=brought_by, quota=quota)
        if "" not in self.rows or name == "":
            self.sheet.start(row, self.free, at)

    # Work

    def may_work(self, row: Row, action: str) -> str:
        """The feature that an envelope must be for; in an organization of one purse it does not matter."""
        pool = self.rows.get("")
        if row.frozen:
            raise No("AccountFrozen")
        if not self.rule.plans[(pool or row).plan].works:
            raise No("FeatureNotInPlan")
        return action if pool else ALL

    def spend(
        self, row: Row, at: datetime, *, use: int, action: str, tokens: int | None = None, wallet: str = ""
    ) -> int:
        feature = self.may_work(row, action)
        price = self.rule.prices[action]
        need = (tokens or 0) if price is None else price
        purse = self.rows.get("", row)
        if need == 0 or self.rule.plans[purse.plan].unlimited:
            return 0
        if purse.frozen or self.sheet.total(purse, feature) < need:  # a frozen pool pays nothing
            raise No("InsufficientTokens")
        used = row.from_pool.get(purse.period_began, 0)
        if row.quota is not None and used + need > row.quota:
            raise No("LimitExceeded")
        row.from_pool[purse.period_began] = used + need
        lines = self.sheet.pick(purse, feature, need, wallet)
        for envelope, taken in lines:
            envelope.tokens -= taken
        self.uses[use] = (lines, purse.period_began)
        self.first_spend(row, action)
        return need

    def first_spend(self, row: Row, action: str) -> None:
        if row.brought_by and self.rule.referral and self.rule.referral[0] == action:
            for each in (row, self.rows[row.brought_by]):
                each.envelopes.append(Envelope("BONUS", self.rule.referral[1]))
            row.brought_by = ""

    def start_job(self, row: Row, at: datetime, *, job: str, action: str, estimate: int) -> None:
        self.may_work(row, action)
        if self.sheet.total(row) < estimate:
            raise No("InsufficientTokens")
        lines = self.sheet.pick(row, ALL, estimate)
        for envelope, taken in lines:
            envelope.tokens -= taken
        row.jobs[job] = Job(action, lines, at + HOLD)

    def part(
        self, row: Row, at: datetime, *, job: str, tokens: int, action: str | None = None, final: bool = False
    ) -> int:
        running, left = row.jobs[job], tokens
        lines: list[Line] = []
        for envelope, aside in running.lines:
            taken = min(left, aside)
            left -= taken
            lines.append((envelope, aside - taken))
        running.lines = [(e, n) for e, n in lines if n]
        for envelope, taken in self.sheet.pick(row, ALL, left):
            envelope.tokens -= taken
            left -= taken
        row.owed += left
        running.ends = max(running.ends, at + HOLD)
        if final:
            self.sheet.put_back(row, row.jobs.pop(job))
        if tokens:
            self.first_spend(row, action or running.action)
        return tokens

    def give_up(self, row: Row, _at: datetime, *, job: str) -> None:
        self.sheet.put_back(row, row.jobs.pop(job))

    def refund_use(self, row: Row, at: datetime, *, use: int) -> int:
        """All of it, to where it came from; what has been thrown away since comes anew for 7 days, bought for 30."""
        paid, period = self.uses.pop(use)
        lines = [(e, n) for e, n in paid if not e.refunded]
        purse = self.rows.get("", row)
        for envelope, tokens in lines:
            if not envelope.gone:
                envelope.tokens += tokens
            else:
                ends = at + timedelta(days=30 if envelope.bought else 7)
                purse.envelopes.append(Envelope(envelope.name, tokens, ends, envelope.feature, bought=envelope.bought))
        back = sum(n for _, n in lines)
        if back == 0:
            raise No("InvalidRequest")
        row.from_pool[period] = row.from_pool.get(period, 0) - back
        return back

    # Money

    def buy(self, row: Row, at: datetime, *, sale: int, item: str, kind: str = "package") -> None:
        if kind == "package":
            pack = self.rule.packs[item]
            ends = FOREVER if pack.days is None else at + timedelta(days=pack.days)
            envelope = Envelope("PREMIUM", pack.tokens, ends, pack.feature, bought=True)
            row.envelopes.append(envelope)
            self.sales[sale] = Sale(row, pack.tokens, pack.price, envelope)
        elif kind == "plan":
            self.upgrade(row, at, item)
        else:
            self.renew(row)

    def upgrade(self, row: Row, at: datetime, item: str) -> None:
        old, new = self.rule.plans[row.plan], self.rule.plans[item]
        if not new.paid or new.rank <= old.rank:
            raise No("InvalidRequest")
        if not old.paid or old.period != new.period:
            self.start_now(row, at, item)
            return
        row.plan, row.ahead, row.waits, row.unpaid, row.grace_until = item, [], "", False, None
        assert row.next_period is not None
        for feature, tokens in new.gives.items():
            more = tokens - old.gives.get(feature, 0)
            if more > 0:
                ends = self.sheet.midnight(row.next_period)
                row.envelopes.append(Envelope(new.envelope, more, ends, feature, allowance=True))

    def start_now(self, row: Row, at: datetime, plan: str) -> None:
        self.sheet.throw_away(row, [e for e in row.envelopes if e.allowance])
        self.sheet.start(row, plan, at)

    def renew(self, row: Row) -> None:
        if not self.rule.plans[row.plan].paid:
            raise No("InvalidRequest")
        if row.unpaid:
            row.unpaid, row.grace_until = False, None
        elif row.waits and self.rule.plans[row.waits].paid:
            row.ahead.append(row.waits)
        else:
            row.ahead.append(row.ahead[-1] if row.ahead else row.plan)
            row.waits = ""

    def refund_sale(self, _row: Row, _at: datetime, *, sale: int, amount: int | None = None) -> None:
        sold = self.sales[sale]
        envelope = sold.envelope
        assert envelope is not None
        whole = sold.refunded == 0 and amount is None
        back = sold.price - sold.refunded if amount is None else amount
        if back > sold.price - sold.refunded or back == 0:
            raise No("InvalidRequest")
        sold.refunded += back
        due, sold.due = sold.due, sold.tokens * sold.refunded // sold.price
        if whole:
            self.sheet.throw_away(sold.row, [envelope])
        elif not envelope.gone:
            envelope.tokens -= min(envelope.tokens, sold.due - due)
        envelope.refunded = sold.refunded == sold.price

    def choose(self, row: Row, at: datetime, *, plan: str, at_once: bool = False) -> None:
        old, new = self.rule.plans[row.plan], self.rule.plans[plan]
        acts_now = new.rank > old.rank or (at_once and plan != row.plan)
        keeps = any(slug != row.plan for slug in row.ahead) and new.paid  # a lower plan's terms are paid already
        if new.rank > old.rank or (plan == row.plan and not row.waits) or (keeps and not acts_now):
            raise No("InvalidRequest")
        if plan == row.plan:
            row.waits = ""
        elif at_once:
            self.start_now(row, at, plan)
        elif row.waits == plan:
            raise No("InvalidRequest")
        else:
            row.waits = plan

    def cancel(self, row: Row, _at: datetime) -> None:
        if not self.rule.plans[row.plan].paid or row.waits == self.free:
            raise No("InvalidRequest")
        row.waits = self.free

    # What is given

    def redeem(self, row: Row, _at: datetime, *, code: str) -> None:
        self.once(row, code, self.rule.codes[code])

    def reward(self, row: Row, _at: datetime, *, activity: str) -> None:
        self.once(row, activity, self.rule.rewards[activity])

    def once(self, row: Row, what: str, tokens: int) -> None:
        if row.frozen:
            raise No("AccountFrozen")
        if what in row.had:
            raise No("AlreadyRedeemed")
        row.had.add(what)
        row.envelopes.append(Envelope("BONUS", tokens))

    def grant(self, row: Row, at: datetime, *, tokens: int, days: int | None, wallet: str = "BONUS") -> None:
        row.envelopes.append(Envelope(wallet, tokens, FOREVER if days is None else at + timedelta(days=days)))

    def open_wallet(self, row: Row, at: datetime, *, tokens: int, days: int) -> None:
        row.envelopes.append(Envelope("PREMIUM", tokens, at + timedelta(days=days)))

    def reset(self, row: Row, _at: datetime) -> None:
        rule = self.rule.plans[row.plan]
        if not rule.gives:
            raise No("InvalidRequest")
        self.sheet.throw_away(row, [e for e in row.envelopes if e.allowance])
        self.sheet.fill(row, rule)

    def freeze(self, row: Row, _at: datetime, *, frozen: bool) -> None:
        row.frozen = frozen

    def closing(self, name: str, at: datetime) -> dict[str, Any]:
        """What stands under the line."""
        row = self.rows[name]
        self.sheet.live_until(row, at)
        status = "past_due" if row.unpaid else "lapsed" if row.lapsed else "active"
        if row.waits == self.free and not row.unpaid:
            status = "cancelling"
        names = {e.name for e in row.envelopes}
        wallets = {name: sum(e.tokens for e in row.envelopes if e.name == name) for name in names}
        return {
            "wallets": {name: tokens for name, tokens in wallets.items() if tokens},
            "owed": row.owed,
            "plan": row.plan,
            "status": status,
        }
