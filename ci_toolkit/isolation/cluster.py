"""Makes and drops clones on a PostgreSQL server that the workers of many sessions share.

A clone belongs to whoever holds the advisory lock of its name on the server's maintenance database. The lock
is the connection's, so kill -9 of its owner frees it, from whatever machine or container the owner came, and
the next session drops the clone.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

from ci_toolkit.isolation.clone_names import RUN_AND_WORKER, clone_name, clone_prefix
from ci_toolkit.isolation.database_settings import copy_settings
from ci_toolkit.isolation.errors import IsolationError
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.closing import Closing
from ci_toolkit.services.databases.connection import Connection
from ci_toolkit.services.databases.sql import SqlError, literal, quoted

T = TypeVar("T")

_PATIENCE_SECONDS: Final = 5.0
_PATIENCE_WITH_USERS_SECONDS: Final = 1.0
_LOCK_CLASS: Final = 74617
_READING: Final = 0
"""The lock of those who look into the template; the locks of names are hashes, and none of them is likely 0."""
_RECOVERS: Final = ("recovery mode", "starting up", "not yet accepting")
_IN_USE: Final = "55006"
_NOT_ALLOWED: Final = "42501"
_HAS_STRATEGIES: Final = 150000


class Cluster(Closing):
    """The maintenance connection of one worker. Closing it gives up every clone it holds."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.connection = _maintenance(endpoint)
        self._backend, self._start = _marks_of(self.connection)
        self.recoveries = 0
        """How often the server was seen to have begun anew, as it does when one of its processes is killed."""
        self._held: list[str] = []
        version = int(self.connection.scalar("SHOW server_version_num") or 0)
        # Copying files takes a third of the time of the default, which writes every page to the log.
        self._strategy = " STRATEGY file_copy" if version >= _HAS_STRATEGIES else ""

    def close(self) -> None:
        """Give up what is held, at once: the server takes a moment to see that a connection has ended."""
        with suppress(SqlError):
            self.connection.query("SELECT pg_advisory_unlock_all()")
        self.connection.close()

    def claim(self, run: str, worker: str) -> str:
        """Return the name of a clone that nobody else has; it is held from now on. What dead sessions left is gone."""
        self.sweep()
        name = clone_name(self.endpoint.credentials.database, run, worker)
        if not self._hold(name):
            raise self._is_anothers(name)
        self._held.append(name)
        return name

    def revive(self, *, is_restart: bool = False) -> None:
        """Connect again, and hold what was held, if a test or something on the way ended this connection.

        A restart in order, which loses nothing, is no recovery. Raises IsolationError if another session holds it now.
        """
        if self.connection.is_alive():
            return
        self.connection.close()
        self.connection = self._connect_after_recovery()
        backend, start = _marks_of(self.connection)
        self.recoveries += start != self._start and not is_restart
        self._start = start
        # A proxy may have cut this side alone: the server's side would hold what is held until the run's end.
        self.connection.query(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {self._backend}")
        self._backend = backend
        for name in self._held:
            self._hold_patiently(name)

    def _connect_after_recovery(self) -> Connection:
        """Connect; a server that recovers from a killed process refuses for a moment."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                return _maintenance(self.endpoint)
            except SqlError as error:
                if time.monotonic() > deadline or not any(words in str(error) for words in _RECOVERS):
                    raise
                time.sleep(0.01)  # between two questions

    def _hold_patiently(self, name: str) -> None:
        """Hold ``name``, which a sweeper of another session, or an ending connection, may have for a moment."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not self._hold(name):
            if time.monotonic() > deadline:
                raise self._is_anothers(name)
            self.connection.query("SELECT pg_sleep(0.005)")

    def _is_anothers(self, name: str) -> IsolationError:
        return IsolationError(
            f"the database {name} on {self.endpoint.address} is held by another session",
            advice="Give each run its own id.",
        )

    def clone(self, name: str) -> int:
        """Create ``name`` with the template's content and settings. Raises IsolationError.

        Return the number of a transaction: whatever is written to the clone is younger.
        """
        template = self.endpoint.credentials.database
        self.connection.query(f"SELECT pg_advisory_lock_shared({_LOCK_CLASS}, {_READING})")
        try:
            self._wait_until_nobody_uses(template)
            self.connection.query(f"CREATE DATABASE {quoted(name)} TEMPLATE {quoted(template)}{self._strategy}")
        except SqlError as error:
            raise self._cannot_clone(template, error) from error
        finally:
            self.connection.query(f"SELECT pg_advisory_unlock_shared({_LOCK_CLASS}, {_READING})")
        copy_settings(self.connection, template, name)
        return int(self.connection.scalar("SELECT pg_current_xact_id()") or 0)

    def read_template(self, read: Callable[[Connection], T]) -> T:
        """Return what ``read`` finds in the template. Meanwhile nobody clones: the server refuses while one looks."""
        self.connection.query(f"SELECT pg_advisory_lock({_LOCK_CLASS}, {_READING})")
        try:
            template = self.endpoint.credentials.database
            reader = self.connect(template)
            try:
                return read(reader)
            finally:
                reader.close()
                self._wait_until_nobody_uses(template)
        finally:
            self.connection.query(f"SELECT pg_advisory_unlock({_LOCK_CLASS}, {_READING})")

    def drop(self, name: str) -> None:
        """Drop ``name`` if it is there, closing whatever is connected to it."""
        self._roll_back_prepared(name)
        self._drop_subscriptions(name)
        self._make_droppable(name)
        # FORCE alone waits a tenth of a second where anybody was connected.
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self._end_connections_to(name) and time.monotonic() < deadline:
            self.connection.query("SELECT pg_sleep(0.001)")
        self.connection.query(f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")

    def _roll_back_prepared(self, name: str) -> None:
        rows = self.connection.query(f"SELECT gid FROM pg_prepared_xacts WHERE database = {literal(name)}")
        if rows:
            with self.connect(name) as connection:
                for (transaction,) in rows:
                    connection.query(f"ROLLBACK PREPARED {literal(transaction or '')}")

    def _drop_subscriptions(self, name: str) -> None:
        """Drop what would keep the database from being dropped; what it subscribed to is left as it is."""
        rows = self.connection.query(
            f"SELECT subname FROM pg_subscription JOIN pg_database d ON d.oid = subdbid WHERE datname = {literal(name)}"
        )
        if rows:
            with self.connect(name) as connection:
                for (row,) in rows:
                    subscription = f"SUBSCRIPTION {quoted(row or '')}"
                    connection.query(f"ALTER {subscription} DISABLE; ALTER {subscription} SET (slot_name = NONE)")
                    connection.query(f"DROP {subscription}")

    def _make_droppable(self, name: str) -> None:
        """Take from the database what a test may have made it: a template is not dropped."""
        if self.connection.scalar(f"SELECT datistemplate FROM pg_database WHERE datname = {literal(name)}") == "t":
            self.connection.query(f"ALTER DATABASE {quoted(name)} IS_TEMPLATE false")

    def _end_connections_to(self, name: str) -> bool:
        """Tell every connection to ``name`` to end; return whether there was one."""
        rows = self.connection.query(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {literal(name)}"
        )
        return bool(rows)

    def sweep(self) -> tuple[str, ...]:
        """Drop the clones of this template that no living session holds, and return their names."""
        prefix = literal(clone_prefix(self.endpoint.credentials.database))
        rows = self.connection.query(
            f"SELECT datname FROM pg_database WHERE starts_with(datname, {prefix})"
            f" AND substr(datname, length({prefix}) + 1) ~ {literal(f'^{RUN_AND_WORKER}$')}"
        )
        swept = []
        for (name,) in rows:
            if name is not None and self._hold(name):
                self.drop(name)
                self.connection.query(f"SELECT pg_advisory_unlock({_LOCK_CLASS}, hashtext({literal(name)}))")
                swept.append(name)
        return tuple(swept)

    def connect(self, name: str) -> Connection:
        """Return a new connection to the database ``name``."""
        return Connection(self.endpoint.host, self.endpoint.port, self.endpoint.credentials, database=name)

    def terminate(self, pids: tuple[int, ...]) -> None:
        """End these connections."""
        for pid in pids:
            self.connection.query(f"SELECT pg_terminate_backend({pid})")

    def _hold(self, name: str) -> bool:
        sql = (
            "SELECT pg_try_advisory_lock({0}, hashtext({1})) WHERE NOT EXISTS (SELECT FROM pg_locks WHERE pid ="
            " pg_backend_pid() AND locktype = 'advisory' AND classid = {0} AND objid = hashtext({1})::oid)"
        )
        return self.connection.scalar(sql.format(_LOCK_CLASS, literal(name))) == "t"

    def _wait_until_nobody_uses(self, template: str) -> None:
        """Wait a moment for its users to leave; the server itself would wait five seconds before it refuses."""
        deadline = time.monotonic() + _PATIENCE_WITH_USERS_SECONDS
        while users := self._users_of(template):
            if time.monotonic() > deadline:
                raise self._in_use(template, users)
            self.connection.query("SELECT pg_sleep(0.01)")

    def _in_use(self, template: str, users: list[str]) -> IsolationError:
        return IsolationError(
            f"cannot clone the database {template} on {self.endpoint.address}: connected to it: {'; '.join(users)}",
            advice="Close these connections: tests work on clones of this database, named by DATABASE_URL.",
        )

    def _cannot_clone(self, template: str, error: SqlError) -> IsolationError:
        message = f"cannot clone the database {template} on {self.endpoint.address}: {error}"
        if error.code == _IN_USE:
            return self._in_use(template, self._users_of(template) or ["somebody who has left meanwhile"])
        if error.code == _NOT_ALLOWED:
            user = self.endpoint.credentials.user
            return IsolationError(message, advice=f"Let the user create databases: ALTER ROLE {quoted(user)} CREATEDB.")
        return IsolationError(message, advice="Look at the server's log.")

    def _users_of(self, template: str) -> list[str]:
        rows = self.connection.query(
            "SELECT format('pid %s (%s, %s)', pid, coalesce(nullif(application_name, ''), 'no application name'),"
            " coalesce('from ' || host(client_addr) || ':' || client_port, backend_type))"
            " FROM pg_stat_get_activity(NULL) WHERE backend_type = 'client backend'"
            f" AND datid = (SELECT oid FROM pg_database WHERE datname = {literal(template)})"
        )
        return [row[0] or "" for row in rows]


def _marks_of(connection: Connection) -> tuple[str, str]:
    """Return the condition by which pg_stat_activity knows this backend, and never another, and when the server began.

    Its checkpointer is as old as the server, and ends with every other process in a crash.
    """
    ((pid, backend, server),) = connection.query(
        "SELECT pg_backend_pid(), extract(epoch FROM min(backend_start) FILTER (WHERE pid = pg_backend_pid())),"
        " min(backend_start) FILTER (WHERE backend_type = 'checkpointer') FROM pg_stat_get_activity(NULL)"
    )
    return f"pid = {pid} AND extract(epoch FROM backend_start) = {backend}", server or ""


def _maintenance(endpoint: Endpoint) -> Connection:
    """Connect to the database that every session of the server agrees on."""
    try:
        return Connection(endpoint.host, endpoint.port, endpoint.credentials, database="postgres")
    except SqlError as error:
        try:  # where somebody dropped it
            return Connection(endpoint.host, endpoint.port, endpoint.credentials, database="template1")
        except SqlError:
            raise error from None
