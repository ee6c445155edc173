"""`creditbook backup`, `creditbook restore` and `creditbook rebuild rollups`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from creditbook.commands.maintenance import Org
from creditbook.commands.output import JsonOption, answer
from creditbook.installation import installation
from creditbook.store import backup as keeping
from creditbook.store.rebuilding import rebuild_rollups as rebuild

rebuilding = typer.Typer(help="Make anew what is derived from the books.", no_args_is_help=True)


@rebuilding.callback()
def root() -> None:
    """Make anew what is derived from the books."""


def backup(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="A new file.")],
    as_json: JsonOption = False,
) -> None:
    """Write the whole database to a file while it is in use."""
    # An older schema may be kept too: that is what one does before `creditbook init` upgrades it.
    keeping.backup(installation().found().store, file)
    size = file.stat().st_size
    answer({"file": str(file), "bytes": size}, f"Wrote {file} ({size:,} bytes).", as_json=as_json)


def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What `creditbook backup` wrote.")],
    as_json: JsonOption = False,
) -> None:
    """Fill an empty database from a backup. A database in use is never overwritten."""
    keeping.restore(installation().store, file)
    answer({"restored": str(file)}, f"Restored {file}. Prove it with `creditbook verify`.", as_json=as_json)


@rebuilding.command("rollups")
def rebuild_rollups(org: Org = None, as_json: JsonOption = False) -> None:
    """Make the rollups that pages read anew from the transactions they count. Safe while in use and to repeat."""
    here = installation().ready()
    made = {one.slug: rebuild(here.store, one.org_id) for one in here.organizations(org)}
    said = [f"{slug}: " + ", ".join(f"{rows:,} rows in {name}" for name, rows in tables.items()) + "."
            for slug, tables in made.items()]  # fmt: skip
    answer({"organizations": made}, said or "There is no organization yet.", as_json=as_json)
