"""One test while its records come in: phases, tries, and the outcome that they amount to."""

from collections.abc import Iterator

import msgspec

from ci_toolkit.model.journal import AgainEnded, CollectedTest, Crashed, Failure, Phase, PhaseOutcome, When
from ci_toolkit.model.node_id import node_id_of
from ci_toolkit.model.result import Outcome, PhaseFailure, TestResult, UnrunSubtest

LONGEST_SECONDS = 1e9
"""Thirty years. What claims to have taken longer, or less than nothing, counts as 0."""
_PASSED = PhaseOutcome.PASSED
_RERUN = PhaseOutcome.RERUN
_SETUP = When.SETUP
_CALL = When.CALL
_TEARDOWN = When.TEARDOWN
_NOT_PLAIN = (
    (PhaseOutcome.SKIPPED, Outcome.SKIPPED),
    (PhaseOutcome.XFAILED, Outcome.XFAILED),
    (PhaseOutcome.XPASSED, Outcome.XPASSED),
)


class FoldedTest:
    """A test that a shard selected. A million of them are made in a large merge, so it holds little."""

    __slots__ = (
        "_has_call",
        "_odd",
        "_properties",
        "_rerun",
        "_reruns",
        "_test",
        "call_seconds",
        "category",
        "is_critical",
        "is_over",
        "path",
        "setup_seconds",
        "teardown_seconds",
        "was_started",
    )

    def __init__(self, path: str, test: CollectedTest, category: str) -> None:
        self.path = path
        self.category = test.category or category
        self.is_critical = False
        self.is_over = False
        """Whether nothing more of it is to come, and no other process has to run it."""
        self.was_started = False
        self.setup_seconds = self.call_seconds = self.teardown_seconds = 0.0
        """Of the last try."""
        self._has_call = False
        """Whether the last try came to the end of its call."""
        self._test = test
        self._odd: tuple[Phase | Crashed, ...] = ()
        """What did not simply pass."""
        self._properties: tuple[tuple[str, str], ...] = ()
        self._reruns: tuple[Phase, ...] = ()
        self._rerun = False

    @property
    def suffix(self) -> str:
        """What follows ``path::`` in the node id."""
        return self._test.suffix

    @property
    def node_id(self) -> str:
        """The name that pytest gives the test."""
        return node_id_of(self.path, self._test.suffix)

    @property
    def seconds(self) -> float:
        """Setup, call and teardown of the last try together."""
        return self.setup_seconds + self.call_seconds + self.teardown_seconds

    def start(self) -> None:
        """Begin to run."""
        self.was_started = True
        self._rerun = False

    def end_phase(self, phase: Phase) -> None:
        """Take in the end of a phase. After a rerun, the next setup or call begins a new try."""
        if phase.o is not _PASSED:
            if phase.o is _RERUN:
                self._reruns = (*self._reruns, phase)
                self._rerun = True
                return
            self._odd = (*self._odd, phase)
        if phase.subtest:
            return
        if self._rerun and phase.w is not _TEARDOWN:  # pytest-retry sets up again without a report
            self._rerun = False
            if phase.w is _SETUP:
                self.call_seconds = self.teardown_seconds = 0.0
                self._has_call = False
        seconds = phase.s if 0.0 <= phase.s <= LONGEST_SECONDS else 0.0
        if phase.w is _SETUP:
            self.setup_seconds = seconds
        elif phase.w is _CALL:
            self.call_seconds = seconds
            self._has_call = True
        else:
            self.teardown_seconds = seconds
            self.is_over = not self._rerun
            self._properties = phase.properties

    def die(self, crashed: Crashed) -> None:
        """End the test with the death of its process. The last account counts: the supervisor's says most."""
        self._odd = (*(odd for odd in self._odd if not isinstance(odd, Crashed)), crashed)
        self.is_over = True

    @property
    def has_failed(self) -> bool:
        """Whether it failed in any phase or subtest, or died; nothing that follows can mend that."""
        return any(_is_failure(odd) for odd in self._odd)

    @property
    def has_outcome(self) -> bool:
        """Whether its outcome is known.

        A failure is known at once. Anything else is known when the test is over, and passing takes a call:
        a test that was only set up and torn down shows nothing.
        """
        if not self._odd:
            return self.is_over and self._has_call
        return (self.is_over and (self._has_call or self._is_excused)) or self.has_failed

    @property
    def _is_excused(self) -> bool:
        # Skipped, or expected to fail, before its call: pytest makes no call then.
        return any(isinstance(odd, Phase) and not odd.subtest for odd in self._odd)

    @property
    def is_at_work(self) -> bool:
        """Whether it started and is not over, so that the death of a process can be its."""
        return self.was_started and not self.is_over

    @property
    def is_plain(self) -> bool:
        """Whether nothing odd happened: every phase passed, at the first try."""
        return not self._odd and not self._reruns

    @property
    def was_rerun(self) -> bool:
        """Whether it failed and was tried again."""
        return bool(self._reruns)

    def failed_goes(self) -> Iterator[tuple[PhaseFailure, float]]:
        """Yield why it failed, and the seconds of the phase, each time before a plugin ran it again."""
        return ((_failure(phase, self.path), phase.s) for phase in self._reruns)

    def failures(self) -> tuple[PhaseFailure, ...]:
        """Return what failed in its last go: phases, subtests, the death of its process."""
        return tuple([_failure(odd, self.path) for odd in self._odd if _is_failure(odd)])

    @property
    def outcome(self) -> Outcome:
        """What the records so far amount to, for a test that has an outcome."""
        return self._outcome(self.failures())

    def result(self) -> TestResult:
        """Return the final outcome, for a test that has one."""
        test = self._test
        passed = TestResult(
            node_id=node_id_of(self.path, test.suffix),
            path=test.location or self.path,
            line=test.line,
            category=self.category,
            outcome=Outcome.PASSED,
            is_critical=self.is_critical,
            setup_seconds=self.setup_seconds,
            call_seconds=self.call_seconds,
            teardown_seconds=self.teardown_seconds,
            properties=self._properties,
        )
        if self.is_plain:  # nearly every test is
            return passed
        failures = self.failures()
        return msgspec.structs.replace(
            passed,
            outcome=self._outcome(failures),
            reason=self._reason(),
            failures=failures,
            unrun_subtests=tuple(self._unrun_subtests()),
            reruns=tuple([failure for failure, _ in self.failed_goes()]),
        )

    def _unrun_subtests(self) -> Iterator[UnrunSubtest]:
        outcomes = dict(_NOT_PLAIN)
        for odd in self._odd:
            if isinstance(odd, Phase) and odd.subtest and odd.o in outcomes:
                yield UnrunSubtest(subtest=odd.subtest, outcome=outcomes[odd.o], reason=odd.reason)

    def _reason(self) -> str:
        return next((odd.reason for odd in self._odd if isinstance(odd, Phase) and not odd.subtest), "")

    def _outcome(self, failures: tuple[PhaseFailure, ...]) -> Outcome:
        if not self._odd:
            return Outcome.PASSED
        if any(failure.when is _CALL for failure in failures):
            return Outcome.FAILED
        if failures:
            return Outcome.ERROR
        outcomes = {odd.o for odd in self._odd if isinstance(odd, Phase) and not odd.subtest}
        return next((outcome for odd, outcome in _NOT_PLAIN if odd in outcomes), Outcome.PASSED)


class FoldedAgain:
    """A further try of a test that had failed."""

    __slots__ = ("ended", "test")

    def __init__(self, test: FoldedTest) -> None:
        self.test = test
        self.ended: AgainEnded | None = None
        """How it ended; None where its process died, or is still at it."""


def _is_failure(odd: Phase | Crashed) -> bool:
    return isinstance(odd, Crashed) or odd.o is PhaseOutcome.FAILED


def _failure(odd: Phase | Crashed, path: str) -> PhaseFailure:
    if isinstance(odd, Crashed):
        failure = Failure(message=odd.reason, detail=odd.detail, path=path)
        return PhaseFailure(when=_SETUP, failure=failure)
    return PhaseFailure(when=odd.w, failure=odd.failure or Failure(message=odd.reason), subtest=odd.subtest)
