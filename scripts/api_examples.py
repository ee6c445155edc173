"""What the API answers, recorded from real calls as OpenAPI's examples. `make api-examples` runs it.

It walks through a small story in a database of its own, on a clock that stands still, and writes
src/creditbook/api/examples.json. A new route gets its call here; tests/api/test_openapi.py names those that have none.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from api.application import Application, applications  # noqa: E402
from support.databases import migrate  # noqa: E402

from creditbook.api.describing import FILE  # noqa: E402
from creditbook.api.litellm import EXAMPLE as RECORD  # noqa: E402
from creditbook.installation import installation  # noqa: E402
from creditbook.pricing.setting import enter_rates  # noqa: E402

NOON = datetime(2026, 3, 4, 6, 30, tzinfo=UTC)
SRS = {"action": "srs", "tokens": 3_500, "agent": "srs", "model": "claude-sonnet-4-5", "input_tokens": 900,
       "output_tokens": 2_600, "project": "Soil test report"}  # fmt: skip


class Story:
    """Calls of one application, recorded by their route."""

    def __init__(self, app: Application, told: dict[str, Any]) -> None:
        self.app, self.told = app, told

    def call(
        self, method: str, route: str, *, key: str = "admin", body: Any = None, query: str = "", **path: Any
    ) -> Any:
        """One call; ``path`` fills the route's names."""
        place = re.sub(r"{(\w+)}", lambda name: str(path[name[1]]), route)
        sent = {} if body is None else {"json": body}
        answer = self.app.send(method, f"{place}?{query}" if query else place, key=key, **sent)
        assert answer.status_code < 300, f"{method} {place}: {answer.text}"
        found = answer.json()
        self.told[f"{method} {route}"] = {"body": body, "answer": found}
        return found

    def get(self, route: str, **more: Any) -> Any:
        """What a route tells."""
        return self.call("GET", route, **more)

    def post(self, route: str, body: Any = None, **more: Any) -> Any:
        """What a route answers to a body."""
        return self.call("POST", route, body=body, **more)


def studio(story: Story) -> None:
    """Program 3: an account, its work, what it buys, and what an administrator does."""
    why = {"reason": "Agreed by mail"}
    story.post("/v1/accounts", {"account": "asha", "external_id": "user-1017"})
    story.app.open("rohan")
    story.post("/v1/tokens/redeem-code", {"account": "asha", "promo_code": "WELCOME2024"}, key="spend")
    story.post("/v1/promo-codes", {"code": "LAUNCH26", "tokens": 5_000, "valid_through": "2026-12-31", **why})
    done = story.post("/v1/usage", {"account": "asha", **SRS}, key="spend")
    story.post(
        "/v1/usage/batch",
        {"usage": [{"account": "asha", **SRS}, {"account": "rohan", "action": "idea", "tokens": 9_000}]},
    )
    story.get("/v1/transactions/{transaction_id}", transaction_id=done["transaction_id"], query="account=asha")
    story.post(
        "/v1/refunds", {"account": "asha", "transaction_id": done["transaction_id"], "tokens": 500, **why}, key="spend"
    )
    hold = {"account": "asha", "action": "project", "estimate": 6_000, "project": "Soil test report"}
    job = story.post("/v1/holds", hold, key="spend")["hold_id"]
    story.get("/v1/holds", query="account=asha")
    story.post("/v1/holds/{hold_id}/capture", {"account": "asha", "tokens": 2_100, "agent": "idea", "final": False},
               key="spend", hold_id=job)  # fmt: skip
    story.post("/v1/holds/{hold_id}/void", {"account": "asha"}, key="spend", hold_id=job)
    given = story.post("/v1/grants", {"account": "asha", "tokens": 5_000, "reason": "Sorry for the outage"})
    story.post("/v1/grants/batch", {"grants": [{"account": name, "tokens": 100, **why} for name in ("asha", "rohan")]})
    story.post(
        "/v1/revocations", {"account": "asha", "grant_id": given["lines"][0]["grant_id"], "tokens": 1_000, **why}
    )
    bought = story.post("/v1/tokens/purchase", {"account": "asha", "package_id": "starter"}, key="spend")["purchase_id"]
    story.post("/v1/purchases/{purchase_id}/pay", {"account": "asha", "payment": "UPI 4411", **why}, purchase_id=bought)
    story.post(
        "/v1/purchases/{purchase_id}/refund", {"account": "asha", "amount_minor": 990, **why}, purchase_id=bought
    )
    story.get("/v1/purchases", query="account=asha")
    for route in ("balance", "analytics"):
        story.get(f"/v1/tokens/{route}", key="read", query="account=asha")
    story.get("/v1/tokens/transactions", key="read", query="account=asha&limit=2")
    story.get("/v1/tokens/packages", key="read")
    story.get("/v1/transactions", key="read", query="account=asha&kind=usage&limit=2")
    story.get("/v1/usage", key="read", query="account=asha&by=day&by=agent")
    story.get("/v1/accounts/{account}/balance", key="read", account="asha")
    story.get("/v1/accounts", query="limit=2")
    story.get("/v1/meters/{slug}/query", key="read", slug="tokens", query="subject=asha&windowSize=DAY")
    story.get("/v1/program", key="read")
    story.get("/v1/promo-codes", query="limit=1")
    story.call("PATCH", "/v1/promo-codes/{code}", code="LAUNCH26", body={"is_disabled": True, "reason": "It leaked"})
    story.post("/v1/subscription/upgrade", {"account": "asha", "plan": "pro", "payment": "UPI 4412"})
    story.get("/v1/subscription", key="read", query="account=asha")
    story.post("/v1/subscription/renew", {"account": "asha", "payment": "UPI 4413"})
    story.post("/v1/subscription/downgrade", {"account": "asha", "plan": "basic"}, key="spend")
    story.post("/v1/subscription/cancel", {"account": "asha"}, key="spend")
    story.post("/v1/resets", {"account": "rohan", "reason": "His import came in twice"})
    story.call("PATCH", "/v1/accounts/{account}", account="rohan", body={"status": "frozen", "reason": "A dispute"})
    story.call("DELETE", "/v1/accounts/{account}", account="rohan", query="reason=He+left")
    made = story.post("/v1/keys", {"name": "The studio's server", "scope": "spend", "reason": "A new application"})
    turned = story.post("/v1/keys/{key_id}/rotate", {"reason": "Every quarter"}, key_id=made["key_id"])
    story.post("/v1/keys/{key_id}/revoke", {"reason": "It was in a log"}, key_id=turned["key_id"])
    story.get("/v1/keys")
    story.post("/v1/litellm", RECORD, key="spend")
    story.get("/healthz")
    story.get("/readyz")


