"""One import from its first row to its last: read, check, book in batches, write down how far it is.

Killed at any moment it can be run again: what the run had recorded is passed over, and what it had booked without
recording it is met by its key. Memory does not grow with the file.
"""

from __future__ import annotations

import itertools
import pickle
import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from creditbook.domain.calendar import zone_info
from creditbook.domain.errors import InvalidRequest
from creditbook.sources.fields import BadRow
from creditbook.store.engine import Store
from creditbook.store.scratch import Scratch
from creditbook.store.tables.base import to_microseconds

from .checking import RowCheck
from .mapping import FieldMap, make_map
from .outcome import Booked, ImportRequest, ImportResult, Mode, Progress, Stopped, Tell
from .provider_usage import provider_fields
from .readers import Reader, open_reader
from .record import NOTHING, MappedOtherwise, RunRecord
from .refusals import RefusedFile, refused_path
from .times import TimeReader
from .values import BadMapping, Notes, RawRow, UsageRow

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
        self._clock, self._request = clock, request
        self._make_till, self._tell, self._stopped = make_till, tell, stopped
        self._notes = Notes()
        self._record = RunRecord(store, org_id, clock, request)
        self._earlier = NOTHING
        self._reasons: dict[str, str] = {}
        self._otherwise: list[MappedOtherwise] = []
        self._met = 0  # rows whose key was used before, by this file or another

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
        self.result.notes = [*self._twice(), *self._notes.sentences()]
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
        earlier = NOTHING if request.dry_run else self._record.open(result.mapping)
        result.import_id = self._record.import_id
        self._otherwise = self._record.otherwise(result.mapping)
        name = "dry-run" if result.import_id is None else str(result.import_id)
        self._path = refused_path(request.path, name, self._reader.format)
        if not RefusedFile.holds(self._path, earlier.refused_bytes):
            earlier = NOTHING  # its refused rows are gone: begin again, and meet by key what is booked
        self._earlier = earlier
        result.resumed_from, result.refused, result.unpriced = earlier.position, earlier.refused, earlier.unpriced
        result.replayed = earlier.imported + earlier.replayed
        self._till = self._make_till(result.import_id)
        self._refused = RefusedFile(self._path, self._reader.columns, earlier.refused_bytes)
        return result

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
        skip_until = self._earlier.position if self._request.mode is Mode.METER else 0
        for raw in rows:
            self.result.rows += 1
            behind = self.result.rows <= skip_until or (self._request.mode is Mode.CHARGE and self._earlier != NOTHING)
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
        if self._earlier == NOTHING:
            self._advance(0)

    def _in_order(self) -> Iterator[Pair | None]:
        for place, content in enumerate(self._scratch.in_order()):
            # Pickled a moment ago by this process, in a file that no other can open.
            yield None if place < self._earlier.position else pickle.loads(content)  # noqa: S301

    def _batches(self, pairs: Iterator[Pair | None]) -> None:
        """Books a batch at a time; a stop is heard between two batches."""
        position = 0
        while chunk := list(itertools.islice(pairs, BATCH_ROWS)):
            position += len(chunk)
            batch = [pair for pair in chunk if pair is not None]
            if batch:
                self._book(batch)
            if position > self._earlier.position:
                self._advance(position)
            self._say("booking")
            if self._stopped():
                self.result.interrupted = True
                return

    def _book(self, batch: list[Pair]) -> None:
        result = self.result
        for (raw, _), booked in zip(batch, self._till.book([row for _, row in batch]), strict=True):
            self._met += booked.known
            if booked.reason:
                self._refuse(raw, booked.reason)
                continue
            result.imported += not booked.replayed
            result.replayed += booked.replayed
            result.unpriced += booked.unpriced

    def _twice(self) -> list[str]:
        """Says that rows are booked a second time, because the same file was imported with another mapping (rule 17).

        An import of which every row was met again has left nothing to book twice: what is new was refused then.
        """
        new = self.result.imported
        met = self._met + self._earlier.replayed
        on = next((one.on for one in self._otherwise if one.standing > met), None)
        if not new or on is None:
            return []
        rows = "1 row" if new == 1 else f"{new:,} rows"
        would, are = ("would be ", "would be") if self.result.dry_run else ("", "are")
        said = (
            f"This file was imported on {on:%d %b %Y} with another mapping. A row is known again by its id, and "
            f"without one by its mapped fields: {rows} {would}imported as new, and those of them booked then {are} "
            "booked a second time. Map the file as it was mapped then."
        )
        return [said]

    def _refuse(self, raw: RawRow, reason: str) -> None:
        self._refused.add(raw, reason)
        self.result.refused += 1
        # Reasons that differ by a figure or a quoted value are one reason, told by its first case.
        kind = _VALUES.sub("…", reason)
        if kind not in self._reasons and len(self._reasons) < MOST_REASONS:
            self._reasons[kind] = reason
        shown = self._reasons.get(kind, "Other reasons: see the refused rows.")
        self.result.reasons[shown] = self.result.reasons.get(shown, 0) + 1

    def _advance(self, position: int) -> None:
        """Writes down how far we are, after what it counts is safe on disk."""
        result = self.result
        result.accounts_created = self._till.accounts_created
        self._record.advance(
            position=position,
            imported=self._earlier.imported + result.imported,
            replayed=result.replayed - self._earlier.imported,
            refused=result.refused,
            unpriced=result.unpriced,
            refused_bytes=self._refused.sync(),
            refused_path=str(self._path),
        )

    def _finish(self) -> None:
        result = self.result
        self._till.end()
        result.accounts_created = self._till.accounts_created
        published = self._refused.publish(keep=result.refused > 0)
        result.refused_path = str(published) if published else None
        self._record.finish(result.refused_path)

    def _say(self, doing: str) -> None:
        self._tell(Progress(self._reader.position(), self._reader.size, self.result.rows, self.result.refused, doing))


def _zone(name: str) -> ZoneInfo | None:
    try:
        return zone_info(name) if name else None
    except InvalidRequest as error:
        raise BadMapping(str(error)) from None
