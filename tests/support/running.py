"""The API on a real port of loopback, served by uvicorn in a thread of this process: for clients that need a socket.

with running() as url:                 # the installation is whatever the environment names
    httpx.get(f"{url}/healthz")        # url ends in /api, where `creditbook serve` has it too
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from creditbook.api import api

START_SECONDS = 20


@contextmanager
def running(app: Any = None) -> Iterator[str]:
    """Serves the API under `/api` (or another app at the root) until the block ends; gives the address."""
    served = Starlette(routes=[Mount("/api", app=api)]) if app is None else app
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    config = uvicorn.Config(served, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=3)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        end = time.monotonic() + START_SECONDS
        while not server.started:
            if not thread.is_alive() or time.monotonic() > end:
                raise RuntimeError("The server did not start.")
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}{'/api' if app is None else ''}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
