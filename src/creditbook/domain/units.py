"""Tokens as a program shows them (rule 1). Credits are a presentation: nothing here is ever stored.

What somebody has rounds down, what is required or missing rounds up, so that "enough" never turns out to be too little.
An API has whole credits, a page at most one decimal, and the exact tokens stand beside both.
"""

from __future__ import annotations

from .program import Unit

MINUS = "−"


def whole_credits(tokens: int, unit: Unit, *, up: bool = False) -> int:
    """Tokens as whole units of the program, for an API: rounded down, or ``up`` for what is required or missing."""
    return -(-tokens // unit.tokens_per_credit) if up else tokens // unit.tokens_per_credit


def number(tokens: int, unit: Unit, *, up: bool = False) -> str:
    """The same for a page: ``37.7``, ``5``, ``1,000``, with one decimal at most."""
    tenths = -(-tokens * 10 // unit.tokens_per_credit) if up else tokens * 10 // unit.tokens_per_credit
    whole, rest = divmod(abs(tenths), 10)
    return (MINUS if tenths < 0 else "") + f"{whole:,}" + (f".{rest}" if rest else "")


def amount(tokens: int | None, unit: Unit, *, up: bool = False) -> str:
    """An amount in the program's own unit: ``37.7 credits``, ``5 tokens``; None is ``Unlimited``."""
    if tokens is None:
        return "Unlimited"
    shown = number(tokens, unit, up=up)
    return f"{shown} {unit.singular if shown == '1' else unit.plural}"


def left(tokens: int | None, unit: Unit) -> str:
    """What remains after something was done: ``17 tokens left``."""
    return f"{amount(tokens, unit)} left" if tokens is not None else "Unlimited"


def available_words(tokens: int | None, unit: Unit) -> str:
    """The headline: ``5 Credits • 10,000 Tokens Available``, or ``5 Tokens Available`` where tokens are the unit."""
    if tokens is None:
        return "Unlimited"
    exact = f"{_grouped(tokens)} {'Token' if tokens == 1 else 'Tokens'} Available"
    if unit.tokens_per_credit == 1:
        return exact
    shown = number(tokens, unit)
    return f"{shown} {(unit.singular if shown == '1' else unit.plural).capitalize()} • {exact}"


def insufficient(unit: Unit) -> str:
    """What a refusal is called: ``Insufficient credits``."""
    return f"Insufficient {unit.plural}"


def remaining_words(available: int, unit: Unit) -> str:
    """What a refusal says of the balance: ``You have 0 credits remaining (0 tokens)``.

    Credits are whole here also on a page: a part of one pays for nothing, and the exact tokens stand beside.
    """
    whole = whole_credits(available, unit)
    said = f"You have {_grouped(whole)} {unit.singular if whole == 1 else unit.plural} remaining"
    if unit.tokens_per_credit == 1:
        return said
    return f"{said} ({_grouped(available)} {'token' if available == 1 else 'tokens'})"


def _grouped(tokens: int) -> str:
    return f"{tokens:,}".replace("-", MINUS)
