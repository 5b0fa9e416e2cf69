"""The tables of a SQLite history, and the check that a file has them."""

import sqlite3
from pathlib import Path

from ci_toolkit.history.store import DamagedHistoryError, HistoryError

SCHEMA = 1
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
    """Make the tables where the file is new. Call it in a transaction."""
    if _has_tables(connection):
        return
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    connection.execute(f"PRAGMA user_version = {SCHEMA}")


def check(connection: sqlite3.Connection, path: Path) -> bool:
    """Return whether the file has its tables yet. Raises HistoryError if it is another program's or version's."""
    if not _has_tables(connection):
        return False
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != _APPLICATION:
        raise HistoryError(
            f"{path} is a database of another program, not a history",
            advice="Give another file with --history; this one was not touched.",
        )
    if version != SCHEMA:
        raise HistoryError(
            f"{path} is a history of format version {version}; this ci-toolkit reads version {SCHEMA}",
            advice="Use the same ci-toolkit version everywhere, or another file with --history; "
            "this one was not touched.",
        )
    return True


def damaged(path: Path, why: object) -> DamagedHistoryError:
    """Return the error that says that ``path`` is broken."""
    return DamagedHistoryError(
        f"{path} is damaged ({why})", advice="Restore it from a backup or a cache, or let the next run begin anew."
    )


def _has_tables(connection: sqlite3.Connection) -> bool:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return bool(tables)