def website(story: Story) -> None:
    """Programs 1 and 2: wallets, resets, rewards."""
    story.app.open("niran")
    story.app.spend("niran", "project_creation", project="Lotus dental", metadata={"projectId": "p-17"})
    story.post("/v1/rewards", {"account": "niran", "activity": "published_site"})
    more = {"account": "niran", "walletType": "PREMIUM", "initialTokens": 10, "expiresAt": "2026-04-03T17:00:00Z"}
    wallet = story.post("/billing/wallets", more)["data"]["id"]
    for route in ("balance", "transactions", "wallets", "daily-reset"):
        story.get(f"/billing/{route}", query="account=niran")
    story.post("/billing/daily-reset", {"reason": "By hand"})
    off = {"account": "niran", "is_active": False, "reason": "Abuse"}
    story.call("PATCH", "/v1/wallets/{wallet_id}", wallet_id=wallet, body=off)


def team(story: Story) -> None:
    """Programs 4 and 5: features, a team, credits."""
    for user, terms in (("", {}), ("asha", {"draws_on_pool": True}), ("ben", {"draws_on_pool": True, "quota": 10})):
        story.app.open(user, **terms)
    story.app.upgrade("", "pro", "in 1")
    goal = {"account": "asha", "feature": "goal_generation"}
    story.get("/v1/tokens/check-balance", key="read", query="account=asha&feature=goal_generation")
    story.post("/v1/tokens/check-balance", goal, key="spend")
    story.get("/v1/tokens/stats", key="read", query="account=asha")
    story.get(
        "/v1/customers/{account}/entitlements/{feature}/value", key="read", account="asha", feature="goal_generation"
    )
    story.get("/v1/team", key="read")


def coding(story: Story) -> None:
    """Program 4: credits."""
    story.app.open("kim")
    story.app.spend("kim", "code_review")
    story.get("/user/usage", key="read", query="account=kim")


def recorded() -> dict[str, Any]:
    """The whole story's calls by route."""
    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/creditbook.db"
        migrate(url)
        with applications(url) as apps:
            enter_rates(installation().store, [(date(2026, 3, 1), 83_000_000_000)], base="USD", quote="INR",
                        source="typed", actor="finance", at=NOON)  # fmt: skip
            for program, tell in (("studio", studio), ("daily", website), ("teams", team), ("credits", coding)):
                tell(Story(apps.of(program, at=NOON, slug=program), told))
    told["POST /webhooks/{name}"] = {"answer": {"received": True, "status": "done", "replayed": False}}
    return told


def main() -> None:
    """Writes the file; keys in it are cut short, for nobody to take one for a real one."""
    text = json.dumps(recorded(), indent=1, sort_keys=True, ensure_ascii=False)
    FILE.write_text(re.sub(r'"(cb_[a-z]+_)[\w-]{20,}"', r'"\1…"', text) + "\n", encoding="utf-8")
    print(f"{FILE.relative_to(ROOT)}: {len(text):,} characters")


if __name__ == "__main__":
    main()
