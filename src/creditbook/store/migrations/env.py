"""Alembic's door. `store.migrate` hands in a connection; the `alembic` command opens one for itself."""

from __future__ import annotations

import os

import sqlalchemy as sa
from alembic import context

from creditbook.store.engine import open_store
from creditbook.store.migrate import transaction
from creditbook.store.tables import metadata


def run(connection: sa.Connection) -> None:
    """Runs whatever Alembic was asked for, inside the caller's transaction."""
    context.configure(connection=connection, target_metadata=metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


handed_in = context.config.attributes.get("connection")
if handed_in is not None:
    run(handed_in)
else:
    store = open_store(os.environ.get("CREDITBOOK_DATABASE_URL", "sqlite:///data/creditbook.db"))
    with transaction(store) as opened:
        run(opened)
    store.close()
