"""How far an import is, written down as it goes: found again after a kill, by the file and how it is mapped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from creditbook.store import imports as runs
from creditbook.store.engine import Store

from .formats import fingerprint
from .outcome import ImportRequest


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an interrupted run had recorded. `position` is in rows; in a charging import, in rows in order of time."""

    position: int = 0
    imported: int = 0
    replayed: int = 0
    refused: int = 0
    unpriced: int = 0
    refused_bytes: int = 0


NOTHING = Earlier()


@dataclass(frozen=True, slots=True)
class MappedOtherwise:
    """An import of the same file with another mapping: its day (UTC), and how many of its rows stand in the ledger."""

    on: date
    standing: int


class RunRecord:
    """The record of one run. `import_id` is None until it is opened, and for ever in a dry run."""

    def __init__(self, store: Store, org_id: int, clock: Callable[[], datetime], request: ImportRequest) -> None:
        self.import_id: int | None = None
        self._file_hash: str | None = None
        self._store, self._org_id, self._clock, self._request = store, org_id, clock, request

    def open(self, mapping: Mapping[str, str]) -> Earlier:
        """Finds the interrupted run of the same file in the same way, or begins a new one."""
        request = self._request
        settings: dict[str, object] = {
            "by_hand": _kept(request.by_hand),
            "fixed": _kept(request.fixed),
            "mapping": _kept(mapping),
            "mode": request.mode.value,
            "zone": request.zone,
        }
        how = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
        file_hash = self._file_hash = fingerprint(request.path)

        def once() -> Earlier:
            with self._store.write(self._org_id) as connection:
                run = runs.unfinished(connection, self._org_id, file_hash, how)
                if run is None:
                    self.import_id = runs.start(
                        connection, self._org_id, self._clock(), file_name=_storable(request.path.name),
                        file_hash=file_hash, settings_hash=how, settings=settings, mode=request.mode.value,
                        actor=request.actor,
                    )  # fmt: skip
                    return NOTHING
            self.import_id = run.import_id
            return Earlier(run.position, run.imported, run.replayed, run.refused, run.unpriced, run.refused_bytes)

        return self._store.retrying(once)

    def otherwise(self, mapping: Mapping[str, str]) -> list[MappedOtherwise]:
        """Imports of the same file with another mapping, newest first. Reads only."""
        if self._file_hash is None:
            self._file_hash = fingerprint(self._request.path)
        with self._store.read(self._org_id) as connection:
            found = runs.others_of_file(connection, self._org_id, self._file_hash)
        kept = _kept(mapping)
        return [
            MappedOtherwise(run.started_at.astimezone(UTC).date(), run.standing)
            for run in found
            if run.settings["mapping"] != kept
        ]

    def advance(self, **counts: object) -> None:
        """Moves position and counts; nothing in a dry run."""
        self._write(runs.advance, counts)

    def finish(self, refused_path: str | None) -> None:
        """The run is through; nothing in a dry run."""
        self._write(runs.finish, {"refused_path": refused_path})

    def _write(self, what: Callable[..., None], columns: Mapping[str, object]) -> None:
        def once() -> None:
            with self._store.write(self._org_id) as connection:
                what(connection, self._org_id, self.import_id, self._clock(), **columns)

        if self.import_id is not None:
            self._store.retrying(once)


def _kept(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings as every database keeps them: a file's headings may be no text."""
    return {_storable(name): _storable(value) for name, value in settings.items()}


def _storable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
