"""A website builder: check, hold one token, build, capture on success. A failed build costs the user nothing."""

from __future__ import annotations

from fastapi import Body
from fastapi.responses import JSONResponse

from creditbook import InsufficientTokens

from .common import Key, User, application, ledger

ORG = "daily"


def _words(error: InsufficientTokens) -> dict[str, object]:
    return {
        "error": "Insufficient tokens", "detail": str(error), "required": error.required,
        "available": error.available, "shortage": error.shortage, "packages_url": error.packages_url,
    }  # fmt: skip


app = application("Website builder", _words)


class BuildFailed(Exception):
    """The site could not be built."""


def build(name: str) -> str:
    """The work itself; yours takes longer."""
    if not name.strip() or "/" in name:
        raise BuildFailed(f"“{name}” can't be a site's name.")
    return f"https://{name.strip().lower().replace(' ', '-')}.example"


@app.get("/api/websites/ready")
def ready(user: User) -> dict[str, object]:
    """May a project be created now? For the button, which is grey when not; the header of every page shows the rest."""
    balance = ledger().balance(f"{ORG}/{user}")
    program = ledger().program(ORG)
    enough = balance.available is None or balance.available >= program.ready_tokens
    return {
        "canCreateProject": enough, "requiredTokens": program.ready_tokens, "available": balance.available,
        "nextReset": balance.next_reset, "timeZone": balance.zone,
    }  # fmt: skip


@app.post("/api/websites", status_code=201, response_model=None)
def create(user: User, name: str = Body(embed=True), key: Key = None) -> dict[str, object] | JSONResponse:
    """Build a website. The token is held before the work and taken only when there is something to show."""
    account = f"{ORG}/{user}"
    try:
        with ledger().reserve(account, action="project_creation", project=name, idempotency_key=key) as job:
            address = build(name)
            receipt = job.capture(description=name, idempotency_key=key)
    except BuildFailed as failure:
        left = ledger().balance(account).available
        return JSONResponse({"error": "Build failed", "detail": str(failure), "tokensLeft": left}, 500)
    return {"url": address, "tokensUsed": receipt.charged, "tokensLeft": receipt.available}


@app.post("/api/websites/{name}/{what}")
def touch(user: User, name: str, what: str) -> dict[str, object]:
    """Chat, preview or deploy: free, but recorded."""
    receipt = ledger().spend(f"{ORG}/{user}", action=what, project=name)
    return {"tokensUsed": receipt.charged, "tokensLeft": receipt.available}
