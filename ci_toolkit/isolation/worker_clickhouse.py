"""One worker's ClickHouse database: a copy of the migrated one, restored to its content after each test.

ClickHouse has no connection that could hold a name, so a lock file on this machine does: kill -9 frees it,
and the next session drops what its owner left.
"""

import fcntl
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from ci_toolkit.isolation.clickhouse_http import ClickHouse, name, text
from ci_toolkit.isolation.clone_names import MARK, clone_name
from ci_toolkit.isolation.errors import IsolationError, NoAnswerError
from ci_toolkit.model.record import Record
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.closing import Closing
from ci_toolkit.services.storage.folders import own_folder, registry

_PATIENCE_SECONDS: Final = 2.0
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


class WorkerClickHouse(Closing):
    """A database of its own. Closing it drops it."""

    def __init__(self, endpoint: Endpoint, *, run: str, worker: str) -> None:
        self._source = endpoint.credentials.database or "default"
        self.name = clone_name(self._source, run, worker)
        self._endpoint = endpoint
        self._server = ClickHouse(endpoint)
        self._locks = own_folder(own_folder(registry() / "clickhouse") / f"{endpoint.host}-{endpoint.port}")
        self._sweep()
        self._lock = _lock_patiently(self._lock_file)
        if self._lock is None:
            raise IsolationError(f"the database {self.name} on {endpoint.address} is held by another session")
        try:
            self._copy()
        except BaseException:
            self.close()
            raise

    @property
    def _lock_file(self) -> Path:
        return self._locks / quote(self.name, safe="")  # a database's name may hold what a file's may not

    @property
    def endpoint(self) -> Endpoint:
        """Where this database answers."""
        return self._endpoint.with_database(self.name)

    def clean(self) -> None:
        """Empty the tables that hold something new; where more changed than that, copy the database anew."""
        self._on_a_new_connection(self._restore)

    def _restore(self) -> None:
        now = self._tables(self.name)
        if now.keys() != self._pristine.keys() or any(
            now[table].definition != was.definition or (was.content and now[table].content != was.content)
            for table, was in self._pristine.items()
        ):
            self._copy()
            return
        for table, was in self._pristine.items():
            if now[table].content and not was.content:
                self._server.query(f"TRUNCATE TABLE {name(self.name)}.{name(table)}")

    def close(self) -> None:
        """Drop the database and give up its name."""
        try:
            self._on_a_new_connection(self._drop)
            self._lock_file.unlink(missing_ok=True)
        except IsolationError:
            pass  # the server has ended; where it comes back, the next session drops the database
        finally:
            self._server.close()
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None

    def _on_a_new_connection(self, work: Callable[[], None]) -> None:
        """Do ``work``, which may be done twice; once more where even a new connection breaks.

        The server, or a proxy before it, closes a connection that was kept alive while a test ran.
        """
        self._server.close()
        try:
            work()
        except NoAnswerError:
            work()

    def _drop(self) -> None:
        self._server.query(f"DROP DATABASE IF EXISTS {name(self.name)}")

    def _copy(self) -> None:
        self._drop()
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

    def _sweep(self) -> None:
        """Drop the databases that dead sessions of this machine left on this server."""
        for path in self._locks.iterdir():
            lock = _lock(path)
            if lock is not None:
                self._server.query(f"DROP DATABASE IF EXISTS {name(unquote(path.name))}")
                path.unlink(missing_ok=True)
                os.close(lock)


def _lock_patiently(path: Path) -> int | None:
    """Lock ``path``; a sweeper of another session may hold it, and remove it, for a moment."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (descriptor := _lock(path)) is None and time.monotonic() < deadline:
        time.sleep(0.005)  # between two questions
    return descriptor


def _lock(path: Path) -> int | None:
    """Return a descriptor that holds ``path`` until this process ends, or None where another one holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_still_there = os.fstat(descriptor).st_nlink > 0
    except BlockingIOError:
        is_still_there = False
    if not is_still_there:
        os.close(descriptor)
        return None
    return descriptor
