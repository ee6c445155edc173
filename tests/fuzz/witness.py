"""Who wrote what: a trigger on every table of a test's database notes it down, whoever writes and by whatever way."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from creditbook.store.engine import open_store

NOT_THE_BOOKS = frozenset({"api_key", "id_source", "login_failure"})
"""What a refusal may leave behind: when a key was last used, numbers set aside, and that somebody guessed at a code."""
NO_CHANGE = frozenset({"clock_at"})
"""The moment up to which an account is settled: nothing was due, and that much is known now."""

_FUNCTION = """CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN INSERT INTO public.witness (seen) VALUES (TG_TABLE_NAME); RETURN NULL; END $$"""
_MADE = {
    "sqlite": ["CREATE TABLE witness (id integer PRIMARY KEY, seen text NOT NULL) STRICT"],
    "postgresql": [
        "CREATE TABLE witness (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, seen text NOT NULL)", _FUNCTION,
    ],
}  # fmt: skip
_NOTES = {
    "sqlite": """CREATE TRIGGER "witness_{table}_{act}" AFTER {act} ON "{table}" {when} BEGIN
      INSERT INTO witness (seen) VALUES ('{table}'); END""",
    "postgresql": """CREATE TRIGGER "witness_{act}" AFTER {act} ON "{table}" FOR EACH ROW {when}
      EXECUTE FUNCTION witness()""",
}


class Witness:
    """Tells which tables were written to since it was last asked."""

    def __init__(self, url: str) -> None:
        self._store = open_store(url)
        self._engine = sa.create_engine(url) if self._store.dialect == "postgresql" else self._store.engine
        self._last = 0
        with self._engine.connect() as connection, connection.begin():
            if self._store.dialect == "sqlite":
                connection.exec_driver_sql("BEGIN")
            look = sa.inspect(connection)
            tables = {name: [column["name"] for column in look.get_columns(name)] for name in look.get_table_names()}
            for statement in self._statements(tables):
                connection.exec_driver_sql(statement)

    def _statements(self, tables: dict[str, list[str]]) -> Iterator[str]:
        note, other = _NOTES[self._store.dialect], {"sqlite": "IS NOT", "postgresql": "IS DISTINCT FROM"}
        yield from _MADE[self._store.dialect]
        for table, columns in tables.items():
            told = sorted(set(columns) - NO_CHANGE)
            changed = " OR ".join(f'OLD."{one}" {other[self._store.dialect]} NEW."{one}"' for one in told)
            for act, when in (("INSERT", ""), ("DELETE", ""), ("UPDATE", f"WHEN ({changed})")):
                yield note.format(table=table, act=act, when=when)

    def written(self) -> set[str]:
        """The tables written to since it was last asked, without those that are not the books."""
        with self._engine.connect() as connection, connection.begin():
            rows = connection.exec_driver_sql(f"SELECT id, seen FROM witness WHERE id > {self._last}").all()
        self._last = max((row.id for row in rows), default=self._last)
        return {row.seen for row in rows} - NOT_THE_BOOKS

    def close(self) -> None:
        """Gives its connections back."""
        self._engine.dispose()
        self._store.close()
