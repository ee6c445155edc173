"""The small questions that every check of a program asks of a field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from creditbook.domain.program import WalletType

from .reading import Misfit, Path

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
MOST_TOKENS = 2**53  # what every JSON reader can still count


def at_least(least: int, number: int | None, path: Path) -> Iterator[Misfit]:
    """A whole number that is too small, or that no JSON reader counts."""
    if number is not None and not least <= number < MOST_TOKENS:
        yield Misfit(path, f"has to be {least} or more" if number < least else "is more than can be counted")


def known(named: Iterable[str] | None, features: set[str], path: Path) -> Iterator[Misfit]:
    """Features that no action spends for."""
    for feature in sorted(set(named or ()) - features):
        yield Misfit(path, f"names “{feature}”, which no action spends for")


def short_names(named: Iterable[str], path: Path) -> Iterator[Misfit]:
    """Keys of tables that can't stand in an address."""
    for name in named:
        if not SLUG.fullmatch(name):
            yield Misfit((*path, name), "is no short name: use a–z, 0–9, hyphens and underscores")


def fillable(wallet: WalletType, path: Path) -> Iterator[Misfit]:
    """The one wallet that nothing is put into by name."""
    if wallet is WalletType.ROLLOVER:
        yield Misfit(path, "can't be ROLLOVER: that one is filled by what rolls over, never by name")


def one_popular(popular: Mapping[str, bool], path: Path) -> Iterator[Misfit]:
    """The second of a list that says it is the most popular."""
    names = [name for name, is_popular in popular.items() if is_popular]
    if len(names) > 1:
        yield Misfit((*path, names[1], "popular"), f"is said of {names[0]} too; one of a list is the most popular")
