"""History in one SQLite file: safe against two merges at once, and against a kill at any moment."""

import sqlite3
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from ci_toolkit.history.outcome_reading import NoOutcomes, OutcomeReader
from ci_toolkit.history.outcome_tables import add_outcomes, prune_outcomes
from ci_toolkit.history.rows import file_run_of, file_run_row, incident_rows, job_row, suffixes_digest
from ci_toolkit.history.schema import SCHEMA, check, damaged, make_tables
from ci_toolkit.history.statements import (
    DROP_JOBS,
    DROP_SUPERSEDED,
    HAS_FILE_RUN,
    INSERT_FILE_RUN,
    INSERT_INCIDENT,
    INSERT_JOB,
    SELECT_FILE_RUNS,
    SELECT_JOBS,
)
from ci_toolkit.history.store import (
    DAY,
    DEAD_AFTER_DAYS,
    INCIDENTS_A_RUN,
    INCIDENTS_KEPT_DAYS,
    KEPT_JOBS,
    KEPT_RUNS,
    HistoryError,
    KnownEnvironment,
    Outcomes,
    Pruned,
)
from ci_toolkit.history.test_sets import UnreadableError
from ci_toolkit.model.history import FileRun, Incident, JobRun, RunRecord
from ci_toolkit.model.record import encode

LOCK_SECONDS = 60.0
"""How long a merge waits for another that is writing."""


