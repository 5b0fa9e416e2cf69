"""The verdict: one honest answer for the whole run, with every reason. Shape of ``verdict.json``."""

from enum import StrEnum

import msgspec

from ci_toolkit.model.attachment import Attachment
from ci_toolkit.model.bundle import ShardState
from ci_toolkit.model.changed_lines import LinesOfFile
from ci_toolkit.model.llm_use import LlmUse
from ci_toolkit.model.quarantine import QuarantineUse
from ci_toolkit.model.reasoned import ReasonedTests
from ci_toolkit.model.record import Record
from ci_toolkit.model.warned import WarningsMet

VERDICT_SCHEMA = 1


class Status(StrEnum):
    """The answer."""

    PASSED = "passed"
    FAILED = "failed"
    INCOMPLETE = "incomplete"


class Counts(Record, frozen=True, kw_only=True):
    """How many tests ended how; never files. ``flaky``, ``quarantined``, ``excused`` are counted among the others too.

    A file that could not be imported, or skipped itself as a whole, counts as one test, and so does a lost file of
    which nobody knows how many tests it holds.
    """

    total: int = 0
    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    xfailed: int = 0
    xpassed: int = 0
    flaky: int = 0
    quarantined: int = 0
    excused: int = 0
    """Failures that trials excused: they do not fail the run."""
    lost: int = 0
    left_out: int = 0
    """Not run because a rule of the run (a budget, fail-fast) ended it; in ``total``, and not ``lost``."""


class LostTest(Record, frozen=True, kw_only=True):
    """A test (or a file whose tests are unknown) without a trustworthy outcome."""

    node_id: str
    shard: int
    reason: str
    is_critical: bool = False
    """Whether it is mission-critical, as far as is known of it."""
    tests: int = 1
    """How many tests it stands for: those of a lost file, as past runs know it. 0 is a file that nobody knows, which
    counts as one."""

    @property
    def counts_as(self) -> int:
        """How many tests it is in the counts."""
        return max(1, self.tests)


class Gate(StrEnum):
    """A rule that can fail a run; each has an entry in docs/errors.md. Every ``ProblemKind`` is one."""

    TESTS = "tests"
    """No test fails, and some test runs."""
    COMPLETENESS = "completeness"
    """Every test has an outcome."""
    PYTEST_EXIT = "pytest-exit"
    """pytest ends as its tests' outcomes explain."""
    COVERAGE = "coverage"
    """Coverage reaches its thresholds."""
    CHANGED_LINES = "changed-lines"
    """Coverage of the lines that the change wrote reaches its threshold."""
    UNUSED_SNAPSHOTS = "unused-snapshots"
    """Every snapshot is used by a test, where the suite asks for that."""
    MAX_WARNINGS = "max-warnings"
    """No more warnings than the suite allows."""
    BUDGET = "budget"
    """A strict run ends within its budget of time."""
    FAIL_FAST = "fail-fast"
    """No failure ends the run early."""
    QUARANTINE = "quarantine"
    """The quarantine keeps its rules."""
    MISSION_CRITICAL = "mission_critical"
    """Every mission-critical test runs."""
    CATEGORIES = "categories"
    """Each test has one category."""
    SERVICES = "services"
    """The services live as long as the tests."""

    BUNDLE_UNREADABLE = "bundle-unreadable"
    BUNDLE_OF_ANOTHER_PLAN = "bundle-of-another-plan"
    BUNDLE_OF_ANOTHER_RUN = "bundle-of-another-run"
    BUNDLE_TWICE = "bundle-twice"
    JOURNAL_DAMAGED = "journal-damaged"
    JOURNAL_OF_ANOTHER_PLAN = "journal-of-another-plan"
    JOURNAL_UNKNOWN = "journal-unknown"
    JOURNAL_MISSING = "journal-missing"
    RAN_TWICE = "ran-twice"
    RAN_UNPLANNED = "ran-unplanned"
    FILE_UNPLANNED = "file-unplanned"
    SOURCES_DIFFER = "sources-differ"
    ENVIRONMENTS_DIFFER = "environments-differ"
    PIECES_DIFFER = "pieces-differ"
    TESTS_SEPARATED = "tests-separated"
    COVERAGE_DATA = "coverage-data"


class Breach(Record, frozen=True, kw_only=True):
    """A rule that the run broke."""

    gate: Gate
    message: str


class CategoryCoverage(Record, frozen=True, kw_only=True):
    """Coverage that one category's tests reach by themselves."""

    percent: float
    threshold: float | None = None


class MissedLines(LinesOfFile, frozen=True, kw_only=True):
    """Changed statements that no test reached."""


class ChangedCoverage(Record, frozen=True, kw_only=True):
    """Coverage of the lines that a change wrote."""

    percent: float | None = None
    """None where it is not known, and where the change wrote no statement that coverage measures."""
    threshold: float | None = None
    base: str = ""
    """The commit since which they changed."""
    covered: int = 0
    statements: int = 0
    """Those of which the change wrote a line."""
    missed: tuple[MissedLines, ...] = ()
    unmeasured: tuple[str, ...] = ()
    """Changed files that coverage does not measure, though it measures others with this ending."""
    unknown: str = ""
    """Why it is not known, or ``""``."""


