"""What became of one test, put together from its journal records."""

from collections.abc import Iterable
from enum import StrEnum

from ci_toolkit.model.journal import Failure, When
from ci_toolkit.model.record import Record


class Outcome(StrEnum):
    """The final outcome of a test, in pytest's words."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    """Setup or teardown failed, the file could not be imported, or the process died."""
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"

    @property
    def is_failure(self) -> bool:
        """Whether a run with this outcome is red."""
        return self in _FAILURES

    @property
    def is_pass(self) -> bool:
        """Whether the test ran to its end without a failure."""
        return self in _PASSES


_PASSED = Outcome.PASSED
_FAILURES = frozenset({Outcome.FAILED, Outcome.ERROR})
_PASSES = frozenset({Outcome.PASSED, Outcome.XPASSED})


class PhaseFailure(Record, frozen=True, kw_only=True):
    """A failed phase, or a failed subtest in it."""

    when: When
    failure: Failure
    subtest: str = ""


class UnrunSubtest(Record, frozen=True, kw_only=True):
    """A subtest that was skipped or expected to fail, in a test that goes by what else it holds."""

    subtest: str
    outcome: Outcome
    reason: str = ""


def captured_output(failures: Iterable[PhaseFailure]) -> str:
    """Return what was captured with ``failures``, each section under its title."""
    return "\n".join(f"--- {title} ---\n{text}" for f in failures for title, text in f.failure.sections)


class TestResult(Record, frozen=True, kw_only=True, gc=False):
    """The one final outcome of a test, with every failed attempt on the way."""

    __test__ = False  # not for pytest, whatever the name

    node_id: str
    path: str
    line: int
    category: str
    outcome: Outcome
    is_critical: bool = False
    """Whether it must run and pass: ``mission_critical`` or ``no_skip``."""
    setup_seconds: float = 0.0
    call_seconds: float = 0.0
    teardown_seconds: float = 0.0
    reason: str = ""
    """Why it was skipped or expected to fail."""
    failures: tuple[PhaseFailure, ...] = ()
    unrun_subtests: tuple[UnrunSubtest, ...] = ()
    reruns: tuple[PhaseFailure, ...] = ()
    """The failures of earlier attempts, oldest first."""
    properties: tuple[tuple[str, str], ...] = ()
    """(name, value) of what the test recorded about itself."""

    @property
    def seconds(self) -> float:
        """Setup, call and teardown together."""
        return self.setup_seconds + self.call_seconds + self.teardown_seconds

    @property
    def is_plain(self) -> bool:
        """Whether it passed at the first try and recorded nothing about itself; nearly every test does."""
        return self.outcome is _PASSED and not (self.reruns or self.properties or self.unrun_subtests)

    @property
    def is_flaky(self) -> bool:
        """Whether it failed and then passed in the same run."""
        return bool(self.reruns) and self.outcome is Outcome.PASSED
