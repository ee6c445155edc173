"""SQLite's floor: the statements of one spend by the same driver, with raw tuples and nothing else around them.

What it writes are whole books: `prove` finds nothing wrong with them. It knows one kind of account (no pool, no holds,
no debts, nothing due) and one kind of spend; that is what makes it a floor.
"""

from __future__ import annotations

import random
import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from creditbook.store import batch_sqlite, ids, selects
from creditbook.store import statements as to

from . import workload
from .workload import People

_LOADS = tuple(
    selects.for_sqlite(select) for select in (selects.ACCOUNTS, selects.WALLETS, selects.GRANTS, selects.DEBTS)
)
_REQUESTS = selects.for_sqlite(selects.REQUESTS)
_REMAINING, _CLASS = (selects.GRANT_COLUMNS.split(", ").index(name) for name in ("remaining", "class"))
_STATE = [selects.GRANT_COLUMNS.split(", ").index(name) for name in to.GRANT_STATE]
_HASH = "0" * 32
_RESULT = '["r",[%d,"%s","usage",%d,%d,false,%d,0,[[%d,"BONUS",%d,%d]],"2026-01-01T00:00:00+00:00",null,false,null]]'


class SqliteFloor:
    """One connection of the driver. ``spend`` does what a spend must do to the disk."""

    def __init__(self, connection: Any, people: People) -> None:
        self._execute = connection.cursor().execute
        self._people = people
        self._zone = ZoneInfo(workload.PROGRAM.zone)

    def spend(self, dice: random.Random) -> None:
        """One spend of a random account, committed."""
        account_id = self._people.ids[dice.randrange(len(self._people.ids))]
        one = workload.work(dice)
        x, org = self._execute, self._people.org_id
        at = time.time_ns() // 1_000
        local = datetime.fromtimestamp(at / 1e6, self._zone)
        day = local.date().isoformat()
        x("BEGIN IMMEDIATE")
        (txn,) = x(ids.SQLITE_PEEK).fetchone()
        x(selects.ORGANIZATION, (org,)).fetchone()
        account, _wallets, grants, _debts = (x(select, (org, account_id)).fetchall() for select in _LOADS)
        x(_REQUESTS, (org, account_id, day)).fetchall()
        x(batch_sqlite._OPEN_HOLDS, (org, account_id)).fetchall()
        x(batch_sqlite._DUE_ON_POOL, (org, account_id, at)).fetchall()
        if x(batch_sqlite._ONE_KEY, (org, "spend", one["idempotency_key"])).fetchone() is not None:
            raise AssertionError("a key came twice")
        self._write(org, txn, account_id, account[0], grants, one, at, day, local.hour)
        x("COMMIT")

    def _write(
        self, org: int, txn: int, account_id: int, account: Any, grants: list[Any], one: dict[str, Any], at: int,
        day: str, hour: int,
    ) -> None:  # fmt: skip
        x, need, before = self._execute, one["tokens"], sum(row[_REMAINING] for row in grants)
        model, agent, input_, output = one["model"], one["agent"], one["input_tokens"], one["output_tokens"]
        x(to.TRANSACTION.sqlite, (
            org, txn, account_id, None, "usage", -need, need, False, False, None, workload.ACTION, workload.ACTION,
            agent, model, "", "", workload.PLAN, input_, output, 0, 0, 1, 12_345_000, None,
            '{"input":12000000,"output":345000}', False, "floor", None, at, at, at, day, day, day, hour, before,
            before - need, None, None, None, 0, "", "", None,
        ))  # fmt: skip
        left = need
        booked: dict[str, list[int]] = {}
        for seq, row in enumerate(grants, 1):
            grant_id, there = row[0], row[_REMAINING]
            part = min(left, there)
            if not part:
                continue
            left -= part
            x(to.ENTRY.sqlite, (org, txn, seq, grant_id, account_id, -part, there - part, False, None, None, 0))
            booked.setdefault(row[_CLASS], []).append(part)
            state = [row[place] for place in _STATE]
            state[0] = there - part
            x(to.GRANT_MOVED.sqlite, (*state, org, grant_id))
            if not left:
                break
        result = _RESULT % (txn, account[1], need, -need, before, grant_id, -part, there - part)
        x(to.KEY.sqlite, (org, "spend", one["idempotency_key"], _HASH, result, at))
        status, plan, anchor, zone, quota, import_id = account[6], account[3], account[4], account[5], *account[8:10]
        x(to.ACCOUNT_MOVED.sqlite, (status, plan, anchor, zone, quota, import_id, at, org, account_id))
        x(to.ACCOUNT_DAY.sqlite, (org, account_id, day, 1))
        line = (1, input_, output, 0, 0, need, 0, 12_345_000, 0, 0)
        shard, feature = 0, workload.ACTION
        x(to.USAGE_ACCOUNT_DAY.sqlite, (org, account_id, day, day, agent, model, feature, *line))
        x(to.USAGE_ORG_DAY.sqlite, (org, day, day, agent, model, feature, workload.PLAN, shard, *line))
        x(to.USAGE_ORG_HOUR.sqlite, (org, day, hour, shard, *line))
        x(to.USAGE_MONTH_ACCOUNT.sqlite, (org, day[:8] + "01", account_id, *line))
        for grant_class, parts in booked.items():
            x(to.BOOKS_DAY.sqlite, (org, day, "usage", grant_class, "", shard, len(parts), 0, sum(parts), 0, 0))
        x(batch_sqlite._SET_NEXT_ID, (txn + 1,))
