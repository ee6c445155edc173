"""The API for programs, under /api. Routes live in a module per noun; this one puts them together."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from creditbook.api import (
    accounts,
    administering,
    billing,
    changing_accounts,
    codes,
    docs,
    events,
    health,
    holds,
    keys,
    litellm,
    live,
    metering,
    metrics,
    otlp,
    problems,
    program,
    purchases,
    subscription,
    tokens,
    transactions,
    uploads,
    usage,
    usage_figures,
    user,
    webhooks,
)
from creditbook.api.bounds import Bounded
from creditbook.api.describing import describe
from creditbook.api.observing import Observed
from creditbook.api.quick import Quick
from creditbook.api.telling_headers import tell_headers

__all__ = ["api"]

LONG_ANSWER = 2_000
"""Bytes from which an answer is worth compressing; a spend's is not."""

api = FastAPI(title="Creditbook", description="A ledger of tokens and credits.", docs_url=None, redoc_url=None,
              openapi_url=None, telemetry={"tracing": False, "metrics": False, "logs": False})  # fmt: skip
problems.install(api)
api.include_router(docs.router)
api.include_router(health.router)
api.include_router(webhooks.router)
api.include_router(usage.router)
api.include_router(holds.router)
api.include_router(live.router)
api.include_router(accounts.router)
api.include_router(administering.router)
api.include_router(tokens.router)
api.include_router(billing.router)
api.include_router(user.router)
api.include_router(subscription.router)
api.include_router(changing_accounts.router)
api.include_router(codes.router)
api.include_router(transactions.router)
api.include_router(purchases.router)
api.include_router(usage_figures.router)
api.include_router(program.router)
api.include_router(events.router)
api.include_router(metering.router)
api.include_router(otlp.router)
api.include_router(litellm.router)
api.include_router(uploads.router)
api.include_router(metrics.router)
api.include_router(keys.router)
describe(api)
tell_headers(api)
api.add_middleware(GZipMiddleware, minimum_size=LONG_ANSWER)
api.add_middleware(Quick)
api.add_middleware(Bounded)
api.add_middleware(Observed)
