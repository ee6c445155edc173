"""Accounts lived ahead by the ledger's own rules: resets, rollover, expiry, plans and quotas act, forecast days spend.

Nothing is divided by a pace: a copy of the family's book is settled from day to day (`domain.settling.project`), and
each day's forecast tokens burn grants as a spend would (rule 7). What is not there is a shortage, and never debt.
"""

from __future__ import annotations

import copy
import functools
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from creditbook.domain.balance import available_tokens
from creditbook.domain.burning import allot
from creditbook.domain.calendar import day_of, start_of_day
from creditbook.domain.context import Desk
from creditbook.domain.journal import Journal
from creditbook.domain.settling import project, settle
from creditbook.domain.spending import take_from
from creditbook.domain.state import Account, AccountStatus, Book, Grant
from creditbook.store.batch import IMAGINED_IDS

LOST = frozenset({"expiry", "plan_change"})
"""Kinds of transaction by which tokens lapse of themselves."""
MIDDAY = timedelta(hours=12)

Share = Mapping[str, int]
"""How an account's spending is spread over features: tokens of the weeks before, by feature."""


@dataclass(frozen=True, slots=True)
class Lapse:
    """Tokens that an account will lose unspent: when, of which wallet, and why (`expiry`, `plan_change`)."""

    at: datetime
    account_id: int
    wallet: str
    label: str
    kind: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Need:
    """What an account is expected to spend: tokens of today and of each day after, and on which features."""

    account_id: int
    tokens: Sequence[int]
    share: Share


@dataclass(slots=True)
class Path:
    """One account lived ahead: available at each day's end (None: unlimited), and the first day that falls short.

    ``short_days`` counts the days on which something was missing, ``missing`` how many tokens in all.
    """

    levels: list[int | None] = field(default_factory=list)
    runs_out: date | None = None
    missing_first: int = 0
    short_days: int = 0
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Lived:
    """A family lived ahead on one path: each spender's own, and what lapses, soonest first."""

    paths: Mapping[int, Path]
    lapses: tuple[Lapse, ...]


def live(book: Book, needs: Sequence[Need], now: datetime, days: int) -> Lived:
    """Live a copy of a settled book ahead, today and ``days`` more. The book itself stays as it is."""
    ahead = copy.deepcopy(book)
    journal = Journal(ahead.org_id, functools.partial(next, itertools.count(IMAGINED_IDS)))
    desk = Desk(ahead, journal, now)
    project(desk, now)
    spenders = [one for one in needs if one.account_id in ahead.accounts]
    paths = {one.account_id: Path() for one in spenders}
    today = day_of(now, ahead.org_zone)
    for place in range(days + 1):
        day = today + timedelta(days=place)
        settle(desk, max(start_of_day(day, ahead.org_zone) + MIDDAY, now))
        for one in spenders:
            if place < len(one.tokens):
                _spend(desk, ahead.accounts[one.account_id], one, place, day, paths[one.account_id])
        # The last instant of the day: what ends with it has not lapsed yet, and what begins has not come.
        settle(desk, max(start_of_day(day + timedelta(days=1), ahead.org_zone) - timedelta(microseconds=1), now))
        for one in spenders:
            account = ahead.accounts[one.account_id]
            paths[one.account_id].levels.append(available_tokens(ahead, account, desk.now))
    return Lived(paths, _lapses(ahead, journal, now))


def _spend(desk: Desk, account: Account, need: Need, place: int, day: date, path: Path) -> None:
    """Burn one day's tokens, feature by feature; what is missing is noted."""
    unlimited = available_tokens(desk.book, account, desk.now) is None
    if not need.tokens[place] or unlimited or account.status is not AccountStatus.ACTIVE:
        return
    missing = 0
    for feature, tokens in spread(need.tokens[place], need.share).items():
        takes, _ = allot(desk, account, tokens, feature)
        if takes:
            take_from(desk, account, desk.transaction(account, "usage", available=None), takes)
        missing += tokens - sum(part for _, part in takes)
    if missing:
        path.short_days += 1
        path.missing += missing
        if path.runs_out is None:
            path.runs_out, path.missing_first = day, missing


def spread(tokens: int, share: Share) -> dict[str, int]:
    """Whole tokens over features as the weeks before had them, largest remainder first; '' where none are known."""
    whole = sum(share.values())
    if not whole:
        return {"": tokens}
    parts = {name: tokens * part // whole for name, part in share.items()}
    rest = sorted(share, key=lambda name: (-(tokens * share[name] % whole), name))
    for name in rest[: tokens - sum(parts.values())]:
        parts[name] += 1
    return {name: part for name, part in parts.items() if part}


def _lapses(book: Book, journal: Journal, now: datetime) -> tuple[Lapse, ...]:
    grants: dict[int, Grant] = {g.grant_id: g for one in book.accounts.values() for g in one.grants.values()}
    lost = {txn.txn_id: txn for txn in journal.transactions if txn.kind in LOST and txn.effective_at > now}
    found = []
    for line in journal.entries:
        txn, grant = lost.get(line.txn_id), grants.get(line.grant_id)
        if txn is not None and grant is not None and line.amount < 0:
            wallet = book.accounts[grant.account_id].wallets[grant.wallet_id]
            found.append(
                Lapse(txn.effective_at, grant.account_id, wallet.type.value, grant.label, txn.kind, -line.amount)
            )
    return tuple(sorted(found, key=lambda lapse: (lapse.at, lapse.account_id, lapse.wallet)))
