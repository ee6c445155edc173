"""A small real account in a real database, inserted row by row: what reports and pages are tried on.

Every transaction has its entries and its rollups, so that figures can be recomputed from the entries alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from creditbook.store.engine import Store
from creditbook.store.tables import ledger as tables

ZONE = ZoneInfo("Asia/Kolkata")
TODAY = date(2025, 10, 30)
NOW = datetime(2025, 10, 30, 14, 12, tzinfo=UTC)


@dataclass
class SpentAccount:
    """Builds one account's rows; `write` inserts them all in one transaction."""

    org_id: int = 1
    account_id: int = 100
    name: str = "asha"
    zone: ZoneInfo = ZONE
    ids: Iterator[int] = field(default_factory=lambda: count(1_000))
    wallets: dict[str, int] = field(default_factory=dict)
    grants: dict[int, dict[str, object]] = field(default_factory=dict)
    rows: dict[str, list[dict[str, object]]] = field(default_factory=lambda: defaultdict(list))
    usage: dict[tuple[object, ...], list[int]] = field(default_factory=dict)
    available: int = 0

    def wallet(self, kind: str, at: datetime, label: str) -> None:
        """Opens a wallet."""
        self.wallets[kind] = next(self.ids)
        self.rows["wallet"].append(
            self._mine(wallet_id=self.wallets[kind], type=kind, label=label, forced_count=0, created_at=at)
        )

    def grant(self, kind: str, amount: int, at: datetime, what: str, *, txn: str, ends: datetime | None = None) -> None:
        """Grants tokens into a wallet."""
        txn_id, grant_id = next(self.ids), next(self.ids)
        self._txn(txn_id, txn, at, amount, description=what)
        terms = {"class": "promotional", "amount": amount, "effective_at": at, "expires_at": ends, "label": what}
        moving = {"remaining": amount, "held": 0}
        self.grants[grant_id] = self._mine(
            grant_id=grant_id, wallet_id=self.wallets[kind], txn_id=txn_id, source="grant", **terms, **moving
        )
        self._entry(txn_id, 1, grant_id, amount)

    def use(
        self, tokens: int, at: datetime, *, agent: str, model: str, project: str, usd: int | None, io: tuple[int, int]
    ) -> None:
        """Spends from the grants in their order of making."""
        txn_id = next(self.ids)
        inr = None if usd is None else usd * 83
        unpriced = usd is None
        counted = {"input_tokens": io[0], "output_tokens": io[1], "charged": tokens, "requests": 1}
        cost = {"cost_usd_nanos": usd, "cost_inr_nanos": inr, "unpriced": unpriced}
        self._txn(txn_id, "usage", at, -tokens, agent=agent, model=model, project=project, **counted, **cost)
        left, seq = tokens, 0
        for grant_id, grant in self.grants.items():
            part = min(left, int(str(grant["remaining"])))
            if part > 0:
                seq += 1
                grant["remaining"] = int(str(grant["remaining"])) - part
                self._entry(txn_id, seq, grant_id, -part)
                left -= part
        self._count(at, agent, model, (1, *io, 0, 0, tokens, 0, usd or 0, inr or 0, int(unpriced)))

    def refund(self, tokens: int, at: datetime, *, agent: str) -> None:
        """Gives tokens back to the first grant that was spent from."""
        txn_id, (grant_id, grant) = next(self.ids), next(iter(self.grants.items()))
        self._txn(txn_id, "refund", at, tokens, agent=agent, charged=tokens)
        grant["remaining"] = int(str(grant["remaining"])) + tokens
        self._entry(txn_id, 1, grant_id, tokens)
        self._count(at, agent, "", (0, 0, 0, 0, 0, 0, tokens, 0, 0, 0))

    def write(self, store: Store) -> None:
        """Inserts organization, account and all that was built."""
        at = datetime(2025, 1, 1, tzinfo=UTC)
        organization = {"org_id": self.org_id, "slug": f"org{self.org_id}", "name": "Nilgiri Studio", "program_id": 1}
        organization |= {"zone": self.zone.key, "currency": "INR", "is_sample": True, "created_at": at}
        account = self._mine(name=self.name, kind="member", status="active", plan="free", plan_started_at=at)
        account |= {"plan_anchor": at.date(), "created_at": at}
        rollups = [
            self._mine(
                account_date=k[0],
                org_date=k[0],
                agent=k[1],
                model=k[2],
                feature="",
                **dict(zip(tables.MEASURES, v, strict=True)),
            )
            for k, v in self.usage.items()
        ]
        batches = (
            (tables.organization, [organization]),
            (tables.account, [account]),
            (tables.wallet, self.rows["wallet"]),
            (tables.ledger_transaction, self.rows["txn"]),
            (tables.token_grant, list(self.grants.values())),
            (tables.entry, self.rows["entry"]),
            (tables.usage_account_day, rollups),
        )
        with store.write(self.org_id) as connection:
            for table, rows in batches:
                for row in rows:
                    connection.execute(table.insert().values(**row))

    def _mine(self, **columns: object) -> dict[str, object]:
        return {"org_id": self.org_id, "account_id": self.account_id, **columns}

    def _txn(self, txn_id: int, kind: str, at: datetime, change: int, **more: object) -> None:
        local = at.astimezone(self.zone)
        before, self.available = self.available, self.available + change
        words = dict.fromkeys(("action", "feature", "agent", "model", "project", "description", "actor", "reason"), "")
        counts = dict.fromkeys(("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "charged"), 0)
        times = {"event_at": at, "effective_at": at, "created_at": at, "org_hour": local.hour}
        days = dict.fromkeys(("account_date", "org_date", "accounting_date"), local.date())
        row = self._mine(txn_id=txn_id, kind=kind, tokens=change, plan="free", requests=0, quota_charged=0)
        row |= {"available_before": before, "available_after": self.available}
        self.rows["txn"].append(row | words | counts | times | days | more)

    def _entry(self, txn_id: int, seq: int, grant_id: int, amount: int) -> None:
        after = self.grants[grant_id]["remaining"]
        self.rows["entry"].append(
            self._mine(txn_id=txn_id, seq=seq, grant_id=grant_id, amount=amount, remaining_after=after)
        )

    def _count(self, at: datetime, agent: str, model: str, added: tuple[int, ...]) -> None:
        figures = self.usage.setdefault((at.astimezone(self.zone).date(), agent, model), [0] * len(tables.MEASURES))
        for i, value in enumerate(added):
            figures[i] += value


def october(now: datetime = NOW) -> SpentAccount:
    """A studio account's last forty days up to `now`: two agents, three models, a refund, a name like a formula."""
    asha = SpentAccount()
    start = now - timedelta(days=40)
    asha.wallet("MONTHLY", start, "Monthly")
    asha.wallet("BONUS", start, "Bonus")
    asha.grant("MONTHLY", 250_000, start, "Welcome bonus", txn="grant", ends=now + timedelta(days=2))
    asha.grant("BONUS", 50_000, start, "Hackathon, prize", txn="promo")
    crop, bus, unknown = (
        {"agent": "srs", "model": "gpt-5", "project": "Crop price alert", "usd": 12_000_000, "io": (700, 1_300)},
        {"agent": "code", "model": "claude-sonnet-4-5", "project": "=Bus, pass", "usd": 9_999_999, "io": (500, 900)},
        {"agent": "code", "model": "unheard-of-1", "project": "", "usd": None, "io": (400, 500)},
    )
    for day in range(1, 40):
        at = start + timedelta(days=day)
        asha.use(2_000 + 10 * day, at, **crop)  # type: ignore[arg-type]
        asha.use(1_500, at + timedelta(hours=3), **bus)  # type: ignore[arg-type]
        if day % 7 == 0:
            asha.use(900, at + timedelta(hours=4), **unknown)  # type: ignore[arg-type]
    asha.refund(700, now - timedelta(hours=2), agent="code")
    return asha
