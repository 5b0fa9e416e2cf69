"""In pytest: what the real services of all workers said, and which of them died, at the end of the session."""

import os
from collections.abc import Iterable, Iterator
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
    """Fails a session whose servers did not live as long as its tests, though no test may have noticed."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._told: dict[str, None] = {}
        self._deaths: dict[str, None] = {}
        self._has_lost_a_worker = False

    def tell(self, line: str) -> None:
        """Take down what a service says at its start."""
        self._told[line.removesuffix(", already running")] = None

    def bury(self, deaths: Iterable[str]) -> None:
        """Take down which servers ended by themselves, with the ends of their logs."""
        self._deaths |= dict.fromkeys(deaths)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker of xdist heard; one that crashed has said nothing."""
        output = getattr(node, "workeroutput", None)
        self._has_lost_a_worker |= output is None
        told, deaths = (output or {}).get(SERVICES_REPORT, ((), ()))
        self._told |= dict.fromkeys(told)
        self.bury(deaths)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Pass on what was taken down, or let the session fail by it: what its tests say is no answer then."""
        if self._has_lost_a_worker:
            self.bury(_deaths_of_what_is_owned())
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[SERVICES_REPORT] = [list(self._told), list(self._deaths)]
        elif self._deaths:
            session.shouldfail = "; ".join(death.partition(";")[0] for death in self._deaths)
            if session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
                session.exitstatus = ExitCode.INFRASTRUCTURE

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which servers there were, who ran them, and their versions; and which did not live long enough."""
        if self._told:
            terminalreporter.section("real services")
            for line in self._told:
                terminalreporter.write_line(line)
        if self._deaths:
            terminalreporter.section("a service did not live as long as the tests", red=True)
            for death in self._deaths:
                terminalreporter.write_line(death)


def _deaths_of_what_is_owned() -> Iterator[str]:
    """Yield which servers died that end with this process: a worker that crashed may have been their only user."""
    from ci_toolkit.services.stack import owned  # noqa: PLC0415 (start-up time)

    try:
        owned(os.getpid()).check()
    except ServiceDiedError as death:
        yield str(death)
