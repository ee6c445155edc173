"""A row for every route of the API: who may, on whose account, and the status of a right call that is allowed.

A new route needs its row here (`test_matrix.py` names those that have none): its method and path as it is declared, the
scope that it asks for, and a call of it that is right for `{account}`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from creditbook import Ledger
from creditbook.access import console
from creditbook.access.api_keys import ApiKeys
from creditbook.domain.errors import NotFound
from creditbook.domain.program import PromoTerms
from creditbook.installation import installation

Made = dict[str, Any]
_activities = count(1)


def nothing(_ledger: Ledger) -> Made:
    """Nothing has to be there before the call."""
    return {}


def a_hold(ledger: Ledger) -> Made:
    """An open hold of `acme/ben`."""
    return {"hold_id": ledger.hold("acme/ben", action="work", estimate=1).hold_id}


def a_usage(ledger: Ledger) -> Made:
    """A usage of `acme/ben` to refund."""
    return {"transaction_id": ledger.spend("acme/ben", action="work", tokens=1).transaction_id}


def a_grant(ledger: Ledger) -> Made:
    """A grant of `acme/ben` to take back."""
    return {"grant_id": ledger.grant("acme/ben", 1, reason="to take back").lines[0].grant_id}


def a_key(_ledger: Ledger) -> Made:
    """An API key of the organization, to replace or to end."""
    here = installation()
    org = here.ledger.core.organization("acme")
    boss = console(org.org_id, org.slug, org.name, org.zone)
    return {"key_id": ApiKeys(here.store, here.clock).create(boss, "row", "read", reason="a row").key_id}


def a_wallet(ledger: Ledger) -> Made:
    """A wallet of `acme/ben` that is off, to switch on."""
    wallet_id = ledger.open_wallet("acme/ben", "BONUS", reason="a row of the matrix").wallet_id
    assert wallet_id is not None
    ledger.set_wallet_active("acme/ben", wallet_id, False, reason="a row of the matrix")
    return {"wallet_id": wallet_id}


def a_purchase(ledger: Ledger) -> Made:
    """A purchase of `acme/ben` that waits for its payment."""
    return {"purchase_id": ledger.open_purchase("acme/ben", "small").purchase_id}


def a_paid_purchase(ledger: Ledger) -> Made:
    """A purchase of `acme/ben` whose money can go back."""
    return {"purchase_id": ledger.sell("acme/ben", "small", reason="a row of the matrix").purchase_id}


def a_pool(ledger: Ledger) -> Made:
    """The pool of `acme`."""
    try:
        ledger.balance("acme")
    except NotFound:
        ledger.open_account("acme")
    return {}


def a_code(ledger: Ledger) -> Made:
    """A promo code that nobody uses."""
    code = f"SPARE{next(_activities)}"
    ledger.create_codes("acme", PromoTerms(code, 1), reason="a row of the matrix")
    return {"code": code}


def an_activity(_ledger: Ledger) -> Made:
    """An activity that nobody was rewarded for yet."""
    return {"activity": f"helped{next(_activities)}"}


def on(plan: str) -> Callable[[Ledger], Made]:
    """`acme/ben` on a free plan (`daily`, `bare`, `monthly`) or on `gold`, which is paid and not cancelled."""

    def made(ledger: Ledger) -> Made:
        found = ledger.subscription("acme/ben")
        if found.plan != plan and plan == "gold":
            ledger.sell("acme/ben", plan, kind="plan", reason="a row of the matrix")
        elif found.plan != plan or found.ends:
            ledger.change_plan("acme/ben", plan, at_once=found.plan != plan, reason="a row of the matrix")
        return {}

    return made


@dataclass(frozen=True)
class Row:
    """``names`` is where the account stands: in the body, the query, the path, or nowhere ('').

    ``whole`` is what belongs to the whole organization: a bound key is refused. ``program`` is nothing for people in a
    browser. ``but`` are statuses that differ for (caller, target). ``made`` puts there what the call is about; its
    names fill the path, or go into the body. ``new`` names an account that is not there yet,
    ``spare`` one that was opened for the call alone. ``file`` is sent in a form instead of a body.
    """

    method: str
    path: str
    scope: str
    names: str
    ok: int = 200
    body: Made | None = None
    query: str = ""
    made: Callable[[Ledger], Made] = nothing
    whole: bool = False
    but: dict[tuple[str, str], int] = field(default_factory=dict)
    new: bool = False
    program: bool = False
    file: bytes | None = None
    spare: bool = False

    @property
    def route(self) -> tuple[str, str]:
        """What the table is looked up by."""
        return self.method, self.path

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def upload(path: str, scope: str, file: bytes, **more: Any) -> Row:
    """A row of a route that takes a file."""
    return Row("POST", path, scope, "", file=file, **more)


def get(path: str, scope: str = "read", names: str = "query", **more: Any) -> Row:
    """A row of a route that only tells."""
    return Row("GET", path, scope, names, **more)


def post(path: str, scope: str, body: Made, **more: Any) -> Row:
    """A row of a route that does something to the account in its body."""
    return Row("POST", path, scope, more.pop("names", "body"), body=body, **more)


def patch(path: str, body: Made, **more: Any) -> Row:
    """A row of a route that changes what the path names, with an administrator's key."""
    return Row("PATCH", path, "admin", more.pop("names", "body"), body=body, **more)


WORK = {"action": "work", "tokens": 1}
WHY = {"reason": "a row of the matrix"}

