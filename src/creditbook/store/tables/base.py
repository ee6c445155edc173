"""What all tables share: one metadata with a naming convention, and column types that mean the same on both databases.

SQLite tables are STRICT, so a column's type there is INTEGER, TEXT or REAL and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

Big = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
"""A 64-bit whole number: ids, tokens, nano-dollars."""

Small = sa.SmallInteger().with_variant(sqlite.INTEGER(), "sqlite")
"""A small whole number: an hour, a shard, a place in a list."""

Text = sa.Text()


def to_microseconds(instant: datetime) -> int:
    """Microseconds since 1970 UTC, as SQLite keeps instants. Raises ValueError for a time without a zone."""
    if instant.tzinfo is None:
        raise ValueError(f"The time {instant} has no zone. Give an aware datetime.")
    return (instant - EPOCH) // MICROSECOND


def from_microseconds(microseconds: int) -> datetime:
    """The aware UTC datetime of a number that `to_microseconds` made."""
    return EPOCH + timedelta(microseconds=microseconds)


class When(sa.TypeDecorator[datetime]):
    """An instant: aware UTC in Python, INTEGER microseconds on SQLite, timestamptz on PostgreSQL."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """INTEGER on SQLite, whose own time types lose the zone."""
        return dialect.type_descriptor(sqlite.INTEGER() if dialect.name == "sqlite" else sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuses a time without a zone on either database."""
        if value is None:
            return None
        microseconds = to_microseconds(value)
        return microseconds if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Always aware, always UTC."""
        if value is None:
            return None
        return from_microseconds(value) if isinstance(value, int) else value.astimezone(UTC)


class Day(sa.TypeDecorator[date]):
    """A local date: TEXT in ISO form on SQLite, date on PostgreSQL."""

    impl = sa.Date
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """TEXT on SQLite, which sorts as dates do."""
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else sa.Date())

    def process_bind_param(self, value: date | None, dialect: Dialect) -> Any:
        """A datetime is not a date here: it would carry a zone's question along."""
        if isinstance(value, datetime):
            raise ValueError(f"{value} is an instant. Give the local date it falls on.")
        return value.isoformat() if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:
        """A plain date."""
        return date.fromisoformat(value) if isinstance(value, str) else value


class Bool(sa.TypeDecorator[bool]):
    """Yes or no: INTEGER 0 or 1 on SQLite (tables add the CHECK), boolean on PostgreSQL."""

    impl = sa.Boolean(create_constraint=False)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """STRICT tables know no BOOLEAN."""
        return dialect.type_descriptor(sqlite.INTEGER() if dialect.name == "sqlite" else sa.Boolean())

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> Any:
        """0 or 1 on SQLite."""
        return int(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> bool | None:
        """True or False."""
        return None if value is None else bool(value)


class Json(sa.TypeDecorator[Any]):
    """A document: TEXT on SQLite, jsonb on PostgreSQL. Keys are sorted, so equal documents are equal text."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """SQLite's own JSON type is not allowed in a STRICT table."""
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else postgresql.JSONB(none_as_null=True))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """None is NULL on both."""
        return to_json(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The document as Python values."""
        return json.loads(value) if isinstance(value, str) and dialect.name == "sqlite" else value


def to_json(document: Any) -> str:
    """The one way a document becomes text."""
    return _as_text(document)


_as_text = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def flag(name: str, *, default: bool = False) -> sa.Column[bool]:
    """A Bool column that is never NULL."""
    return sa.Column(name, Bool, nullable=False, default=default)


def flag_checks(items: Iterable[object]) -> list[sa.CheckConstraint]:
    """SQLite's CHECK that a Bool column is 0 or 1, for every such column among a table's items."""
    return [
        sa.CheckConstraint(f"{item.name} IN (0, 1)", name=f"{item.name}_is_0_or_1")
        for item in items
        if isinstance(item, sa.Column) and isinstance(item.type, Bool)
    ]


def table(name: str, *items: sa.schema.SchemaItem, fillfactor: int | None = None, rowid: bool = False) -> sa.Table:
    """A table as all of ours are: STRICT and clustered by its primary key on SQLite.

    `fillfactor` (percent) leaves PostgreSQL room to update a row in place. `rowid` keeps SQLite's hidden row number,
    which suits rows much wider than their key.
    """
    options: dict[str, Any] = {"sqlite_strict": True, "sqlite_with_rowid": rowid}
    if fillfactor is not None:
        options["postgresql_with"] = {"fillfactor": fillfactor}
    checks = [check.ddl_if(dialect="sqlite") for check in flag_checks(items)]
    return sa.Table(name, metadata, *items, *checks, **options)


def org_id() -> sa.Column[int]:
    """The organization that owns the row: the first column of every primary, unique and foreign key."""
    return sa.Column("org_id", Big, primary_key=True, autoincrement=False)


def key(name: str, kind: Any = Big) -> sa.Column[Any]:
    """A further column of the primary key."""
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def refers(columns: str, target: str, target_columns: str | None = None) -> sa.ForeignKeyConstraint:
    """A foreign key led by org_id that forbids deleting what it points to. Columns are written space separated."""
    local = ["org_id", *columns.split()]
    remote = ["org_id", *(target_columns or columns).split()] if columns else ["org_id"]
    return sa.ForeignKeyConstraint(local, [f"{target}.{column}" for column in remote], ondelete="RESTRICT")
