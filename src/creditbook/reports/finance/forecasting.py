"""What is coming: when accounts run out, what they will lose unspent, and what next month will cost.

How much is used comes from `foreseeing`, what that does to balances from `projecting`, which lives accounts ahead by
the ledger's own rules. Every figure has a light and a heavy path beside it. Nothing is written.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from creditbook.access.values import Principal
from creditbook.domain.balance import available_tokens
from creditbook.domain.context import Desk
from creditbook.domain.journal import Journal
from creditbook.domain.settling import settle
from creditbook.domain.state import Book
from creditbook.store.batch import IMAGINED_IDS, BatchStore
from creditbook.store.batch import Wanted as Asked
from creditbook.store.engine import Store
from creditbook.store.finance import days as store_days

from . import periods, usage
from .backtesting import Error, Score, backtest, score
from .foreseeing import Outlook, outlooks
from .projecting import Lived, Need, Path, live
from .wanted import Wanted

HISTORY = 91
"""Days of use that are looked at: thirteen weeks."""
HORIZON = 60
"""Days that accounts are lived ahead."""
LOSS_DAYS = 30
"""Losses are told of so many days."""
RECENT = 28
"""An account is looked at when it used something in so many days."""
LISTED = 50
"""How many accounts are lived ahead, those first that used most lately."""

Progress = Callable[[int, int], None]
"""Told how many accounts of how many are done; what it raises stops the work."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One account's time ahead. ``paths`` are the light, the expected and the heavy one.

    ``uses`` is in tokens by day, from today on; ``available`` is None for unlimited. ``error`` is the account's own
    backtest, None while it is too young for one.
    """

    holder: usage.Holder
    available: int | None
    uses: Outlook
    paths: tuple[Path, Path, Path]
    history: tuple[int, ...]
    error: Error | None

    @property
    def runs_out(self) -> tuple[date | None, date | None, date | None]:
        """The first day that falls short on the light, the expected and the heavy path; None: not in sight."""
        light, expected, heavy = (path.runs_out for path in self.paths)
        return light, expected, heavy

    @property
    def week(self) -> tuple[int, int, int]:
        """Tokens of the seven days from today on: light, expected, heavy."""
        light, expected, heavy = (sum(path[:7]) for path in (self.uses.light, self.uses.expected, self.uses.heavy))
        return light, expected, heavy


@dataclass(frozen=True, slots=True)
class Loss:
    """Tokens of an account (or its pool) that will lapse unspent: on the light, expected and heavy path.

    The less is used, the more is lost. ``first`` is when it begins, ``times`` how often it happens in `LOSS_DAYS`: an
    allowance of a day may lapse thirty times. ``kind`` is `expiry` or `plan_change`.
    """

    holder: usage.Holder
    first: datetime
    times: int
    wallet: str
    label: str
    kind: str
    tokens: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The accounts lived ahead, ``active`` of how many that used something lately, and the error of them together.

    ``losses`` are theirs and their pools', the largest first.
    """

    today: date
    accounts: tuple[Expected, ...]
    losses: tuple[Loss, ...]
    active: int
    error: Score | None


def accounts(
    store: Store,
    batches: BatchStore,
    who: Principal,
    now: datetime,
    *,
    limit: int = LISTED,
    progress: Progress = lambda done, of: None,
) -> Outcome:
    """The accounts that used most in the last four weeks, lived ahead; those that run out soonest come first.

    A member is lived together with her whole team: what the others take of the pool is gone for her.
    """
    today = periods.today(who, now)
    recent = Wanted(today - timedelta(days=RECENT), today)
    top, active = usage.top(store, who, recent, "charged", limit)
    holders = {holder.account_id: holder for holder, used in top if used.charged}
    books = _families(store, batches, who, list(holders), now)
    foreseen = _foreseen(store, who, [one for book in books for one in book.accounts], today)
    names = holders | usage.accounts(store, who, [book.root_id for book in books if book.root_id not in holders])
    found: list[Expected] = []
    losses: list[Loss] = []
    for number, book in enumerate(books):
        progress(number, len(books))
        of_family = {one: foreseen[one] for one in book.accounts}
        lived = _lived(book, of_family, now)
        found += _family(book, of_family, holders, lived, now)
        losses += _losses(lived, names, now + timedelta(days=LOSS_DAYS))
    found.sort(key=lambda one: (one.runs_out[1] or date.max, one.runs_out[2] or date.max, -one.week[1]))
    losses.sort(key=lambda loss: (-loss.tokens[1], loss.first, loss.holder.account_id, loss.wallet))
    return Outcome(today, tuple(found), tuple(losses), active, score([one.error for one in found]))


