"""In pytest: what the real services of all workers said, and how they failed, at the end of the session."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from ci_toolkit.errors import ExitCode
from ci_toolkit.services.errors import ServiceDiedError
from ci_toolkit.suite.plugin import SERVICES_REPORT


def services_report(config: pytest.Config) -> "ServicesReport":
    """Return the report of this pytest process, registered when it is first asked for."""
    found = config.pluginmanager.get_plugin(SERVICES_REPORT)
    if found is None:
        found = ServicesReport(config)
        config.pluginmanager.register(found, SERVICES_REPORT)
    assert isinstance(found, ServicesReport)
    return found


class ServicesReport:
    """Ends a session with exit status 4 whose servers could not be had, or died, though no test may have noticed."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._told: dict[str, None] = {}
        self._failures: dict[str, None] = {}
        self._has_lost_a_worker = False

    def tell(self, line: str) -> None:
        """Take down what a service says at its start."""
        self._told[line.removesuffix(", already running")] = None

    def note(self, *failures: str) -> None:
        """Take down that a server could not be had, or has ended by itself; the same words count once."""
        self._failures |= dict.fromkeys(failures)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker of xdist heard; one that crashed has said nothing."""
        output = getattr(node, "workeroutput", None)
        self._has_lost_a_worker |= output is None
        told, failures = (output or {}).get(SERVICES_REPORT, ((), ()))
        self._told |= dict.fromkeys(told)
        self.note(*failures)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Pass on what was taken down, or let the session fail by it: what its tests say is no answer then."""
        if self._has_lost_a_worker:
            self.note(*_deaths_of_what_is_owned())
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[SERVICES_REPORT] = [list(self._told), list(self._failures)]
        elif self._failures:
            first_words = (failure.partition("\n")[0].partition(";")[0] for failure in self._failures)
            session.shouldfail = session.shouldfail or "; ".join(first_words)
            if session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
                session.exitstatus = ExitCode.INFRASTRUCTURE

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which servers there were, who ran them, and their versions; and which failed."""
        if self._told:
            terminalreporter.section("real services")
            for line in self._told:
                terminalreporter.write_line(line)
        if self._failures:
            terminalreporter.section("what failed of the real services", red=True)
            for failure in self._failures:
                terminalreporter.write_line(failure)


def _deaths_of_what_is_owned() -> Iterator[str]:
    """Yield which servers died that end with this process: a worker that crashed may have been their only user."""
    from ci_toolkit.services.stack import owned

    try:
        owned(os.getpid()).check()
    except ServiceDiedError as death:
        yield str(death)
