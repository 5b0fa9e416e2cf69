"""In pytest: journals each test while it runs."""

from collections.abc import Callable

import pytest

from ci_toolkit.model.attachment import Attachment
from ci_toolkit.model.journal import Attached, Failure, Interrupted, JournalRecord, Phase, PhaseOutcome, Started, When
from ci_toolkit.suite.clock import Clock
from ci_toolkit.suite.originals import Originals
from ci_toolkit.suite.reports import phase_of
from ci_toolkit.suite.watchers import stacks_of

_TOLERANCE_SECONDS = 1.0
"""What pytest's duration of a phase may exceed ours by before it is disbelieved."""


class RunRecorder:
    """Writes the start of a test, its phases, and its end, so that each test that began and ended is over.

    Durations are pytest's own where they can be true. Tests may stop the clock that pytest reads, set it, or let it
    return what is no number: then the time since the last record stands in their place.
    """

    def __init__(
        self, write: Callable[[JournalRecord], None], clock: Clock, root: str, *, keeps_output: bool = False
    ) -> None:
        """``keeps_output`` writes what every test printed, not only a failed one."""
        self._write = write
        self._clock = clock
        self._root = root
        self._keeps_output = keeps_output
        self._running: int | None = None
        self._began = 0.0
        self._last = 0.0
        self._is_torn_down = False
        self._rerun: Phase | None = None
        """The try that failed, until the next one begins."""
        self.failures: list[Failure] = []
        """Of the phases and subtests of the test that failed, until the next one begins."""
        self.seconds = 0.0
        """What its phases took."""
        self.is_of_one_go = True
        """Whether the test has no subtests, and no plugin has run it more than once."""

    def start(self, number: int) -> None:
        """Journal that test ``number`` begins: if it never ends, this names it."""
        self._running = number
        self._is_torn_down = False
        self._rerun = None
        self.failures, self.seconds, self.is_of_one_go = [], 0.0, True
        self._write(Started(i=number, at=self._clock.epoch_seconds()))
        self._began = self._last = Originals.perf_counter()

    def report(self, report: pytest.TestReport) -> None:
        """Journal a phase of the test that runs."""
        if self._running is None:
            return
        now = Originals.perf_counter()
        phase = phase_of(
            report,
            self._running,
            self._root,
            seconds=self._seconds(report.duration, now),
            keeps_output=self._keeps_output,
        )
        self._last = now
        if phase is None:
            self.is_of_one_go = False  # a subtest passed
            return
        self._count(phase)
        if not phase.subtest:
            self._is_torn_down = phase.w is When.TEARDOWN
            if phase.o is PhaseOutcome.RERUN:
                self._rerun = phase
            elif not self._is_torn_down:
                self._rerun = None
        self._write(phase)

    def attach(self, attachment: Attachment) -> None:
        """Journal a file of the test that runs."""
        if self._running is not None:
            self._write(Attached(i=self._running, attachment=attachment))

    def _count(self, phase: Phase) -> None:
        self.seconds += 0.0 if phase.subtest else phase.s
        self.is_of_one_go &= not phase.subtest and phase.o is not PhaseOutcome.RERUN
        if phase.o is PhaseOutcome.FAILED and phase.failure is not None:
            self.failures.append(phase.failure)

    def end(self) -> None:
        """Journal that pytest is done with the test, where its reports leave that open."""
        if self._running is None:
            return
        if self._rerun is not None:  # no plugin tried again what it said that it would
            self._write(_untried(self._rerun))
            self._is_torn_down = False
        if not self._is_torn_down:
            self._write(Phase(i=self._running, w=When.TEARDOWN, o=PhaseOutcome.PASSED, s=0.0))
        self._running = None

    def break_off(self, error: BaseException) -> None:
        """Forget the test that runs: ``error`` ends the session in the middle of it, and Ctrl-C is journaled."""
        if self._running is not None and isinstance(error, KeyboardInterrupt):
            self._write(Interrupted(i=self._running, detail=stacks_of(error)))
        self._running = None

    def _seconds(self, duration: object, now: float) -> float:
        if isinstance(duration, float) and 0.0 < duration <= now - self._began + _TOLERANCE_SECONDS:
            return round(duration, 6)
        return round(now - self._last, 6)


def _untried(rerun: Phase) -> Phase:
    failure = rerun.failure or Failure(message="")
    message = f"was to be tried again ({rerun.reason}), and was not"
    return Phase(
        i=rerun.i,
        w=When.CALL,
        o=PhaseOutcome.FAILED,
        s=rerun.s,
        failure=Failure(
            message=f"{message}: {failure.message}" if failure.message else message,
            detail=failure.detail,
            path=failure.path,
            line=failure.line,
            sections=failure.sections,
        ),
    )
