"""The tables of a SQLite history, and the check that a file has them."""

import sqlite3
from pathlib import Path

from ci_toolkit.history.outcome_tables import TABLES as OUTCOME_TABLES
from ci_toolkit.history.store import DamagedHistoryError, HistoryError

SCHEMA = 2
"""Version 1 knew no outcomes: it is read as it is, and brought up to date when a run is added."""
_APPLICATION = 0x43495448
"""``CITH`` in the header of the file: what tells our file from another program's."""

_TABLES = """
CREATE TABLE suffixes (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, suffixes TEXT NOT NULL);
CREATE TABLE file_runs (
    environment TEXT NOT NULL, path TEXT NOT NULL, key TEXT NOT NULL, at REAL NOT NULL, is_whole INTEGER NOT NULL,
    tests INTEGER NOT NULL, total INTEGER NOT NULL, category TEXT NOT NULL, import_seconds REAL,
    suffixes INTEGER NOT NULL REFERENCES suffixes (id),
    seconds TEXT NOT NULL, setup TEXT NOT NULL, teardown TEXT NOT NULL, outcomes TEXT NOT NULL
);
CREATE UNIQUE INDEX file_run ON file_runs (environment, path, key);
CREATE INDEX file_run_suffixes ON file_runs (suffixes);
CREATE TABLE jobs (
    key TEXT PRIMARY KEY, plan_id TEXT NOT NULL, shard INTEGER NOT NULL, shards INTEGER NOT NULL, at REAL NOT NULL,
    environment TEXT NOT NULL, commit_id TEXT NOT NULL, is_finished INTEGER NOT NULL, tests INTEGER NOT NULL,
    actual_seconds REAL NOT NULL, tests_seconds REAL NOT NULL, between_seconds REAL NOT NULL
);
CREATE TABLE incidents (
    environment TEXT NOT NULL, path TEXT NOT NULL, suffix TEXT NOT NULL, key TEXT NOT NULL, ended TEXT NOT NULL,
    at REAL NOT NULL, PRIMARY KEY (environment, path, suffix, key)
) WITHOUT ROWID;
"""


def make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables that the file lacks: all of a new one, those of outcomes of one of version 1.

    Call it in a transaction.
    """
    tables = OUTCOME_TABLES if _has_tables(connection) else _TABLES + OUTCOME_TABLES
    if _version(connection) == SCHEMA:
        return
    for statement in tables.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    connection.execute(f"PRAGMA user_version = {SCHEMA}")


def check(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of the file's tables, 0 of one that has none yet.

    Raises HistoryError if it is another program's or of a version that is not known.
    """
    if not _has_tables(connection):
        return 0
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    version = _version(connection)
    if application != _APPLICATION:
        raise HistoryError(
            f"{path} is a database of another program, not a history",
            advice="Give another file with --history; this one was not touched.",
        )
    if not 1 <= version <= SCHEMA:
        raise HistoryError(
            f"{path} is a history of format version {version}; this ci-toolkit reads versions 1 to {SCHEMA}",
            advice="Use the same ci-toolkit version everywhere, or another file with --history; "
            "this one was not touched.",
        )
    return version


def damaged(path: Path, why: object) -> DamagedHistoryError:
    """Return the error that says that ``path`` is broken."""
    return DamagedHistoryError(
        f"{path} is damaged ({why})", advice="Restore it from a backup or a cache, or let the next run begin anew."
    )


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _has_tables(connection: sqlite3.Connection) -> bool:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return bool(tables)
