"""What an account used, added up by day, agent, model and feature; and what a team does with its pool."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from creditbook.api.answering import Books, Here, beside
from creditbook.api.asked import About
from creditbook.api.callers import Reader
from creditbook.api.problems import documented
from creditbook.api.schemas import Day, Word
from creditbook.domain.calendar import local_date
from creditbook.domain.errors import InvalidRequest
from creditbook.reports import activity
from creditbook.store import reports_usage
from creditbook.store.directory import account_zone
from creditbook.store.reports_usage import Dimension, UsageFilter

router = APIRouter(prefix="/v1", tags=["usage"], responses=documented())

USUAL, LONGEST, MOST_ROWS = timedelta(days=29), timedelta(days=1_830), 10_000
Names = Annotated[list[Word], Query(max_length=20)]


class By(StrEnum):
    """What figures are told apart by."""

    DAY = "day"
    AGENT = "agent"
    MODEL = "model"
    FEATURE = "feature"


COLUMNS: dict[By, Dimension] = {
    By.DAY: "account_date", By.AGENT: "agent", By.MODEL: "model", By.FEATURE: "feature"
}  # fmt: skip


class UsageFigures(BaseModel):
    """Figures of some usage; ``day``, ``agent``, ``model``, ``feature`` null where it was not asked by that.

    ``charged`` moved grants, ``refunded`` came back; the four token counts are the model's. ``requests`` are usage
    transactions; ``unpriced`` those whose cost is not known yet.
    """

    day: date | None = None
    agent: str | None = None
    model: str | None = None
    feature: str | None = None
    requests: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    charged: int
    refunded: int
    cost_usd_nanos: int
    cost_inr_nanos: int
    unpriced: int


class UsageReport(BaseModel):
    """Usage between two of the account's own days, both included; what was not used has no row."""

    first: date
    last: date
    usage: list[UsageFigures]


class FeatureLeft(BaseModel):
    """What the pool has for one feature ('' is any): left of what the period gave and what was bought beside it.

    ``tokens_per_day`` is the pace of the last seven days; ``empty_at`` null where it refills before it is used up.
    """

    feature: str
    left: int
    of: int
    refills_at: datetime | None
    tokens_per_day: float
    empty_at: datetime | None


class FeatureToday(BaseModel):
    """What a feature was used for today."""

    feature: str
    requests: int
    tokens: int


class TeamMember(BaseModel):
    """A member with what she used today and this month, and drew from the pool in its running period."""

    account: str
    status: str
    quota: int | None
    today: int
    month: int
    drawn: int


class MonthUsed(BaseModel):
    """A month by its first day, and what the team used in it."""

    month: date
    tokens: int


class Team(BaseModel):
    """A pool and its members. Days and months are the pool's; usage is charged tokens, refunds off."""

    account: str
    plan: str
    available: int | None
    tokens_per_day: float
    empty_at: datetime | None
    features: list[FeatureLeft]
    features_missing: list[str]
    today: list[FeatureToday]
    members: list[TeamMember]
    months: list[MonthUsed]


@router.get("/usage", summary="Usage added up by day, agent, model, feature")
async def usage(
    about: About,
    here: Here,
    by: Annotated[list[By], Query(max_length=4)] = [],  # noqa: B006 - FastAPI copies it
    first: Annotated[Day | None, Query(description="The account's own day; none is thirty days")] = None,
    last: Annotated[Day | None, Query(description="The account's own day; none is today")] = None,
    agent: Names = [],  # noqa: B006
    model: Names = [],  # noqa: B006
    feature: Names = [],  # noqa: B006
) -> UsageReport:
    """Read from sums that each usage adds itself to, however long the history is. No `by` is one total."""
    now, dimensions = here.clock(), tuple(dict.fromkeys(by))

    def read() -> tuple[UsageFilter, list[Any]]:
        core = about.ledger.core
        ref = core.account(about.account)
        end = last or local_date(now, account_zone(core.store, ref))
        wanted = UsageFilter(first or end - USUAL, end, tuple(agent), tuple(model), tuple(feature))
        if not timedelta(0) <= wanted.last - wanted.first <= LONGEST:
            raise InvalidRequest("Ask for five years at most, and for a first day that is not after the last one.")
        with core.store.read(ref.org_id) as connection:
            columns = tuple(COLUMNS[one] for one in dimensions)
            return wanted, reports_usage.sums(connection, ref.org_id, ref.account_id, wanted, columns)

    wanted, rows = await run_in_threadpool(read)
    if len(rows) > MOST_ROWS:
        raise InvalidRequest(f"That is more than {MOST_ROWS:,} rows. Ask for fewer days, or by less.")
    names = [one.value for one in dimensions]
    figures = [name for name in UsageFigures.model_fields if name not in list(By)]
    return UsageReport(
        first=wanted.first, last=wanted.last,
        usage=[UsageFigures(**dict(zip([*names, *figures], row, strict=True))) for row in rows],
    )  # fmt: skip


@router.get("/team", summary="What a team does with its pool, and how long it lasts")
async def team(caller: Reader, books: Books, here: Here, response: Response) -> Team:
    """The organization's pool and everybody who draws on it: for a key of the whole organization."""
    slug, core = caller.whole_organization(), books.core
    ref = await run_in_threadpool(core.account, slug)
    found = await run_in_threadpool(activity.of_account, core.store, core.batches, ref, slug, here.clock())
    await beside(response, books, slug)
    return Team(
        account=slug, plan=found.plan.slug, available=found.balance.available, tokens_per_day=found.pace,
        empty_at=found.empty_at, features_missing=list(found.missing),
        features=[FeatureLeft(feature=one.feature, left=one.left, of=one.of, refills_at=one.refills_at,
                              tokens_per_day=one.pace, empty_at=one.empty_at) for one in found.bars],
        today=[FeatureToday(feature=name, requests=requests, tokens=tokens) for name, requests, tokens in found.today],
        members=[TeamMember(account=f"{slug}/{one.name}", status=one.status, quota=one.quota, today=one.today,
                            month=one.month, drawn=one.drawn) for one in found.members],
        months=[MonthUsed(month=month, tokens=tokens) for month, tokens in found.months],
    )  # fmt: skip
