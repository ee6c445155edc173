"""The state machine's rules: what people, applications, admins and clocks do, in any order."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from model import programs, shops
from model.compare import balances_agree, features_agree, grants_agree, requests_agree, terms_agree
from model.machine_sales import SellingRules
from model.pair import Clock, Pair
from model.passing import due
from model.profiles import SOAK
from model.reading import available
from model.spends import feature_of

from creditbook.domain.program import WalletType

ZONES = (
    "Asia/Bangkok", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo", "Africa/Cairo",
    "America/St_Johns", "Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kathmandu", "Europe/London", "America/Havana",
)  # fmt: skip
STARTS = [
    datetime.fromisoformat(text).replace(tzinfo=UTC)
    for text in (
        "2026-03-10T12:00", "2026-01-31T18:30", "2024-02-28T23:59", "2018-11-03T20:00", "2011-12-28T09:30",
        "2026-10-24T17:00", "2010-11-06T15:00", "2023-04-27T21:59:59.999999",
    )
]  # fmt: skip
MICROSECOND = timedelta(microseconds=1)
MEMBER: dict[str, Any] = {"plan": None, "draws": True, "quota": 12}
PEOPLE: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "days": [("small", {"plan": "small"}), ("rolling", {"plan": "rolling", "zone": "America/Sao_Paulo"})],
    "months": [
        ("calendar", {"plan": "calendar"}), ("anniversary", {"plan": "anniversary"}),
        ("boundless", {"plan": "boundless"}), ("nothing", {"plan": "nothing", "zone": "Pacific/Apia"}),
    ],
    "team": [("", {"plan": "pool"}), ("a", MEMBER), ("b", {"plan": "own", "draws": True}), ("alone", {"plan": "own"})],
    "strict": [("term", {"plan": "term"})],
    "shadow": [("little", {"plan": "little"})],
    "off": [("little", {"plan": "little"})],
    "flat": [("", {"plan": "endless"}), ("a", MEMBER), ("b", {"plan": "own", "draws": True})],
    "shop": [("a", {"plan": "free"}), ("b", {"plan": "basic", "zone": "Pacific/Apia"}), ("c", {"plan": "free"})],
    "house": [("", {"plan": "starter"}), ("a", MEMBER), ("b", {"plan": "own", "draws": True}), ("c", {"plan": "pro"})],
    "mixed": [("a", {"plan": "free"}), ("b", {"plan": "pro", "zone": "America/St_Johns"})],
}  # fmt: skip
PICK = st.integers(0, 999)
TOKENS = st.integers(1, 14) | st.sampled_from([30, 60])
OPENING = st.integers(0, 9) | st.just(60)
MAYBE_TOKENS = st.none() | TOKENS
AIM = st.tuples(st.sampled_from(["few", "half", "all", "over"]), st.integers(1, 14))
ACTION = st.sampled_from(["work", "work", "work", "goal", "goal", "lead", "plan_goal", "look", "weigh", "juggle"])
WORTH = st.sampled_from(["work", "work", "goal", "lead"])
FEATURES = st.sampled_from([None, None, frozenset({"goal"}), frozenset({"lead", "work"})])
TYPE = st.sampled_from([t.value for t in WalletType])
PREFERRED = st.none() | st.none() | TYPE
MINUTES = st.sampled_from([1, 15, 15, 90, 24 * 60, 24 * 60 + 1])
KEYED = st.booleans()
STATUS = {"freeze": "frozen", "thaw": "active"}
SHOPS = ["shop", "shop", "shop", "house", "house", "mixed", "mixed"]
PROGRAMS = ["days", "months", "months", "team", "team", "team", "strict", "shadow", "off", "flat", *SHOPS]
BY_NAME = {p.name: p for p in (*programs.ALL, *shops.ALL)}
SERIAL = itertools.count()


class LedgerAgainstModel(SellingRules):
    """Subclasses say which driver is under test."""

    def make_driver(self, clock: Clock) -> Any:
        raise NotImplementedError

    @initialize(program=st.sampled_from(PROGRAMS), start=st.sampled_from(STARTS))
    def begin(self, program: str, start: datetime) -> None:
        which = BY_NAME[program]
        clock = Clock(start)
        self.serial = next(SERIAL)
        self.pair = Pair(self.make_driver(clock), clock, f"{which.name}-{self.serial}", which)
        for user, terms in PEOPLE[which.name]:
            self.pair.open_account(user, **terms)

    def name(self, pick: int) -> str:
        return self.pair.names[pick % len(self.pair.names)]

    def do(self, verb: str, name: str, keyed: bool = False, **terms: Any) -> None:
        key = f"key-{len(self.pair.told)}" if keyed else None
        self.sound = False
        self.pair.do(verb, name, key=key, **terms)

    def aimed(self, name: str, action: str, aim: tuple[str, int], extra: int = 0) -> int:
        """So many tokens: a number, or half, all or more than all of what the model says is there (and ``extra``)."""
        how, number = aim
        book, account, _ = self.pair.model.settled(name, self.pair.clock.now)
        there = extra + available(book, account, feature_of(book, action))
        return max(1, {"few": number, "half": there // 2, "all": there, "over": there + number}[how])

    # What applications do

    @rule(pick=PICK, keyed=KEYED, action=ACTION, aim=AIM, wallet=PREFERRED, only=st.booleans())
    def spend(self, pick: int, keyed: bool, action: str, aim: Any, wallet: str | None, only: bool) -> None:
        name = self.name(pick)
        terms: dict[str, Any] = {} if wallet is None else {"wallet": wallet, "only_wallet": only}
        if action in {"work", "juggle"}:
            terms["tokens"] = self.aimed(name, action, aim)
        self.do("spend", name, keyed, action=action, **terms)

    @rule(batch=st.lists(st.tuples(PICK, ACTION, TOKENS), min_size=2, max_size=5))
    def spend_many(self, batch: list[tuple[int, str, int]]) -> None:
        """Several at once, of several accounts; a fixed price is named too, often a wrong one."""
        self.sound = False
        self.pair.do_many([(self.name(pick), {"action": action, "tokens": tokens}) for pick, action, tokens in batch])

    @rule(pick=PICK, inp=st.integers(0, 40), out=st.integers(0, 40), action=ACTION, kind=st.sampled_from("llm"))
    def spend_otherwise(self, pick: int, inp: int, out: int, action: str, kind: str) -> None:
        """By model tokens, as telemetry, or with a price that may contradict the action's."""
        if kind == "m":
            self.do("spend", self.name(pick), action=action, input_tokens=inp, meter=True)
        elif out > 35:
            self.do("spend", self.name(pick), action=action, tokens=inp - 1)
        else:
            self.do("spend", self.name(pick), action=action, input_tokens=inp, output_tokens=out)

    @rule(pick=PICK, tokens=TOKENS, days=st.integers(0, 70))
    def work_of_the_past(self, pick: int, tokens: int, days: int) -> None:
        """Told late: charged now, dated when it happened, and booked where the books are open (rules 27, 34)."""
        happened = self.pair.clock.now - timedelta(days=days)
        self.do("spend", self.name(pick), action="work", tokens=tokens, event_at=happened)

    @rule(pick=PICK, keyed=KEYED, action=ACTION, aim=AIM, inp=st.integers(0, 40))
    def work_that_is_done(self, pick: int, keyed: bool, action: str, aim: Any, inp: int) -> None:
        """Told of by somebody else: charged like a late part, whatever the limits (rules 12, 13)."""
        name = self.name(pick)
        terms: dict[str, Any] = {"tokens": self.aimed(name, action, aim)} if action in {"work", "juggle"} else {}
        self.do("spend", name, keyed, action=action, input_tokens=inp, done=True, **terms)

    @rule(pick=PICK, keyed=KEYED, action=ACTION, aim=st.none() | AIM, wallet=PREFERRED, minutes=MINUTES)
    def reserve(self, pick: int, keyed: bool, action: str, aim: Any, wallet: str | None, minutes: int) -> None:
        name = self.name(pick)
        terms: dict[str, Any] = {} if wallet is None else {"wallet": wallet}
        terms["estimate"] = None if aim is None else self.aimed(name, action, aim)
        self.do("reserve", name, keyed, action=action, ttl=timedelta(minutes=minutes), **terms)

    @precondition(lambda self: self.pair.holds)
    @rule(pick=PICK, keyed=KEYED, action=st.none() | ACTION, aim=AIM, final=st.booleans())
    def capture(self, pick: int, keyed: bool, action: str | None, aim: Any, final: bool) -> None:
        name, hold, _ = self.recent(self.pair.holds, pick)
        terms: dict[str, Any] = {}
        if (action or hold.action) in {"work", "juggle"}:
            held = sum(line.amount for line in hold.lines)
            terms["tokens"] = self.aimed(name, action or hold.action, aim, held)
        self.do("capture", name, keyed, hold=hold, action=action, final=final, **terms)

    @rule(pick=PICK, action=WORTH, aim=AIM, over=AIM)
    def run_a_job(self, pick: int, action: str, aim: Any, over: Any) -> None:
        """A hold and at once a part of it, often a bigger one."""
        known = len(self.pair.holds)
        self.reserve(pick, False, action, aim, None, 15)
        if len(self.pair.holds) > known:
            self.capture(0, False, None, over, True)

    @precondition(lambda self: self.pair.holds)
    @rule(pick=PICK, keyed=KEYED)
    def void(self, pick: int, keyed: bool) -> None:
        name, hold, _ = self.recent(self.pair.holds, pick)
        self.do("void", name, keyed, hold=hold)

    @staticmethod
    def recent(things: list[Any], pick: int) -> Any:
        return things[-1 - pick % min(4, len(things))]

    @precondition(lambda self: self.pair.told)
    @rule(pick=PICK, other=st.booleans())
    def use_a_key_again(self, pick: int, other: bool) -> None:
        told = self.recent(self.pair.told, pick)
        if other and told.verb not in {"void", "cancel_plan"}:
            self.pair.conflict(told)
        else:
            self.pair.repeat(told)

    # What admins do

    @rule(
        pick=PICK, keyed=KEYED, tokens=TOKENS, wallet=TYPE, features=FEATURES, typed=st.booleans(),
        cls=st.sampled_from(["promotional", "purchased"]), days=st.none() | st.integers(-1, 45),
    )  # fmt: skip
    def grant(
        self, pick: int, keyed: bool, tokens: int, wallet: str, features: Any, cls: str, days: int | None, typed: bool
    ) -> None:
        ends: Any = None if days is None else self.pair.clock.now + timedelta(days=days, minutes=7)
        if ends is not None and typed:
            ends = ends.date()
        terms = {"wallet": wallet, "features": features, "grant_class": cls, "expires_at": ends}
        self.do("grant", self.name(pick), keyed, tokens=tokens, **terms)

    @rule(pick=PICK, kind=TYPE, tokens=OPENING, features=FEATURES, days=st.none() | st.integers(1, 20))
    def open_wallet(self, pick: int, kind: str, tokens: int, features: Any, days: int | None) -> None:
        ends = None if days is None else self.pair.clock.now + timedelta(days=days)
        self.do("open_wallet", self.name(pick), type=kind, tokens=tokens, features=features, expires_at=ends)

    @rule(pick=PICK, which=PICK, active=st.booleans())
    def switch_a_wallet(self, pick: int, which: int, active: bool) -> None:
        name = self.name(pick)
        known = self.pair.book.wallets_of(self.pair.account(name))
        if known:
            self.do("set_wallet_active", name, wallet_no=known[which % len(known)], active=active)

    @rule(pick=PICK, which=PICK, tokens=MAYBE_TOKENS, verb=st.sampled_from(["revoke", "expire", "dispute", "thaw"]))
    def touch_a_grant(self, pick: int, which: int, tokens: int | None, verb: str) -> None:
        name = self.name(pick)
        known = [g for g in self.pair.book.made if g.account is self.pair.account(name) and (g.remaining or which < 50)]
        if not known:
            return
        terms: dict[str, Any] = {"grant": self.recent(known, which)}
        if verb == "revoke":
            terms["tokens"] = tokens
        if verb in {"dispute", "thaw"}:
            terms["disputed"] = verb == "dispute"
        self.do("dispute" if verb == "thaw" else verb, name, **terms)

    @precondition(lambda self: self.pair.uses)
    @rule(pick=PICK, keyed=KEYED, tokens=MAYBE_TOKENS)
    def refund(self, pick: int, keyed: bool, tokens: int | None) -> None:
        charged = [told for told in self.pair.uses if told[1].charged > told[1].refunded or pick < 50]
        if charged:
            name, use, _ = self.recent(charged, pick)
            self.do("refund", name, keyed, use=use, tokens=tokens)

    @rule(pick=PICK, act=st.sampled_from(["reset", "set_zone", "set_quota", "write_off", "freeze", "thaw", "close"]),
          zone=st.sampled_from(ZONES), tokens=MAYBE_TOKENS)  # fmt: skip
    def administer(self, pick: int, act: str, zone: str, tokens: int | None) -> None:
        name = self.name(pick)
        account = self.pair.account(name)
        if act == "set_zone":
            self.do("set_zone", name, zone=zone)
        elif act == "write_off":
            self.do("write_off", name, tokens=tokens)
        elif act == "reset":
            self.do("reset", name)
        elif act == "set_quota" and account.draws:
            self.do("set_quota", name, quota=tokens)
        elif act == "close" and pick % 3 == 0:
            self.do("set_status", name, status="closed")
        elif act in {"freeze", "thaw"} and account.status != STATUS[act]:
            self.do("set_status", name, status=STATUS[act])

    # What time does

    @rule(seconds=st.sampled_from([0, 1, 59, 60, 300, 900, 3_600, 20_000]))
    def wait(self, seconds: int) -> None:
        self.pair.clock.now += timedelta(seconds=seconds)

    @rule(days=st.sampled_from([1, 2, 6, 20, 31, 95]))
    def wait_long(self, days: int) -> None:
        self.pair.clock.now += timedelta(days=days, minutes=11)

    @rule(off=st.sampled_from([-1, 0, 0, 1]), which=st.integers(0, 2))
    def wait_until_something_is_due(self, off: int, which: int) -> None:
        book, now = self.pair.book, self.pair.clock.now
        coming = sorted({t for t in due(book, list(book.accounts.values())) if t > now})
        if coming:
            self.pair.clock.now = max(now, coming[min(which, len(coming) - 1)] + off * MICROSECOND)

    @rule(seconds=st.sampled_from([1, 600, 7_200]))
    def step_the_clock_back(self, seconds: int) -> None:
        for name in self.pair.names:  # the ledger's clock is what it decided last
            self.pair.touch(name)
        self.pair.clock.now -= timedelta(seconds=seconds)

    @rule()
    def close_months(self) -> None:
        self.pair.close_months()

    @rule(times=st.integers(1, 2))
    def sweep(self, times: int) -> None:
        for _ in range(times):
            self.pair.sweep()
        for name in self.pair.names:
            grants_agree(self.pair, name)
            terms_agree(self.pair, name)

    # What must hold after each step

    @invariant()
    def every_figure_agrees(self) -> None:
        for name in self.pair.names:
            balances_agree(self.pair, name)
            requests_agree(self.pair, name)
            if self.pair.driver.settles_terms:
                terms_agree(self.pair, name)
        if SOAK:
            self.pair.driver.verify(self.pair.slug)
        self.sound = True

    @precondition(lambda self: hasattr(self, "pair"))
    @rule(pick=PICK, feature=st.sampled_from(["work", "goal", "lead"]), days=st.integers(0, 70))
    def look_ahead_and_by_feature(self, pick: int, feature: str, days: int) -> None:
        name = self.name(pick)
        balances_agree(self.pair, name, feature)
        features_agree(self.pair, name)
        decided = self.pair.book.clock_of(self.pair.account(name), self.pair.clock.now)
        balances_agree(self.pair, name, at=decided + timedelta(days=days))

    @rule(pick=PICK, back=st.floats(0, 1))
    def look_back(self, pick: int, back: float) -> None:
        self.pair.look_back(self.name(pick), back)

    def teardown(self) -> None:
        if not getattr(self, "sound", False):
            return
        self.sweep(1)
        self.pair.driver.verify(self.pair.slug)
