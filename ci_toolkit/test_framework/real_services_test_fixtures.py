"""The fixtures of real services: PostgreSQL, Redis and a team's own services, never a mock in their place.

They are found without an import where ``pyproject.toml`` has ``[tool.ci-toolkit]``, and by import everywhere. Each
worker has databases of its own; each test finds them as the migrations left them.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pytest

from ci_toolkit.services.catalog.table import Protocol
from ci_toolkit.test_framework.isolation_marker import mode_of
from ci_toolkit.test_framework.real_llm import real_llm, real_llm_fixture
from ci_toolkit.test_framework.real_services_plugin import add_markers, services_plugin
from ci_toolkit.test_framework.running_test import SESSION

if TYPE_CHECKING:  # a test that asks for a fixture pays for its imports, no other
    from redis import Redis
    from redis.asyncio import Redis as AsyncRedis

    from ci_toolkit.test_framework.database_sessions import RealSession, RealSyncSession
    from ci_toolkit.test_framework.service_addresses import RealServices

__all__ = [
    "clean_database",
    "real_db",
    "real_db_fixture",
    "real_db_sync",
    "real_llm",
    "real_llm_fixture",
    "real_redis",
    "real_redis_fixture",
    "real_redis_sync",
    "real_services",
    "real_services_fixture",
]

F = TypeVar("F", bound=Callable[..., Any])


def async_fixture(function: F) -> F:
    """Return ``function`` as a fixture of pytest-asyncio; without that, as one that says what is missing."""
    try:
        from pytest_asyncio import fixture
    except ModuleNotFoundError:
        return cast("F", pytest.fixture(name=function.__name__)(_pytest_asyncio_is_missing))
    return cast("F", fixture(loop_scope="function")(function))  # whatever a project's default for its own ones is


def _pytest_asyncio_is_missing(request: pytest.FixtureRequest) -> None:
    pytest.fail(
        f"the fixture {request.fixturename} needs the package pytest-asyncio\n"
        "  Install it: pip install 'ci-toolkit[services,framework]'.",
        pytrace=False,
    )


def pytest_configure(config: pytest.Config) -> None:
    """Be ready for tests that are marked and ask for no fixture."""
    add_markers(config)
    services_plugin(config)


@async_fixture
async def real_db(request: pytest.FixtureRequest) -> "AsyncIterator[RealSession]":
    """Give a SQLAlchemy AsyncSession on this worker's PostgreSQL database."""
    async with _session(request) as session:
        yield session


@async_fixture
async def real_db_fixture(request: pytest.FixtureRequest) -> "AsyncIterator[RealSession]":
    """Give ``real_db`` under its other name."""
    async with _session(request) as session:
        yield session


@async_fixture
async def clean_database(request: pytest.FixtureRequest) -> "AsyncIterator[RealSession]":
    """Give ``real_db``: it is clean before every test, and whatever this one commits is gone after it."""
    async with _session(request) as session:
        yield session


@async_fixture
async def real_redis(request: pytest.FixtureRequest) -> "AsyncIterator[AsyncRedis]":
    """Give a ``redis.asyncio`` client of this worker's logical database."""
    async with _redis(request) as client:
        yield client


@async_fixture
async def real_redis_fixture(request: pytest.FixtureRequest) -> "AsyncIterator[AsyncRedis]":
    """Give ``real_redis`` under its other name."""
    async with _redis(request) as client:
        yield client


@async_fixture
async def real_services(request: pytest.FixtureRequest) -> "AsyncIterator[RealServices]":
    """Give every service: ``["db"]``, ``["redis"]``, ``["backend_url"]`` and its siblings."""
    async with _services(request) as services:
        yield services


@async_fixture
async def real_services_fixture(request: pytest.FixtureRequest) -> "AsyncIterator[RealServices]":
    """Give ``real_services`` under its other name."""
    async with _services(request) as services:
        yield services


@pytest.fixture
def real_db_sync(request: pytest.FixtureRequest) -> "Iterator[RealSyncSession]":
    """Give a SQLAlchemy Session on this worker's PostgreSQL database."""
    with services_plugin(request.config).sessions().sync_session(mode_of(request.node)) as session:
        yield session


@pytest.fixture
def real_redis_sync(request: pytest.FixtureRequest) -> "Iterator[Redis]":
    """Give a ``redis`` client of this worker's logical database."""
    services = services_plugin(request.config).start(redis=True)
    from redis import Redis

    with Redis.from_url(services.redis.endpoint.url()) as client:
        yield client


@asynccontextmanager
async def _session(request: pytest.FixtureRequest) -> "AsyncIterator[RealSession]":
    """Give the test's one session, under whatever names it asks for it."""
    item = request.node
    if SESSION in item.stash:
        yield item.stash[SESSION]
        return
    async with services_plugin(request.config).sessions().session(mode_of(item)) as session:
        item.stash[SESSION] = session
        try:
            yield session
        finally:
            del item.stash[SESSION]


@asynccontextmanager
async def _redis(request: pytest.FixtureRequest) -> "AsyncIterator[AsyncRedis]":
    services = services_plugin(request.config).start(redis=True)
    from redis.asyncio import Redis as AsyncRedis

    client = AsyncRedis.from_url(services.redis.endpoint.url())
    try:
        yield client
    finally:
        with suppress(RuntimeError):  # a test in a wider event loop than its fixture's: closed, without waiting for it
            await client.aclose()


@asynccontextmanager
async def _services(request: pytest.FixtureRequest) -> "AsyncIterator[RealServices]":
    plugin = services_plugin(request.config)
    services = plugin.start(database=True, redis=True, if_known=True)
    from ci_toolkit.test_framework.service_addresses import RealServices

    async with AsyncExitStack() as stack:
        clients: dict[str, Any] = {}
        if services.table.first(Protocol.POSTGRESQL):
            clients["db"] = await stack.enter_async_context(_session(request))
        if services.table.first(Protocol.REDIS):
            clients["redis"] = await stack.enter_async_context(_redis(request))
        yield RealServices(services, plugin.endpoint, plugin.do_for_this_test, clients)
