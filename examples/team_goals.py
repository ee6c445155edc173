"""A team's goals, forecasts and leads: paid from the organization's pool, feature by feature."""

from __future__ import annotations

from fastapi import Body

from creditbook import InsufficientTokens
from creditbook.domain.units import left

from .common import Key, User, application, ledger

ORG = "teams"


def _words(error: InsufficientTokens) -> dict[str, object]:
    return {
        "error": "Insufficient tokens", "detail": str(error), "required": error.required,
        "available": error.available, "shortage": error.shortage, "packages_url": error.packages_url,
    }  # fmt: skip


app = application("Team goals", _words)


@app.post("/api/goals")
def goal(user: User, topic: str = Body(embed=True), key: Key = None) -> dict[str, object]:
    """Three tokens of the team's goal generation."""
    return _work(user, "goal_generation", f"Reach more people with {topic}.", key)


@app.post("/api/leads")
def lead(user: User, topic: str = Body(embed=True), key: Key = None) -> dict[str, object]:
    """Five tokens of the team's lead generation."""
    return _work(user, "lead_generation", f"Somebody who asked about {topic}.", key)


@app.post("/api/forecasts")
def forecast(user: User, topic: str = Body(embed=True), scenarios: int = Body(default=1, embed=True),
             key: Key = None) -> dict[str, object]:  # fmt: skip
    """Four tokens; further scenarios cost two each, by the program's formula."""
    if scenarios > 1:
        return _work(user, "forecast_scenarios", f"{scenarios} ways that {topic} may go.", key, scenarios=scenarios)
    return _work(user, "revenue_forecast", f"How {topic} will go.", key)


def _work(user: str, action: str, text: str, key: str | None, **reported: object) -> dict[str, object]:
    """Gate and check (the hold refuses what the plan lacks and what is not there), work, spend."""
    account = f"{ORG}/{user}"
    with ledger().reserve(account, action=action, metadata=reported or None, idempotency_key=key) as job:
        receipt = job.capture(description=text, metadata=reported or None, idempotency_key=key)
    program = ledger().program(ORG)
    feature = program.actions[action].spends_for
    rest = ledger().balance(account, feature=feature).available
    return {"result": text, "deducted": receipt.charged, "remaining": rest, "notice": left(rest, program.unit)}
