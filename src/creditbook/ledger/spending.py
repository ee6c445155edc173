"""Spend: one piece of work charged or metered, alone or in a batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from creditbook.domain.errors import InvalidRequest, LedgerError
from creditbook.domain.operations import Cost, Spend, Work
from creditbook.domain.program import WalletType
from creditbook.domain.results import Receipt

from .calls import Call, Outcome, new_key, request_hash
from .core import Core, Prepared, answer, aware

WORK = (
    "agent", "model", "project", "description", "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens",
)  # fmt: skip


def work_of(core: Core, org_id: int, sent: Mapping[str, Any]) -> Work:
    """What was done, priced at the moment at which it happened unless the caller brings the cost."""
    event_at = sent.get("event_at")
    if event_at is not None:
        aware(event_at)
    cost = sent.get("cost")
    figures = {name: sent[name] for name in WORK if sent.get(name)}
    if cost is None:
        cost = core.price(org_id, figures, event_at or core.now())
    told = sent.get("metadata")
    if sent.get("done"):
        told = {**(told or {}), "done": True}  # so that the books can be played again by the same rules
    return Work(**figures, cost=cost, event_at=event_at, metadata=told)


def wallet_type(name: str | None) -> WalletType | None:
    """A wallet type by its name. Raises `InvalidRequest` for any other word."""
    if name is None:
        return None
    try:
        return WalletType(name)
    except ValueError:
        raise InvalidRequest(f"“{name}” is no wallet type. Use one of {', '.join(WalletType)}.") from None


def spend(
    core: Core,
    account: str,
    *,
    action: str,
    tokens: int | None = None,
    model: str = "",
    agent: str = "",
    project: str = "",
    description: str = "",
    input_tokens: int = 0,
    output_tokens: int = 0,
    cached_tokens: int = 0,
    reasoning_tokens: int = 0,
    event_at: datetime | None = None,
    wallet: str | None = None,
    only_wallet: bool = False,
    meter: bool = False,
    done: bool = False,
    metadata: dict[str, object] | None = None,
    cost: Cost | None = None,
    actor: str = "",
    idempotency_key: str | None = None,
) -> Prepared[Receipt]:
    """Charge one piece of work to an account, or only record it (``meter``).

    ``done`` is for work that somebody else tells of afterwards: no limit is asked and a shortfall becomes debt, or is
    refused where the program's `overrun` says so.
    ``tokens`` is what the caller asks to be charged, for actions priced by use. ``input_tokens`` (cached ones
    included) and ``output_tokens`` (reasoning ones included) are what the LLM counted. ``wallet`` names a preferred
    wallet type. Raises `InsufficientTokens`, `LimitExceeded`, `FeatureNotInPlan`, `AccountFrozen`, `AccountClosed`,
    `InvalidRequest` or `NotFound`; nothing is stored then.
    """
    one: dict[str, Any] = {
        "account": account, "action": action, "tokens": tokens, "model": model, "agent": agent, "project": project,
        "description": description, "input_tokens": input_tokens, "output_tokens": output_tokens,
        "cached_tokens": cached_tokens, "reasoning_tokens": reasoning_tokens, "event_at": event_at, "wallet": wallet,
        "only_wallet": only_wallet, "meter": meter, "done": done, "metadata": metadata, "cost": cost, "actor": actor,
        "idempotency_key": idempotency_key,
    }  # fmt: skip
    ref = core.account(account)
    operation = _operation(core, ref.org_id, ref.account_id, one)
    call = Call(ref.org_id, [operation], {ref.account_id: ref.root_id}, core.now())
    return Prepared(call, lambda outcomes: _accepted(outcomes[0], account))


def _accepted(outcome: Outcome, account: str) -> Receipt:
    found = answer(outcome, account)
    assert isinstance(found, Receipt)
    return found


NAMES = frozenset(
    {"account", "action", "tokens", "event_at", "wallet", "only_wallet", "meter", "done", "metadata", "cost", "actor",
     "idempotency_key", "import_id", "decided_at", *WORK}
)  # fmt: skip


def spend_many(core: Core, spends: Iterable[Mapping[str, Any]]) -> Prepared[list[Receipt | LedgerError]]:
    """Charge many pieces of work of one organization in one transaction, decided in order.

    Each is a mapping of `spend`'s names, with ``account`` and ``action``. The answers stand in the same order: a
    receipt, or the refusal of that one; a refused one keeps nothing and stops nobody else.
    """
    wanted = list(spends)
    if not wanted:
        raise InvalidRequest("There is nothing to spend.")
    operations, roots, names = [], {}, []
    for one in wanted:
        unknown = set(one) - NAMES
        if unknown:
            raise InvalidRequest(f"A spend has no “{sorted(unknown)[0]}”.")
        name = one["account"]
        ref = core.account(name)
        operations.append(_operation(core, ref.org_id, ref.account_id, one))
        roots[ref.account_id] = ref.root_id
        names.append((name, ref.org_id))
    if len({org_id for _, org_id in names}) > 1:
        raise InvalidRequest("A batch belongs to one organization. Send one batch for each.")
    call = Call(names[0][1], list(operations), roots, core.now())
    return Prepared(call, lambda outcomes: [either(o, name) for o, (name, _) in zip(outcomes, names, strict=True)])


_NOT_SENT = frozenset({"account", "idempotency_key", "actor", "cost", "import_id", "decided_at"})


def asked_hash(one: Mapping[str, Any]) -> str:
    """The hash under which the ledger keeps what this spend asked for: a key used again has to ask for the same."""
    # What the caller sent is what stands apart from the defaults; no tokens and 0 tokens are different requests.
    sent = {name: value for name, value in one.items() if name not in _NOT_SENT and (value or name == "tokens")}
    cost = one.get("cost")
    if cost is not None and cost.usd_nanos is not None and cost.parts is None:
        sent["cost"] = cost.usd_nanos  # the caller's own figure; one that was looked up may be another next time
    return request_hash(one["account"], sent)


def _operation(core: Core, org_id: int, account_id: int, one: Mapping[str, Any]) -> Spend:
    return Spend(
        account_id=account_id,
        key=one.get("idempotency_key") or new_key(),
        request_hash=asked_hash(one),
        actor=one.get("actor") or "",
        action=one["action"],
        tokens=one.get("tokens"),
        work=work_of(core, org_id, one),
        wallet=wallet_type(one.get("wallet")),
        only_wallet=bool(one.get("only_wallet")),
        meter=bool(one.get("meter")),
        done=bool(one.get("done")),
        decided_at=one.get("decided_at"),
        import_id=one.get("import_id"),
    )


def either(outcome: Outcome, account: str) -> Receipt | LedgerError:
    """One answer of a batch: its receipt under the account's full name, or its refusal."""
    return outcome if isinstance(outcome, LedgerError) else _accepted(outcome, account)
