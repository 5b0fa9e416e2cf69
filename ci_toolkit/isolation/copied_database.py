"""A ClickHouse database that is a copy of another one, and is given its content again after each test."""

import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from ci_toolkit.isolation.clickhouse_http import ClickHouse, name, text
from ci_toolkit.isolation.clone_names import MARK, clone_name
from ci_toolkit.isolation.errors import IsolationError
from ci_toolkit.model.record import Record

_INNER: Final = ".inner"
"""The start of the name of a table that keeps a materialized view's rows; the view's name follows."""
_INNER_BY_NUMBER: Final = ".inner_id."
"""The same since 20.10, where the view's number follows."""
_KEEPS_ROWS: Final = re.compile(r"\w*MergeTree|Memory|\w*Log|Join|File|EmbeddedRocksDB")
"""Engines of tables with rows of their own. Others show or pass on what is elsewhere (Buffer, Merge, URL)."""
_ITSELF: Final = "\0"
"""Stands in a definition for the database that it is in."""


class _Table(Record, frozen=True, kw_only=True):
    """A table or view as it stands; where two are equal, their content is."""

    definition: str
    engine: str
    content: str = ""
    """Of the parts on disk, or of the rows where there are none; empty for an empty table."""

    @property
    def comes_last(self) -> bool:
        return self.engine.endswith("View") or self.engine == "Dictionary"


class CopiedDatabase:
    """The database ``name``, with what is in ``source``."""

    def __init__(self, server: ClickHouse, source: str, name: str) -> None:
        self.name = name
        self._server = server
        self._source = source
        self._pristine: dict[str, _Table] = {}

    def note(self) -> None:
        """Take what is in it now for what it is restored to; its source has the same."""
        self._pristine = self._tables(self.name)

    def restore(self) -> None:
        """Empty the tables that hold something new; where more changed than that, copy the database anew."""
        self._flush()
        now = self._tables(self.name)
        if now.keys() != self._pristine.keys() or any(
            now[table].definition != was.definition or (was.content and now[table].content != was.content)
            for table, was in self._pristine.items()
        ):
            self._attach(self._pristine.keys() - now.keys())
            self.copy()
            return
        for table, was in self._pristine.items():
            if now[table].content and not was.content:
                self._server.query(f"TRUNCATE TABLE {name(self.name)}.{name(table)}")

    def _flush(self) -> None:
        """Have the tables show what a test has left in buffers before them."""
        for table, was in self._pristine.items():
            if was.engine == "Buffer":
                with suppress(IsolationError):  # it has been dropped
                    self._server.query(f"OPTIMIZE TABLE {name(self.name)}.{name(table)}")

    def _attach(self, tables: Iterable[str]) -> None:
        """Attach what a test may have detached: its files would keep the database from being dropped."""
        for table in tables:
            with suppress(IsolationError):  # it has been dropped
                self._server.query(f"ATTACH TABLE {name(self.name)}.{name(table)}")

    def drop(self) -> None:
        """Drop it if it is there."""
        self._server.query(f"DROP DATABASE IF EXISTS {name(self.name)}")

    def copy(self) -> None:
        """Make it anew with the content of its source."""
        self.drop()
        self._server.query(f"CREATE DATABASE {name(self.name)}")
        tables = self._tables(self._source)
        for comes_last in (False, True):  # rows first: a view would take them in a second time
            for table in sorted(tables):
                if tables[table].comes_last is comes_last and not table.startswith(_INNER):
                    self._server.query(tables[table].definition.replace(_ITSELF, name(self.name)))
                    if tables[table].content:
                        self._copy_rows(table, to=table)
        self._copy_rows_of_views(tables)
        self._pristine = self._tables(self.name)

    def _copy_rows_of_views(self, tables: dict[str, _Table]) -> None:
        inner = self._inner_tables(self._source, tables)
        if any(tables[table].content for table in inner.values()):
            mine = self._inner_tables(self.name, self._tables(self.name))
            for view, table in inner.items():
                self._copy_rows(table, to=mine[view])

    def _copy_rows(self, table: str, *, to: str) -> None:
        rows = f"SELECT * FROM {name(self._source)}.{name(table)}"
        self._server.query(f"INSERT INTO {name(self.name)}.{name(to)} {rows}")

    def _inner_tables(self, database: str, tables: dict[str, _Table]) -> dict[str, str]:
        """Return which table keeps the rows of each materialized view that has one."""
        inner = {table.removeprefix(f"{_INNER}."): table for table in tables if table.startswith(f"{_INNER}.")}
        if any(table.startswith(_INNER_BY_NUMBER) for table in tables):
            numbers = self._server.query(
                f"SELECT name, toString(uuid) FROM system.tables WHERE database = {text(database)}"
            )
            inner |= {view: _INNER_BY_NUMBER + uuid for view, uuid in numbers if _INNER_BY_NUMBER + uuid in tables}
        return inner

    def _tables(self, database: str) -> dict[str, _Table]:
        listed = self._server.query(
            f"SELECT name, engine, create_table_query FROM system.tables WHERE database = {text(database)}"
        )
        stored = self._server.query(
            "SELECT table, toString(arraySort(groupArray(concat(name, ' ', toString(rows))))) FROM system.parts"
            f" WHERE database = {text(database)} AND active GROUP BY table"
        )
        parts = {row[0]: row[1] for row in stored}
        return {
            table: _Table(
                definition=_of_itself(definition, database),
                engine=engine,
                content=self._content(database, table, engine, parts),
            )
            for table, engine, definition in listed
        }

    def _content(self, database: str, table: str, engine: str, parts: dict[str, str]) -> str:
        if engine.endswith("MergeTree"):
            return parts.get(table, "")
        if not _KEEPS_ROWS.fullmatch(engine):
            return ""
        ((count, digest),) = self._server.query(
            f"SELECT count(), sum(cityHash64(*)) FROM {name(database)}.{name(table)}"
        )
        return "" if count == "0" else f"{count} {digest}"


