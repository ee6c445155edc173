"""A provider's bill against what is booked: the difference per model and UTC day, in parts that add up to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from typing import Literal

from creditbook.access.values import Principal
from creditbook.domain.money import half_even
from creditbook.pricing.pricer import Pricer
from creditbook.pricing.rates import ModelRate
from creditbook.reports.finance.prices import utc_noon
from creditbook.store.engine import Store
from creditbook.store.finance import reconciling as rows

Why = Literal[
    "agrees", "rounding", "midnight", "not booked", "not billed", "more used", "no price", "batch", "other price"
]

CENT = 10_000_000
ROUNDED_CENTS, ROUNDED_NANOS = 2 * CENT, 1_000
"""What rounding explains of a model and day: two cents where the bill has whole cents (half a one a kind of token), a
millionth of a dollar where it has more decimals."""


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line of a provider's file. None: the file does not tell it. `input_tokens` include the cached ones."""

    day: date
    model: str
    requests: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    usd_nanos: int | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """One model's usage of a UTC day, as one side tells it; None where that side does not."""

    requests: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    usd_nanos: int | None = None
    unpriced: int = 0

    @property
    def tokens(self) -> int | None:
        """Input and output together; None where the side tells neither."""
        if self.input_tokens is None and self.output_tokens is None:
            return None
        return (self.input_tokens or 0) + (self.output_tokens or 0)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a difference of cost (theirs less ours, in nano-dollars) and what explains it."""

    why: Why
    usd_nanos: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One model on one UTC day. `usd_nanos` is theirs less ours, the sum of its parts; None where they tell no cost.

    `spellings` are the names under which it is booked here.
    """

    model: str
    day: date
    ours: Figures
    theirs: Figures
    parts: tuple[Part, ...] = ()
    spellings: tuple[str, ...] = ()

    @property
    def usd_nanos(self) -> int | None:
        """Theirs less ours in nano-dollars."""
        return None if self.theirs.usd_nanos is None else self.theirs.usd_nanos - (self.ours.usd_nanos or 0)

    @property
    def tokens(self) -> int | None:
        """Theirs less ours in model tokens."""
        return None if self.theirs.tokens is None else self.theirs.tokens - (self.ours.tokens or 0)

    @property
    def agrees(self) -> bool:
        """Whether nothing differs but what rounding explains."""
        return all(part.why in ("agrees", "rounding") for part in self.parts)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The whole comparison, the newest day first. `parts` adds up every difference of cost by what explains it."""

    first: date
    last: date
    rows: tuple[Difference, ...]
    ours_usd: int
    theirs_usd: int | None
    parts: dict[Why, int] = field(default_factory=dict)


def reconcile(
    store: Store, who: Principal, pricer: Pricer, lines: Sequence[BillLine], provider: str = ""
) -> Reconciled:
    """Holds a bill against the usage of the same UTC days: of its models, and of the provider's whom it is from."""
    first, last = min(line.day for line in lines), max(line.day for line in lines)
    theirs = _theirs(lines, pricer)
    told = {model for model, _ in theirs}
    ours: dict[tuple[str, date], Figures] = {}
    spelled: dict[str, set[str]] = {}
    with store.read(who.org_id) as connection:
        booked = rows.used(connection, who.org_id, first, last)
    for used in booked:
        of, name = _known(pricer, used.model)
        if name in told or (provider and of == provider):
            spelled.setdefault(name, set()).add(used.model)
            ours[name, used.day] = _sum(ours.get((name, used.day)), Figures(*used[2:]))
    has_cost = any(figures.usd_nanos is not None for figures in theirs.values())
    has_tokens = any(figures.tokens is not None for figures in theirs.values())
    nothing = Figures(None, 0 if has_tokens else None, 0 if has_tokens else None, None, 0 if has_cost else None)
    found = []
    for model, day in theirs.keys() | ours.keys():
        here, there = ours.get((model, day), Figures(0, 0, 0, 0, 0)), theirs.get((model, day), nothing)
        found.append(Difference(model, day, here, there, spellings=tuple(sorted(spelled.get(model, ())))))
    found.sort(key=lambda row: (row.model, row.day))
    explained = _explained(found, pricer, who.org_id)
    parts: dict[Why, int] = {}
    for row in explained:
        for part in row.parts:
            parts[part.why] = parts.get(part.why, 0) + part.usd_nanos
    explained.sort(key=lambda row: (-abs(row.usd_nanos or 0), -abs(row.tokens or 0), row.day, row.model))
    theirs_usd = sum(row.theirs.usd_nanos or 0 for row in explained) if has_cost else None
    return Reconciled(first, last, tuple(explained), sum(r.ours.usd_nanos or 0 for r in explained), theirs_usd, parts)


def _theirs(lines: Iterable[BillLine], pricer: Pricer) -> dict[tuple[str, date], Figures]:
    found: dict[tuple[str, date], Figures] = {}
    for line in lines:
        key = (_known(pricer, line.model)[1], line.day)
        told = Figures(line.requests, line.input_tokens, line.output_tokens, line.cached_tokens, line.usd_nanos)
        found[key] = _sum(found.get(key), told)
    return found


def _known(pricer: Pricer, model: str) -> tuple[str, str]:
    """The provider and the model that a name means: bills name snapshots, `gpt-4o-2024-08-06` for `gpt-4o`."""
    for name in (model, model.lower().replace(" ", "-").replace(".", "-")):
        versions = pricer.history(name) if name else []
        if versions:
            return versions[0].provider, versions[0].model
    return "", model.lower()


