"""What one process shares: the settings, the store and the clock, opened once and handed to pages, routes and commands.

Who needs the database in `ui`, `api`, `cli` or `scheduler` writes `installation().store`; services below take a store
and a clock as arguments and never look here.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from creditbook.clock import Clock, system_clock
from creditbook.settings import Settings
from creditbook.store import directory
from creditbook.store.directory import Organization
from creditbook.store.engine import Store, open_store

if TYPE_CHECKING:
    from creditbook.ledger.ledger import Ledger


@dataclass
class Installation:
    """One installation as this process sees it. Thread-safe: the store's pool and the ledger's writer are shared."""

    settings: Settings
    clock: Clock = system_clock
    _opening: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _store: Store | None = field(default=None, repr=False)
    _ledger: Ledger | None = field(default=None, repr=False)

    @property
    def store(self) -> Store:
        """The store behind `settings.database_url`. Opening it makes no tables: `creditbook init` does."""
        with self._opening:
            if self._store is None:
                self._store = open_store(self.settings.database_url)
            return self._store

    @property
    def ledger(self) -> Ledger:
        """The ledger on that store: one for the process, so that its callers commit together."""
        from creditbook.ledger.ledger import ledger_on

        with self._opening:
            if self._ledger is None:
                self._ledger = ledger_on(self.store, clock=self.clock)
            return self._ledger

    def organizations(self, slug: str | None = None) -> list[Organization]:
        """Every organization, or the one of this slug. Raises NotFound."""
        return directory.organizations(self.store) if slug is None else [self.ledger.core.organization(slug)]

    def close(self) -> None:
        """Finishes what is under way and gives connections back; what is asked for later is opened anew."""
        with self._opening:
            if self._ledger is not None:
                self._ledger.close()
                self._ledger = None
            if self._store is not None:
                self._store.close()
                self._store = None


_installations: dict[Settings, Installation] = {}
_opening = threading.Lock()


def installation() -> Installation:
    """The installation that the environment names now; the same object for the same settings."""
    settings = Settings.from_environment()
    with _opening:
        found = _installations.get(settings)
        if found is None:
            found = _installations[settings] = Installation(settings)
        return found


def close_installations() -> None:
    """Closes whatever this process opened: the end of the server, of a command, of a test."""
    with _opening:
        for opened in _installations.values():
            opened.close()
        _installations.clear()
