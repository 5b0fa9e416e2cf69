"""The SQLAlchemy sessions that tests get: on this worker's database, over a connection that outlives the test.

Opening a connection takes longer than undoing what a test wrote. So each worker keeps one for its sessions, also
where every test has an event loop of its own: a psycopg connection asks for the running loop each time it waits.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import psycopg
from sqlalchemy import Executable, NullPool, create_engine, event, text
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from ci_toolkit.isolation.mode import IsolationMode
from ci_toolkit.isolation.open_connections import OWN_NAME
from ci_toolkit.services.catalog.endpoint import Endpoint
from ci_toolkit.services.databases.connection import has_something_to_read

_DRIVER: Final = "psycopg"
_FORGET: Final = "DISCARD ALL"


def _statement(statement: Any) -> Any:
    return text(statement) if isinstance(statement, str) else statement


class RealSession(AsyncSession):
    """SQLAlchemy's AsyncSession that also takes plain strings, and whose objects stay readable after a commit."""

    async def execute(self, statement: Executable | str, *args: Any, **kwargs: Any) -> Any:
        """Run ``statement``."""
        return await super().execute(_statement(statement), *args, **kwargs)

    async def scalar(self, statement: Executable | str, *args: Any, **kwargs: Any) -> Any:
        """Run ``statement`` and return its first value."""
        return await super().scalar(_statement(statement), *args, **kwargs)

    async def scalars(self, statement: Executable | str, *args: Any, **kwargs: Any) -> Any:
        """Run ``statement`` and return the first value of each row."""
        return await super().scalars(_statement(statement), *args, **kwargs)


class RealSyncSession(Session):
    """The same for code that is not async."""

    def execute(self, statement: Executable | str, *args: Any, **kwargs: Any) -> Any:
        """Run ``statement``."""
        return super().execute(_statement(statement), *args, **kwargs)

    def scalar(self, statement: Executable | str, *args: Any, **kwargs: Any) -> Any:
        """Run ``statement`` and return its first value."""
        return super().scalar(_statement(statement), *args, **kwargs)

    def scalars(self, statement: Executable | str, *args: Any, **kwargs: Any) -> Any:
        """Run ``statement`` and return the first value of each row."""
        return super().scalars(_statement(statement), *args, **kwargs)


class DatabaseSessions:
    """Sessions on one database; they are one after the other, as the tests of a worker are."""

    def __init__(self, endpoint: Endpoint) -> None:
        url = endpoint.url(driver=_DRIVER)
        # Without a bound on overflow nobody waits for the pool: a wait is what would tie it to an event loop.
        options: dict[str, Any] = {
            "pool_size": 1,
            "max_overflow": -1,
            # A prepared statement would be forgotten by the server alone.
            "connect_args": {"application_name": f"{OWN_NAME} fixture", "prepare_threshold": None},
        }
        self.engine = create_engine(url, **options)
        self.async_engine = create_async_engine(url, **options)
        self._connections: list[Any] = []
        for engine in (self.engine, self.async_engine.sync_engine):
            event.listen(engine, "connect", self._remember)
            event.listen(engine, "checkout", _refuse_what_was_cut)
        event.listen(self.async_engine.sync_engine, "checkout", _take_into_this_loop)

    @asynccontextmanager
    async def session(self, mode: IsolationMode) -> AsyncIterator[RealSession]:
        """Give a session; what it has not committed at the end is rolled back, in mode rollback all of it."""
        async with self.async_engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            whole = await connection.begin() if mode is IsolationMode.ROLLBACK else None
            session = RealSession(connection, **_options(mode))
            try:
                yield session
            finally:
                try:
                    await session.close()
                    if whole is not None:
                        await whole.rollback()
                    await _forget(driver)
                except (OperationalError, psycopg.OperationalError):
                    if not driver.closed:
                        raise
                    await connection.invalidate()  # the test ended it, or the server did: the next one gets another

    def fresh_session(self) -> RealSession:
        """Return a session that connects when it is first used; whoever has it closes it, and its connection."""
        engine = create_async_engine(self.async_engine.url, poolclass=NullPool)
        return RealSession(engine, expire_on_commit=False)

    @contextmanager
    def sync_session(self, mode: IsolationMode) -> Iterator[RealSyncSession]:
        """Give a session for code that is not async."""
        with self.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            whole = connection.begin() if mode is IsolationMode.ROLLBACK else None
            session = RealSyncSession(connection, **_options(mode))
            try:
                yield session
            finally:
                try:
                    session.close()
                    if whole is not None:
                        whole.rollback()
                    _forget_sync(driver)
                except (OperationalError, psycopg.OperationalError):
                    if not driver.closed:
                        raise
                    connection.invalidate()

    def close(self) -> None:
        """Close the connections, from whatever event loop or none."""
        for connection in self._connections:
            connection.pgconn.finish()
        self._connections.clear()
        self.engine.dispose(close=False)
        self.async_engine.sync_engine.dispose(close=False)

    def _remember(self, connection: Any, _record: object) -> None:
        self._connections.append(getattr(connection, "driver_connection", connection))


def _options(mode: IsolationMode) -> Mapping[str, Any]:
    joins = {"join_transaction_mode": "create_savepoint"} if mode is IsolationMode.ROLLBACK else {}
    return {"expire_on_commit": False, **joins}


def _refuse_what_was_cut(connection: Any, _record: object, _proxy: object) -> None:
    """Have the pool connect anew where the connection was cut since the last test; asks nobody, so it costs nothing."""
    driver = getattr(connection, "driver_connection", connection)
    if driver.closed or has_something_to_read(driver.fileno()):
        raise DisconnectionError


def _take_into_this_loop(connection: Any, _record: object, _proxy: object) -> None:
    connection.driver_connection.lock = asyncio.Lock()  # the last one may belong to the event loop of another test


async def _forget(driver: Any) -> None:
    """Drop what a connection keeps beyond a transaction: settings, temporary tables, locks, prepared statements."""
    # Never prepared, as psycopg does with what it runs often: it would drop itself.
    await driver.rollback()
    await driver.set_autocommit(True)
    await driver.execute(_FORGET, prepare=False)
    await driver.set_autocommit(False)


def _forget_sync(driver: Any) -> None:
    driver.rollback()
    driver.autocommit = True
    driver.execute(_FORGET, prepare=False)
    driver.autocommit = False