def _sum(one: Figures | None, other: Figures) -> Figures:
    if one is None:
        return other
    return Figures(
        _add(one.requests, other.requests), _add(one.input_tokens, other.input_tokens),
        _add(one.output_tokens, other.output_tokens), _add(one.cached_tokens, other.cached_tokens),
        _add(one.usd_nanos, other.usd_nanos), one.unpriced + other.unpriced,
    )  # fmt: skip


def _add(one: int | None, other: int | None) -> int | None:
    return one if other is None else other if one is None else one + other


def _explained(found: list[Difference], pricer: Pricer, org_id: int) -> list[Difference]:
    explained: list[Difference] = []
    moved = _over_midnight(found)
    for row in found:
        if (row.model, row.day) in moved:
            sentence = "As much is missing on one side of midnight UTC as the other side has too many"
            parts: tuple[Part, ...] = (Part("midnight", row.usd_nanos or 0, sentence),)
        else:
            parts = _parts(row, pricer.rate(row.model, utc_noon(row.day), org_id=org_id))
        explained.append(replace(row, parts=parts))
    return explained


def _over_midnight(found: Sequence[Difference]) -> set[tuple[str, date]]:
    """Days whose difference the next day takes back: the same work, told on either side of midnight."""
    moved: set[tuple[str, date]] = set()
    for one, other in pairwise(found):
        if one.model != other.model or (other.day - one.day).days != 1 or (one.model, one.day) in moved:
            continue
        for of in (_tokens_apart, _cost_apart):
            here, there = of(one), of(other)
            if here and there and here == -there and abs(here) > 1:
                moved |= {(one.model, one.day), (other.model, other.day)}
    return moved


def _tokens_apart(row: Difference) -> int:
    return row.tokens or 0


def _cost_apart(row: Difference) -> int:
    return 0 if row.tokens is not None or abs(row.usd_nanos or 0) <= ROUNDED_NANOS else row.usd_nanos or 0


def _parts(row: Difference, rate: ModelRate | None) -> tuple[Part, ...]:
    """What explains a difference, in parts that add up to it to the last nano-dollar."""
    apart = row.usd_nanos
    if apart is None:
        return (_of_tokens(row),)
    if not apart and not row.tokens:
        return (Part("agrees", 0, "Agrees"),)
    if not row.ours.requests:
        return (Part("not booked", apart, "Billed, and nothing of it is booked here: calls that did not pass through"),)
    if not row.theirs.usd_nanos and not row.theirs.tokens:
        return (Part("not billed", apart, "Booked here, and not on the bill: another account's, or billed later"),)
    if not row.tokens and not row.ours.unpriced and abs(apart) <= _rounding(row):
        return (Part("rounding", apart, "Rounded"),)
    more = _volume(row, rate)
    parts = [Part("more used", more, _volume_words(row))] if more else []
    rest = apart - more
    if rest:
        parts.append(_price_part(row, rate, rest))
    return tuple(parts)


def _rounding(row: Difference) -> int:
    return ROUNDED_NANOS if (row.theirs.usd_nanos or 0) % CENT else ROUNDED_CENTS


def _of_tokens(row: Difference) -> Part:
    """A bill that tells tokens and no cost."""
    if not row.tokens:
        return Part("agrees", 0, "Agrees")
    if not row.ours.requests:
        return Part("not booked", 0, "Told by them, and nothing of it is booked here")
    if not row.theirs.tokens:
        return Part("not billed", 0, "Booked here, and not told by them")
    return Part("more used", 0, _volume_words(row))


def _volume(row: Difference, rate: ModelRate | None) -> int:
    """What the difference of tokens costs at our own price of that day."""
    if row.tokens is None or rate is None:
        return 0
    return _at(row.theirs, row.ours, rate) - _at(row.ours, row.ours, rate)


def _at(side: Figures, else_: Figures, rate: ModelRate) -> int:
    tokens_in = side.input_tokens if side.input_tokens is not None else else_.input_tokens or 0
    tokens_out = side.output_tokens if side.output_tokens is not None else else_.output_tokens or 0
    cached = side.cached_tokens if side.cached_tokens is not None else else_.cached_tokens or 0
    cached = min(cached, tokens_in)
    grains = (tokens_in - cached) * rate.rates.input + cached * rate.rates.cached + tokens_out * rate.rates.output
    return half_even(grains, rate.grains_per_nano)


def _volume_words(row: Difference) -> str:
    apart = row.tokens or 0
    more = "more" if apart > 0 else "fewer"
    requests = ""
    if row.theirs.requests is not None and row.theirs.requests != (row.ours.requests or 0):
        by = row.theirs.requests - (row.ours.requests or 0)
        requests = f" in {abs(by):,} {'more' if by > 0 else 'fewer'} requests"
    return f"They tell {abs(apart):,} {more} tokens{requests}"


def _price_part(row: Difference, rate: ModelRate | None, rest: int) -> Part:
    if row.ours.unpriced:
        return Part("no price", rest, f"{row.ours.unpriced:,} of our requests have no price yet: set one on Prices")
    if abs(rest) <= _rounding(row):
        return Part("rounding", rest, "Rounded")
    billed, ours = row.theirs.usd_nanos or 0, row.ours.usd_nanos or 0
    expected = ours if row.tokens is None or rate is None else _at(row.theirs, row.ours, rate)
    if expected and abs(2 * billed - expected) * 50 <= expected:
        return Part("batch", rest, "They billed half: batch or flex, which costs half the standard price")
    if row.tokens is None:
        return Part("other price", rest, "The bill tells no tokens: add the usage export to tell price from volume")
    return Part("other price", rest, f"Billed at {_share(billed, expected)} of the price that is booked here")


def _share(billed: int, expected: int) -> str:
    return f"{half_even(1_000 * billed, expected) / 10:.1f}%" if expected else "another multiple"