def _families(store: Store, batches: BatchStore, who: Principal, wanted: Sequence[int], now: datetime) -> list[Book]:
    """Whole families of these accounts, settled in memory."""
    with store.read(who.org_id) as connection:
        known = store_days.roots(connection, who.org_id, wanted)
    if not known:
        return []
    found: dict[int, Book] = {}
    for book in batches.read(Asked(who.org_id, known, now, whole_families=True)).books.values():
        if book.root_id not in found:
            found[book.root_id] = book
            at = _clock(book, now)
            settle(Desk(book, Journal(book.org_id, itertools.count(IMAGINED_IDS).__next__), at), at)
    return [book for _, book in sorted(found.items())]


@dataclass(frozen=True, slots=True)
class _Foreseen:
    """What one account used and will use; ``spent_today`` is no longer ahead."""

    history: tuple[int, ...]
    spent_today: int
    share: dict[str, int]
    outlook: Outlook
    error: Error | None

    def need(self, account_id: int, path: Sequence[int]) -> Need:
        return Need(account_id, (max(0, path[0] - self.spent_today), *path[1:]), self.share)


def _foreseen(store: Store, who: Principal, account_ids: Sequence[int], today: date) -> dict[int, _Foreseen]:
    first = today - timedelta(days=HISTORY)
    used: dict[int, list[int]] = {one: [0] * (HISTORY + 1) for one in account_ids}
    share: dict[int, dict[str, int]] = {one: {} for one in account_ids}
    for chunk in (account_ids[at : at + _CHUNK] for at in range(0, len(account_ids), _CHUNK)):
        with store.read(who.org_id) as connection:
            rows = store_days.net_by_day(connection, who.org_id, chunk, first, today)
        for account_id, day, feature, tokens in rows:
            used[account_id][(day - first).days] += tokens
            if tokens > 0 and (today - day).days <= RECENT:
                share[account_id][feature] = share[account_id].get(feature, 0) + tokens
    # A refund may lie on another day than what it gives back: no day is below nothing.
    past = {one: [max(0, tokens) for tokens in days[:-1]] for one, days in used.items()}
    ahead = outlooks(list(past.values()), HORIZON + 1)
    errors = backtest(list(past.values()), bands=False)
    return {
        one: _Foreseen(tuple(past[one]), max(0, used[one][-1]), share[one], outlook, error)
        for one, outlook, error in zip(past, ahead, errors, strict=True)
    }


_CHUNK = 500


def _lived(book: Book, foreseen: dict[int, _Foreseen], now: datetime) -> tuple[Lived, Lived, Lived]:
    """A family lived ahead, all its members together, on each of the three paths."""

    def on(path: Callable[[Outlook], tuple[int, ...]]) -> Lived:
        needs = [one.need(account_id, path(one.outlook)) for account_id, one in sorted(foreseen.items())]
        return live(book, needs, _clock(book, now), HORIZON)

    return on(lambda one: one.light), on(lambda one: one.expected), on(lambda one: one.heavy)


def _clock(book: Book, now: datetime) -> datetime:
    return max(now, book.root.clock_at or now)


def _family(
    book: Book,
    foreseen: dict[int, _Foreseen],
    holders: dict[int, usage.Holder],
    lived: tuple[Lived, Lived, Lived],
    now: datetime,
) -> list[Expected]:
    """Those of a family that were asked for."""
    light, expected, heavy = lived
    return [
        Expected(
            holder=holders[account_id],
            available=available_tokens(book, book.accounts[account_id], _clock(book, now)),
            uses=one.outlook,
            paths=(light.paths[account_id], expected.paths[account_id], heavy.paths[account_id]),
            history=one.history,
            error=one.error,
        )
        for account_id, one in sorted(foreseen.items())
        if account_id in holders
    ]


def _losses(lived: tuple[Lived, Lived, Lived], names: dict[int, usage.Holder], until: datetime) -> list[Loss]:
    """What lapses on any of the paths up to an instant, those of one wallet and name together."""
    found: dict[tuple[int, str, str, str], list[int]] = {}
    when: dict[tuple[int, str, str, str], set[datetime]] = {}
    for place, path in enumerate(lived):
        for lapse in path.lapses:
            if lapse.at <= until and lapse.account_id in names:
                key = (lapse.account_id, lapse.wallet, lapse.label, lapse.kind)
                found.setdefault(key, [0, 0, 0])[place] += lapse.tokens
                when.setdefault(key, set()).add(lapse.at)
    return [
        Loss(names[key[0]], min(when[key]), len(when[key]), *key[1:], (tokens[0], tokens[1], tokens[2]))
        for key, tokens in found.items()
    ]
