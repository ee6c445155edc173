"""The installation that a request is about, as a dependency that costs no thread."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from creditbook.installation import Installation, installation


async def here() -> Installation:
    """`installation()`: FastAPI would send a plain function to a thread of its own, at every request."""
    return installation()


Here = Annotated[Installation, Depends(here)]
