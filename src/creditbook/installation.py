"""What one process shares: the settings, the store and the clock, opened once and handed to pages, routes and commands.

Who needs the database in `ui`, `api`, `cli` or `scheduler` writes `installation().store`; services below take a store
and a clock as arguments and never look here.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from creditbook.clock import Clock, system_clock
from creditbook.domain.errors import LedgerError, NotFound, Unavailable
from creditbook.settings import Settings
from creditbook.store import directory
from creditbook.store.directory import Organization
from creditbook.store.engine import Store, database_file, open_store
from creditbook.store.retry import first_words

if TYPE_CHECKING:
    from creditbook.ledger.ledger import Ledger


@dataclass
class Installation:
    """One installation as this process sees it. Thread-safe: the store's pool and the ledger's writer are shared."""

    settings: Settings
    clock: Clock = system_clock
    _opening: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _store: Store | None = field(default=None, repr=False)
    _reports: Store | None = field(default=None, repr=False)
    _ledger: Ledger | None = field(default=None, repr=False)

    @property
    def store(self) -> Store:
        """The store behind `settings.database_url`. Opening it makes no tables: `creditbook init` does."""
        with self._opening:
            if self._store is None:
                self._store = open_store(self.settings.database_url)
            return self._store

    @property
    def reports(self) -> Store:
        """Where figures of the past are read: the replica behind `settings.reports_url`, else the store itself."""
        if self.settings.reports_url is None:
            return self.store
        with self._opening:
            if self._reports is None:
                self._reports = open_store(self.settings.reports_url)
            return self._reports

    def found(self) -> Installation:
        """Itself, unless its database is a file that is not there: opening would make it. Raises Unavailable."""
        file = database_file(self.settings.database_url)
        if file is not None and not file.exists():
            raise Unavailable(
                f"There is no database at {file}. Check CREDITBOOK_DATABASE_URL, or make one: run `creditbook init`."
            )
        return self

    def ready(self) -> Installation:
        """Itself, once its database is there and has this version's schema. Makes nothing. Raises Unavailable."""
        store = self.found().store
        try:
            current = store.is_current()
            empty = not current and directory.is_empty(store)
        except LedgerError:
            raise
        except Exception as error:
            raise unanswered(error) from error
        if not current:
            what = "no schema yet" if empty else "the schema of another version"
            raise Unavailable(f"The database has {what}: run `creditbook init`.")
        return self

    @property
    def ledger(self) -> Ledger:
        """The ledger on that store: one for the process, so that its callers commit together."""
        from creditbook.ledger.ledger import ledger_on

        with self._opening:
            if self._ledger is None:
                self._ledger = ledger_on(self.store, clock=self.clock)
            return self._ledger

    def organizations(self, slug: str | None = None) -> list[Organization]:
        """Every organization, or the one of this slug. Raises NotFound, which names those that are there."""
        everyone = directory.organizations(self.store)
        if slug is None:
            return everyone
        found = [one for one in everyone if one.slug == slug]
        if not found:
            raise NotFound(f"There is no organization “{slug}”. {_named(everyone)}")
        return found

    def close(self) -> None:
        """Finishes what is under way and gives connections back; what is asked for later is opened anew."""
        with self._opening:
            if self._ledger is not None:
                self._ledger.close()
                self._ledger = None
            if self._store is not None:
                self._store.close()
                self._store = None
            if self._reports is not None:
                self._reports.close()
                self._reports = None


def unanswered(error: Exception) -> Unavailable:
    """The sentence for a database that could not be asked, with the driver's own first words."""
    return Unavailable(f"The database can't be used: {first_words(error).rstrip('.')}. Check CREDITBOOK_DATABASE_URL.")


def _named(there: list[Organization]) -> str:
    if not there:
        return "There is none yet: run `creditbook org create`."
    more = f" and {len(there) - _NAMED} more" if len(there) > _NAMED else ""
    return f"Those here: {', '.join(one.slug for one in there[:_NAMED])}{more}."


_NAMED = 10
_installations: dict[Settings, Installation] = {}
_served: list[Installation] = []
_opening = threading.Lock()


def installation() -> Installation:
    """The installation that the environment names now; the same object for the same settings."""
    if _served:
        return _served[0]
    settings = Settings.from_environment()
    with _opening:
        found = _installations.get(settings)
        if found is None:
            found = _installations[settings] = Installation(settings)
        return found


def begin_serving() -> None:
    """Read the environment once for all that this server will answer: it does not change under it."""
    _served[:] = [installation()]


def end_serving() -> None:
    """Look at the environment again."""
    _served.clear()


def close_installations() -> None:
    """Closes whatever this process opened: the end of the server, of a command, of a test."""
    with _opening:
        for opened in _installations.values():
            opened.close()
        _installations.clear()
