"""What SQLite's planner is told of the tables: figures of our own, so that statements take their index from day one.

Without them SQLite takes it that an organization has ten rows, and reads all that it has by the primary key rather than
few by an index: a spend read every grant of its organization. Figures that `ANALYZE` would count move with the data and
the plans with them, and a new database has none.
"""

# ruff: noqa: S608 -- names of tables and indexes come from the database's own catalog.

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

ROWS = 1_000_000
"""So many rows a table is taken to have; a partial index has a hundredth of them, so that it is taken before them, one
that is unique too a thousandth."""

ORGANIZATIONS = 4
NARROWER = 250
"""Each further column of an index leaves one in so many rows: of an organization's those of an account, or of a day."""


def plant(connection: sa.Connection) -> None:
    """Write our figures in place of any that are there. Connections that are opened afterwards go by them."""
    if connection.dialect.name != "sqlite":
        return
    connection.exec_driver_sql("ANALYZE alembic_version")  # the one way to make the tables of statistics
    kept = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE name LIKE 'sqlite~_stat_' ESCAPE '~'")
    for (name,) in kept.all():
        connection.exec_driver_sql(f"DELETE FROM {name}")
    for row in list(_figures(connection)):
        connection.exec_driver_sql("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", row)


def _figures(connection: sa.Connection) -> Iterator[tuple[str, str, str]]:
    tables = connection.exec_driver_sql("SELECT name, wr FROM pragma_table_list WHERE type = 'table'").all()
    for table, without_rowid in tables:
        if table.startswith("sqlite_"):
            continue
        for index in connection.exec_driver_sql(f"PRAGMA index_list('{table}')").all():
            columns = [row[2] for row in connection.exec_driver_sql(f"PRAGMA index_info('{index.name}')")]
            its_key = index.origin == "pk" and without_rowid
            share = (1_000 if index.unique else 100) if index.partial else 1
            stat = _stat(columns, ROWS // share, unique=bool(index.unique))
            yield table, table if its_key else index.name, stat


def _stat(columns: Sequence[str], rows: int, *, unique: bool) -> str:
    """How many rows an index has, and how many of them agree in its first columns, in one, in two, and so on."""
    left, agree = rows, [rows]
    for column in columns:
        left = max(left // (ORGANIZATIONS if column == "org_id" else NARROWER), 1)
        agree.append(left)
    if unique:
        agree[-1] = 1
    return " ".join(map(str, agree))
