"""The names of tests in the outcome history, each with a number by which everything else knows it.

The names of a file that came together stand in one row, and their numbers follow one another: a suite of a million
tests is some thousand rows.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from ci_toolkit.history.test_sets import TestSet, UnreadableError
from ci_toolkit.model.ended import Column
from ci_toolkit.model.record import encode

TABLE = """
CREATE TABLE names (first INTEGER PRIMARY KEY, path TEXT NOT NULL, count INTEGER NOT NULL, suffixes TEXT NOT NULL);
CREATE INDEX names_of_path ON names (path);
"""
_OF_PATH = "SELECT first, CAST(suffixes AS BLOB) FROM names WHERE path = ? ORDER BY first"
_OF_NUMBER = "SELECT first, path, CAST(suffixes AS BLOB) FROM names WHERE first <= ? ORDER BY first DESC LIMIT 1"
_decode = msgspec.json.Decoder(list[str]).decode


class TestNames:
    """The names of one file of history. Raises UnreadableError for a row that is not as it was written."""

    __test__ = False  # not for pytest, whatever the name

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._last: tuple[str, Mapping[str, int]] = ("", {})
        """A path and its tests: who asks for one of them asks for the next."""
        self._next: int | None = None
        """The number of the next new test, where it was asked for."""

    def numbers_of(self, path: str, suffixes: Column) -> Sequence[int]:
        """Return the number of each test of ``suffixes``, in order; a new test gets one."""
        rows = self._connection.execute(_OF_PATH, (path,)).fetchall()
        names = _decode(suffixes)
        if len(rows) == 1 and rows[0][1] == suffixes:  # as nearly always: the file has the tests that it had
            return range(rows[0][0], rows[0][0] + len(names))
        known = _numbered(rows)
        new = [name for name in dict.fromkeys(names) if name not in known]
        if not new:
            return [known[name] for name in names]
        first = self._add(path, new)
        if len(new) == len(names):
            return range(first, first + len(new))
        known |= {name: first + place for place, name in enumerate(new)}
        return [known[name] for name in names]

    def number_of(self, path: str, suffix: str) -> int:
        """Return the number of one test, which gets one if it is new."""
        number = self.find(path, suffix)
        return self._add(path, [suffix]) if number is None else number

    def find(self, path: str, suffix: str) -> int | None:
        """Return the number of one test, or None if it is not known."""
        if self._last[0] != path:
            self._last = path, _numbered(self._connection.execute(_OF_PATH, (path,)))
        return self._last[1].get(suffix)

    def name_of(self, number: int) -> tuple[str, str]:
        """Return the path and the suffix of the test with ``number``."""
        row = self._connection.execute(_OF_NUMBER, (number,)).fetchone()
        if row is None:
            raise UnreadableError(f"no test has the number {number}")
        first, path, suffixes = row
        names = _read(suffixes)
        if number - first >= len(names):
            raise UnreadableError(f"no test has the number {number}")
        return path, names[number - first]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for path, suffixes in self._connection.execute("SELECT path, CAST(suffixes AS BLOB) FROM names ORDER BY path"):
            yield from ((path, suffix) for suffix in _read(suffixes))

    def __len__(self) -> int:
        (count,) = self._connection.execute("SELECT coalesce(sum(count), 0) FROM names").fetchone()
        return int(count)

    def ranges_of(self, path: str) -> list[tuple[int, int]]:
        """Return (first number, first number after) of the names of ``path``."""
        rows = self._connection.execute("SELECT first, first + count FROM names WHERE path = ?", (path,))
        return list(rows)

    def keep(self, used: TestSet) -> None:
        """Forget the names that came together of which none is in ``used``."""
        rows = self._connection.execute("SELECT first, count FROM names").fetchall()
        gone = [(first,) for first, count in rows if not used.has_any(first, first + count)]
        self._connection.executemany("DELETE FROM names WHERE first = ?", gone)
        self._last, self._next = ("", {}), None

    def _add(self, path: str, names: Sequence[str]) -> int:
        """Give ``names`` numbers, and return the first."""
        if self._next is None:
            row = self._connection.execute("SELECT first + count FROM names ORDER BY first DESC LIMIT 1").fetchone()
            self._next = int(row[0]) if row else 0
        first, self._next = self._next, self._next + len(names)
        text = encode(tuple(names)).decode()
        self._connection.execute("INSERT INTO names VALUES (?, ?, ?, ?)", (first, path, len(names), text))
        self._last = "", {}
        return first


def _numbered(rows: Sequence[tuple[int, bytes]] | sqlite3.Cursor) -> dict[str, int]:
    return {name: first + place for first, suffixes in rows for place, name in enumerate(_read(suffixes))}


def _read(suffixes: bytes) -> list[str]:
    try:
        return _decode(suffixes)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableError(f"a list of tests cannot be read: {error}") from error