class SqliteHistory:
    """A history in one file, which is made by the first run that is added.

    The default rollback journal is enough: a writer takes the lock first (``BEGIN IMMEDIATE``), a killed one is
    rolled back by whoever comes next, and at rest there is one file to cache or copy.
    """

    def __init__(self, path: Path, *, origin: str = "", keeps: tempfile.TemporaryDirectory[str] | None = None) -> None:
        self.path = path
        self.origin = origin or str(path)
        self._keeps = keeps
        """The folder of a copy, which goes when the copy is closed."""
        self._connection = _connect(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        if self._keeps is not None:
            self._keeps.cleanup()

    # --- writing ----------------------------------------------------------------------------------

    def add(self, run: RunRecord, *, now: float) -> int:
        """Add ``run``, drop what is superseded, and return how many of its file runs were new."""
        with self._transaction() as connection:
            make_tables(connection)
            new = [(environment, file) for environment, file in run.files if not self._has(environment, file)]
            connection.executemany(
                "INSERT OR IGNORE INTO suffixes (digest, suffixes) VALUES (?, ?)",
                ((suffixes_digest(file.suffixes), file.suffixes.decode()) for _, file in new),
            )
            connection.executemany(INSERT_FILE_RUN, (file_run_row(environment, file, now) for environment, file in new))
            connection.executemany(INSERT_JOB, (job_row(job, now) for job in run.jobs))
            connection.executemany(INSERT_INCIDENT, islice(incident_rows(new, now), INCIDENTS_A_RUN))
            self._drop_superseded({environment for environment, _ in new})
            self._drop_old(run, now)
            add_outcomes(connection, run.outcomes, run.judged, now)
        return len(new)

    def prune(self, *, gone: Collection[str], before: float) -> Pruned:
        """Forget the files ``gone``, and every run from before ``before``."""
        with self._transaction() as connection:
            make_tables(connection)
            files, runs = self._size()
            self._delete("file_runs", gone)
            self._delete("incidents", gone)
            for table in ("file_runs", "jobs", "incidents"):
                connection.execute(f"DELETE FROM {table} WHERE at < ?", (before,))  # noqa: S608 (names of ours)
            self._drop_unused_suffixes()
            prune_outcomes(connection, gone=gone, before=before)
            files_left, runs_left = self._size()
        self._connection.execute("VACUUM")
        return Pruned(files=files - files_left, runs=runs - runs_left)

    def _has(self, environment: str, file: FileRun) -> bool:
        where = (environment, file.path, file.key)
        return self._connection.execute(HAS_FILE_RUN, where).fetchone() is not None

    def _drop_superseded(self, environments: Collection[str]) -> None:
        for environment in environments:
            self._connection.execute(DROP_SUPERSEDED, (environment, KEPT_RUNS))
        self._drop_unused_suffixes()

    def _drop_unused_suffixes(self) -> None:
        self._connection.execute("DELETE FROM suffixes WHERE id NOT IN (SELECT suffixes FROM file_runs)")

    def _drop_old(self, run: RunRecord, now: float) -> None:
        self._connection.execute(DROP_JOBS, (KEPT_JOBS,))
        self._connection.execute("DELETE FROM incidents WHERE at < ?", (now - INCIDENTS_KEPT_DAYS * DAY,))
        if not run.suite:
            return
        latest = "SELECT path FROM file_runs GROUP BY path HAVING max(at) < ?"
        rows = self._connection.execute(latest, (now - DEAD_AFTER_DAYS * DAY,)).fetchall()
        gone = {path for (path,) in rows}.difference(run.suite)
        self._delete("file_runs", gone)

    def _delete(self, table: str, paths: Collection[str]) -> None:
        # In one pass: no index begins with the path, so that each of a thousand files would cost a pass of its own.
        among = "path IN (SELECT value FROM json_each(?))"
        self._connection.execute(f"DELETE FROM {table} WHERE {among}", (encode(sorted(paths)).decode(),))  # noqa: S608

    def _size(self) -> tuple[int, int]:
        files, runs = self._connection.execute("SELECT count(DISTINCT path), count(*) FROM file_runs").fetchone()
        return files, runs

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._history_errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                check(self._connection, self.path)
                yield self._connection
            except BaseException:
                if self._connection.in_transaction:  # a full disk has ended it already
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def is_sound(self) -> bool:
        """Return whether every page of the file holds together. Raises DamagedHistoryError where none does."""
        with self._history_errors():
            return self._connection.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)]

    # --- reading ----------------------------------------------------------------------------------

    def environments(self) -> tuple[KnownEnvironment, ...]:
        """Return what is known, the latest first."""
        rows = self._rows(
            "SELECT environment, count(DISTINCT path), count(*), min(at), max(at) FROM file_runs "
            "GROUP BY environment ORDER BY max(at) DESC, environment"
        )
        return tuple(
            KnownEnvironment(name=name, files=files, runs=runs, first_at=first, last_at=last)
            for name, files, runs, first, last in rows
        )

    def paths(self, environment: str) -> frozenset[str]:
        """Return the paths of the files that are known of ``environment``."""
        rows = self._rows("SELECT DISTINCT path FROM file_runs WHERE environment = ?", (environment,))
        return frozenset(path for (path,) in rows)

    def file_runs(
        self, environment: str, paths: Collection[str] | None = None, *, with_phases: bool = False
    ) -> Iterable[FileRun]:
        """Yield what is known of ``environment``, of ``paths`` or all: by path, the latest first.

        Setup and teardown stand only in what is asked for ``with_phases``; nobody else pays for reading them.
        """
        path, texts = "", dict[int, bytes]()
        phases = "CAST(setup AS BLOB), CAST(teardown AS BLOB)" if with_phases else "x'', x''"
        for row in self._rows(SELECT_FILE_RUNS.format(phases=phases), (environment,)):
            if row[0] != path:
                path, texts = row[0], {}
            if paths is None or path in paths:
                yield file_run_of(row, texts)

    def jobs(self, environment: str = "", *, most: int = KEPT_JOBS) -> tuple[JobRun, ...]:
        """Return the shards' own times, of one environment or of all, the latest first."""
        rows = self._rows(SELECT_JOBS, (environment, environment, most))
        fields = [*JobRun.__struct_fields__]
        return tuple(msgspec.convert(dict(zip(fields, row, strict=True)), JobRun, strict=False) for row in rows)

    def incidents(self) -> tuple[Incident, ...]:
        """Return every test that did not simply pass, by path."""
        rows = self._rows(
            "SELECT environment, key, path, suffix, ended FROM incidents ORDER BY path, suffix, environment, at, key"
        )
        fields = [*Incident.__struct_fields__]
        return tuple(msgspec.convert(dict(zip(fields, row, strict=True)), Incident) for row in rows)

    @contextmanager
    def outcomes(self) -> Iterator[Outcomes]:
        """Give what reads the outcomes; a history that knows none yet has no tests."""
        with self._history_errors():
            known = check(self._connection, self.path) == SCHEMA
            yield OutcomeReader(self._connection) if known else NoOutcomes()

    def _rows(self, query: str, values: tuple[Any, ...] = ()) -> Iterator[Any]:
        with self._history_errors():
            if check(self._connection, self.path):
                yield from self._connection.execute(query, values)

    @contextmanager
    def _history_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise _as_history_error(error, self.path) from error
        except UnreadableError as error:
            raise damaged(self.path, error) from error


def _connect(path: Path) -> sqlite3.Connection:
    try:
        return sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)
    except sqlite3.OperationalError as error:
        raise _as_history_error(error, path) from error


def _as_history_error(error: sqlite3.DatabaseError, path: Path) -> HistoryError:
    name = getattr(error, "sqlite_errorname", "")  # missing where the module itself found the fault
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return damaged(path, error)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return HistoryError(f"{path} is being written by another merge for over {LOCK_SECONDS:g} s")
    return HistoryError(f"{path} cannot be used: {error}", advice="Check the disk and the file's permissions.")
