"""A pytest plugin that ends a session with a summary of the real services of all workers: what ran, what failed."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from ci_toolkit.errors import ExitCode
from ci_toolkit.services.errors import ServiceDiedError
from ci_toolkit.services.handover import hand_back
from ci_toolkit.suite.task_variable import SHARD_PLUGIN
from ci_toolkit.test_framework.names import SERVICES_REPORT


def services_report(config: pytest.Config) -> "ServicesReport":
    """Return the report of this pytest process, registered when it is first asked for."""
    found = config.pluginmanager.get_plugin(SERVICES_REPORT)
    if found is None:
        found = ServicesReport(config)
        config.pluginmanager.register(found, SERVICES_REPORT)
    assert isinstance(found, ServicesReport)
    return found


class ServicesReport:
    """Ends a session with exit status 4 if a server could not be started or died, even if no test noticed."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._lines: dict[str, None] = {}
        self._failures: dict[str, None] = {}
        self._has_lost_a_worker = False

    def add_line(self, line: str) -> None:
        """Record what a service reports at its start."""
        self._lines[line.removesuffix(", already running")] = None

    def add_failures(self, *failures: str) -> None:
        """Record servers that could not be started or have ended by themselves; equal texts count once."""
        self._failures |= dict.fromkeys(failures)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add the lines and failures of an xdist worker; a worker that crashed has sent none."""
        output = getattr(node, "workeroutput", None)
        self._has_lost_a_worker |= output is None
        lines, failures = (output or {}).get(SERVICES_REPORT, ((), ()))
        self._lines |= dict.fromkeys(lines)
        self.add_failures(*failures)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Send the lines and failures to xdist's controller, or fail the session: its tests prove nothing then."""
        if self._has_lost_a_worker:
            self.add_failures(*_deaths_of_owned_servers())
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[SERVICES_REPORT] = [list(self._lines), list(self._failures)]
        elif self._failures:
            self._hand_back()
            first_words = (failure.partition("\n")[0].partition(";")[0] for failure in self._failures)
            session.shouldfail = session.shouldfail or "; ".join(first_words)
            if session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
                session.exitstatus = ExitCode.INFRASTRUCTURE

    def _hand_back(self) -> None:
        if self._config.pluginmanager.has_plugin(SHARD_PLUGIN):  # else a test started this pytest
            from ci_toolkit.suite.shard_assignment import services_failures_file

            hand_back(self._failures, services_failures_file(self._config))

    def pytest_terminal_summary(self, terminalreporter: "pytest.TerminalReporter") -> None:
        """Show which servers ran, who ran them, and their versions; and which failed."""
        if self._lines:
            terminalreporter.section("real services")
            for line in self._lines:
                terminalreporter.write_line(line)
        if self._failures:
            terminalreporter.section("what failed of the real services", red=True)
            for failure in self._failures:
                terminalreporter.write_line(failure)


def _deaths_of_owned_servers() -> Iterator[str]:
    """Yield the deaths of servers that end with this process: a crashed worker may have been their only user."""
    from ci_toolkit.services.stack import owned

    try:
        owned(os.getpid()).check()
    except ServiceDiedError as death:
        yield str(death)
