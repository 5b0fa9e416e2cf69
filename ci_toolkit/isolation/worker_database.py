"""One worker's PostgreSQL database: a clone of the template, restored to its exact content after each test."""

import time
from typing import Final

import msgspec

from ci_toolkit.isolation.cluster import Cluster
from ci_toolkit.isolation.errors import IsolationError, StrayConnectionError
from ci_toolkit.isolation.mode import NOBODY, CleanUpReport, IsolationMode
from ci_toolkit.isolation.open_connections import OpenConnection, connections, is_any_prepared, roll_back_prepared
from ci_toolkit.isolation.restorer import Findings, Restorer
from ci_toolkit.isolation.restoring import Template, read_digest, read_template
from ci_toolkit.isolation.server_settings import ServerSettings
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.closing import Closing
from ci_toolkit.services.databases.sql import SqlError

GRACE_SECONDS: Final = 1.0
"""How long a transaction of another connection may take to end by itself before it counts as left open."""
_PATIENCE_SECONDS: Final = 5.0
"""How long a connection may take to end once it is told to."""


class WorkerDatabase(Closing):
    """A clone of the endpoint's database. Closing it drops the clone.

    ``run`` (eight hexadecimal digits) and ``worker`` make its name; nobody else gets the same one.
    """

    def __init__(self, endpoint: Endpoint, *, run: str, worker: str) -> None:
        self.generation = 0
        """Counts the clones: a connection to an older one is closed."""
        self._cluster = Cluster(endpoint)
        self._template: Template | None = None
        self._lost = ""
        """Tables whose rows the server lost in a crash, in the template as well."""
        self._restorer: Restorer | None = None
        try:
            self.name = self._cluster.claim(run, worker)
            self._since = self._cluster.clone(self.name)
            self._server_settings = ServerSettings(self._cluster.connection)
        except BaseException:
            self._cluster.close()
            raise

    @property
    def endpoint(self) -> Endpoint:
        """Where this database answers."""
        return self._cluster.endpoint.with_database(self.name)

    def close(self) -> None:
        """Drop the clone and give up its name."""
        self._stop_restorer()
        try:
            self._cluster.revive()
            self._cluster.drop(self.name)
        finally:
            self._cluster.close()

    def clean(self, mode: IsolationMode, *, test: str) -> CleanUpReport:
        """Take out what ``test`` left, the cheapest way that does it; ``mode`` is the cheapest one allowed.

        Raises StrayConnectionError, after cleaning, if another connection holds uncommitted changes, and IsolationError
        if rows of migrations are lost on the whole server.
        """
        recoveries = self._cluster.recoveries
        self._cluster.revive()
        report = self._clean(mode, test=test)
        has_recovered = self._cluster.recoveries != recoveries
        if has_recovered:
            self._lost = self._emptied_for_good()
        if self._lost:
            raise _lost_rows_error(self._lost)
        return msgspec.structs.replace(report, recovered=_recovered(test)) if has_recovered else report

    def _emptied_for_good(self) -> str:
        filled = {relation.name for relation in self._template.reference_tables} if self._template else set()
        with self._cluster.connect(self.name) as connection:
            rows = connection.query(
                "SELECT format('%I.%I', nspname, relname) FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
                " WHERE relpersistence = 'u' AND relkind = 'r'"
            )
        return ", ".join(sorted(filled & {row[0] or "" for row in rows}))

    def _clean(self, mode: IsolationMode, *, test: str) -> CleanUpReport:
        if mode is IsolationMode.CLONE:
            return self._clone_afresh("the test asks for it")
        try:
            restorer = self._opened_restorer()
            findings = self._restored(restorer)
            if not findings.others_write:
                return self._finish(findings)
            left_open = self._end_open_transactions(restorer)
            report = self._finish(restorer.restore())
        except SqlError as error:
            return self._clone_afresh(f"it could not be cleaned in place: {error}")
        if left_open:
            raise _left_open_error(test, self.name, left_open)
        return report

    def clean_again(self) -> str:
        """Take out what was written since the last clean-up; return who may have done it, ``""`` if nothing was.

        What is not committed yet, the next clean-up finds.
        """
        if self._restorer is None:
            return ""
        try:
            if not self._restorer.may_hold_more():
                return ""
            findings = self._restorer.restore()
            who = "; ".join(one.describe() for one in self.connections() if not one.is_ours)
        except SqlError:  # which the next clean-up looks into
            return ""
        if findings.others_write or findings == Findings():
            return ""
        self._finish(findings)
        return who or NOBODY

    def note_restart(self) -> None:
        """Connect again after the server was restarted in order, which lost nothing."""
        self._cluster.revive(is_restart=True)

    def keep(self, fixture: str) -> None:
        """Have what ``fixture`` committed, and the locks that it holds, stay until ``let_go(fixture)``."""
        self._cluster.revive()
        restorer = self._opened_restorer()
        if not restorer.connection.is_alive():
            restorer.move_to(self._cluster.connect(self.name))
        restorer.keep(fixture, locks=frozenset(one.pid for one in self.connections() if one.locks))

    def let_go(self, fixture: str) -> bool:
        """Have the next clean-up take out what ``fixture`` committed; return whether it had committed anything."""
        if self._restorer is None:
            return False
        if not self._restorer.connection.is_alive():
            self._restorer.move_to(self._cluster.connect(self.name))
        return self._restorer.let_go(fixture)

    def connections(self) -> tuple[OpenConnection, ...]:
        """Return who is connected to it, apart from the toolkit's own restorer."""
        if self._restorer is not None:
            try:
                return connections(self._restorer.connection, self.name)
            except SqlError:  # a test has ended it
                pass
        own = None if self._restorer is None else self._restorer.pid
        found = connections(self._cluster.connection, self.name)
        return tuple(connection for connection in found if connection.pid != own)

    def holders(self) -> tuple[str, ...]:
        """Return which connections hold locks now, and which: on these a test has waited that ran out of patience."""
        with self._cluster.connect(self.name) as looks:
            found = connections(looks, self.name, readers=True)
        own = None if self._restorer is None else self._restorer.pid
        return tuple(one.describe() for one in found if one.locks and one.pid != own)

    def _opened_restorer(self) -> Restorer:
        """Return the restorer, opened at the end of the first test so that no test waits for it."""
        if self._template is None:
            self._template = self._cluster.read_template(read_template)
        if self._restorer is None:
            self._restorer = Restorer(
                self._cluster.connect(self.name),
                self._template,
                self._server_settings,
                since=self._since,
                digest_of_template=lambda: self._cluster.read_template(read_digest),
            )
        return self._restorer

    def _restored(self, restorer: Restorer) -> Findings:
        """Restore; once more over a new connection where the last one was cut while the test ran."""
        try:
            return restorer.restore()
        except SqlError:
            if restorer.connection.is_alive():
                raise
        self._cluster.revive()
        restorer.move_to(self._cluster.connect(self.name))
        return restorer.restore()

    def _stop_restorer(self) -> None:
        if self._restorer is not None:
            self._restorer.close()
            self._restorer = None

    def _finish(self, findings: Findings) -> CleanUpReport:
        if findings.others_write:
            return self._clone_afresh("other connections kept writing to it")
        if findings.schema_changed:
            return self._clone_afresh("its schema or its settings were changed")
        if findings.reference_changed:
            tables = ", ".join(findings.reference_changed)
            return self._clone_afresh(f"rows that migrations inserted were changed, in {tables}")
        return CleanUpReport(emptied=findings.emptied, sequences=findings.sequences)

    def _end_open_transactions(self, restorer: Restorer) -> tuple[str, ...]:
        """Wait a moment for open transactions of others, then end them; return what was still open."""
        if self._are_gone_within(GRACE_SECONDS, restorer):
            return ()
        open_connections = self._in_the_way(restorer)
        self._cluster.terminate(tuple(connection.pid for connection in open_connections))
        prepared = roll_back_prepared(restorer.connection)
        self._are_gone_within(_PATIENCE_SECONDS, restorer)
        return (
            *(connection.describe() for connection in open_connections),
            *(f"the transaction that was prepared as {name!r}" for name in prepared),
        )

    def _in_the_way(self, restorer: Restorer) -> list[OpenConnection]:
        """Return who holds uncommitted changes, or locks that no fixture of a wider scope wants."""
        return [
            one
            for one in self.connections()
            if one.is_writing or (one.is_in_the_way and one.pid not in restorer.wanted)
        ]

    def _are_gone_within(self, seconds: float, restorer: Restorer) -> bool:
        deadline = time.monotonic() + seconds
        while self._in_the_way(restorer) or is_any_prepared(restorer.connection):
            if time.monotonic() > deadline:
                return False
            restorer.connection.query("SELECT pg_sleep(0.01)")
        return True

    def _clone_afresh(self, reason: str) -> CleanUpReport:
        self._cluster.revive()
        restorer = self._restorer
        if restorer is not None and restorer.schema_of:
            raise IsolationError(
                f"{reason}; that cannot be undone while {restorer.schema_of} is in use, which changed the schema too",
                advice="Let migrations make the schema, or a fixture of the scope of a test.",
            )
        closed = tuple(connection.describe() for connection in self.connections() if not connection.is_ours)
        self._stop_restorer()
        self._server_settings.set_back_what_changed(self._cluster.connection)
        self._cluster.drop(self.name)
        self._since = self._cluster.clone(self.name)
        self.generation += 1
        if restorer is not None:
            self._opened_restorer().take_levels_of(restorer)
        return CleanUpReport(cloned_because=reason, closed=closed)


def _recovered(test: str) -> str:
    return (
        f"a process of PostgreSQL was killed during {test}, and the server recovered: every connection was closed, and"
        " all UNLOGGED tables are empty"
    )


def _lost_rows_error(tables: str) -> IsolationError:
    return IsolationError(
        "a process of PostgreSQL was killed and the server recovered; that emptied, in every database, UNLOGGED tables"
        f" that migrations had filled: {tables}",
        advice="Run again. Rows that tests rely on after a crash belong into a LOGGED table.",
    )


def _left_open_error(test: str, database: str, left_open: tuple[str, ...]) -> StrayConnectionError:
    lines = "".join(f"\n  {connection}" for connection in left_open)
    return StrayConnectionError(
        f"{test} left uncommitted changes or locks open in the database {database}; they were ended:{lines}",
        advice="Commit or roll back, give up locks, and close the connection, before the test ends.",
    )
