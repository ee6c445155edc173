"""One import from its first row to its last: read, check, book in batches, write down how far it is.

Killed at any moment it can be run again: what the run had recorded is passed over, and what it had booked without
recording it is met by its key. Memory does not grow with the file.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import pickle
import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from creditbook.domain.calendar import zone_info
from creditbook.domain.errors import InvalidRequest
from creditbook.store import imports as runs
from creditbook.store.engine import Store
from creditbook.store.scratch import Scratch
from creditbook.store.tables.base import to_microseconds

from .checking import RowCheck
from .formats import fingerprint
from .mapping import FieldMap, make_map
from .outcome import Booked, ImportRequest, ImportResult, Mode, Progress, Stopped, Tell
from .provider_usage import provider_fields
from .readers import Reader, open_reader
from .refusals import RefusedFile, refused_path
from .times import TimeReader
from .values import BadMapping, BadRow, Notes, RawRow, UsageRow

BATCH_ROWS = 400
SAMPLE_ROWS = 200
MOST_REASONS = 50

_VALUES = re.compile(r"“[^”]*”|\d[\d.,:-]*")

Pair = tuple[RawRow, UsageRow]


class Till(Protocol):
    """Where checked rows are booked. `accounts_created` counts what it opened."""

    accounts_created: int

    def book(self, rows: list[UsageRow]) -> list[Booked]:
        """Books a batch in one transaction and says what became of each row, in order."""

    def end(self) -> None:
        """The import is through: accounts that it kept to itself are everybody's."""


TillMaker = Callable[[int | None], Till]
"""Makes the till of the import with this id (None: a dry run)."""


