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
"""The start of the name of a table that keeps a materialized view's rows."""


class _Table(Record, frozen=True, kw_only=True):
    """A table or view as it stands; where two are equal, their content is."""

    definition: str
    engine: str
    content: str = ""
    """Of the parts on disk, or of the rows where there are none; empty for an empty table."""

    @property
    def is_view(self) -> bool:
        return self.engine.endswith("View")


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
        for is_view in (False, True):  # rows first: a view would take them in a second time
            chosen = [table for table in sorted(tables) if tables[table].is_view is is_view]
            for table in chosen:
                if not table.startswith(_INNER):
                    self._server.query(tables[table].definition.replace(MARK, f"{name(self.name)}."))
            for table in chosen:
                if tables[table].content and not table.startswith(_INNER):
                    self._copy_rows(table)
        for table in tables:
            if table.startswith(_INNER) and tables[table].content:
                self._copy_rows(table)
        self._pristine = self._tables(self.name)

    def _copy_rows(self, table: str) -> None:
        rows = f"SELECT * FROM {name(self._source)}.{name(table)}"
        self._server.query(f"INSERT INTO {name(self.name)}.{name(table)} {rows}")

    def _tables(self, database: str) -> dict[str, _Table]:
        listed = self._server.query(
            f"SELECT name, engine, create_table_query FROM system.tables WHERE database = {text(database)}"
        )
        stored = self._server.query(
            "SELECT table, toString(arraySort(groupArray(concat(name, ' ', toString(rows))))) FROM system.parts"
            f" WHERE database = {text(database)} AND active GROUP BY table"
        )
        parts = {row[0]: row[1] for row in stored}
        prefix = re.compile(rf"(?<![\w`.])(`?){re.escape(database)}\1\.")
        return {
            table: _Table(
                definition=prefix.sub(MARK, definition),
                engine=engine,
                content=self._content(database, table, engine, parts),
            )
            for table, engine, definition in listed
        }

    def _content(self, database: str, table: str, engine: str, parts: dict[str, str]) -> str:
        if engine.endswith(("View", "MergeTree")):
            return parts.get(table, "")
        ((count, digest),) = self._server.query(
            f"SELECT count(), sum(cityHash64(*)) FROM {name(database)}.{name(table)}"
        )
        return "" if count == "0" else f"{count} {digest}"


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
