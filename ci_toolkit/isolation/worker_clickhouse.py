"""One worker's ClickHouse database: a copy of the migrated one, restored to its content after each test.

ClickHouse has no connection that could hold a name, so a lock file on this machine does: kill -9 frees it,
and the next session drops what its owner left.
"""

import fcntl
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from ci_toolkit.isolation.clickhouse_http import ClickHouse, name
from ci_toolkit.isolation.clone_names import clone_name
from ci_toolkit.isolation.copied_database import CopiedDatabase, OtherDatabases
from ci_toolkit.isolation.errors import IsolationError, NoAnswerError
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.closing import Closing
from ci_toolkit.services.storage.folders import own_folder, registry

_PATIENCE_SECONDS: Final = 2.0


class WorkerClickHouse(Closing):
    """A database of its own. Closing it drops it.

    On a server that nobody else uses (``is_own_server``) all other databases are restored as well.
    """

    def __init__(self, endpoint: Endpoint, *, run: str, worker: str, is_own_server: bool = False) -> None:
        source = endpoint.credentials.database or "default"
        self.name = clone_name(source, run, worker)
        self._endpoint = endpoint
        self._server = ClickHouse(endpoint)
        self._copy = CopiedDatabase(self._server, source, self.name)
        self._others: OtherDatabases | None = None
        self._locks = own_folder(own_folder(registry() / "clickhouse") / f"{endpoint.host}-{endpoint.port}")
        self._sweep()
        self._claimed: dict[str, int] = {}
        """The locks that say that databases are this session's."""
        self._claim(self.name)
        self._filled_name = clone_name(f"{source}_filled", run, worker)
        self._look_at_others = partial(OtherDatabases, self._server, run=run, worker=worker)
        try:
            self._copy.copy()
            if is_own_server:
                self._others = self._look_at_others()
        except BaseException:
            self.close()
            raise

    def _claim(self, database: str) -> None:
        """Make ``database`` this session's. Raises IsolationError if it is another's."""
        lock = _lock_patiently(self._lock_file(database))
        if lock is None:
            raise IsolationError(
                f"the database {database} on {self._endpoint.address} is held by another session",
                advice="Give each run its own id.",
            )
        self._claimed[database] = lock

    def _lock_file(self, database: str) -> Path:
        return self._locks / quote(database, safe="")  # a database's name may hold what a file's may not

    @property
    def endpoint(self) -> Endpoint:
        """Where this database answers."""
        return self._endpoint.with_database(self.name)

    def clean(self) -> None:
        """Empty the tables that hold something new; where more changed than that, copy the database anew."""
        self._on_a_new_connection(self._restore)

    def _restore(self) -> None:
        if self._others is not None:
            self._others.restore()  # among them the source of the copy
        self._copy.restore()

    def keep(self, _what: str) -> None:
        """Have what it holds now, in all its tables, stay for good."""
        self._on_a_new_connection(self._keep)

    def _keep(self) -> None:
        if self._filled_name not in self._claimed:
            self._claim(self._filled_name)
        CopiedDatabase(self._server, self.name, self._filled_name).copy()
        self._copy = CopiedDatabase(self._server, self._filled_name, self.name)
        self._copy.note()
        if self._others is not None:
            self._others.drop_copies()
            self._others = self._look_at_others()

    def close(self) -> None:
        """Drop the database and give up its name."""
        try:
            self._on_a_new_connection(self._drop)
            for database in self._claimed:
                self._lock_file(database).unlink(missing_ok=True)
        except IsolationError:
            pass  # the server has ended; where it comes back, the next session drops the database
        finally:
            self._server.close()
            for lock in self._claimed.values():
                os.close(lock)
            self._claimed.clear()

    def _drop(self) -> None:
        for database in self._claimed:
            self._server.query(f"DROP DATABASE IF EXISTS {name(database)}")
        if self._others is not None:
            self._others.drop_copies()

    def _on_a_new_connection(self, work: Callable[[], None]) -> None:
        """Do ``work``, which may be done twice; once more where even a new connection breaks.

        The server, or a proxy before it, closes a connection that was kept alive while a test ran.
        """
        self._server.close()
        try:
            work()
        except NoAnswerError:
            work()

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
