"""How an attempt ended, read from its journals, its exit status and its last words."""

import signal
from collections.abc import Callable
from enum import StrEnum

from ci_toolkit.model.bundle import OUTPUT_FOLDER, BrokenBy, StopKind
from ci_toolkit.model.folded_test import FoldedTest
from ci_toolkit.model.journal import Crashed
from ci_toolkit.model.journal_end import Closed, Stop
from ci_toolkit.model.record import Record
from ci_toolkit.suite.options import StopRequest
from ci_toolkit.suite.output import Output
from ci_toolkit.suite.progress import AttemptProgress
from ci_toolkit.suite.time_limits import TimeLimits

_PASSED = 0
_TESTS_FAILED = 1
_USAGE_EXITS = (3, 4)
_NO_TESTS = 5


class How(StrEnum):
    """How an attempt ended."""

    FINISHED = "finished"
    STOPPED = "stopped"
    """On purpose: Ctrl-C, ``-x``, ``pytest.exit``."""
    DIED = "died"
    """In the middle; another process can go on."""
    BROKEN = "broken"
    """In a way that another process would not mend."""


class AttemptEnd(Record, frozen=True, kw_only=True):
    """What came of an attempt."""

    how: How
    reason: str = ""
    broken_by: BrokenBy = BrokenBy.NOTHING
    stop: Stop = Stop.NOBODY
    """Who stopped pytest, where that was pytest itself or what runs in it."""
    unexplained_exit: str = ""
    """How pytest ended, where no test's outcome explains that."""
    crashes: tuple[Crashed, ...] = ()
    """The tests and files at whose work the process died or was ended."""


class EndOfAttempt:
    """Finds how an attempt ended, and which tests its process died of."""

    def __init__(
        self, progress: AttemptProgress, output: Output, limits: TimeLimits, note: Callable[[Crashed], None]
    ) -> None:
        """``note`` hears of each crash as it is found."""
        self._crashes: list[Crashed] = []
        self._blamed: set[FoldedTest] = set()
        self._progress = progress
        self._output = output
        self._limits = limits
        self._note = note

    def judge(self, status: int, stop: StopRequest, recording_failure: str, *, was_interrupted: bool) -> AttemptEnd:
        """Return how it ended, given pytest's exit ``status``; ``was_interrupted`` if ``stop`` reached pytest.

        ``recording_failure`` is why a journal could not be written, and empty where all could.
        """
        if recording_failure:
            reason = f"the journal could not be written: {recording_failure}"
            return AttemptEnd(how=How.BROKEN, reason=reason, broken_by=BrokenBy.JOURNAL)
        end = self._judge(status, stop, was_interrupted=was_interrupted)
        return AttemptEnd(
            how=end.how,
            reason=end.reason,
            broken_by=end.broken_by,
            stop=end.stop,
            unexplained_exit=end.unexplained_exit,
            crashes=tuple(self._crashes),
        )

    def _judge(self, status: int, stop: StopRequest, *, was_interrupted: bool) -> AttemptEnd:
        closed = self._closed()
        self._note_explained_deaths()
        if self._progress.is_collected and not any(self._progress.fold.open_tests()):
            unexplained = "" if was_interrupted else self._unexplained(status, closed)
            return AttemptEnd(how=How.FINISHED, unexplained_exit=unexplained)
        if stop.is_asked:
            if stop.kind is StopKind.BUDGET:  # what has begun and does not end in time has failed
                self._note_deaths(
                    f"was still running when {stop.reason}", f"was still being imported when {stop.reason}"
                )
            return AttemptEnd(how=How.STOPPED, reason=stop.reason)
        if closed is not None and closed.stop not in {Stop.NOBODY, Stop.INTERRUPT}:
            return AttemptEnd(how=How.STOPPED, reason=closed.reason, stop=closed.stop)
        death = _death(status, closed)
        self._note_deaths(death, f"{death} during import")
        if not self._crashes and status in _USAGE_EXITS and not self._progress.has_begun_a_test:
            reason = f"pytest {death}:\n{self._output.tail()}"
            return AttemptEnd(how=How.BROKEN, reason=reason, broken_by=BrokenBy.PYTEST)
        return AttemptEnd(how=How.DIED, reason=f"pytest was {death}" if status < 0 else f"pytest {death}")

    def _closed(self) -> Closed | None:
        main = self._progress.main
        return main.closed if main is not None else None

    def _note_explained_deaths(self) -> None:
        for test in self._progress.died:
            self._blame(test, self._limits.excess(test) or "its xdist worker died")
        for flight in self._progress.in_flight:
            excess = self._limits.excess(flight.test)
            if excess:
                self._blame(flight.test, excess)

    def _note_deaths(self, of_test: str, of_import: str) -> None:
        for flight in self._progress.in_flight:
            self._blame(flight.test, f"when it was tried again: {of_test}" if flight.is_again else of_test)
        path = self._progress.importing
        if path and not self._progress.is_collected:
            self._add(Crashed(node_id=path, path=path, reason=of_import, detail=self._output.tail()))

    def _blame(self, test: FoldedTest, reason: str) -> None:
        if test not in self._blamed:
            self._blamed.add(test)
            detail = self._limits.stacks(test) or self._progress.stacks_of(test) or self._output.tail()
            self._add(Crashed(node_id=test.node_id, path=test.path, reason=reason, detail=detail))

    def _add(self, crash: Crashed) -> None:
        self._crashes.append(crash)
        self._note(crash)

    def _unexplained(self, status: int, closed: Closed | None) -> str:
        has_failures = self._progress.has_failures or self._crashes
        if (
            status == _PASSED
            or (status == _NO_TESTS and not self._progress.has_begun_a_test)
            or (status == _TESTS_FAILED and has_failures)
            or (status < 0 and self._crashes)  # we ended it over a time limit, or it died of a test that is named
        ):
            return ""
        reason = closed.reason if closed is not None else ""
        if not reason and status > 0:  # what is raised at the end of the session is the last thing that is printed
            reason = self._output.last_line()
        told = f" ({reason})" if reason else ""
        death = _death(status, None)
        return f"pytest {death} after its last test{told}; see {OUTPUT_FOLDER}/{self._output.path.name}"


def _death(status: int, closed: Closed | None) -> str:
    if closed is not None and closed.stop is Stop.INTERRUPT:
        return f"raised {closed.reason}"
    if status < 0:
        try:
            return f"killed by {signal.Signals(-status).name}"
        except ValueError:
            return f"killed by signal {-status}"
    return f"ended with exit status {status}"
