"""What a sold pack has not earned yet (rule 35): its price, less its tax, is earned as its tokens leave it."""

from __future__ import annotations

from .money import half_even


def deferred_minor(net_minor: int, amount: int, remaining: int) -> int:
    """The part of a pack's net price that its remaining tokens still owe, in minor units of its currency.

    half-even(net × consumed ÷ amount) is earned, cumulatively: so an entry earns the difference between two of these,
    and all of them together the whole net price, to the last minor unit.
    """
    return net_minor - half_even(net_minor * (amount - remaining), amount)
