"""What work on a feature would cost, and whether it may start: asked of the ledger's rules, never of a copy of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from creditbook.domain.errors import InsufficientTokens, InvalidRequest, NotFound, Refused
from creditbook.domain.program import Action, Pricing, Program
from creditbook.domain.results import Receipt
from creditbook.ledger import holding, spending
from creditbook.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Wanted:
    """Work on a feature (or an action by its name), with the tokens of one that is priced by use."""

    feature: str
    tokens: int | None = None


class Costs(BaseModel):
    """Whether work may start, its price, and what is there for it (null is unlimited); ``reason`` '' where allowed."""

    feature: str
    allowed: bool
    cost: int
    balance: int | None
    reason: str


def action_for(program: Program, name: str) -> Action:
    """The action of this name, else the first one that spends for this feature. Raises `NotFound`."""
    found = program.actions.get(name)
    found = found or next((one for one in program.actions.values() if one.spends_for == name), None)
    if found is None:
        raise NotFound(f"This program has no feature “{name}”. It has: {', '.join(sorted(program.actions))}.")
    return found


def as_spend(program: Program, wanted: Wanted) -> dict[str, Any]:
    """The ledger's own words for it. Raises `InvalidRequest` for tokens that the program's price would not heed."""
    action = action_for(program, wanted.feature)
    if wanted.tokens is not None and action.pricing is not Pricing.ACTUAL:
        raise InvalidRequest(f"The program prices {action.name} itself: leave `tokens` out.")
    return {"action": action.name} if wanted.tokens is None else {"action": action.name, "tokens": wanted.tokens}


def costs(ledger: Ledger, account: str, wanted: Wanted) -> Costs:
    """What the ledger would answer, decided on the account's settled state and not written."""
    program = ledger.program(account.partition("/")[0])
    action, terms = action_for(program, wanted.feature), as_spend(program, wanted)
    cost, reason = action.tokens, ""
    if action.pricing is Pricing.ACTUAL:
        # Before the work nobody knows what it takes: it starts where its estimate can be held.
        cost = action.estimate if wanted.tokens is None else wanted.tokens
        operation = holding.hold(ledger.core, account, action=action.name, estimate=cost).call.operations[0]
    else:
        operation = spending.spend(ledger.core, account, **terms).call.operations[0]
    try:
        result = ledger.preview(account, operation).result
        cost = result.charged if isinstance(result, Receipt) else cost
    except InsufficientTokens as refused:
        cost, reason = refused.required, str(refused)
    except Refused as refused:
        reason = str(refused)
    balance = left_for(ledger, account, wanted.feature)
    return Costs(feature=wanted.feature, allowed=not reason, cost=cost, balance=balance, reason=reason)


def left_for(ledger: Ledger, account: str, name: str) -> int | None:
    """What may be spent on the feature that this name spends for; None is unlimited."""
    action = action_for(ledger.program(account.partition("/")[0]), name)
    return ledger.balance(account, feature=action.spends_for).available
