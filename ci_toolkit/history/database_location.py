"""A history in a PostgreSQL database that several repositories or runners share: the same file, in one row."""

import hashlib
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from ci_toolkit.history.file_location import FileLocation
from ci_toolkit.history.sqlite import SqliteHistory
from ci_toolkit.history.store import HistoryError, HistoryStore, UnreachableHistoryError
from ci_toolkit.masking import without_secrets

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")

SCHEMES = ("postgresql", "postgres")
FILE = "history.sqlite"
CONNECT_SECONDS = 10
LOCK_SECONDS = 60
_CHARACTER = r"(?:[^%/?#\[\]@\s]|%[0-9A-Fa-f]{2})"
_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[^%:/?#\[\]@\s,]|%[0-9A-Fa-f]{2})*(?::\d*)?"
_URL = re.compile(
    rf"(?P<url>\w+://(?:{_CHARACTER}*@)?{_HOST}(?:,{_HOST})*(?:[/?](?:[/?]|{_CHARACTER})*)?)(?:\#(?P<name>[^@]*))?"
)
"""Strict, so that no part of a password is taken for a host, a port, a database or the history's name."""
_TABLE = """
CREATE TABLE IF NOT EXISTS ci_toolkit_history (
    name text PRIMARY KEY, file bytea NOT NULL, changed_at timestamptz NOT NULL DEFAULT now()
)
"""
_SAVE = """
INSERT INTO ci_toolkit_history (name, file) VALUES (%s, %s)
ON CONFLICT (name) DO UPDATE SET file = EXCLUDED.file, changed_at = now()
"""


class DatabaseLocation:
    """The row that the URL's fragment names (``postgresql://host/database#project``), ``default`` without one."""

    def __init__(self, url: str) -> None:
        """Keep the URL. Raises HistoryError for a URL that cannot be read."""
        self.origin = without_secrets(url)
        parts = _URL.fullmatch(url)
        if parts is None:
            raise _unreadable(self.origin)
        self._name = parts["name"] or "default"
        self._url = parts["url"]

    def open(self) -> HistoryStore | None:
        """Return a copy of the history to read from, or None where there is none yet."""
        with self._connection() as connection:
            file = self._file(connection)
        if file is None:
            return None
        folder = tempfile.TemporaryDirectory(prefix="ci-toolkit-history-")
        (Path(folder.name) / FILE).write_bytes(file)
        return SqliteHistory(Path(folder.name) / FILE, origin=self.origin, keeps=folder)

    def change(self, action: Callable[[HistoryStore], T]) -> tuple[T, str]:
        """Return what ``action`` returns, and what a reader should hear. A missing history is begun.

        One at a time: others wait for a lock that ends with the transaction.
        """
        with tempfile.TemporaryDirectory(prefix="ci-toolkit-history-") as name, self._connection() as connection:
            path = Path(name) / FILE
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_number(self._name),))
            connection.execute(_TABLE)
            file = self._file(connection)
            if file is not None:
                path.write_bytes(file)
            done, note = FileLocation(path).change(action)
            for aside in sorted(path.parent.glob(f"{FILE}.damaged-*")):
                connection.execute(_SAVE, (f"{self._name} damaged {_digest(aside.read_bytes())}", aside.read_bytes()))
            connection.execute(_SAVE, (self._name, path.read_bytes()))
        return done, note.replace(f"{name}/", f"{self.origin} ")

    def _file(self, connection: "psycopg.Connection[Any]") -> bytes | None:
        exists = connection.execute("SELECT to_regclass('ci_toolkit_history')").fetchone()
        if exists is None or exists[0] is None:
            return None
        row = connection.execute("SELECT file FROM ci_toolkit_history WHERE name = %s", (self._name,)).fetchone()
        return bytes(row[0]) if row else None

    def _connection(self) -> "_Connection":
        return _Connection(self._url, self.origin)


class _Connection:
    """A connection for one transaction, whose errors are raised as HistoryError."""

    def __init__(self, url: str, origin: str) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise HistoryError(
                "a history in PostgreSQL needs psycopg", advice="Install ci-toolkit[services]."
            ) from error
        try:
            psycopg.conninfo.conninfo_to_dict(url)
        except psycopg.Error:
            raise _unreadable(origin) from None  # the driver quotes what it could not read: perhaps the password
        self._psycopg = psycopg
        self._url = url
        self._origin = origin

    def __enter__(self) -> "psycopg.Connection[Any]":
        try:
            self._open = self._psycopg.connect(
                self._url, connect_timeout=CONNECT_SECONDS, options=f"-c lock_timeout={LOCK_SECONDS}s"
            )
        except self._psycopg.Error as error:
            raise self._as_history_error(error) from error
        return self._open

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._open.__exit__(kind, error, trace)  # commits, or rolls back after an error
        except self._psycopg.Error as failed:
            raise self._as_history_error(failed) from failed
        if isinstance(error, self._psycopg.Error):
            raise self._as_history_error(error) from error

    def _as_history_error(self, error: Exception) -> HistoryError:
        first = str(error).strip().partition("\n")[0]
        return UnreachableHistoryError(
            f"{self._origin} cannot be used: {first}", advice="Check that the server runs and the URL is right."
        )


def _unreadable(origin: str) -> HistoryError:
    return HistoryError(
        f"the history's URL cannot be read: {origin}",
        advice="It is postgresql://USER:PASSWORD@HOST:PORT/DATABASE#NAME; percent-encode the password "
        "(% as %25, / as %2F, @ as %40, # as %23), and the other parts likewise.",
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"ci-toolkit history {name}".encode()).digest()[:8], signed=True)
