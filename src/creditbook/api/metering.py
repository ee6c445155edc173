"""What OpenMeter's SDK asks: may this customer use a feature, and how much was used, in windows of time."""

from __future__ import annotations

import ast
import csv
import io
import json
from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal
from urllib.parse import unquote

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from creditbook.api.accounts import FARTHEST
from creditbook.api.answering import Books, Here, beside
from creditbook.api.callers import Caller, Reader
from creditbook.api.features import Wanted, action_for, costs
from creditbook.api.problems import documented
from creditbook.api.schemas import Instant, Name, Word
from creditbook.domain.calendar import zone_info
from creditbook.domain.errors import InvalidRequest, NotFound
from creditbook.domain.money import NANOS
from creditbook.domain.program import Pricing
from creditbook.installation import Installation
from creditbook.ledger.ledger import Ledger
from creditbook.reports.entitlements import used_of
from creditbook.reports.metering import Metered, Question, Window, metered
from creditbook.store import sources as rows
from creditbook.store.meters import DIMENSIONS, MEASURES

router = APIRouter(prefix="/v1", tags=["metering"])

CSV = "text/csv"
BY_ACCOUNT = frozenset({"subject", "customer_id"})
Group = Literal["subject", "customer_id", "model", "agent", "feature", "action", "project", "plan"]
MOST_FILTERS = 100


class Entitlement(BaseModel):
    """Whether a customer may use a feature, and what there is of it; figures are tokens, absent where unlimited.

    ``usage`` is what was charged for it in the running period, ``overage`` the part of it that is still owed.
    """

    model_config = ConfigDict(
        json_schema_extra={"example": {"hasAccess": True, "balance": 6_500, "usage": 3_500, "overage": 0,
                                       "totalAvailableGrantAmount": 10_000}}
    )  # fmt: skip
    hasAccess: bool  # noqa: N815 - OpenMeter's name
    balance: int | None = None
    usage: int | None = None
    overage: int | None = None
    totalAvailableGrantAmount: int | None = None  # noqa: N815 - OpenMeter's name


class MeterRow(BaseModel):
    """Usage of one window and one group. ``subject`` null: all of them together."""

    value: float
    windowStart: datetime  # noqa: N815 - OpenMeter's name
    windowEnd: datetime  # noqa: N815 - OpenMeter's name
    subject: str | None
    customerId: str | None = None  # noqa: N815 - OpenMeter's name
    groupBy: dict[str, str]  # noqa: N815 - OpenMeter's name


class MeterAnswer(BaseModel):
    """What a meter saw; windows in which nothing was used are left out."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "from": "2026-03-01T00:00:00Z",
                "to": "2026-03-05T00:00:00Z",
                "windowSize": "DAY",
                "data": [
                    {
                        "value": 3_500,
                        "windowStart": "2026-03-04T00:00:00Z",
                        "windowEnd": "2026-03-05T00:00:00Z",
                        "subject": "asha",
                        "customerId": "asha",
                        "groupBy": {"model": "gpt-4o"},
                    }
                ],
            }
        }
    )
    since: datetime | None = Field(default=None, serialization_alias="from")
    to: datetime
    windowSize: Window | None = None  # noqa: N815 - OpenMeter's name
    data: list[MeterRow]


@router.get(
    "/customers/{account:path}/entitlements/{feature}/value",
    summary="May a customer use a feature, and how much of it",
    response_model_exclude_none=True,
    responses=documented(),
)
async def entitlement(
    account: Annotated[Name, Path(description="A user name, `ORG/USERNAME`, or the account's `external_id`.")],
    feature: Annotated[Word, Path(description="A feature of the program, or one of its actions.")],
    caller: Reader,
    here: Here,
    books: Books,
    response: Response,
    time: Annotated[Instant | None, Query(description="Balance and access as of this moment, without usage.")] = None,
) -> Entitlement:
    """As OpenMeter tells it: access where work on the feature may start, and the tokens that may be spent on it."""
    if time is not None and time > here.clock() + FARTHEST:
        raise InvalidRequest("A balance is projected two years ahead at most. Ask for an earlier moment.")
    named = await run_in_threadpool(_customer, here, caller, account)
    found = await run_in_threadpool(_entitlement, books.sync, named, feature, time)
    await beside(response, books, named)
    return found


def _customer(here: Installation, caller: Caller, name: str) -> str:
    """The account of this name, or of this id elsewhere. Raises NotFound; for a bound key's others too."""
    try:
        written = caller.account(name)
        here.ledger.core.account(written)
    except NotFound:
        with here.store.read(caller.org_id) as connection:
            found = rows.accounts(connection, caller.org_id, {name})
        if name not in found or not found[name]:
            raise
        return caller.account(found[name])
    return written


def _entitlement(ledger: Ledger, account: str, feature: str, time: datetime | None) -> Entitlement:
    action = action_for(ledger.program(account.partition("/")[0]), feature)
    balance = ledger.balance(account, time, action.spends_for).available
    if time is not None:
        return Entitlement(hasAccess=balance is None or balance > 0, balance=balance)
    # Work that is priced by its use may start while there is anything left.
    tokens = 1 if action.pricing is Pricing.ACTUAL else None
    allowed = costs(ledger, account, Wanted(feature, tokens)).allowed
    core = ledger.core
    usage = used_of(core.store, core.batches, core.account(account), core.now(), action.spends_for)
    whole = None if balance is None else balance + usage.used - usage.owed
    return Entitlement(
        hasAccess=allowed, balance=balance, usage=usage.used, overage=usage.owed, totalAvailableGrantAmount=whole
    )


