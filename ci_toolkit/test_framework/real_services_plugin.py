"""A pytest plugin that gives each test that asks for them real services, and undoes what the test wrote to them."""

import os
import re
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

import pytest

from ci_toolkit.errors import InfrastructureError, ToolkitError
from ci_toolkit.isolation.mode import CleanUpReport
from ci_toolkit.services import handover
from ci_toolkit.services.catalog.surroundings import correct, corrections
from ci_toolkit.services.databases.sql import SqlError
from ci_toolkit.test_framework.isolation_marker import mode_of
from ci_toolkit.test_framework.lent_variables import LentVariables
from ci_toolkit.test_framework.names import DYNAMIC_PORTS
from ci_toolkit.test_framework.running_test import RunningTests
from ci_toolkit.test_framework.service_needs import MARKER, NOTHING, needs_of
from ci_toolkit.test_framework.services_report import services_report
from ci_toolkit.test_framework.wider_scopes import WiderScopes
from ci_toolkit.test_framework.worker_identity import new_services

if TYPE_CHECKING:  # they bring SQLAlchemy and redis, which no test has asked for yet
    from ci_toolkit.isolation.worker_services import WorkerServices
    from ci_toolkit.services.catalog.endpoint import Endpoint
    from ci_toolkit.test_framework.database_sessions import DatabaseSessions

T = TypeVar("T")

PLUGIN: Final = "ci-toolkit-real-services"
_WAITED: Final = re.compile("lock timeout|deadlock detected|LockNotAvailable|could not obtain lock", re.IGNORECASE)
"""How drivers say that a statement gave up waiting for a lock."""
_MARKERS: Final = {
    MARKER: "real_services(*names): needs running services, and those of the table that it names",
    "isolation": "isolation(how): how a test's writes to the database are undone: rollback, truncate or clone",
}


def services_plugin(config: pytest.Config) -> "RealServicesPlugin":
    """Return the plugin of this pytest process, registered when it is first asked for."""
    found = config.pluginmanager.get_plugin(PLUGIN)
    if found is None:
        found = RealServicesPlugin(config)
        config.pluginmanager.register(found, PLUGIN)
        config.pluginmanager.register(RunningTests(found))
        services_report(config)
    assert isinstance(found, RealServicesPlugin)
    return found


def add_markers(config: pytest.Config) -> None:
    """Make the markers known where nobody has yet."""
    known = {line.partition(":")[0].partition("(")[0] for line in config.getini("markers")}
    for name, line in _MARKERS.items():
        if name not in known:
            config.addinivalue_line("markers", line)


