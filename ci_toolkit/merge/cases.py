"""One test while its records come in: phases, tries, and the outcome that they amount to."""

from ci_toolkit.model.journal import CollectedTest, Crashed, Failure, Phase, PhaseOutcome, When
from ci_toolkit.model.node_id import node_id_of
from ci_toolkit.model.result import Outcome, PhaseFailure, TestResult

_PASSED = PhaseOutcome.PASSED
_TEARDOWN = When.TEARDOWN


class Case:
    """A test that a shard selected. A million of them are made in a large merge, so it holds little."""

    __slots__ = (
        "_category",
        "_odd",
        "_properties",
        "_rerun",
        "_reruns",
        "_test",
        "is_critical",
        "is_over",
        "path",
        "seconds",
        "was_started",
    )

    def __init__(self, path: str, test: CollectedTest, category: str) -> None:
        self.path = path
        self.is_critical = False
        self.is_over = False
        self.was_started = False
        self.seconds: dict[When, float] = {}
        self._test = test
        self._category = test.category or category
        self._odd: list[Phase | Crashed] = []
        """What did not simply pass."""
        self._properties: tuple[tuple[str, str], ...] = ()
        self._reruns: list[Phase] = []
        self._rerun = False

    @property
    def suffix(self) -> str:
        """What follows ``path::`` in the node id."""
        return self._test.suffix

    @property
    def node_id(self) -> str:
        """The name that pytest gives the test."""
        return node_id_of(self.path, self._test.suffix)

    def start(self) -> None:
        """Begin a try."""
        self.was_started = True
        self._rerun = False

    def end_phase(self, phase: Phase) -> None:
        """Take in the end of a phase."""
        if phase.o is not _PASSED:
            if phase.o is PhaseOutcome.RERUN:
                self._reruns.append(phase)
                self._rerun = True
                return
            self._odd.append(phase)
        if phase.subtest:
            return
        self.seconds[phase.w] = phase.s
        if phase.w is _TEARDOWN:
            self.is_over = not self._rerun
            self._properties = phase.properties
        elif phase.w is When.SETUP:
            self._rerun = False

    @property
    def has_outcome(self) -> bool:
        """Whether its outcome is known: it is over, or has failed, and nothing that follows can mend that."""
        return self.is_over or any(_is_failure(odd) for odd in self._odd)

    @property
    def may_have_died(self) -> bool:
        """Whether the death of a process can be this test's: it started, and did not end otherwise."""
        return self.was_started and (not self.is_over or any(isinstance(odd, Crashed) for odd in self._odd))

    def die(self, crashed: Crashed) -> None:
        """End the test with the death of its process. The last account counts: the supervisor's says most."""
        self._odd = [odd for odd in self._odd if not isinstance(odd, Crashed)]
        self._odd.append(crashed)
        self.is_over = True

    @property
    def is_plain(self) -> bool:
        """Whether nothing odd happened: every phase passed, at the first try."""
        return not self._odd and not self._reruns

    @property
    def was_rerun(self) -> bool:
        """Whether it failed and was tried again."""
        return bool(self._reruns)

    @property
    def outcome(self) -> Outcome:
        """What the records so far amount to."""
        return self._outcome(self._failures())

    def _failures(self) -> tuple[PhaseFailure, ...]:
        return tuple([_failure(odd, self.path) for odd in self._odd if _is_failure(odd)])

    def result(self) -> TestResult:
        """Return the final outcome."""
        failures = self._failures()
        seconds = self.seconds
        return TestResult(
            node_id=self.node_id,
            path=self._test.location or self.path,
            line=self._test.line,
            category=self._category,
            outcome=self._outcome(failures),
            is_critical=self.is_critical,
            setup_seconds=seconds.get(When.SETUP, 0.0),
            call_seconds=seconds.get(When.CALL, 0.0),
            teardown_seconds=seconds.get(_TEARDOWN, 0.0),
            reason=self._reason(),
            failures=failures,
            reruns=tuple([_failure(phase, self.path) for phase in self._reruns]),
            properties=self._properties,
        )

    def _reason(self) -> str:
        return next((odd.reason for odd in self._odd if isinstance(odd, Phase) and not odd.subtest), "")

    def _outcome(self, failures: tuple[PhaseFailure, ...]) -> Outcome:
        if not self._odd:
            return Outcome.PASSED
        if any(failure.when is When.CALL for failure in failures):
            return Outcome.FAILED
        if failures:
            return Outcome.ERROR
        outcomes = {odd.o for odd in self._odd if isinstance(odd, Phase) and not odd.subtest}
        for mark, outcome in (
            (PhaseOutcome.SKIPPED, Outcome.SKIPPED),
            (PhaseOutcome.XFAILED, Outcome.XFAILED),
            (PhaseOutcome.XPASSED, Outcome.XPASSED),
        ):
            if mark in outcomes:
                return outcome
        return Outcome.PASSED


def _is_failure(odd: Phase | Crashed) -> bool:
    return isinstance(odd, Crashed) or odd.o is PhaseOutcome.FAILED


def _failure(odd: Phase | Crashed, path: str) -> PhaseFailure:
    if isinstance(odd, Crashed):
        failure = Failure(message=odd.reason, detail=odd.detail, path=path)
        return PhaseFailure(when=When.SETUP, failure=failure)
    return PhaseFailure(when=odd.w, failure=odd.failure or Failure(message=odd.reason), subtest=odd.subtest)
