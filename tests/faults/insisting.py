"""A program that insists: it sends each piece of work again under the same key until it has heard the answer."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from support.ledgers import MovedClock, a_ledger
from support.running import running

from creditbook import Ledger
from creditbook.access import console
from creditbook.access.api_keys import ApiKeys
from creditbook.domain.program import PromoTerms
from creditbook.installation import close_installations, installation
from creditbook.reports.proof import prove
from creditbook.store.tables import ledger as tables

ACCOUNTS = tuple(f"user{number}" for number in range(8))
TO_BEGIN_WITH = 1_000_000
MOST_TRIES = 2_000
ENDS = {"captured", "voided"}


@dataclass
class Site:
    """A running server over an installation of its own, and a key for everything."""

    url: str
    ledger: Ledger
    key: str

    def standing(self) -> dict[str, tuple[int, int]]:
        """What each account has, and has reserved."""
        found = {name: self.ledger.balance(f"acme/{name}") for name in ACCOUNTS}
        return {name: (balance.posted, balance.held) for name, balance in found.items()}

    def transactions(self) -> Counter[str]:
        """How many transactions there are of each kind."""
        core = self.ledger.core
        table = tables.ledger_transaction
        with core.store.read(core.organization("acme").org_id) as connection:
            rows = connection.execute(sa.select(table.c.kind, sa.func.count()).group_by(table.c.kind)).all()
        return Counter({row[0]: row[1] for row in rows})

    def holds(self) -> Counter[str]:
        """How many holds there are of each status."""
        core = self.ledger.core
        status = tables.hold.c.status
        with core.store.read(core.organization("acme").org_id) as connection:
            rows = connection.execute(sa.select(status, sa.func.count()).group_by(status)).all()
        return Counter({row[0]: row[1] for row in rows})

    def broken(self) -> list[str]:
        """The invariants of the books that do not hold."""
        (proof,) = prove(self.ledger.core.store, "acme")
        return [finding.check for finding in proof.findings if finding.broken]


@contextmanager
def a_site(url: str, at: str = "") -> Iterator[Site]:
    """Where the environment points at already: eight accounts with tokens, and a code that everybody may redeem.

    ``at`` is the address of a server that somebody else runs; otherwise one is run here.
    """
    a_ledger(url, MovedClock()).close()
    here = installation()
    ledger = here.ledger
    for name in ACCOUNTS:
        ledger.open_account(f"acme/{name}")
        ledger.grant(f"acme/{name}", TO_BEGIN_WITH, reason="to begin with")
    ledger.create_codes("acme", PromoTerms("STORM", 11, per_account=1_000_000), reason="to redeem")
    org = ledger.core.organization("acme")
    boss = console(org.org_id, org.slug, org.name, org.zone)
    key = ApiKeys(here.store, here.clock).create(boss, "storm", "admin", reason="test").text
    try:
        if at:
            yield Site(at, ledger, key)
        else:
            with running() as address:
                yield Site(address, ledger, key)
    finally:
        close_installations()


@dataclass
class Expected:
    """What the work must have come to, whatever was lost on the way."""

    posted: Counter[str] = field(default_factory=Counter)
    transactions: Counter[str] = field(default_factory=Counter)
    holds: Counter[str] = field(default_factory=Counter)

    def add(self, account: str, tokens: int, *kinds: str) -> None:
        """Tokens more (or fewer), the transactions that were written, and how a hold ended."""
        self.posted[account] += tokens
        self.transactions.update(kind for kind in kinds if kind not in ENDS)
        self.holds.update(kind for kind in kinds if kind in ENDS)

    def differs(self, site: Site, before: Stood) -> list[str]:
        """How the books differ from it: nothing may."""
        wrong = []
        for name, (posted, held) in site.standing().items():
            wanted = before.standing[name][0] + self.posted[name]
            if (posted, held) != (wanted, 0):
                wrong.append(f"{name} has {posted} ({held} held) instead of {wanted}")
        for what, found, earlier, wanted_too in (
            ("transactions", site.transactions(), before.transactions, self.transactions),
            ("holds", site.holds(), before.holds, self.holds),
        ):
            if found - earlier != +wanted_too:
                wrong.append(f"{what}: {found - earlier} instead of {wanted_too}")
        return wrong + site.broken()


@dataclass(frozen=True)
class Stood:
    """How the books were before."""

    standing: dict[str, tuple[int, int]]
    transactions: Counter[str]
    holds: Counter[str]

    @classmethod
    def at(cls, site: Site) -> Stood:
        return cls(site.standing(), site.transactions(), site.holds())


class Program:
    """Speaks HTTP by hand over connections that may break at any moment. One for each thread."""

    def __init__(self, url: str, key: str, expected: Expected, noting: threading.Lock) -> None:
        self._parts, self._key = urlsplit(url), key
        self._expected, self._noting = expected, noting
        self._line: http.client.HTTPConnection | None = None
        self.lost, self.pause = 0, 0.0

    def insist(self, path: str, body: dict[str, Any], once: str) -> Any:
        """The answer, after as many tries as it takes."""
        sent = json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json", "Idempotency-Key": once}
        for _ in range(MOST_TRIES):
            try:
                if self._line is None:
                    self._line = http.client.HTTPConnection(str(self._parts.hostname), self._parts.port, timeout=60)
                self._line.request("POST", self._parts.path + path, sent, headers)
                answer = self._line.getresponse()
                told = answer.read()
            except (OSError, http.client.HTTPException):
                self.lost += 1
                self.hang_up()
                time.sleep(self.pause)
                continue
            assert answer.status < 300, (path, body, answer.status, told)
            return json.loads(told)
        raise AssertionError(f"Nothing came back of {path} in {MOST_TRIES} tries.")

    def hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def work(self, number: int) -> None:
        """A piece of work of one of eight kinds, each with keys made from its number."""
        account = ACCOUNTS[number // 8 % len(ACCOUNTS)]
        kinds = (self._spends, self._meters, self._holds, self._voids, self._refunds, self._gives, self._batches,
                 self._redeems)  # fmt: skip
        tokens, done = kinds[number % len(kinds)](account, f"piece {number}")
        with self._noting:
            self._expected.add(account, tokens, *done)

    def _usage(self, account: str, tokens: int, **more: Any) -> dict[str, Any]:
        return {"account": account, "action": "work", "tokens": tokens, **more}

    def _spends(self, account: str, key: str) -> tuple[int, list[str]]:
        self.insist("/v1/usage", self._usage(account, 7), key)
        return -7, ["usage"]

    def _meters(self, account: str, key: str) -> tuple[int, list[str]]:
        self.insist("/v1/usage", self._usage(account, 9, meter=True), key)
        return 0, ["usage"]

    def _holds(self, account: str, key: str) -> tuple[int, list[str]]:
        held = self.insist("/v1/holds", {"account": account, "action": "work", "estimate": 50}, key)["hold_id"]
        part = {"account": account, "tokens": 3}
        self.insist(f"/v1/holds/{held}/capture", {**part, "final": False}, f"{key} first")
        self.insist(f"/v1/holds/{held}/capture", part, f"{key} last")
        return -6, ["usage", "usage", "captured"]

    def _voids(self, account: str, key: str) -> tuple[int, list[str]]:
        held = self.insist("/v1/holds", {"account": account, "action": "work", "estimate": 50}, key)["hold_id"]
        self.insist(f"/v1/holds/{held}/void", {"account": account}, f"{key} void")
        return 0, ["voided"]

    def _refunds(self, account: str, key: str) -> tuple[int, list[str]]:
        spent = self.insist("/v1/usage", self._usage(account, 20), key)["transaction_id"]
        back = {"account": account, "transaction_id": spent, "tokens": 5, "reason": "Too much"}
        self.insist("/v1/refunds", back, f"{key} back")
        return -15, ["usage", "refund"]

    def _gives(self, account: str, key: str) -> tuple[int, list[str]]:
        self.insist("/v1/grants", {"account": account, "tokens": 13, "reason": "A gift"}, key)
        return 13, ["grant"]

    def _batches(self, account: str, key: str) -> tuple[int, list[str]]:
        told = self.insist("/v1/usage/batch", {"usage": [self._usage(account, one) for one in (1, 2, 3)]}, key)
        assert all(one["problem"] is None for one in told["results"])
        return -6, ["usage", "usage", "usage"]

    def _redeems(self, account: str, key: str) -> tuple[int, list[str]]:
        self.insist("/v1/tokens/redeem-code", {"account": account, "promo_code": "STORM"}, key)
        return 11, ["promo"]


def storm(site: Site, url: str, pieces: Iterable[int], threads: int = 16, pause: float = 0.0) -> tuple[Expected, int]:
    """So many pieces of work sent to `url` from many threads: what must have come of them, and what was lost.

    ``pause`` is how long a program waits before it tries again.
    """
    expected, noting = Expected(), threading.Lock()
    mine = threading.local()
    everybody: list[Program] = []

    def work(number: int) -> None:
        if not hasattr(mine, "program"):
            mine.program = Program(url, site.key, expected, noting)
            mine.program.pause = pause
            everybody.append(mine.program)
        mine.program.work(number)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, pieces))
    for one in everybody:
        one.hang_up()
    return expected, sum(one.lost for one in everybody)
