"""Two years of usage, written straight to a SQLite file: as many transactions as are wanted, the same ones every time.

Whole books (`creditbook verify` finds nothing): accounts with one gift each, usage that burns it, refunds, requests
without a price and corrections of them. Token counts are those of real traces (the slices in `tests/data`), accounts
are used as unevenly as people use things, hours follow the day. Organizations lie in zones with daylight saving and
half hours, their accounts anywhere. The rollups are made by the product, from the transactions.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa

from creditbook import open_ledger
from creditbook.programs import load_program
from creditbook.store.engine import open_store
from creditbook.store.rebuilding import rebuild_rollups
from creditbook.store.tables import ledger as tables

TRACES = Path(__file__).parent.parent / "tests" / "data"
FIRST, LAST, DAYS = date(2024, 10, 1), date(2026, 9, 30), 730
ORGANIZATIONS = (("bench", "America/New_York", 0.5), ("pune", "Asia/Kolkata", 0.3), ("rock", "America/St_Johns", 0.1),
                 ("howe", "Australia/Lord_Howe", 0.1))  # fmt: skip
ZONES = (*(zone for _, zone, _ in ORGANIZATIONS), "Europe/Berlin", "Asia/Kathmandu", "America/Los_Angeles")
PLANS = ("free", "creator", "studio")
MODELS = (
    "gpt-4o",
    "gpt-4o-mini",
    "gpt-4.1",
    "claude-sonnet-4-5",
    "claude-3-5-haiku",
    "gemini-2.0-flash",
    "in-house-7b",
)
USD_PER_TOKEN = np.array([2_500, 150, 2_000, 3_000, 800, 100, 0], dtype=np.int64)  # nano-dollars; the last has no price
UNPRICED = len(MODELS) - 1
# Each agent's feature, its trace, and the two models that it works with.
AGENTS = (("srs", "project_creation", 0, 0, 1), ("code", "code_generation", 0, 2, 3), ("review", "review", 0, 3, 4),
          ("chat", "chat", 1, 1, 5), ("support", "chat", 1, 5, 1), ("leads", "lead_generation", 2, 1, 4),
          ("titles", "lead_generation", 2, 5, 6), ("research", "research", 1, 2, 0))  # fmt: skip
AGENT_WEIGHTS = (10, 24, 12, 20, 12, 10, 7, 5)
HOURS = (1, 1, 1, 1, 1, 2, 3, 5, 8, 10, 11, 11, 10, 11, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)
INR_PER_USD = 84
GIFT = 10**12


@dataclass
class Population:
    """Who uses anything: parallel arrays, an account a place."""

    ids: Any
    org: Any
    zone: Any
    plan: Any
    share: Any
    left: Any = field(init=False)

    def __post_init__(self) -> None:
        self.left = np.full(len(self.ids), GIFT, dtype=np.int64)


def write(
    path: Path,
    transactions: int,
    *,
    days: int = DAYS,
    seed: int = 7,
    say: Callable[[str], None] = lambda _said: None,
) -> None:
    """Makes the file, of so many days to `LAST`. Durable is only the whole: what is half made is thrown away."""
    dice = np.random.default_rng(seed)
    url = f"sqlite:///{path}"
    with open_ledger(url) as ledger:
        org_ids = [
            ledger.create_organization(slug, load_program("studio"), zone=zone).org_id
            for slug, zone, _ in ORGANIZATIONS
        ]
    store = open_store(url)
    with store.driver() as connection:
        for pragma in ("synchronous=OFF", "journal_mode=OFF", "foreign_keys=OFF", "cache_size=-524288"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        indexes = _take_indexes(connection)
        people = _people(connection, dice, max(20, transactions // 500), org_ids)
        _work(connection, dice, people, org_ids, transactions, days, say)
        say("indexes")
        for statement in indexes:
            connection.execute(statement)
        _leave(connection, people, org_ids)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=DELETE")
    store.close()
    store = open_store(url)
    for org_id in org_ids:
        say(f"rollups of organization {org_id}: {rebuild_rollups(store, org_id)}")
    store.close()


def _take_indexes(connection: Any) -> list[str]:
    """A sorted build is many times faster than an index that follows every row."""
    found = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL "
        "AND tbl_name IN ('ledger_transaction', 'entry')"
    ).fetchall()
    for name, _ in found:
        connection.execute(f"DROP INDEX {name}")
    return [sql for _, sql in found]


def _people(connection: Any, dice: Any, many: int, org_ids: list[int]) -> Population:
    """Accounts with one wallet and one gift each; ids count from a million, three to an account."""
    shares = [share for _, _, share in ORGANIZATIONS]
    ids = 1_000_000 + 4 * np.arange(many)
    org = dice.choice(len(shares), many, p=shares)
    org[: len(shares)] = range(len(shares))
    zone = np.where(dice.random(many) < 0.7, org, dice.integers(0, len(ZONES), many))
    people = Population(
        ids, org, zone, dice.choice(len(PLANS), many, p=(0.7, 0.2, 0.1)), _uneven(dice, many, org, shares)
    )
    at = _micros(FIRST) - 1
    rows = [(org_ids[people.org[n]], int(ids[n]), n) for n in range(many)]
    many_times = connection.cursor().executemany
    put: list[tuple[sa.Table, dict[str, Any], dict[str, int]]] = [
        (tables.account, {"kind": "member", "status": "active", "plan_anchor": FIRST.isoformat(), "plan_started_at": at,
                          "clock_at": at, "created_at": at, "program_id": 0, "term_status": "active", "paid_ahead": 0,
                          "next_plan": "", "next_paid": 0, "unpaid": 0, "referral_waits": 0}, {"account_id": 0}),
        (tables.wallet, {"type": "BONUS", "label": "", "is_active": 1, "forced_count": 0, "created_at": at},
         {"wallet_id": 1, "account_id": 0}),
        (tables.token_grant, {"source": "grant", "class": "promotional", "label": "", "amount": GIFT, "remaining": GIFT,
                              "effective_at": at, "held": 0, "live": 1, "disputed": 0, "tax_minor": 0},
         {"grant_id": 2, "account_id": 0, "wallet_id": 1, "txn_id": 3}),
        (tables.entry, {"seq": 1, "amount": GIFT, "remaining_after": GIFT, "blocked": 0, "deferred_minor": 0},
         {"txn_id": 3, "grant_id": 2, "account_id": 0}),
    ]  # fmt: skip
    for table, same, own in put:
        columns = ["org_id", *own, *same]
        values = ([org_id, *(first + place for place in own.values()), *same.values()] for org_id, first, _ in rows)
        if table is tables.account:
            columns += ["name", "plan", "zone"]
            values = ([org_id, first, *same.values(), f"user-{n}", PLANS[people.plan[n]], ZONES[people.zone[n]]]
                      for org_id, first, n in rows)  # fmt: skip
        marks = ", ".join("?" * len(columns))
        many_times(f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})", values)
    day = FIRST.isoformat()
    nothing = (0, 0, 0, "", "", "", "", 0, 0, 0, 0, None, None, 0)
    gifts = ((org_id, first + 3, first, "grant", GIFT, *nothing, at, at, day, day, day, 0, None, None)
             for org_id, first, _ in rows)  # fmt: skip
    many_times(_INSERT, gifts)
    return people


def _uneven(dice: Any, many: int, org: Any, shares: list[float]) -> Any:
    """Few use much and many little; each organization has its share of all."""
    share = 1 / (1 + dice.permutation(many)) ** 0.8
    for place, wanted in enumerate(shares):
        share[org == place] *= wanted / share[org == place].sum()
    return share / share.sum()


_COLUMNS = (
    "org_id", "txn_id", "account_id", "kind", "tokens", "charged", "metered", "requests", "agent", "model", "feature",
    "plan", "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "cost_usd_nanos", "cost_inr_nanos",
    "unpriced", "event_at", "effective_at", "account_date", "org_date", "accounting_date", "org_hour",
    "reverses_txn_id", "price_version",
)  # fmt: skip
_INSERT = (
    f"INSERT INTO ledger_transaction ({', '.join(_COLUMNS)}, late_capture, action, project, description, created_at, "
    f"quota_charged, actor, reason) VALUES ({', '.join('?' * len(_COLUMNS))}, 0, ?11, '', '', ?21, 0, '', '')"
)
_ENTRY = (
    "INSERT INTO entry (org_id, txn_id, seq, grant_id, account_id, amount, remaining_after, blocked, returns_txn_id, "
    "returns_seq, deferred_minor) VALUES (?, ?, 1, ?, ?, ?, ?, 0, ?, ?, 0)"
)


def _work(
    connection: Any,
    dice: Any,
    people: Population,
    org_ids: list[int],
    transactions: int,
    days: int,
    say: Callable[[str], None],
) -> None:
    first = LAST - timedelta(days=days - 1)
    growth = np.linspace(0.6, 1.4, days) * np.array([1.0 if n % 7 < 5 else 0.4 for n in range(days)])
    per_day = dice.multinomial(transactions, growth / growth.sum())
    clocks = [_offsets(ZoneInfo(zone)) for zone in ZONES]
    pairs = [np.array(trace, dtype=np.int64) for trace in _traces()]
    next_id = int(people.ids[-1]) + 4
    for n, many in enumerate(per_day):
        if not many:
            continue
        day = _Day(dice, people, first + timedelta(days=n), int(many), clocks, pairs)
        rows, entries = day.rows(np.array(org_ids), next_id)
        connection.cursor().executemany(_INSERT, rows)
        connection.cursor().executemany(_ENTRY, entries)
        next_id += int(many)
        if n % 73 == 72:
            say(f"{(n + 1) * 100 // days}% of the transactions")


class _Day:
    """The transactions of one UTC day, in the order of their instants."""

    def __init__(
        self, dice: Any, people: Population, day: date, many: int, clocks: list[Any], pairs: list[Any]
    ) -> None:
        self.people, self.many, self.dice = people, many, dice
        hours = dice.choice(24, many, p=np.array(HOURS) / sum(HOURS))
        self.at = np.sort(_micros(day) + hours * 3_600_000_000 + dice.integers(0, 3_600_000_000, many))
        self.who = np.searchsorted(np.cumsum(people.share), dice.random(many)).clip(0, len(people.ids) - 1)
        agent = dice.choice(len(AGENTS), many, p=np.array(AGENT_WEIGHTS) / sum(AGENT_WEIGHTS))
        self.agent = agent
        first = dice.random(many) < 0.75
        self.model = np.where(first, np.array([a[3] for a in AGENTS])[agent], np.array([a[4] for a in AGENTS])[agent])
        self.input, self.output = np.zeros(many, np.int64), np.zeros(many, np.int64)
        trace = np.array([a[2] for a in AGENTS])[agent]
        for place, pair in enumerate(pairs):
            mine = trace == place
            drawn = pair[dice.integers(0, len(pair), int(mine.sum()))]
            self.input[mine], self.output[mine] = drawn[:, 0], drawn[:, 1]
        self.metered = dice.random(many) < 0.1
        self.org_day, self.org_hour = self._local(clocks, people.org[self.who])
        self.account_day, _ = self._local(clocks, people.zone[self.who])

    def _local(self, clocks: list[Any], zones: Any) -> tuple[Any, Any]:
        seconds = self.at // 1_000_000
        for place, (turns, offsets) in enumerate(clocks):
            mine = zones == place
            seconds[mine] += offsets[np.searchsorted(turns, seconds[mine], side="right") - 1]
        return seconds // 86_400, seconds % 86_400 // 3_600

    def rows(self, org_ids: Any, next_id: int) -> tuple[Iterator[Any], list[Any]]:
        """The rows of transactions, and those of their entries."""
        many, people, who = self.many, self.people, self.who
        charged = np.where(self.metered, 0, self.input + self.output)
        kind, reverses = np.zeros(many, np.int64), np.full(many, -1)
        usd = self.input * USD_PER_TOKEN[self.model] + self.output * 4 * USD_PER_TOKEN[self.model]
        self._mend(kind, reverses, charged, usd)
        counted = kind == 0
        tokens = np.where(kind == 0, -charged, np.where(kind == 1, charged, 0))
        unpriced = (self.model == UNPRICED) & (kind != 1)
        cost = np.where((kind == 1) | (unpriced & counted), -1, usd)
        left = self._left(tokens)
        late = np.where(kind == 2, self.org_day + 45, self.org_day)
        ids = np.arange(next_id, next_id + many)
        measures = [np.where(counted, one, 0).tolist() for one in
                    (np.ones(many, np.int64), self.input, self.output, self.input // 4, self.output // 10)]  # fmt: skip
        agents = [AGENTS[n] for n in self.agent.tolist()]
        names = [[agent[0] for agent in agents], [MODELS[n] for n in self.model.tolist()],
                 [agent[1] for agent in agents], [PLANS[n] for n in people.plan[who].tolist()]]  # fmt: skip
        at = self.at.tolist()
        reversed_ids = [None if n < 0 else next_id + n for n in reverses.tolist()]
        rows = zip(
            org_ids[people.org[who]].tolist(), ids.tolist(), people.ids[who].tolist(),
            [_KINDS[n] for n in kind.tolist()], tokens.tolist(), np.where(kind == 2, 0, charged).tolist(),
            self.metered.astype(int).tolist(), measures[0], *names, *measures[1:],
            [None if n < 0 else n for n in cost.tolist()], [None if n < 0 else n * INR_PER_USD for n in cost.tolist()],
            unpriced.astype(int).tolist(), at, at, [_TEXT[n] for n in self.account_day.tolist()],
            [_TEXT[n] for n in self.org_day.tolist()], [_TEXT[n] for n in late.tolist()], self.org_hour.tolist(),
            reversed_ids, ["own 2" if n == 2 else None for n in kind.tolist()], strict=True,
        )  # fmt: skip
        moved = np.flatnonzero(tokens)
        entries = [
            (org, txn, account + 2, account, amount, remaining, back, None if back is None else 1)
            for org, txn, account, amount, remaining, back in zip(
                org_ids[people.org[who[moved]]].tolist(), ids[moved].tolist(), people.ids[who[moved]].tolist(),
                tokens[moved].tolist(), left[moved].tolist(), [reversed_ids[n] for n in moved.tolist()], strict=True,
            )
        ]  # fmt: skip
        return rows, entries

    def _mend(self, kind: Any, reverses: Any, charged: Any, usd: Any) -> None:
        """Turns a few rows into refunds (1) of the usage before, or corrections (2) of what had no price."""
        for place in np.flatnonzero(self.dice.random(self.many) < 0.01).tolist():
            before = place - 1
            if before < 0 or kind[before] or not charged[before]:
                continue
            kind[place], reverses[place], charged[place] = 1, before, charged[before]
            self._same(place, before)
        taken = set(reverses[reverses >= 0].tolist())
        for place in np.flatnonzero((self.model == UNPRICED) & (kind == 0)).tolist():
            after = place + 1
            if place % 3 or after >= self.many or kind[after] or after in taken:
                continue
            kind[after], reverses[after], charged[after], self.metered[after] = 2, place, 0, False
            self._same(after, place)
            usd[after] = 40 * (self.input[place] + self.output[place])

    def _same(self, place: int, of: int) -> None:
        for mine in (self.who, self.agent, self.model, self.org_day, self.org_hour, self.account_day):
            mine[place] = mine[of]

    def _left(self, tokens: Any) -> Any:
        """What remains of each account's gift after each row, and at the day's end."""
        order = np.argsort(self.who, kind="stable")
        mine, moved = self.who[order], tokens[order]
        run = np.cumsum(moved)
        starts = np.flatnonzero(np.r_[True, mine[1:] != mine[:-1]])
        base = np.repeat(run[starts] - moved[starts], np.diff(np.r_[starts, len(mine)]))
        left = np.empty(self.many, np.int64)
        left[order] = self.people.left[mine] + run - base
        np.add.at(self.people.left, self.who, tokens)
        return left


_KINDS = ("usage", "refund", "adjustment")
_EPOCH = date(1970, 1, 1).toordinal()
_TEXT = {n: date.fromordinal(_EPOCH + n).isoformat() for n in range(FIRST.toordinal() - _EPOCH - 2, 25_000)}


def _leave(connection: Any, people: Population, org_ids: list[int]) -> None:
    """What remains of every gift, and where ids go on."""
    rows = zip(people.left.tolist(), [org_ids[n] for n in people.org.tolist()], (people.ids + 2).tolist(), strict=True)
    connection.cursor().executemany("UPDATE token_grant SET remaining = ? WHERE org_id = ? AND grant_id = ?", rows)
    connection.execute("UPDATE id_source SET next_id = (SELECT MAX(txn_id) + 1 FROM ledger_transaction)")


def _micros(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000


def _offsets(zone: ZoneInfo) -> tuple[Any, Any]:
    """Every instant (seconds) from which a zone's offset holds, found hour by hour, and the offsets."""
    start = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) - timedelta(days=2)
    turns, offsets = [], []
    for hour in range((DAYS + 4) * 48):
        at = start + timedelta(minutes=30 * hour)
        offset = int((at.astimezone(zone).utcoffset() or timedelta()).total_seconds())
        if not offsets or offsets[-1] != offset:
            turns.append(int(at.timestamp()))
            offsets.append(offset)
    return np.array(turns), np.array(offsets)


def _traces() -> Iterator[list[tuple[int, int]]]:
    """(input, output) tokens of real requests: an agent that codes, conversations, a service of small calls."""
    aider = [json.loads(line)["properties"] for line in (TRACES / "aider_slice.jsonl").read_text().splitlines()]
    yield [(one["prompt_tokens"], one["completion_tokens"]) for one in aider if one.get("prompt_tokens")]
    with (TRACES / "azure_slice.csv").open() as file:
        yield [(int(row["ContextTokens"]), int(row["GeneratedTokens"])) for row in csv.DictReader(file)]
    with gzip.open(TRACES / "servegen_slice.csv.gz", "rt") as file:
        yield [(int(row["input_tokens"]), int(row["output_tokens"])) for row in csv.DictReader(file)]
