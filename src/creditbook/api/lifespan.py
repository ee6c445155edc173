"""What happens when the server starts and when it stops. Only st.App's lifespan runs, never a mounted app's."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from typing import Any

from anyio import to_thread

from creditbook import logs
from creditbook.api.tracing import close_tracing
from creditbook.installation import begin_serving, close_installations, end_serving
from creditbook.settings import Settings

# Imported by the first page otherwise, whose visitor would wait a second for it (STREAMLIT.md, "Fast").
_HEAVY = ("numpy", "pandas", "plotly.graph_objects")


def _warm_up() -> None:
    for module in _HEAVY:
        importlib.import_module(module)


def lifespan(beside: Callable[[], AbstractContextManager[None]]) -> Callable[[Any], AbstractAsyncContextManager[Any]]:
    """What the server does around its life: imports what pages draw with before anybody waits for it, runs ``beside``
    (the scheduler), and gives the database connections back at the end."""

    @asynccontextmanager
    async def live(_app: Any) -> AsyncIterator[dict[str, Any]]:
        logs.begin(Settings.from_environment().log_level)
        await to_thread.run_sync(_warm_up)
        begin_serving()
        worker = beside()
        await to_thread.run_sync(worker.__enter__)
        try:
            yield {}
        finally:
            await to_thread.run_sync(worker.__exit__, None, None, None)
            end_serving()
            await to_thread.run_sync(close_tracing)
            await to_thread.run_sync(close_installations)

    return live
