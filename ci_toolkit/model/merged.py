"""The merged run: what all bundles say together, before anybody judges it."""

from collections.abc import Mapping

from ci_toolkit.model.bundle import ShardState, StopKind
from ci_toolkit.model.history import RunRecord
from ci_toolkit.model.llm_use import LlmUse
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.problem import Problem
from ci_toolkit.model.quarantine import CoveredAlone
from ci_toolkit.model.reasoned import ReasonedTests
from ci_toolkit.model.record import Record
from ci_toolkit.model.trial import Trial, TrialOutcome
from ci_toolkit.model.verdict import (
    ChangedCoverage,
    Counts,
    LostTest,
    Proof,
    SlowTest,
    TestFailure,
)
from ci_toolkit.model.warned import WarningsLimit, WarningsMet


class MergedShard(Record, frozen=True, kw_only=True):
    """What one shard did."""

    index: int
    state: ShardState
    reason: str
    tests: int
    """Those that have an outcome."""
    actual_seconds: float
    tests_seconds: float = 0.0
    """Its tests, what pytest does between them, and imports; the rest of ``actual_seconds`` is overhead."""
    unexplained_exit: str = ""
    stopped_by: StopKind = StopKind.NOBODY
    service_logs: tuple[str, ...] = ()
    """Paths of what its services said."""


class CriticalTest(Record, frozen=True, kw_only=True):
    """A mission-critical test that was kept from its work."""

    node_id: str
    how: str
    """``skipped``, ``xfailed``, ``deselected``."""
    reason: str = ""


class AskedTest(Record, frozen=True, kw_only=True):
    """What the shards say of a test that somebody asks for by name."""

    test: str
    is_critical: bool = False
    is_gone: bool = False
    """Whether its file was collected, all of it, and does not hold it."""


class CategoryClash(Record, frozen=True, kw_only=True):
    """A test with more than one category."""

    node_id: str
    what: str
    """Such as ``is marked unit in a directory of e2e``."""


COPIED_SOURCES = ".coverage-sources"
"""Beside the reports: copies of measured files that are not here, which coverage reads in their place."""


class LinesOfTests(Record, frozen=True, kw_only=True):
    """Which lines of a file some tests ran."""

    tests: Mapping[int, frozenset[str]] = {}
    """A line to those of them that ran it."""
    others: frozenset[int] = frozenset()
    """Lines that others ran, too, or nobody knows who."""


class TestsApart(Record, frozen=True, kw_only=True):
    """What coverage says of tests that it was to keep apart from the others."""

    __test__ = False  # not for pytest, whatever the name

    told: frozenset[str] = frozenset()
    """Those of which it says anything."""
    files: Mapping[str, LinesOfTests] = {}
    """Path, relative to the folder of the merge, to what they ran there."""


class MeasuredCoverage(Record, frozen=True, kw_only=True):
    """Coverage over all shards."""

    covered: int
    """Lines, and branches where they were measured."""
    statements: int
    by_category: dict[str, tuple[int, int]]
    """Category to (covered, statements)."""
    gone: tuple[str, ...] = ()
    """Measured files that tests made and removed, which have no part in the numbers."""
    kept: tuple[str, ...] = ()
    """Measured files that are not here, and have their part in the numbers by the copies that shards kept."""
    lost_with: tuple[str, ...] = ()
    """Tests that killed their process, so that some of what ran is missing."""
    apart: TestsApart = TestsApart()


class CoverageDemand(Record, frozen=True, kw_only=True):
    """What the suite's own settings ask of the coverage of the whole run."""

    percent: float
    precision: int = 0
    """To how many digits pytest-cov rounds before it compares."""
    asked_by: str
    """Such as ``fail_under in .coveragerc``."""


class UnusedSnapshots(Record, frozen=True, kw_only=True):
    """Snapshots (syrupy) that no test of the run used."""

    names: tuple[str, ...]
    """Such as ``__snapshots__/test_a.ambr: test_it``."""
    is_demanded: bool
    """Whether the suite fails for them."""


class TrialEvidence(Record, frozen=True, kw_only=True):
    """What a trial showed."""

    trial: Trial
    outcome: TrialOutcome | None = None
    why_not: str = ""
    """Why there is no outcome."""
    seconds: float = 0.0
    touches: bool | None = None
    """Whether it ran what the change wrote; None where nobody can know."""


class MergedRun(Record, frozen=True, kw_only=True):
    """What all bundles say together."""

    plan: Plan
    counts: Counts
    shards: tuple[MergedShard, ...]
    lost: tuple[LostTest, ...]
    failures: tuple[TestFailure, ...]
    flaky: tuple[TestFailure, ...]
    skipped: tuple[ReasonedTests, ...] = ()
    xfailed: tuple[ReasonedTests, ...] = ()
    xpassed: tuple[ReasonedTests, ...] = ()
    shows: str = ""
    slowest: tuple[SlowTest, ...]
    problems: tuple[Problem, ...]
    disagreements: tuple[Problem, ...] = ()
    """How the shards differ in what they ran; a strict mode refuses such evidence."""
    left_out: tuple[LostTest, ...] = ()
    """What did not run because a rule of the run stopped it."""
    critical: tuple[CriticalTest, ...] = ()
    clashes: tuple[CategoryClash, ...] = ()
    asked: tuple[AskedTest, ...] = ()
    """The tests that somebody asked for, as far as the shards know them."""
    coverage: MeasuredCoverage | None
    changed: ChangedCoverage | None = None
    """Coverage of what the change wrote; None where nobody asks for it, or no coverage was measured."""
    covered_alone: CoveredAlone = CoveredAlone()
    """What of the change only tests in quarantine cover; nobody looks where none of these failed."""
    coverage_demand: CoverageDemand | None = None
    unused_snapshots: UnusedSnapshots | None = None
    warnings: WarningsMet = WarningsMet(count=0)
    warnings_limit: WarningsLimit | None = None
    proof: Proof
    skipped_files: int = 0
    """Files and classes that skipped themselves as a whole, each counted as one skipped test."""
    deselected: int = 0
    """Tests that options, plugins or the choice of categories left out."""
    removed: int = 0
    """Tests that a plugin or a conftest took out without telling pytest."""
    notes: tuple[str, ...] = ()
    llm: LlmUse | None = None
    trials: tuple[TrialEvidence, ...] = ()
    """What trials of failed tests showed, of each test in the order in which they were made."""
    has_other_machine: bool = False
    """Whether some of them ran on another machine than the shard."""
    trials_ended: tuple[tuple[int, str], ...] = ()
    """(shard, why it made no further trial) where one was asked for."""
    history: RunRecord = RunRecord()
    """What the run teaches; empty where no history is kept."""
