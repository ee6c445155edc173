"""`creditbook backup` and `creditbook restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from creditbook.commands.output import JsonOption, answer
from creditbook.installation import installation
from creditbook.store import backup as keeping


def backup(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="A new file.")],
    as_json: JsonOption = False,
) -> None:
    """Write the whole database to a file while it is in use."""
    keeping.backup(installation().store, file)
    size = file.stat().st_size
    answer({"file": str(file), "bytes": size}, f"Wrote {file} ({size:,} bytes).", as_json=as_json)


def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What `creditbook backup` wrote.")],
    as_json: JsonOption = False,
) -> None:
    """Fill an empty database from a backup. A database in use is never overwritten."""
    keeping.restore(installation().store, file)
    answer({"restored": str(file)}, f"Restored {file}. Prove it with `creditbook verify`.", as_json=as_json)
