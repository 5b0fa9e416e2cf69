"""The services of the test that runs now, for helpers that are called in plain functions, without a fixture."""

from collections import ChainMap
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, cast

import pytest

from ci_toolkit.isolated_environment import get_env
from ci_toolkit.services.catalog import table

if TYPE_CHECKING:  # they bring SQLAlchemy and redis, which no test has asked for yet
    from ci_toolkit.isolation.worker_services import WorkerServices
    from ci_toolkit.services.catalog.endpoint import Endpoint
    from ci_toolkit.test_framework.database_sessions import DatabaseSessions, RealSession

SESSION: Final[pytest.StashKey["RealSession"]] = pytest.StashKey()
"""The one database session of a test, under whatever names it asks for it."""
_FIXTURES: Final = ("real_services", "real_services_fixture")


class ServicesOfTests(Protocol):
    """What the plugin of real services does for the test that runs."""

    def start(self, *, redis: bool = False) -> "WorkerServices":
        """Start what is asked for, and clean up after the test."""

    def endpoint(self, name: str) -> "Endpoint":
        """Return where a service answers, started if need be."""

    def sessions(self) -> "DatabaseSessions":
        """Return the source of this worker's database sessions."""

    def do_for_this_test(self, work: Callable[[], object]) -> None:
        """Call ``work``; if that fails, so does the test."""


class RunningTests:
    """A plugin that knows which test runs now."""

    innermost: "ClassVar[RunningTests | None]" = None
    """The one of the innermost pytest, where a test runs another one in this process."""

    def __init__(self, services: ServicesOfTests) -> None:
        self.services = services
        self.item: pytest.Item | None = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Note ``item`` for as long as it runs."""
        before, RunningTests.innermost, self.item = RunningTests.innermost, self, item
        try:
            return (yield)
        finally:
            RunningTests.innermost, self.item = before, None


@asynccontextmanager
async def services_of_the_running_test() -> AsyncIterator[Mapping[str, Any]]:
    """Give what ``real_services`` gives: the test's own where it has that fixture, else each part when it is asked for.

    A backend that ``BACKEND_URL`` names is used, and none started. Outside of a test there are no services.
    """
    tests = RunningTests.innermost
    if tests is None or tests.item is None:
        yield {}
        return
    funcargs: Mapping[str, Any] = getattr(tests.item, "funcargs", {})
    given = next((funcargs[name] for name in _FIXTURES if name in funcargs), None)
    if given is not None:
        yield given
        return
    from ci_toolkit.test_framework.service_addresses import RealServices

    plugin = tests.services
    clients = _Clients(plugin, tests.item)
    every = RealServices(plugin.start(), plugin.endpoint, plugin.do_for_this_test, clients)
    url = get_env().get("BACKEND_URL", "")
    try:
        yield ChainMap({"backend_url": url}, cast("Any", every)) if url else every
    finally:
        await clients.close()


class _Clients(Mapping[str, Any]):
    """A database session and a client of Redis, made when they are asked for."""

    def __init__(self, plugin: ServicesOfTests, item: pytest.Item) -> None:
        self._plugin = plugin
        self._item = item
        self._made: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        if key == "db" and SESSION in self._item.stash:
            return self._item.stash[SESSION]
        if key not in self._made:
            if key not in tuple(self):
                raise KeyError(key)
            self._made[key] = self._plugin.sessions().fresh_session() if key == "db" else self._redis()
        return self._made[key]

    def _redis(self) -> Any:
        from redis.asyncio import Redis

        return Redis.from_url(self._plugin.start(redis=True).redis.endpoint.url())

    def __iter__(self) -> Iterator[str]:
        known = self._plugin.start().table
        yield from ("db",) if known.first(table.Protocol.POSTGRESQL) else ()
        yield from ("redis",) if known.first(table.Protocol.REDIS) else ()

    def __len__(self) -> int:
        return len(tuple(iter(self)))

    async def close(self) -> None:
        """Close what was made."""
        for key, client in self._made.items():
            await (client.close() if key == "db" else client.aclose())