@router.get(
    "/meters/{slug}/query",
    summary="Usage in windows of time",
    response_model=MeterAnswer,
    responses=documented() | {200: {"content": {CSV: {"schema": {"type": "string"}}}}},
)
async def query(
    slug: Annotated[Word, Path(description="What is metered.", json_schema_extra={"enum": list(MEASURES)})],
    caller: Reader,
    here: Here,
    request: Request,
    since: Annotated[Instant | None, Query(alias="from", description="From this moment on.")] = None,
    to: Annotated[Instant | None, Query(description="Up to this moment, which is not included.")] = None,
    windowSize: Annotated[Window | None, Query()] = None,  # noqa: N803 - OpenMeter's name
    windowTimeZone: Annotated[Name, Query()] = "UTC",  # noqa: N803 - OpenMeter's name
    subject: Annotated[list[Name] | None, Query(max_length=MOST_FILTERS)] = None,
    filterCustomerId: Annotated[list[Name] | None, Query(max_length=MOST_FILTERS)] = None,  # noqa: N803
    filterGroupBy: Annotated[str | None, Query(max_length=2_000)] = None,  # noqa: N803 - OpenMeter's name
    groupBy: Annotated[list[Group] | None, Query(max_length=10)] = None,  # noqa: N803 - OpenMeter's name
) -> Any:
    """Model tokens, requests or cost (in dollars) as OpenMeter tells them, gross of refunds, by when it happened.

    Without `groupBy` all accounts are one figure. `filterGroupBy[model]=gpt-4o` keeps one model; `subject` and
    `customer_id` are accounts.
    """
    by = tuple(dict.fromkeys(groupBy or ()))
    if slug not in MEASURES:
        raise NotFound(f"There is no meter “{slug}”. There are: {', '.join(MEASURES)}.")
    zone_info(windowTimeZone)
    asked = [name for name in (*(subject or ()), *(filterCustomerId or ())) if name]
    called = await run_in_threadpool(_called, here, caller, asked)
    until = to or here.clock()
    question = Question(
        slug, until, since, windowSize, windowTimeZone, tuple(name for name in by if name in DIMENSIONS),
        by_account=bool(asked) or not BY_ACCOUNT.isdisjoint(by), subjects=None if called is None else frozenset(called),
        equal=_equal(filterGroupBy, request.query_params.multi_items()),
    )  # fmt: skip
    found = await run_in_threadpool(metered, here.store, caller.org_id, question)
    data = [_row(slug, row, called or {}) for row in found]
    if CSV in request.headers.get("accept", ""):
        return Response(_csv(data, question), HTTPStatus.OK, media_type=CSV)
    return MeterAnswer(since=since, to=until, windowSize=windowSize, data=data)


def _called(here: Installation, caller: Caller, asked: list[str]) -> dict[str, str] | None:
    """Account → the name under which it was asked for; None is every account, which a bound key may not ask for."""
    if not asked and caller.bound_to is None:
        return None
    if not asked:
        return {caller.bound_to or "": caller.bound_to or caller.org_slug}
    plain = {name: name.removeprefix(f"{caller.org_slug}/") for name in asked}
    plain |= {name: "" for name in asked if name == caller.org_slug}
    with here.store.read(caller.org_id) as connection:
        found = rows.accounts(connection, caller.org_id, set(plain.values()))
    called = {found[text]: name for name, text in plain.items() if text in found}
    if caller.bound_to is not None and set(called) != {caller.bound_to}:
        raise NotFound("There is no such account that this API key may use.")
    return called


def _equal(text: str | None, items: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """`filterGroupBy[model]=x`, or the object that the Python SDK writes into one parameter."""
    found: dict[str, list[Any]] = {}
    for name, value in items:
        if name.startswith("filterGroupBy[") and name.endswith("]"):
            found.setdefault(name[len("filterGroupBy[") : -1], []).append(value)
    for name, value in _object(text).items() if text else ():
        found.setdefault(str(name), []).extend(value if isinstance(value, list) else [value])
    for name, values in found.items():
        if name not in DIMENSIONS or not all(isinstance(value, str) and "\x00" not in value for value in values):
            raise InvalidRequest(f"Filter by {', '.join(DIMENSIONS)}, each a text.")
        if len(values) > MOST_FILTERS:
            raise InvalidRequest(f"At most {MOST_FILTERS} values are compared.")
    return {name: tuple(values) for name, values in found.items()}


def _object(text: str) -> dict[Any, Any]:
    for reader in (json.loads, ast.literal_eval):
        try:
            found = reader(unquote(text))
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, dict):
            return found
    raise InvalidRequest("filterGroupBy is an object: write filterGroupBy[model]=gpt-4o.")


def _row(slug: str, row: Metered, called: dict[str, str]) -> MeterRow:
    value = row.value / NANOS if slug == "cost" else row.value
    name = None if row.account is None else called.get(row.account, row.account)
    return MeterRow(value=value, windowStart=row.starts, windowEnd=row.ends, subject=name, customerId=row.account,
                    groupBy=dict(row.groups))  # fmt: skip


def _csv(data: list[MeterRow], question: Question) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["window_start", "window_end", "subject", *question.by, "value"])
    for row in data:
        told = [row.groupBy[name] for name in question.by]
        writer.writerow([row.windowStart.isoformat(), row.windowEnd.isoformat(), row.subject or "", *told, row.value])
    return text.getvalue()