def _of_itself(definition: str, database: str) -> str:
    """Return ``definition`` with ``_ITSELF`` for ``database``, wherever an object of it is named."""
    own = re.escape(database)
    marked = re.sub(rf"(?<![\w`.])(`?){own}\1\.", f"{_ITSELF}.", definition)
    engines = r"\b(?:(?:Buffer|Merge)\(|Distributed\([^,()]+, |DB )"
    return re.sub(rf"({engines})(['`]?){own}\2(?![\w.])", rf"\1{_ITSELF}", marked)


_OF_CLICKHOUSE: Final = ("system", "information_schema", "INFORMATION_SCHEMA", "_temporary_and_external_tables")


class OtherDatabases:
    """Every other database of a server that one worker has for itself, as it was when the worker got it."""

    def __init__(self, server: ClickHouse, *, run: str, worker: str) -> None:
        self._server = server
        self._copies: list[CopiedDatabase] = []
        self._kept: dict[str, CopiedDatabase] = {}
        for database, tables in self._found().items():
            copy = CopiedDatabase(server, database, clone_name(f"{database}_kept", run, worker))
            if tables:
                self._copies.append(copy)
                copy.copy()
            self._kept[database] = CopiedDatabase(server, copy.name, database)
            self._kept[database].note()

    def restore(self) -> None:
        """Drop the databases that are new, and restore those that were there."""
        now = self._found()
        for database in now.keys() - self._kept.keys():
            self._server.query(f"DROP DATABASE IF EXISTS {name(database)}")
        for database, kept in self._kept.items():
            if database not in now:
                self._server.query(f"CREATE DATABASE {name(database)}")
            kept.restore()

    def drop_copies(self) -> None:
        """Drop what was kept for them."""
        for copy in self._copies:
            copy.drop()

    def _found(self) -> dict[str, int]:
        """Return how many tables each database has, apart from ClickHouse's own and from copies."""
        left_out = ", ".join(map(text, _OF_CLICKHOUSE))
        rows = self._server.query(
            f"SELECT name FROM system.databases WHERE name NOT IN ({left_out}) AND position(name, {text(MARK)}) = 0"
        )
        counted = self._server.query("SELECT database, count() FROM system.tables GROUP BY database")
        tables = {database: int(count) for database, count in counted}
        return {database: tables.get(database, 0) for (database,) in rows}
