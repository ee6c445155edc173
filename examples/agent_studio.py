"""An agent studio: a whole project is held at once, and each of its seven agents is a captured part of that hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Body

from creditbook import InsufficientTokens

from .common import Key, User, application, ledger

ORG = "studio"
Named = Annotated[list[str] | None, Body(embed=True, description="Agents to run; all of them unless said.")]


def _words(error: InsufficientTokens) -> dict[str, object]:
    return {
        "error": "Insufficient tokens", "message": str(error), "required": error.required,
        "available": error.available, "shortage": error.shortage, "packages_url": error.packages_url,
    }  # fmt: skip


app = application("Agent studio", _words)


@dataclass(frozen=True)
class Run:
    """What one agent's LLM reported. Your agents read it off the provider's answer."""

    agent: str
    model: str
    input_tokens: int
    output_tokens: int


AGENTS = (
    Run("idea", "claude-haiku-4-5", 600, 1_400),
    Run("srs", "claude-sonnet-4-5", 900, 2_600),
    Run("code", "claude-sonnet-4-5", 1_200, 3_800),
    Run("uml", "claude-haiku-4-5", 800, 1_700),
    Run("report", "claude-sonnet-4-5", 1_100, 2_900),
    Run("ppt", "claude-haiku-4-5", 500, 1_000),
    Run("viva", "claude-haiku-4-5", 700, 1_300),
)


@app.post("/api/v1/projects/{project}/execute")
def execute(project: str, user: User, agents: Named = None, key: Key = None) -> dict[str, object]:
    """Run a project's agents, all of them unless some are named.

    20,000 tokens are held before the first one starts; each part takes what its agent really used, and the last one
    gives the rest back. If an agent fails, the parts before it stand and what is not captured is released.
    """
    runs = [run for run in AGENTS if agents is None or run.agent in agents]
    usage = []
    with ledger().reserve(f"{ORG}/{user}", action="project", project=project, idempotency_key=key) as job:
        for run in runs:
            receipt = job.capture(
                action=run.agent, agent=run.agent, model=run.model, project=project,
                input_tokens=run.input_tokens, output_tokens=run.output_tokens, final=run is runs[-1],
                idempotency_key=f"{key}/{run.agent}" if key else None,
            )  # fmt: skip
            usage.append({
                "agent": run.agent, "model": run.model, "tokens": receipt.charged,
                "input_tokens": run.input_tokens, "output_tokens": run.output_tokens,
            })  # fmt: skip
    return {
        "project": project, "agents": usage, "total_tokens": sum(int(str(one["tokens"])) for one in usage),
        "remaining_balance": ledger().balance(f"{ORG}/{user}").available,
    }  # fmt: skip
