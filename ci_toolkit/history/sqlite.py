"""History in one SQLite file: safe against two merges at once, and against a kill at any moment."""

import hashlib
import sqlite3
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from ci_toolkit.history.schema import check, damaged, make_tables
from ci_toolkit.history.store import (
    DAY,
    DEAD_AFTER_DAYS,
    INCIDENTS_A_RUN,
    INCIDENTS_KEPT_DAYS,
    KEPT_JOBS,
    KEPT_RUNS,
    HistoryError,
    KnownEnvironment,
    Pruned,
)
from ci_toolkit.model.history import Ended, FileRun, Incident, JobRun, RunRecord

_INSERT_FILE_RUN = """
INSERT OR IGNORE INTO file_runs
SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, id, ?, ?, ?, ? FROM suffixes WHERE digest = ?
"""
_INSERT_JOB = "INSERT OR IGNORE INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_INCIDENT = "INSERT OR IGNORE INTO incidents VALUES (?, ?, ?, ?, ?, ?)"
_HAS_FILE_RUN = "SELECT 1 FROM file_runs WHERE environment = ? AND path = ? AND key = ?"
_DROP_SUPERSEDED = """
DELETE FROM file_runs WHERE rowid IN (
    SELECT rowid FROM (
        SELECT rowid, row_number() OVER latest AS place,
            is_whole AND row_number() OVER latest_whole = 1 AS is_latest_whole
        FROM file_runs WHERE environment = ?
        WINDOW latest AS (PARTITION BY path ORDER BY at DESC, key DESC),
            latest_whole AS (PARTITION BY path, is_whole ORDER BY at DESC, key DESC)
    ) WHERE place > ? AND NOT is_latest_whole
)
"""
"""Keeps the latest runs of each file, and its latest whole one: a run of one test must not push out the others."""

_SELECT_FILE_RUNS = """
SELECT path, key, at, tests, total, category, import_seconds, file_runs.suffixes,
    CAST(suffixes.suffixes AS BLOB), CAST(seconds AS BLOB), {phases}, outcomes
FROM file_runs JOIN suffixes ON suffixes.id = file_runs.suffixes
WHERE environment = ? ORDER BY path, at DESC, key DESC
"""
_SELECT_JOBS = """
SELECT key, plan_id, shard, shards, at, environment, commit_id, is_finished, tests, actual_seconds, tests_seconds,
    between_seconds
FROM jobs WHERE ? = '' OR environment = ? ORDER BY at DESC, key LIMIT ?
"""
_DROP_JOBS = "DELETE FROM jobs WHERE key NOT IN (SELECT key FROM jobs ORDER BY at DESC, key LIMIT ?)"

LOCK_SECONDS = 60.0
"""How long a merge waits for another that is writing."""

