"""What happens when the server starts and when it stops. Only st.App's lifespan runs, never a mounted app's."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio import to_thread

from creditbook.installation import close_installations

# Imported by the first page otherwise, whose visitor would wait a second for it (STREAMLIT.md, "Fast").
_HEAVY = ("numpy", "pandas", "plotly.graph_objects")


def _warm_up() -> None:
    for module in _HEAVY:
        importlib.import_module(module)


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[dict[str, Any]]:
    """Imports what pages draw with before anybody waits for it; gives the database connections back at the end."""
    await to_thread.run_sync(_warm_up)
    try:
        yield {}
    finally:
        await to_thread.run_sync(close_installations)
