"""The client as a program beside a server has it: light to import, and patient with the server's rate limit."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from client.world import a_world

from creditbook import LimitExceeded
from creditbook.client import Client, Retries

LOADED = (
    "import creditbook.client, sys; print(*(m for m in sys.modules if m.split('.')[0] in ('creditbook', 'sqlalchemy')))"
)


def test_importing_it_loads_the_values_and_errors_and_nothing_of_the_ledger() -> None:
    said = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, timeout=60)
    rooms = {".".join(name.split(".")[:2]) for name in said.stdout.split()}
    assert rooms == {"creditbook", "creditbook.client", "creditbook.domain"}


def test_the_api_s_own_rate_limit_is_waited_for_and_not_for_ever(sqlite_template: Path, tmp_path: Path) -> None:
    path = shutil.copy(sqlite_template, tmp_path / "creditbook.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CREDITBOOK_DATABASE_URL", f"sqlite:///{path}")
        patch.setenv("CREDITBOOK_API_RATE_LIMIT", "3/second")
        with a_world() as world:
            slug = world.organization()
            world.ledger.open_account(f"{slug}/asha")
            key = world.key(slug, "spend")
            began = time.monotonic()
            with Client(world.url, key) as patient:
                for _ in range(5):
                    patient.spend(f"{slug}/asha", action="chat")
            assert time.monotonic() - began > 0.5
            with Client(world.url, key, retries=Retries(tries=1)) as hasty:
                spends = [{"account": f"{slug}/asha", "action": "chat"}]
                with pytest.raises(LimitExceeded, match="3 requests in 1 second"):
                    list(map(hasty.spend_many, [spends] * 5))
