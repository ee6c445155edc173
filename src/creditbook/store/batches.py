"""The write path of whichever database a store is on."""

from __future__ import annotations

from creditbook.store.batch import BatchStore, ReadProgram
from creditbook.store.batch_postgres import PostgresBatches
from creditbook.store.batch_sqlite import SqliteBatches
from creditbook.store.engine import Store


def open_batches(store: Store, read_program: ReadProgram) -> BatchStore:
    """Batches on a store's database. ``read_program`` turns a stored document into the program's value."""
    if store.dialect == "sqlite":
        return SqliteBatches(store, read_program)
    return PostgresBatches(store, read_program)