class Coverage(Record, frozen=True, kw_only=True):
    """Coverage of the run, in percent of lines, or of lines and branches where branches were measured."""

    percent: float | None
    threshold: float | None = None
    by_category: dict[str, CategoryCoverage] = msgspec.field(default_factory=dict)
    changed: ChangedCoverage | None = None
    """Of the lines that the change wrote; None where nobody asks for it."""


class ShardReport(Record, frozen=True, kw_only=True):
    """One shard, planned against actual."""

    index: int
    state: ShardState
    tests: int
    """Those that have an outcome."""
    planned_seconds: float
    """What its tests and imports were expected to take."""
    actual_seconds: float
    """From its start to its end: start-up, imports and tests."""
    tests_seconds: float = 0.0
    """What its tests and imports took: of the same kind as ``planned_seconds``."""
    reason: str = ""

    @property
    def startup_seconds(self) -> float:
        """What it took besides its tests and imports."""
        return max(0.0, self.actual_seconds - self.tests_seconds)


class FailedGo(Record, frozen=True, kw_only=True):
    """A go of a test that failed, and after which a plugin tried the test again in the same process."""

    message: str
    signature: str


class TestFailure(Record, frozen=True, kw_only=True):
    """A failed test, as much as a list needs."""

    __test__ = False  # not for pytest, whatever the name

    node_id: str
    file: str
    line: int
    """Where it failed, else where it is defined; from 1, 0 is unknown."""
    message: str
    quarantined: bool = False
    """Whether the quarantine excuses it, so that it does not fail the run."""
    shard: int = 0
    outcome: str = "failed"
    detail: str = ""
    output: str = ""
    """What it printed and logged, as far as pytest captured it."""
    signature: str = ""
    """What the failure is recognized by: ``Signature.digest``, of all failed phases and subtests together."""
    earlier: tuple[FailedGo, ...] = ()
    """The goes that failed before the last, oldest first."""
    is_critical: bool = False
    """Whether the test is mission-critical."""
    why: str = ""
    """Why it fails the run, or does not, where there is more to say than that the test failed."""
    cause: str = ""
    """``Signature.cause``; ``""`` where no test failed, but a file or class that could not be collected."""
    seconds: float = 0.0
    """What the test took."""
    kind: str = ""
    """What the court found that the failure is, such as ``flaky``; ``""`` where no court sat."""
    is_excused: bool = False
    """Whether the court excuses it, so that it does not fail the run."""
    evidence: tuple[str, ...] = ()
    """What trials showed, in words."""
    attachments: tuple[Attachment, ...] = ()
    """Files that it handed over, and pictures of pages that were open when it failed."""
    reproduce: str = ""
    """The command that runs it again in the order of its shard, where the run's bundles are."""


class SlowTest(Record, frozen=True, kw_only=True):
    """One of the slowest tests."""

    node_id: str
    seconds: float


class Proof(Record, frozen=True, kw_only=True):
    """What shows that every test ran exactly once."""

    planned_files: int
    collected_files: int
    collected_tests: int
    outcomes: int
    statement: str


class Verdict(Record, frozen=True, kw_only=True):
    """One honest answer for the whole run, with every reason."""

    schema: int = VERDICT_SCHEMA
    status: Status
    exit_code: int
    plan_id: str
    commit: str = ""
    counts: Counts
    lost: tuple[LostTest, ...] = ()
    left_out: tuple[LostTest, ...] = ()
    """What a budget or a fail-fast rule left out, by name."""
    mode: str = ""
    breaches: tuple[Breach, ...] = ()
    coverage: Coverage
    shards: tuple[ShardReport, ...] = ()
    failures: tuple[TestFailure, ...] = ()
    flaky: tuple[TestFailure, ...] = ()
    skipped: tuple[ReasonedTests, ...] = ()
    """What was not run because the tests say so, the most frequent reason first; at most a hundred reasons."""
    xfailed: tuple[ReasonedTests, ...] = ()
    xpassed: tuple[ReasonedTests, ...] = ()
    shows: str = ""
    """What the suite wants listed besides failures, in the letters of pytest's ``-r``."""
    warnings: WarningsMet = WarningsMet(count=0)
    slowest: tuple[SlowTest, ...] = ()
    proof: Proof
    notes: tuple[str, ...] = ()
    """What a reader should hear that decides nothing."""
    lower_bound_seconds: float = 0.0
    predicted_seconds: float | None = None
    """What tests and imports were to take on the slowest shard; None where no past run says anything of that."""
    tests_seconds: float = 0.0
    """What tests and imports took on the shard where that was most: of the same kind as the prediction."""
    achieved_seconds: float = 0.0
    """The slowest shard, start-up included."""
    overhead_seconds: float = 0.0
    """The start-up: what a shard took besides its tests and imports, typically."""
    wall_seconds: float | None = None
    """From the start of the command to its verdict, where one command did all of it."""
    quarantine: QuarantineUse | None = None
    """None where nothing is in quarantine."""
    llm: LlmUse | None = None
    """None where no test called a real language model."""
    advice: str = ""
    """What would make the next run shorter, most of all."""
