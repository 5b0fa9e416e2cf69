"""One worker's PostgreSQL database: a clone of the template, brought back to its exact content after each test."""

import time
from typing import Final

from ci_toolkit.isolation.cluster import Cluster
from ci_toolkit.isolation.errors import StrayConnectionError
from ci_toolkit.isolation.mode import Mode, Outcome
from ci_toolkit.isolation.open_connections import Stray, connections, is_any_prepared, roll_back_prepared
from ci_toolkit.isolation.restorer import Findings, Watch
from ci_toolkit.isolation.restoring import Template, read_digest, read_template
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.closing import Closing
from ci_toolkit.services.databases.pgwire import SqlError

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
        self._watch: Watch | None = None
        try:
            self.name = self._cluster.claim(run, worker)
            self._since = self._cluster.clone(self.name)
        except BaseException:
            self._cluster.close()
            raise

    @property
    def endpoint(self) -> Endpoint:
        """Where this database answers."""
        return self._cluster.endpoint.with_database(self.name)

    def close(self) -> None:
        """Drop the clone and give up its name."""
        self._stop_watching()
        try:
            self._cluster.revive()
            self._cluster.drop(self.name)
        finally:
            self._cluster.close()

    def clean(self, mode: Mode, *, test: str) -> Outcome:
        """Take out what ``test`` left, the cheapest way that does it; ``mode`` is the cheapest one allowed.

        Raises StrayConnectionError, after cleaning, if another connection holds uncommitted changes.
        """
        if mode is Mode.CLONE:
            return self._clone_afresh("the test asks for it")
        try:
            watch = self._opened_watch()
            findings = watch.restore()
            if not findings.others_write:
                return self._finish(findings)
            left_open = self._end_strays(watch)
            outcome = self._finish(watch.restore())
        except (SqlError, OSError) as error:
            return self._clone_afresh(f"it could not be cleaned in place: {error}")
        if left_open:
            raise _stray_error(test, self.name, left_open)
        return outcome

    def connections(self) -> tuple[Stray, ...]:
        """Return who is connected to it, apart from the toolkit's own watch."""
        own = None if self._watch is None else self._watch.pid
        found = connections(self._cluster.connection, self.name)
        return tuple(stray for stray in found if stray.pid != own)

    def _opened_watch(self) -> Watch:
        """Return the watch, opened at the end of the first test, which by then has not waited for it."""
        if self._template is None:
            self._template = self._cluster.read_template(read_template)
        if self._watch is None:
            self._watch = Watch(
                self._cluster.connect(self.name),
                self._template,
                since=self._since,
                digest_of_template=lambda: self._cluster.read_template(read_digest),
            )
        return self._watch

    def _stop_watching(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _finish(self, findings: Findings) -> Outcome:
        if findings.others_write:
            return self._clone_afresh("other connections kept writing to it")
        if findings.schema_changed:
            return self._clone_afresh("its schema was changed")
        if findings.reference_changed:
            tables = ", ".join(findings.reference_changed)
            return self._clone_afresh(f"rows that migrations inserted were changed, in {tables}")
        return Outcome(emptied=findings.emptied, sequences=findings.sequences)

    def _end_strays(self, watch: Watch) -> tuple[str, ...]:
        """Wait a moment for open transactions of others, then end them; return what was still open."""
        if self._are_gone_within(GRACE_SECONDS, watch):
            return ()
        strays = tuple(stray for stray in self.connections() if stray.is_writing)
        self._cluster.terminate(tuple(stray.pid for stray in strays))
        prepared = roll_back_prepared(watch.connection)
        self._are_gone_within(_PATIENCE_SECONDS, watch)
        return (
            *(stray.describe() for stray in strays),
            *(f"the transaction that was prepared as {name!r}" for name in prepared),
        )

    def _are_gone_within(self, seconds: float, watch: Watch) -> bool:
        deadline = time.monotonic() + seconds
        while any(stray.is_writing for stray in self.connections()) or is_any_prepared(watch.connection):
            if time.monotonic() > deadline:
                return False
            watch.connection.query("SELECT pg_sleep(0.01)")
        return True

    def _clone_afresh(self, reason: str) -> Outcome:
        self._cluster.revive()
        closed = tuple(stray.describe() for stray in self.connections() if not stray.is_ours)
        self._stop_watching()
        self._cluster.drop(self.name)
        self._since = self._cluster.clone(self.name)
        self.generation += 1
        return Outcome(cloned_because=reason, closed=closed)


def _stray_error(test: str, database: str, left_open: tuple[str, ...]) -> StrayConnectionError:
    lines = "".join(f"\n  {stray}" for stray in left_open)
    return StrayConnectionError(
        f"{test} left uncommitted changes open in the database {database}; they were ended:{lines}",
        advice="Commit or roll back, and close the connection, before the test ends.",
    )