ROWS = [
    post("/v1/usage", "spend", WORK),
    post("/v1/usage/batch", "spend", WORK, names="batch"),
    post("/v1/holds", "spend", {"action": "work", "estimate": 1}),
    get("/v1/holds"),
    post("/v1/holds/{hold_id}/capture", "spend", {"tokens": 1}, made=a_hold, program=True),
    post("/v1/holds/{hold_id}/void", "spend", {}, made=a_hold, program=True),
    post("/v1/refunds", "spend", WHY, made=a_usage, program=True),
    post("/v1/accounts", "admin", {}, ok=201, new=True, but={("bound admin", "own"): 404}),
    get("/v1/accounts", "admin", "", whole=True),
    get("/v1/accounts/{account:path}/balance", names="path"),
    get("/v1/accounts/{account:path}/events", names="path", query="seconds=0"),
    get("/v1/promo-codes", "admin", "", whole=True),
    patch("/v1/promo-codes/{code}", {"is_disabled": True, **WHY}, made=a_code, names="", whole=True),
    post("/v1/grants", "admin", {"tokens": 5, **WHY}),
    post("/v1/grants/batch", "admin", {"tokens": 5, **WHY}, names="grants"),
    post("/v1/revocations", "admin", WHY, made=a_grant),
    get("/v1/keys", "admin", "", whole=True),
    post("/v1/keys", "admin", {"name": "row", "scope": "read", **WHY}, ok=201, whole=True),
    post("/v1/keys/{key_id}/rotate", "admin", WHY, names="", ok=201, whole=True, made=a_key),
    post("/v1/keys/{key_id}/revoke", "admin", WHY, names="", whole=True, made=a_key),
    post("/v1/promo-codes", "admin", {"code": "CODE{n}", "tokens": 1, **WHY}, names="", ok=201, whole=True),
    patch("/v1/accounts/{account:path}", {"zone": "Asia/Tokyo", **WHY}, names="path"),
    Row("DELETE", "/v1/accounts/{account:path}", "admin", "path", query="reason=test", whole=True, spare=True),
    patch("/v1/wallets/{wallet_id}", {"is_active": True, **WHY}, made=a_wallet),
    post("/v1/rewards", "admin", {}, made=an_activity),
    get("/v1/transactions"),
    get("/v1/transactions/{transaction_id}", made=a_usage),
    get("/v1/purchases"),
    post("/v1/purchases/{purchase_id}/pay", "admin", {"payment": "row {n}", **WHY}, made=a_purchase),
    post("/v1/purchases/{purchase_id}/refund", "admin", WHY, made=a_paid_purchase),
    get("/v1/usage", query="by=day&by=agent"),
    get("/v1/team", names="", made=a_pool, whole=True, program=True),
    get("/v1/program", names=""),
    post("/v1/resets", "admin", WHY, made=on("monthly")),
    get("/v1/customers/{account:path}/entitlements/{feature}/value", names="path", made=lambda _: {"feature": "work"}),
    get("/v1/meters/{slug}/query", names="", made=lambda _: {"slug": "tokens"}),
    post("/v1/otlp/v1/traces", "spend", {"resourceSpans": []}, names="", program=True),
    post("/v1/otlp/v1/metrics", "spend", {}, names="", program=True),
    post("/v1/otlp/v1/logs", "spend", {}, names="", program=True),
    post(
        "/v1/events",
        "spend",
        {"specversion": "1.0", "id": "row {n}", "source": "rows", "type": "work"},
        names="",
        ok=204,
        program=True,
    ),
    post("/v1/litellm", "spend", {"id": "row {n}", "startTime": 1, "prompt_tokens": 1}, names="", program=True),
    upload("/v1/uploads", "admin", b"account,event_at,input_tokens\nben,2026-03-02T09:30:00Z,5\n", whole=True),
    get("/v1/tokens/balance"),
    get("/v1/tokens/transactions"),
    get("/v1/tokens/analytics"),
    get("/v1/tokens/packages", names=""),
    post("/v1/tokens/purchase", "spend", {"package_id": "small"}, ok=201),
    post("/v1/tokens/redeem-code", "spend", {"promo_code": "MATRIX"}),
    get("/v1/tokens/check-balance", query="feature=work&tokens=1"),
    post("/v1/tokens/check-balance", "spend", {"feature": "work", "tokens": 1}),
    get("/v1/tokens/stats"),
    get("/billing/balance"),
    get("/billing/transactions"),
    get("/billing/wallets"),
    post("/billing/wallets", "admin", {"walletType": "BONUS", "initialTokens": 1}, ok=201),
    get("/billing/daily-reset"),
    post("/billing/daily-reset", "admin", {}, names="", whole=True),
    get("/user/usage"),
    get("/v1/subscription"),
    post("/v1/subscription/upgrade", "spend", {"plan": "monthly"}, made=on("daily")),
    post("/v1/subscription/downgrade", "spend", {"plan": "daily"}, made=on("monthly")),
    post("/v1/subscription/renew", "spend", {}, made=on("gold")),
    post("/v1/subscription/cancel", "spend", {}, made=on("gold")),
]

OPEN = {
    ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics"), ("GET", "/openapi.json"), ("GET", "/docs"),
    ("GET", "/docs/{name}"), ("POST", "/webhooks/{name}"),
}  # fmt: skip
"""Routes that ask for no key: a webhook is signed instead (`test_webhooks.py`)."""
