"""The state machine's rules around plans, sales, codes and rewards (rules 31, 32), and programs edited underneath."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from model.pair import Pair

from creditbook.domain.program import Plan

PICK = st.integers(0, 999)
KEYED = st.booleans()
EDITS = st.sampled_from(["tokens", "rollover", "limits", "price", "grace", "action", "package"])
NOW_OR_LATER = st.sampled_from(["now", "now", "now", "later"])


def sells(machine: Any) -> bool:
    return hasattr(machine, "pair") and any(p.is_paid for p in machine.pair.program.plans.values())


def has_sales(machine: Any) -> bool:
    return hasattr(machine, "pair") and bool(machine.pair.sales)


class SellingRules(RuleBasedStateMachine):
    """What buyers, payment providers and program editors do; `LedgerAgainstModel` adds the rest."""

    pair: Pair

    def do(self, verb: str, name: str, keyed: bool = False, **terms: Any) -> None:
        raise NotImplementedError

    def name(self, pick: int) -> str:
        raise NotImplementedError

    @staticmethod
    def recent(things: list[Any], pick: int) -> Any:
        raise NotImplementedError

    def one_of(self, things: Any, pick: int) -> str:
        known = sorted(things)
        return str(known[pick % len(known)])

    # Plans

    @precondition(sells)
    @rule(pick=PICK, which=PICK, keyed=KEYED, at_once=st.sampled_from([False, False, True]))
    def choose_a_plan(self, pick: int, which: int, keyed: bool, at_once: bool) -> None:
        name = self.name(pick)
        self.do("change_plan", name, keyed, plan=self.one_of(self.pair.book.program.plans, which), at_once=at_once)

    @precondition(sells)
    @rule(pick=PICK, keyed=KEYED)
    def cancel_the_plan(self, pick: int, keyed: bool) -> None:
        self.do("cancel_plan", self.name(pick), keyed)

    @precondition(sells)
    @rule(pick=PICK, which=PICK, keyed=KEYED, when=NOW_OR_LATER)
    def buy_a_plan(self, pick: int, which: int, keyed: bool, when: str) -> None:
        paid = [p.slug for p in self.pair.book.program.plans.values() if p.is_paid]
        self.buy(pick, keyed, when, kind="plan", item=self.one_of(paid, which))

    @precondition(sells)
    @rule(pick=PICK, keyed=KEYED, when=NOW_OR_LATER)
    def renew_the_plan(self, pick: int, keyed: bool, when: str) -> None:
        self.buy(pick, keyed, when, kind="renewal", item="")

    # Packages and their payments

    @precondition(sells)
    @rule(pick=PICK, which=PICK, keyed=KEYED, when=NOW_OR_LATER)
    def buy_a_package(self, pick: int, which: int, keyed: bool, when: str) -> None:
        self.buy(pick, keyed, when, kind="package", item=self.one_of(self.pair.book.program.packages, which))

    def buy(self, pick: int, keyed: bool, when: str, **terms: str) -> None:
        if when == "now":
            self.do("sell", self.name(pick), keyed, payment=self.pair.new_payment(), **terms)
        else:
            self.do("open_purchase", self.name(pick), keyed, **terms)

    @precondition(has_sales)
    @rule(pick=PICK, said=st.sampled_from(["nothing", "nothing", "right", "wrong", "euro"]), twice=KEYED)
    def money_comes(self, pick: int, said: str, twice: bool) -> None:
        """Late, twice, in the wrong amount, for a purchase that is paid already or has failed."""
        name, sale, _ = self.recent(self.pair.sales, pick)
        terms: dict[str, Any] = {"payment": self.pair.new_payment()}
        if said != "nothing":
            terms |= {
                "paid_minor": sale.price - (said == "wrong"),
                "currency": "EUR" if said == "euro" else sale.currency,
            }
        for _ in range(1 + twice):
            self.do("pay_purchase", name, sale=sale, **terms)

    @precondition(has_sales)
    @rule(pick=PICK, other=PICK)
    def a_payment_is_told_again(self, pick: int, other: int) -> None:
        """Of this purchase, or taken for another one's."""
        name, sale, _ = self.recent(self.pair.sales, pick)
        paid = [s for _, s, _ in self.pair.sales if s.payment]
        if paid:
            self.do("pay_purchase", name, sale=sale, payment=self.recent(paid, other).payment)

    @precondition(has_sales)
    @rule(pick=PICK)
    def a_payment_fails(self, pick: int) -> None:
        name, sale, _ = self.recent(self.pair.sales, pick)
        self.do("fail_purchase", name, sale=sale)

    @precondition(has_sales)
    @rule(pick=PICK, keyed=KEYED, part=st.sampled_from([None, None, 0.1, 0.34, 0.5, 0.9, 1.0, 1.2]))
    def money_goes_back(self, pick: int, keyed: bool, part: float | None) -> None:
        packs = [told for told in self.pair.sales if told[1].kind == "package"]
        if not packs:
            return
        name, sale, _ = self.recent(packs, pick)
        left = sale.price - sale.refunded
        amount = None if part is None else max(1, int(left * part))
        self.do("refund_purchase", name, keyed, sale=sale, amount_minor=amount)

    @precondition(has_sales)
    @rule(pick=PICK, what=st.sampled_from(["opened", "opened", "won", "lost"]))
    def a_payment_is_disputed(self, pick: int, what: str) -> None:
        packs = [told for told in self.pair.sales if told[1].kind == "package"]
        if packs:
            name, sale, _ = self.recent(packs, pick)
            self.do("dispute_purchase", name, sale=sale, what=what)

    # What two administrators give; codes, rewards, friends

    @precondition(lambda self: hasattr(self, "pair") and self.pair.program.approval_above is not None)
    @rule(pick=PICK, tokens=st.sampled_from([55, 56, 90]))
    def grant_with_a_second_administrator(self, pick: int, tokens: int) -> None:
        self.do("approved_grant", self.name(pick), tokens=tokens)

    @precondition(lambda self: hasattr(self, "pair") and self.pair.book.codes)
    @rule(pick=PICK, which=PICK, keyed=KEYED)
    def redeem(self, pick: int, which: int, keyed: bool) -> None:
        code = self.one_of([*self.pair.book.codes, "no such code"], which)
        self.do("redeem", self.name(pick), keyed, code=f" {code.upper()}" if which % 2 else code)

    @precondition(lambda self: hasattr(self, "pair") and self.pair.program.rewards)
    @rule(pick=PICK, which=PICK, keyed=KEYED)
    def reward(self, pick: int, which: int, keyed: bool) -> None:
        self.do("reward", self.name(pick), keyed, activity=self.one_of(self.pair.program.rewards, which))

    @precondition(lambda self: sells(self) and len(self.pair.names) < 6)
    @rule(pick=PICK, which=PICK)
    def a_friend_comes(self, pick: int, which: int) -> None:
        """Brought by one of those who are there; often straight onto a plan."""
        brought_by = self.name(pick).partition("/")[2]
        plan = self.one_of(self.pair.book.program.plans, which)
        draws = bool(self.pair.book.pool) and which % 3 == 0
        self.pair.open_account(f"friend{len(self.pair.names)}", plan=plan, draws=draws, referred_by=brought_by or None)

    # The program is edited

    @precondition(sells)
    @rule(
        which=PICK, tokens=st.integers(1, 120), how=st.sampled_from(["tokens", "rollover", "limits", "price", "grace"])
    )
    def edit_the_program(self, which: int, tokens: int, how: str) -> None:
        program = self.pair.book.program
        if how == "grace":
            self.pair.load_program(replace(program, grace_days=tokens % 6))
            return
        if how == "action":
            dearer = replace(program.actions["goal"], tokens=1 + tokens % 7)
            self.pair.load_program(replace(program, actions=program.actions | {"goal": dearer}))
            return
        if how == "package":
            pack = program.packages[self.one_of(program.packages, which)]
            other = replace(pack, tokens=tokens, price_minor=pack.price_minor + tokens, lifetime_days=1 + which % 50)
            self.pair.load_program(replace(program, packages=program.packages | {pack.slug: other}))
            return
        slug = self.one_of(program.plans, which)
        self.pair.load_program(replace(program, plans=program.plans | {slug: edited(program.plans[slug], how, tokens)}))


def edited(plan: Plan, how: str, tokens: int) -> Plan:
    if how == "limits":
        return replace(plan, requests_per_day=tokens)
    if how == "price":
        return replace(plan, price_minor=plan.price_minor + tokens if plan.is_paid else 0)
    if how == "rollover":
        changes: dict[str, Any] = {"rollover": Fraction(tokens % 4, 3 + tokens % 3), "rollover_cap": None}
    else:
        changes = {"tokens": tokens}
    return replace(plan, allowances=tuple(replace(a, **changes) for a in plan.allowances))
