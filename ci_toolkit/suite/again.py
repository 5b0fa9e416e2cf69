"""In pytest: tries a failed test again at once, in the process in which it failed, and journals how that ended.

Nothing else hears of it: the reports of such a try are made, and told to no plugin, but those that subtests log
themselves. All of the test's own fixtures are set up anew; those of a wider scope stay, as for the next test, and where
one of them has failed, the test is not tried.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext

import pytest
from _pytest.runner import runtestprotocol

from ci_toolkit.model.again import AgainRule, Agains
from ci_toolkit.model.journal import AgainEnded, AgainStarted, Failure, JournalRecord, PhaseOutcome
from ci_toolkit.model.signature import signature_of
from ci_toolkit.suite.attachments import ATTACHMENTS
from ci_toolkit.suite.clock import Clock
from ci_toolkit.suite.originals import Originals
from ci_toolkit.suite.reports import failure_of
from ci_toolkit.suite.running_coverage import running_coverage
from ci_toolkit.suite.touch import Touch

_PHASES = 3
"""Setup, call and teardown."""


class AgainPlugin:
    """Tries tests again, as long as its rule allows."""

    def __init__(
        self,
        agains: Agains,
        touch: Touch | None,
        write: Callable[[JournalRecord], object],
        clock: Clock,
        root: str,
    ) -> None:
        """``touch`` says whether a test runs what the change wrote; None where nobody can know."""
        self._agains = agains
        self._touch = touch
        self._write = write
        self._clock = clock
        self._root = root
        self._set_up: pytest.Item | None = None
        """The last test that was set up in this process: pytest-forked sets them up in others."""
        self._reports: list[pytest.TestReport] = []
        self.is_trying = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Note that the test runs in this process."""
        self._set_up = item

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a test that is tried again, within all that plugins wrap around a test: time limits, filters."""
        if not self.is_trying:
            return None
        self._reports += runtestprotocol(item, log=False, nextitem=nextitem)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hear of a subtest that failed in such a try: the test's own phases may have passed all the same."""
        if self.is_trying and report.failed:
            self._reports.append(report)

    def try_again(
        self,
        item: pytest.Item,
        nextitem: pytest.Item | None,
        number: int,
        test: str,
        failed: Sequence[Failure],
        seconds: float,
    ) -> None:
        """Try ``item``, which is over and has ``failed`` after ``seconds``, until it passes or has failed often enough.

        ``number`` and ``test`` name it in the journal and for people.
        """
        if self._set_up is not item or item.session.shouldfail or item.session.shouldstop or _is_fixture_broken(item):
            return
        cause = signature_of(failed[0], test).cause
        most = self._agains.most_for(test, cause, seconds)
        for _ in range(most):
            if not self._agains.can_pay(seconds):
                return
            if self._once(item, nextitem, number, failed) is not PhaseOutcome.FAILED:
                return
        if most:
            self._agains.note_vain(cause)

    def _once(
        self, item: pytest.Item, nextitem: pytest.Item | None, number: int, failed: Sequence[Failure]
    ) -> PhaseOutcome:
        """Try it once and return how that ended: ``skipped`` too where a plugin did not let it begin."""
        self._write(AgainStarted(i=number, at=self._clock.epoch_seconds()))
        began = Originals.perf_counter()
        self._reports.clear()
        self.is_trying = True
        try:
            with (
                _unmeasured(),
                _without_attachments(item.config),
                self._touch.watched() if self._touch else nullcontext(),
            ):
                item.ihook.pytest_runtest_protocol(item=item, nextitem=nextitem)
        finally:
            self.is_trying = False
        seconds = Originals.perf_counter() - began
        self._agains.pay(seconds)
        outcome = _outcome_of(self._reports)
        failures = tuple(failure_of(report, self._root) for report in self._reports if report.failed)
        touches = self._touch.of(str(item.path), (*failed, *failures), self._root) if self._touch else None
        self._write(AgainEnded(i=number, o=outcome, s=round(seconds, 6), failures=failures, touches=touches))
        return outcome


def again_plugin(
    rule: AgainRule | None, config: pytest.Config, write: Callable[[JournalRecord], object], clock: Clock
) -> AgainPlugin | None:
    """Return what tries the tests of this process again by ``rule``; None where that is none."""
    if rule is None:
        return None
    processes = int(getattr(config, "workerinput", {}).get("workercount", 1))
    touch = None if rule.change is None else Touch(rule.change)
    return AgainPlugin(Agains(rule.shared_by(processes)), touch, write, clock, str(config.rootpath))


def _outcome_of(reports: Sequence[pytest.TestReport]) -> PhaseOutcome:
    if any(report.failed for report in reports):
        return PhaseOutcome.FAILED
    has_passed = len(reports) == _PHASES and all(report.passed for report in reports)
    return PhaseOutcome.PASSED if has_passed else PhaseOutcome.SKIPPED


def _is_fixture_broken(item: pytest.Item) -> bool:
    """Return whether a fixture of the test that lives on has failed: it would only say so again."""
    info = getattr(item, "_fixtureinfo", None)
    definitions = (found for of_name in getattr(info, "name2fixturedefs", {}).values() for found in of_name)
    cached = (getattr(found, "cached_result", None) for found in definitions)
    return any(result is not None and result[2] is not None for result in cached)


@contextmanager
def _without_attachments(config: pytest.Config) -> Iterator[None]:
    """Keep no files that a test hands over meanwhile: those of its first go are kept."""
    attachments = config.stash.get(ATTACHMENTS, None)
    if attachments is None:
        yield
        return
    folder, attachments.folder = attachments.folder, ""
    try:
        yield
    finally:
        attachments.folder = folder


@contextmanager
def _unmeasured() -> Iterator[None]:
    """Keep coverage from what runs meanwhile: it is of the first go of each test."""
    measuring = running_coverage()
    if measuring is None:
        yield
        return
    measuring.stop()
    try:
        yield
    finally:
        measuring.start()