_TOLD = frozenset(map(str, (Ended.FAILED, Ended.ERROR, Ended.XPASSED, Ended.FLAKY)))
"""What is an incident."""


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
                ((_digest(file.suffixes), file.suffixes.decode()) for _, file in new),
            )
            connection.executemany(_INSERT_FILE_RUN, (_row(environment, file, now) for environment, file in new))
            connection.executemany(_INSERT_JOB, (_job_row(job, now) for job in run.jobs))
            connection.executemany(_INSERT_INCIDENT, islice(_incidents(new, now), INCIDENTS_A_RUN))
            self._drop_superseded({environment for environment, _ in new})
            self._drop_old(run, now)
        return len(new)

    def prune(self, *, gone: Collection[str], before: float) -> Pruned:
        """Forget the files ``gone``, and every run from before ``before``."""
        with self._transaction() as connection:
            make_tables(connection)
            files, runs = self._size()
            connection.executemany("DELETE FROM file_runs WHERE path = ?", ((path,) for path in gone))
            connection.executemany("DELETE FROM incidents WHERE path = ?", ((path,) for path in gone))
            for table in ("file_runs", "jobs", "incidents"):
                connection.execute(f"DELETE FROM {table} WHERE at < ?", (before,))  # noqa: S608 (names of ours)
            self._drop_unused_suffixes()
            files_left, runs_left = self._size()
        self._connection.execute("VACUUM")
        return Pruned(files=files - files_left, runs=runs - runs_left)

    def _has(self, environment: str, file: FileRun) -> bool:
        where = (environment, file.path, file.key)
        return self._connection.execute(_HAS_FILE_RUN, where).fetchone() is not None

    def _drop_superseded(self, environments: Collection[str]) -> None:
        for environment in environments:
            self._connection.execute(_DROP_SUPERSEDED, (environment, KEPT_RUNS))
        self._drop_unused_suffixes()

    def _drop_unused_suffixes(self) -> None:
        self._connection.execute("DELETE FROM suffixes WHERE id NOT IN (SELECT suffixes FROM file_runs)")

    def _drop_old(self, run: RunRecord, now: float) -> None:
        self._connection.execute(_DROP_JOBS, (KEPT_JOBS,))
        self._connection.execute("DELETE FROM incidents WHERE at < ?", (now - INCIDENTS_KEPT_DAYS * DAY,))
        if not run.suite:
            return
        latest = "SELECT path FROM file_runs GROUP BY path HAVING max(at) < ?"
        rows = self._connection.execute(latest, (now - DEAD_AFTER_DAYS * DAY,)).fetchall()
        gone = {path for (path,) in rows}.difference(run.suite)
        self._connection.executemany("DELETE FROM file_runs WHERE path = ?", ((path,) for path in sorted(gone)))

    def _size(self) -> tuple[int, int]:
        files, runs = self._connection.execute("SELECT count(DISTINCT path), count(*) FROM file_runs").fetchone()
        return files, runs

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._errors_told():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                check(self._connection, self.path)
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def is_sound(self) -> bool:
        """Return whether every page of the file holds together. Raises DamagedHistoryError where none does."""
        with self._errors_told():
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
        texts: dict[int, bytes] = {}
        phases = "CAST(setup AS BLOB), CAST(teardown AS BLOB)" if with_phases else "x'', x''"
        for row in self._rows(_SELECT_FILE_RUNS.format(phases=phases), (environment,)):
            if paths is None or row[0] in paths:
                yield _file_run(row, texts)

    def jobs(self, environment: str = "", *, most: int = KEPT_JOBS) -> tuple[JobRun, ...]:
        """Return the shards' own times, of one environment or of all, the latest first."""
        rows = self._rows(_SELECT_JOBS, (environment, environment, most))
        fields = [*JobRun.__struct_fields__]
        return tuple(msgspec.convert(dict(zip(fields, row, strict=True)), JobRun, strict=False) for row in rows)

    def incidents(self) -> tuple[Incident, ...]:
        """Return every test that did not simply pass, by path."""
        rows = self._rows(
            "SELECT environment, key, path, suffix, ended FROM incidents ORDER BY path, suffix, environment, at, key"
        )
        fields = [*Incident.__struct_fields__]
        return tuple(msgspec.convert(dict(zip(fields, row, strict=True)), Incident) for row in rows)

    def _rows(self, query: str, values: tuple[Any, ...] = ()) -> Iterator[Any]:
        with self._errors_told():
            if check(self._connection, self.path):
                yield from self._connection.execute(query, values)

    @contextmanager
    def _errors_told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise _told(error, self.path) from error


def _connect(path: Path) -> sqlite3.Connection:
    try:
        return sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)
    except sqlite3.OperationalError as error:
        raise _told(error, path) from error


def _told(error: sqlite3.DatabaseError, path: Path) -> HistoryError:
    name = getattr(error, "sqlite_errorname", "")  # missing where the module itself found the fault
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return damaged(path, error)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return HistoryError(f"{path} is being written by another merge for over {LOCK_SECONDS:g} s")
    return HistoryError(f"{path} cannot be used: {error}", advice="Check the disk and the file's permissions.")


def _digest(suffixes: bytes) -> bytes:
    return hashlib.sha256(suffixes).digest()


def _row(environment: str, file: FileRun, now: float) -> tuple[Any, ...]:
    return (
        environment,
        file.path,
        file.key,
        min(file.at, now),  # a clock that is ahead must not stay the latest for ever
        file.is_whole,
        file.tests,
        file.total,
        file.category,
        file.import_seconds,
        file.seconds.decode(),
        file.setup.decode(),
        file.teardown.decode(),
        file.outcomes,
        _digest(file.suffixes),
    )


def _file_run(row: Any, texts: dict[int, bytes]) -> FileRun:
    path, key, at, tests, total, category, imported, suffixes_id, suffixes, seconds, setup, teardown, outcomes = row
    return FileRun(
        path=path,
        key=key,
        at=at,
        tests=tests,
        total=total,
        category=category,
        import_seconds=imported,
        suffixes=texts.setdefault(suffixes_id, suffixes),  # one object, so that equal names are told at once
        seconds=seconds,
        setup=setup,
        teardown=teardown,
        outcomes=outcomes,
    )


def _job_row(job: JobRun, now: float) -> tuple[Any, ...]:
    return (
        job.key,
        job.plan_id,
        job.shard,
        job.shards,
        min(job.at, now),
        job.environment,
        job.commit,
        job.is_finished,
        job.tests,
        job.actual_seconds,
        job.tests_seconds,
        job.between_seconds,
    )


def _incidents(files: Iterable[tuple[str, FileRun]], now: float) -> Iterator[tuple[Any, ...]]:
    for environment, file in files:
        if not _TOLD.intersection(file.outcomes):
            continue
        suffixes = msgspec.json.decode(file.suffixes, type=list[str])
        for suffix, letter in zip(suffixes, file.outcomes, strict=True):
            if letter in _TOLD:
                yield environment, file.path, suffix, file.key, letter, min(file.at, now)
