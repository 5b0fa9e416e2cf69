import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ci_toolkit.cli.machine import machine_failure
from ci_toolkit.errors import ExitCode


@pytest.mark.parametrize(
    ("number", "code", "helps"),
    [
        (errno.ENOSPC, ExitCode.INFRASTRUCTURE, "Make room on the disk"),
        (errno.EDQUOT, ExitCode.INFRASTRUCTURE, "Make room on the disk"),
        (errno.EROFS, ExitCode.INFRASTRUCTURE, "may write to"),
        (errno.EACCES, ExitCode.INFRASTRUCTURE, "may write to"),
        (errno.EPERM, ExitCode.INFRASTRUCTURE, "may write to"),
        (errno.EIO, ExitCode.INFRASTRUCTURE, "another one"),
        (errno.EMFILE, ExitCode.INFRASTRUCTURE, "ulimit -n"),
        (errno.ENFILE, ExitCode.INFRASTRUCTURE, "--jobs"),
        (errno.ENOMEM, ExitCode.INFRASTRUCTURE, "memory"),
        (errno.ENOTDIR, ExitCode.USAGE, "Check the path"),
        (errno.ENAMETOOLONG, ExitCode.USAGE, "Check the path"),
    ],
)
def test_an_error_of_the_system_says_what_happened_where_and_what_to_do(
    number: int, code: ExitCode, helps: str
) -> None:
    found = machine_failure(OSError(number, os.strerror(number), "out/junit.xml"))
    assert found is not None
    assert (found.exit_code, found.message) == (code, f"out/junit.xml: {os.strerror(number)}")
    assert helps in found.advice


def test_a_full_disk_without_a_name_is_the_machines_and_another_error_without_one_is_a_bug() -> None:
    full = machine_failure(OSError(errno.ENOSPC, "No space left on device"))
    assert full is not None
    assert (full.exit_code, full.message) == (ExitCode.INFRASTRUCTURE, "No space left on device")
    assert machine_failure(OSError(errno.ECONNRESET, "Connection reset")) is None
    assert machine_failure(ValueError("no")) is None


def test_the_reason_behind_an_error_counts() -> None:
    error = RuntimeError("cannot combine")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    found = machine_failure(error)
    assert found is not None
    assert found.exit_code is ExitCode.INFRASTRUCTURE


def test_no_more_memory_is_the_machines() -> None:
    found = machine_failure(MemoryError())
    assert found is not None
    assert found.exit_code is ExitCode.INFRASTRUCTURE


def full_database(path: Path) -> sqlite3.Error:
    """Return SQLite's own error of a database that has no room."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x BLOB)")
        connection.execute("PRAGMA max_page_count = 4")
        try:
            connection.execute("INSERT INTO t VALUES (zeroblob(1000000))")
        except sqlite3.Error as error:
            return error
    raise AssertionError("it had room")


def test_a_full_database_is_a_full_disk_and_other_errors_of_sqlite_are_none(tmp_path: Path) -> None:
    found = machine_failure(full_database(tmp_path / "full.sqlite"))
    assert found is not None
    assert (found.exit_code, found.slug) == (ExitCode.INFRASTRUCTURE, "machine")
    assert "full" in found.message
    assert "Make room" in found.advice
    with closing(sqlite3.connect(":memory:")) as connection, pytest.raises(sqlite3.Error) as error:
        connection.execute("no sql")
    assert machine_failure(error.value) is None