class Import:
    """One run of one file. Make it, `run` it once."""

    def __init__(
        self,
        store: Store,
        org_id: int,
        clock: Callable[[], datetime],
        request: ImportRequest,
        make_till: TillMaker,
        *,
        tell: Tell = lambda progress: None,
        stopped: Stopped = lambda: False,
    ) -> None:
        self._store, self._org_id, self._clock, self._request = store, org_id, clock, request
        self._make_till, self._tell, self._stopped = make_till, tell, stopped
        self._notes = Notes()
        self._behind = 0  # rows (a charging import: rows in order of time) that an earlier run has recorded
        self._imported_behind = 0
        self._reasons: dict[str, str] = {}
        self._skip_refusals = False

    def run(self) -> ImportResult:
        """Imports what is not imported yet. Raises BadMapping before the first row when the file can't be mapped."""
        request, begun = self._request, time.monotonic()
        zone = _zone(request.zone)
        self._reader: Reader = open_reader(request.path, request.format)
        try:
            rows = self._reader.rows()
            sample = list(itertools.islice(rows, SAMPLE_ROWS))
            mapping = self._map(sample)
            with Scratch() as scratch:
                self._scratch = scratch
                times = TimeReader(zone, self._notes)
                self._check = RowCheck(request.org, mapping, times, scratch.seen_before, self._notes)
                self.result = self._begin(mapping)
                self._all(itertools.chain(sample, rows))
        finally:
            self._reader.close()
        self.result.notes = self._notes.sentences()
        self.result.seconds = round(time.monotonic() - begun, 3)
        return self.result

    def _map(self, sample: list[RawRow]) -> FieldMap:
        records = [row.record for row in sample if not row.problem]
        derive = provider_fields(records)
        return make_map(self._request.by_hand, self._request.fixed, self._reader.columns, records, derive)

    def _begin(self, mapping: FieldMap) -> ImportResult:
        """The result so far, the refused rows' file and the till: of a new run, or of the interrupted one."""
        request = self._request
        result = ImportResult(
            organization=request.org,
            file=str(request.path),
            format=self._reader.format.value,
            mode=request.mode.value,
            mapping=mapping.described(),
            dry_run=request.dry_run,
        )
        kept_bytes = 0
        if not request.dry_run:
            kept_bytes = self._resume(result, mapping)
        self._path = self._path_of(result)
        self._till = self._make_till(result.import_id)
        self._refused = RefusedFile(self._path, self._reader.columns, kept_bytes)
        return result

    def _path_of(self, result: ImportResult) -> Path:
        return refused_path(self._request.path, str(result.import_id or "dry-run"), self._reader.format)

    def _resume(self, result: ImportResult, mapping: FieldMap) -> int:
        """Finds the interrupted run of the same file in the same way, or starts one; returns the bytes to keep."""
        request, now = self._request, self._clock()
        settings: dict[str, object] = {
            "by_hand": dict(request.by_hand),
            "fixed": dict(request.fixed),
            "mapping": mapping.described(),
            "mode": request.mode.value,
            "zone": request.zone,
        }
        told = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
        run = self._store.retrying(lambda: self._run_of(result, fingerprint(request.path), told, settings, now))
        if run is None:
            return 0
        result.import_id = run.import_id
        path = self._path_of(result)
        if run.position == run.refused_bytes == 0 or not RefusedFile.holds(path, run.refused_bytes):
            return 0
        self._behind = result.resumed_from = run.position
        self._imported_behind = run.imported
        self._skip_refusals = True
        result.replayed, result.refused, result.unpriced = run.imported + run.replayed, run.refused, run.unpriced
        return int(run.refused_bytes)

    def _run_of(
        self, result: ImportResult, file_hash: str, told: str, settings: dict[str, object], now: datetime
    ) -> runs.Row | None:
        """The interrupted run; None where there is none, and then a new one is begun."""
        with self._store.write(self._org_id) as connection:
            run = runs.unfinished(connection, self._org_id, file_hash, told)
            if run is None:
                result.import_id = runs.start(
                    connection, self._org_id, now, file_name=self._request.path.name, file_hash=file_hash,
                    settings_hash=told, settings=settings, mode=self._request.mode.value, actor=self._request.actor,
                )  # fmt: skip
            return run

    def _all(self, rows: Iterator[RawRow]) -> None:
        try:
            if self._request.mode is Mode.CHARGE:
                self._spool(rows)
                pairs = self._in_order()
            else:
                pairs = self._checked(rows)
            if not self.result.interrupted:
                self._batches(pairs)
            if not self.result.interrupted:
                self._finish()
        finally:
            self._refused.close()

    def _checked(self, rows: Iterator[RawRow]) -> Iterator[Pair | None]:
        """Each row once it is checked; None in the place of one that was refused or is behind us."""
        skip_until = self._behind if self._request.mode is Mode.METER else 0
        for raw in rows:
            self.result.rows += 1
            behind = self.result.rows <= skip_until or (self._request.mode is Mode.CHARGE and self._skip_refusals)
            try:
                row = self._check.row(raw, self._clock())
            except BadRow as reason:
                if not behind:
                    self._refuse(raw, str(reason))
                yield None
                continue
            yield None if self.result.rows <= skip_until else (raw, row)

    def _spool(self, rows: Iterator[RawRow]) -> None:
        """A charging import goes by time, whatever the file's order: its rows wait on disk."""
        for number, pair in enumerate(self._checked(rows)):
            if pair is not None:
                at = pair[1].event_at or self._clock()
                self._scratch.spool([(to_microseconds(at), number, pickle.dumps(pair))])
            if number % BATCH_ROWS == 0:
                self._say("reading")
                if self._stopped():
                    self.result.interrupted = True
                    return
        if not self._skip_refusals:
            self._record(0)

    def _in_order(self) -> Iterator[Pair | None]:
        for place, content in enumerate(self._scratch.in_order()):
            # Pickled a moment ago by this process, in a file that no other can open.
            yield None if place < self._behind else pickle.loads(content)  # noqa: S301

    def _batches(self, pairs: Iterator[Pair | None]) -> None:
        """Books a batch at a time; a stop is heard between two batches."""
        position = 0
        while chunk := list(itertools.islice(pairs, BATCH_ROWS)):
            position += len(chunk)
            batch = [pair for pair in chunk if pair is not None]
            if batch:
                self._book(batch)
            if position > self._behind:
                self._record(position)
            self._say("booking")
            if self._stopped():
                self.result.interrupted = True
                return

    def _book(self, batch: list[Pair]) -> None:
        result = self.result
        for (raw, _), booked in zip(batch, self._till.book([row for _, row in batch]), strict=True):
            if booked.reason:
                self._refuse(raw, booked.reason)
                continue
            result.imported += not booked.replayed
            result.replayed += booked.replayed
            result.unpriced += booked.unpriced

    def _refuse(self, raw: RawRow, reason: str) -> None:
        self._refused.add(raw, reason)
        self.result.refused += 1
        # Reasons that differ by a figure or a quoted value are one reason, told by its first case.
        kind = _VALUES.sub("…", reason)
        if kind not in self._reasons and len(self._reasons) < MOST_REASONS:
            self._reasons[kind] = reason
        shown = self._reasons.get(kind, "Other reasons: see the refused rows.")
        self.result.reasons[shown] = self.result.reasons.get(shown, 0) + 1

    def _record(self, position: int) -> None:
        """Writes down how far we are, after what it counts is safe on disk."""
        result = self.result
        result.accounts_created = self._till.accounts_created
        if result.import_id is None:
            return
        counts = {
            "position": position,
            "imported": self._imported_behind + result.imported,
            "replayed": result.replayed - self._imported_behind,
            "refused": result.refused,
            "unpriced": result.unpriced,
            "refused_bytes": self._refused.sync(),
            "refused_path": str(self._path),
        }
        self._write(lambda connection, import_id: runs.advance(
            connection, self._org_id, import_id, self._clock(), **counts
        ))  # fmt: skip

    def _write(self, what: Callable[[runs.Connection, int], None]) -> None:
        import_id = self.result.import_id
        if import_id is None:
            return

        def once() -> None:
            with self._store.write(self._org_id) as connection:
                what(connection, import_id)

        self._store.retrying(once)

    def _finish(self) -> None:
        result = self.result
        self._till.end()
        result.accounts_created = self._till.accounts_created
        published = self._refused.publish(keep=result.refused > 0)
        result.refused_path = str(published) if published else None
        self._write(lambda connection, import_id: runs.finish(
            connection, self._org_id, import_id, self._clock(), refused_path=result.refused_path
        ))  # fmt: skip

    def _say(self, doing: str) -> None:
        self._tell(Progress(self._reader.position(), self._reader.size, self.result.rows, self.result.refused, doing))


def _zone(name: str) -> ZoneInfo | None:
    try:
        return zone_info(name) if name else None
    except InvalidRequest as error:
        raise BadMapping(str(error)) from None
