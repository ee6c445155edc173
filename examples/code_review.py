"""Code generation and review by credits: one credit a call, told in credits, refused with an upgrade beside it."""

from __future__ import annotations

from fastapi import Body

from creditbook import InsufficientTokens, Receipt
from creditbook.domain.units import insufficient, remaining_words, whole_credits

from .common import Key, User, application, ledger

ORG = "credits"


def _words(error: InsufficientTokens) -> dict[str, object]:
    unit = ledger().program(ORG).unit
    return {
        "success": False, "error": insufficient(unit), "detail": remaining_words(error.available, unit),
        "required": whole_credits(error.required, unit, up=True), "upgradeUrl": error.packages_url,
    }  # fmt: skip


app = application("Code review", _words)


@app.post("/api/projects/start-workflow")
def start_workflow(user: User, prompt: str = Body(embed=True), key: Key = None) -> dict[str, object]:
    """Generate code: one credit, taken when the workflow starts."""
    receipt = ledger().spend(f"{ORG}/{user}", action="code_generation", description=prompt[:200], idempotency_key=key)
    return {"success": True, "workflowStarted": True, "creditInfo": _credit_info(user, receipt)}


@app.post("/api/review/generate")
def review(user: User, code: str = Body(embed=True), key: Key = None) -> dict[str, object]:
    """Review code: held while the model reads, so that a review that fails costs nothing."""
    with ledger().reserve(f"{ORG}/{user}", action="code_review", idempotency_key=key) as job:
        remarks = [f"Line {n}: long." for n, line in enumerate(code.splitlines(), 1) if len(line) > 100]
        receipt = job.capture(idempotency_key=key)
    return {"success": True, "review": remarks or ["Nothing to say."], "creditInfo": _credit_info(user, receipt)}


def _credit_info(user: str, receipt: Receipt) -> dict[str, object]:
    """What stands beside every answer. None: unlimited."""
    unit = ledger().program(ORG).unit
    left = ledger().balance(f"{ORG}/{user}").available
    return {
        "tokensUsed": receipt.charged,
        "creditsRemaining": None if left is None else whole_credits(left, unit),
        "totalTokensUsed": ledger().figures.credits(f"{ORG}/{user}").total_tokens_used,
    }