class RealServicesPlugin:
    """The services of this worker, and the test that has them now."""

    def __init__(self, config: pytest.Config) -> None:
        if handover.read_handover().owner is not None:  # a run has services up, also for tests that name no fixture
            correct()
        self._config = config
        self._services: WorkerServices | None = None
        self._sessions: DatabaseSessions | None = None
        self._generation = 0
        self._failure = ""
        self._is_in_use = False
        self._environment = LentVariables()
        self._notice = ""
        self._last_test = ""
        self._scopes: WiderScopes | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Start what the tests of this process need before the first: no test pays for it, in its time or its limit.

        What fails is told by each test that needs it.
        """
        needing = [needs for needs in map(needs_of, session.items) if needs != NOTHING]
        workers = getattr(session.config, "workerinput", {}).get("workercount", 1)
        if session.config.option.collectonly or len(needing) < workers:  # then some worker will have none of them
            return
        for needs in sorted(set(needing)):
            with suppress(pytest.fail.Exception):
                self.start(**needs._asdict())
            self._is_in_use = False
            self._environment.take_back()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Have the databases ready, and the environment say where, before any other fixture is set up."""
        if item.get_closest_marker("isolation") is not None:
            mode_of(item)
        needs = needs_of(item)
        if needs != NOTHING:
            self.start(**needs._asdict())
        if self._is_in_use:
            if self._scopes is not None and not self._failure:
                self._scopes.begin_test()
            self._tell_of_late_writes()
            if self._notice:
                item.add_report_section("setup", "isolation", self._notice)
        self._notice = ""

    def _tell_of_late_writes(self) -> None:
        services = self._services
        if services is None or self._failure:
            return
        who = self._or_fail(services.clean_again, for_all=False)
        if who:
            late = f"after {self._last_test} and its clean-up something was written, and taken out again: to {who}"
            self._notice = "\n".join(filter(None, (self._notice, late)))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """Clean up once all of the test's fixtures are torn down."""
        try:
            return (yield)
        finally:
            if self._is_in_use:
                self._is_in_use = False
                self._last_test = item.nodeid
                if self._scopes is not None:
                    self._scopes.end_test(item.nodeid)
                self._environment.take_back()
                self._clean(item)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Drop this worker's databases at once: xdist gives a worker ten seconds for its end, and kills it then."""
        self._close_sessions()
        services, self._services = self._services, None
        if services is not None:
            services_report(self._config).add_failures(*services.deaths())
            services.close()

    def start(
        self, *, database: bool = False, redis: bool = False, if_known: bool = False, services: Sequence[str] = ()
    ) -> "WorkerServices":
        """Start what this test needs, and set the environment variables until it ends. Fails the test if it cannot."""
        self._is_in_use = True
        mine = self._or_fail(self._worker_services)
        self._or_fail(mine.clean_what_is_owed, for_all=False)
        if if_known:
            self._or_fail(mine.start_data_stores)
        if database and not if_known:
            self._or_fail(lambda: mine.database)
        if redis and not if_known:
            self._or_fail(lambda: mine.redis)
        for name in services:
            self.endpoint(name)
        self._environment.lend(corrections(os.environ) | mine.variables())
        return mine

    def endpoint(self, name: str) -> "Endpoint":
        """Return where a service answers, started if need be; the environment then names it too."""
        services = self._or_fail(self._worker_services)
        endpoint = self._or_fail(lambda: services.endpoint(name), for_all=False)
        self._environment.lend(corrections(os.environ) | services.variables())
        return endpoint

    def sessions(self) -> "DatabaseSessions":
        """Return the source of this worker's database sessions."""
        database = self.start(database=True).database
        if self._sessions is None or self._generation != database.generation:
            from ci_toolkit.test_framework.database_sessions import DatabaseSessions

            self._close_sessions()
            self._sessions, self._generation = DatabaseSessions(database.endpoint), database.generation
        return self._sessions

    def _worker_services(self) -> "WorkerServices":
        if self._services is None:
            self._services = new_services(self._config)
            # Only now: every report, and every fixture, would pay for them.
            self._config.pluginmanager.register(_DeathExplainer(self))
            self._scopes = WiderScopes(self._services, self.do_for_this_test, self._warn)
            self._config.pluginmanager.register(self._scopes)
        return self._services

    def _or_fail(self, start: Callable[[], T], *, for_all: bool = True) -> T:
        """Return what ``start`` returns. What failed ``for_all`` would fail, and take its time, for every test."""
        failure = self._failure
        try:
            if not failure:
                return start()
        except (ToolkitError, OSError, SqlError) as error:
            failure = self._explain(error)
            if isinstance(error, InfrastructureError):
                services_report(self._config).add_failures(failure)
        if for_all and not self._failure:
            self._failure = failure
        pytest.fail(failure, pytrace=False)

    def do_for_this_test(self, work: Callable[[], object]) -> None:
        """Call ``work``; if that fails, so does the test, and the next one tries anew."""
        if not self._failure:
            self._or_fail(work, for_all=False)

    def _warn(self, line: str) -> None:
        if not self._failure and not self._death():
            services_report(self._config).add_line(line)

    def _explain(self, error: Exception) -> str:
        """Return what ``error`` comes of: the death of a server with the end of its log, else ``error`` itself."""
        said = self._death() or str(error)
        if self._config.getoption(DYNAMIC_PORTS, None) is None:  # where nothing is adopted there is no such option
            said = said.replace(f"run with {DYNAMIC_PORTS}", f"set {handover.DYNAMIC_PORTS}=1")
        return said

    def explain_failure(self, report: pytest.TestReport) -> None:
        """Say in the report of a failed test which server died under it, before what a driver says of it."""
        if not self._is_in_use or self._failure:
            return
        death = self._death()
        if death:
            report.sections.append((MARKER, death))
            crash = getattr(report.longrepr, "reprcrash", None)
            if crash is not None:
                crash.message = f"{death.partition(';')[0]}: {crash.message}"

        elif _WAITED.search(report.longreprtext):
            self._name_lock_holders(report)

    def _name_lock_holders(self, report: pytest.TestReport) -> None:
        """Say who holds what, where a statement of the test gave up waiting for a lock."""
        try:
            holders = self._services.lock_holders() if self._services is not None else ()
        except (ToolkitError, OSError, SqlError) as error:
            holders = (f"unknown: {error}",)
        lines = "".join(f"\n  {holder}" for holder in holders) or " nobody any more"
        report.sections.append((MARKER, f"the test waited for a lock; locks are held by:{lines}"))

    def _death(self) -> str:
        """Return which server has died, if one has: whatever comes after that fails at once, and in one line."""
        death = "" if self._services is None else next(self._services.deaths(), "")
        if death:
            self._failure = f"{death.partition(';')[0]}; an earlier failure shows the end of its log"
        return death

    def _clean(self, item: pytest.Item) -> None:
        if self._services is None or self._failure:  # nothing to clean then, and nobody would come after
            return
        failure = ""
        report = CleanUpReport()
        try:
            report = self._services.clean(mode_of(item), test=item.nodeid)
        except (ToolkitError, OSError, SqlError) as error:
            failure = self._explain(error)
        if failure:
            pytest.fail(failure, pytrace=False)
        if report.recovered:
            services_report(self._config).add_line(report.recovered)
        if report.cloned_because:
            self._close_sessions()
            self._notice = _notice(item, report)
            item.add_report_section("teardown", "isolation", self._notice)

    def _close_sessions(self) -> None:
        if self._sessions is not None:
            self._sessions.close()
            self._sessions = None


class _DeathExplainer:
    """Has the failures of tests that use services explained."""

    def __init__(self, plugin: RealServicesPlugin) -> None:
        self._plugin = plugin

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Explain a failure."""
        report = yield
        if report.failed:
            self._plugin.explain_failure(report)
        return report


def _notice(item: pytest.Item, report: CleanUpReport) -> str:
    closed = "".join(f"\n  closed: {line}" for line in report.closed)
    advice = "\n  A pool survives that with pool_pre_ping=True." if closed else ""
    return f"after {item.nodeid} the database was cloned afresh: {report.cloned_because}{closed}{advice}"
