"""Billing as the website builders ask for it: a balance of wallets, its history, wallets opened, resets."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict
from pydantic.alias_generators import to_camel
from starlette.concurrency import run_in_threadpool

from creditbook.api.answering import Books, Here, beside, replayed
from creditbook.api.asked import (
    BY_API,
    About,
    Camel,
    OptionalKey,
    Success,
    Words,
    program_of,
)
from creditbook.api.billing_lines import BillingLine, billing_lines
from creditbook.api.callers import Administrator, Reader
from creditbook.api.problems import documented
from creditbook.api.schemas import Instant, Name, OfAccount, Sent, Tokens
from creditbook.domain.errors import Refused
from creditbook.domain.program import WalletType
from creditbook.ledger.ledger import Ledger
from creditbook.reports.answers import WalletAnswer, WalletsAnswer
from creditbook.reports.resets import reset_status

router = APIRouter(prefix="/billing", tags=["billing"], responses=documented(409))

FARTHEST = 10_000
MOST_DUE = 500


class BillingWallet(Camel):
    """One wallet: what may be spent of it; of one that is switched off, what waits in it."""

    id: int
    balance_tokens: int
    wallet_type: str
    is_active: bool
    expires_at: datetime | None
    last_token_reset: datetime | None

    @classmethod
    def of(cls, one: WalletAnswer) -> BillingWallet:
        """The figures' answer with the applications' names."""
        return cls(
            id=one.wallet_id, balance_tokens=one.balance_tokens, wallet_type=one.wallet_type, is_active=one.is_active,
            expires_at=one.expires_at, last_token_reset=one.last_token_reset,
        )  # fmt: skip


class BillingBalance(Camel):
    """Everything there is (null is unlimited), and whether the program's main work may start."""

    balance: int | None
    can_create_project: bool
    required_tokens: int
    wallets: list[BillingWallet]


class BillingWallets(Camel):
    """All wallets of an account; their total, null for unlimited."""

    total_balance: int | None
    wallets: list[BillingWallet]


class BillingTransactions(Camel):
    """Lines of the history, newest first; ``has_more`` tells that there are older ones."""

    transactions: list[BillingLine]
    limit: int
    offset: int
    has_more: bool


class OpenWallet(OfAccount):
    """A wallet to open: with the program's usual tokens unless told otherwise, for ever unless it expires."""

    model_config = ConfigDict(
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        json_schema_extra={"example": {"account": "asha", "walletType": "PREMIUM", "initialTokens": 10}},
    )
    wallet_type: WalletType
    initial_tokens: Tokens | None = None
    expires_at: Instant | None = None
    label: Name = ""
    reason: Words = ""


class RunReset(Sent):
    """Nothing has to be said: every wallet of the organization that is due is reset."""

    reason: Words = ""


class DueAccount(Camel):
    """An account with wallets that are due, since when, and where its days begin."""

    user_id: str
    wallet_ids: list[int]
    due_since: datetime
    time_zone: str


class ResetDue(Camel):
    """Whether a reset is due, of which wallets, and when the next one comes. ``accounts`` names whose they are."""

    needs_reset: bool
    wallets_due: list[int]
    next_reset_at: datetime | None
    accounts: list[DueAccount]


class ResetRun(Camel):
    """What a run did; a second one in the same period finds nothing to do."""

    wallets_reset: int
    tokens_granted: int
    tokens_expired: int


@router.get("/balance", summary="Balance, wallets, and whether a project may be created")
async def balance(about: About) -> Success[BillingBalance]:
    """The wallets add up to the balance, less what is held and what is switched off."""
    found: WalletsAnswer = await about.figures("wallets")
    return Success(data=BillingBalance(
        balance=found.balance, can_create_project=found.can_create_project, required_tokens=found.required_tokens,
        wallets=_wallets(found),
    ))  # fmt: skip


