"""A connection to PostgreSQL, over psycopg, whose rows are text as the server wrote it."""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg.adapt import AdaptersMap
from psycopg.types.string import TextLoader

from ci_toolkit.services.catalog.surroundings import without_libpq_variables
from ci_toolkit.services.catalog.table import Credentials
from ci_toolkit.services.closing import Closing
from ci_toolkit.services.databases.sql import SqlError

_ANY_TYPE: Final = 0
_CONNECT_SECONDS: Final = 30
_TIME_LIMITS: Final = {
    "lock_timeout": 0,
    "idle_in_transaction_session_timeout": 0,
    "idle_session_timeout": 140000,
    "transaction_timeout": 170000,
}
"""Those that would end a connection or a statement of ours, with the version of PostgreSQL that brought each."""
_SETTINGS: Final = ("SET default_transaction_read_only = off", "SET standard_conforming_strings = on")

Row = tuple[str | None, ...]


def _text_of_every_type() -> AdaptersMap:
    adapters = AdaptersMap()
    adapters.register_loader(_ANY_TYPE, TextLoader)
    return adapters


_AS_TEXT: Final = _text_of_every_type()


class Connection(Closing):
    """One connection, in autocommit. Closes itself as a context manager.

    Raises SqlError if the server refuses, if a statement takes longer than ``seconds``, or if the connection breaks.
    """

    def __init__(
        self, host: str, port: int, login: Credentials, *, database: str | None = None, seconds: float = 30.0
    ) -> None:
        with _as_sql_error(), without_libpq_variables():
            self._connection = psycopg.connect(
                host=host,
                port=port,
                user=login.user,
                password=login.password,
                dbname=login.database if database is None else database,
                application_name="ci-toolkit",
                client_encoding="utf-8",
                connect_timeout=_CONNECT_SECONDS,
                autocommit=True,
                prepare_threshold=None,
                context=_AS_TEXT,
            )
            self._connection.execute(self._settings(seconds).encode())

    def _settings(self, seconds: float) -> str:
        """Return what holds on this connection, whatever ``ALTER ROLE``, ``ALTER DATABASE`` or ``ALTER SYSTEM`` say.

        In statements, for a pooler such as PgBouncer takes no options from who connects.
        """
        version = self._connection.info.server_version
        more = [f"SET {name} = 0" for name, since in _TIME_LIMITS.items() if version >= since]
        return "; ".join([f"SET statement_timeout = {round(seconds * 1000)}", *more, *_SETTINGS])

    def is_alive(self) -> bool:
        """Whether it still is one. The server is asked only where it has said something by itself, as at an end."""
        if self._connection.closed:
            return False
        try:
            return not has_something_to_read(self._connection.fileno()) or self.scalar("SELECT 1") == "1"
        except SqlError:
            return False

    def close(self) -> None:
        """End the connection; safe to call twice."""
        self._connection.close()

    def query(self, sql: str) -> list[Row]:
        """Run ``sql``, which may hold several statements, and return the rows as text. Raises SqlError."""
        rows: list[Row] = []
        with _as_sql_error(), self._connection.cursor() as cursor:
            cursor.execute(sql.encode())
            has_more: bool | None = True
            while has_more:
                if cursor.description is not None:
                    rows += cursor.fetchall()
                has_more = cursor.nextset()
        return rows

    def copy_out(self, sql: str) -> bytes:
        """Return what a COPY .. TO STDOUT writes. Raises SqlError."""
        with _as_sql_error(), self._connection.cursor() as cursor, cursor.copy(sql.encode()) as copy:
            return b"".join(map(bytes, copy))

    def copy_in(self, sql: str, rows: bytes) -> None:
        """Feed ``rows`` to a COPY .. FROM STDIN. Raises SqlError."""
        with _as_sql_error(), self._connection.cursor() as cursor, cursor.copy(sql.encode()) as copy:
            copy.write(rows)

    def scalar(self, sql: str) -> str | None:
        """Return the first column of the first row, or None where there is none."""
        rows = self.query(sql)
        return rows[0][0] if rows else None


def has_something_to_read(descriptor: int) -> bool:
    """Whether the other side of a socket has sent something, or closed it; does not wait."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


@contextmanager
def _as_sql_error() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        message = error.diag.message_primary or " ".join(str(error).split())
        raise SqlError(error.sqlstate or "", message) from error
