"""`creditbook serve`: dashboard and API in one process."""

from __future__ import annotations

import errno
import os
import runpy
import socket
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from creditbook import logs
from creditbook.commands.output import JsonOption, answer
from creditbook.demo.welcome import first_logins
from creditbook.domain.errors import Unavailable
from creditbook.installation import close_installations, installation
from creditbook.settings import DEFAULT_PORT
from creditbook.site import ENTRY


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; beyond this machine, behind TLS.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = DEFAULT_PORT,
    as_json: JsonOption = False,
) -> None:
    """Serve the dashboard and the API until stopped (Ctrl-C)."""
    here = installation()
    logs.begin(here.settings.log_level)
    here.ready()
    _refuse_taken(host, port)
    samples = first_logins(here.store)
    # The server opens its own connections when it needs them.
    close_installations()
    address = here.settings.base_url or f"http://{'localhost' if host in {'0.0.0.0', '::'} else host}:{port}"  # noqa: S104
    answer(
        {"url": address, "api": f"{address}/api/docs", "ready": f"{address}/api/readyz", "sign_in": samples},
        [
            f"Creditbook is at {address}  (API: {address}/api/docs). Stop with Ctrl-C.",
            *(f"Sign in as  {one.username}  with  {one.password}  ({one.name}, {one.role})." for one in samples),
        ],
        as_json=as_json,
    )
    # App.run() looks for .streamlit/config.toml beside argv[0]: the site's, wherever we were started (STREAMLIT.md).
    sys.argv = [str(ENTRY)]
    # Streamlit greets with the address a second time; whatever goes wrong is on standard error.
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        runpy.run_path(str(ENTRY))["app"].run(config={"server.address": host, "server.port": port})


def _refuse_taken(host: str, port: int) -> None:
    """Raises Unavailable where nothing can listen, before anybody reads an address that somebody else answers at."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # As the server does: what a server that has just ended left behind is no reason to refuse.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            other = port + 1 if port < 65535 else port - 1
            raise Unavailable(
                f"Port {port} on {host} is taken. Choose another: `creditbook serve --port {other}`, "
                f"or `make run PORT={other}`."
            ) from error
        raise Unavailable(
            f"Nothing can listen at {host}, port {port}: {error.strerror}. Give another --host or --port."
        ) from error