@router.get("/transactions", summary="The history, a line for each wallet touched")
async def transactions(
    about: About,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    offset: Annotated[int, Query(ge=0, le=FARTHEST)] = 0,
) -> Success[BillingTransactions]:
    """Newest first. For a long history use `GET /v1/tokens/transactions`, which pages by cursor."""
    found = await run_in_threadpool(billing_lines, about.ledger, about.account, limit + 1, offset)
    return Success(data=BillingTransactions(
        transactions=found[:limit], limit=limit, offset=offset, has_more=len(found) > limit
    ))  # fmt: skip


@router.get("/wallets", summary="Every wallet of an account")
async def wallets(about: About) -> Success[BillingWallets]:
    """Switched off and empty ones too."""
    found: WalletsAnswer = await about.figures("wallets")
    return Success(data=BillingWallets(total_balance=found.balance, wallets=_wallets(found)))


@router.post("/wallets", summary="Open a wallet", status_code=201)
async def open_wallet(
    body: OpenWallet, caller: Administrator, key: OptionalKey, books: Books, response: Response
) -> Success[BillingWallet]:
    """An administrator's act: it makes tokens."""
    account = caller.account(body.account)
    program = await run_in_threadpool(program_of, books.sync, caller)
    tokens = program.wallet_tokens if body.initial_tokens is None else body.initial_tokens
    done = await books.open_wallet(
        account, body.wallet_type, tokens=tokens, expires_at=body.expires_at, label=body.label,
        reason=body.reason.strip() or BY_API, actor=caller.actor, idempotency_key=key,
    )  # fmt: skip
    found: WalletsAnswer = await run_in_threadpool(books.sync.figures.wallets, account)
    await beside(response, books, account)
    replayed(response, done)
    return Success(data=next(one for one in _wallets(found) if one.id == done.wallet_id))


@router.get("/daily-reset", summary="Whether a reset is due, and for whom")
async def reset_due(
    caller: Reader,
    books: Books,
    here: Here,
    response: Response,
    account: Annotated[Name | None, Query(description="None, with an admin key: everybody")] = None,
) -> Success[ResetDue]:
    """Of one account; of the whole organization for an administrator's key that names none."""
    if account is None and "admin" in caller.scopes and caller.bound_to is None:
        return Success(data=await run_in_threadpool(_due, books.sync, caller.org_slug, here.clock()))
    name = caller.account(account)
    found = await run_in_threadpool(books.sync.figures.reset, name)
    await beside(response, books, name)
    return Success(data=ResetDue(
        needs_reset=found.needs_reset, wallets_due=list(found.wallets_due), next_reset_at=found.next_reset_at,
        accounts=[],
    ))  # fmt: skip


@router.post("/daily-reset", summary="Write every reset that is due")
async def reset(caller: Administrator, books: Books, body: RunReset | None = None) -> Success[ResetRun]:
    """Idempotent by its period: what has been reset is not due. The balance is the same before it and after."""
    if caller.bound_to is not None:
        raise Refused("This API key is bound to one account. Use one of the whole organization to run its resets.")
    reason = (body.reason.strip() if body else "") or BY_API
    did = await books.sweep(caller.whole_organization(), actor=caller.actor, reason=reason)
    return Success(data=ResetRun(
        wallets_reset=did.resets, tokens_granted=did.tokens_granted, tokens_expired=did.tokens_expired
    ))  # fmt: skip


def _wallets(found: WalletsAnswer) -> list[BillingWallet]:
    return [BillingWallet.of(one) for one in found.wallets]


def _due(ledger: Ledger, slug: str, now: datetime) -> ResetDue:
    """The longest due first, at most `MOST_DUE` wallets."""
    core = ledger.core
    status = reset_status(core.store, core.organization(slug), now, listed=MOST_DUE)
    accounts: dict[str, DueAccount] = {}
    for wallet in status.wallets:
        if wallet.account not in accounts:
            accounts[wallet.account] = DueAccount(
                user_id=wallet.account.partition("/")[2],
                wallet_ids=list(ledger.figures.reset(wallet.account).wallets_due), due_since=wallet.due_since,
                time_zone=wallet.zone,
            )  # fmt: skip
    return ResetDue(
        needs_reset=status.due > 0, wallets_due=[one for due in accounts.values() for one in due.wallet_ids],
        next_reset_at=status.next_reset, accounts=list(accounts.values()),
    )  # fmt: skip
