"""The fold of a shard's journals: records in, and out comes what became of each test.

The supervisor folds the journals while they grow, to know what is open; the merge folds them again, to know what
happened. Both use this fold, so they cannot disagree on when a test is over, which of its namesakes a record is
about, or what a rerun means.
"""

from collections import Counter
from collections.abc import Iterator

from ci_toolkit.model.attachment import Attachment
from ci_toolkit.model.environment import Environment
from ci_toolkit.model.folded_test import FoldedAgain, FoldedTest
from ci_toolkit.model.journal import (
    CollectedTest,
    Crashed,
    FileCollected,
    PhaseOutcome,
    Uncollectable,
)
from ci_toolkit.model.journal_end import Snapshots, Summary
from ci_toolkit.model.problem import Problem, ProblemKind

_Name = tuple[str, str]
"""Path and suffix; pytest allows several tests of one name."""


class JournalFold:
    """What the journals of one shard say: attempt after attempt, process by process, record by record."""

    def __init__(self, shard: int) -> None:
        self.shard = shard
        self.problems: list[Problem] = []
        self.files: dict[str, FileCollected] = {}
        """The first account of each collected file: later attempts select only what was left."""
        self.uncollectable: dict[str, Uncollectable] = {}
        """By node id: a failure, where another process only skipped it."""
        self.crashed_files: dict[str, Crashed] = {}
        """Files at whose import a process died, by path."""
        self.sources: dict[str, str] = {}
        """The project's own files that were executed: path to digest, as the first process says."""
        self.snapshots: list[Snapshots] = []
        """What each process says of syrupy's snapshots."""
        self.summaries: list[Summary] = []
        """What pytest's summary tells in each process that ended by itself."""
        self.attachments: dict[str, list[Attachment]] = {}
        """What tests handed over, by node id."""
        self.unplanned: dict[str, None] = {}
        """Test files that the processes met and the plan does not know."""
        self.stops: list[str] = []
        """Why pytest stopped before its last test."""
        self.started_at = 0.0
        """When the first process began, in epoch seconds; 0 before any did."""
        self.environment: Environment | None = None
        """What ran the tests, as the first process says."""
        self.running_seconds = 0.0
        """From the start of each process's first test to the end of its last: tests, and what pytest does between."""
        self.sequences: list[list[FoldedTest]] = []
        """The tests of each process in the order in which they began."""
        self.agains: list[FoldedAgain] = []
        """Further tries of tests that had failed, in their own processes and at once."""
        self._tests: dict[tuple[str, str, int], FoldedTest] = {}
        self._known: Counter[_Name] = Counter()
        self._waiting: dict[_Name, list[int]] = {}
        """Which namesakes were not over when the attempt began."""
        self._died: set[FoldedTest] = set()
        """The tests that died in this attempt, of which a better account may follow."""
        self._by_node_id: dict[str, list[FoldedTest]] | None = None

    def begin_attempt(self) -> None:
        """Note that new processes begin: they collect again, and select only the tests that are not over."""
        self._known = Counter()
        self._waiting = {}
        self._died = set()
        for (path, suffix, occurrence), test in self._tests.items():
            self._known[path, suffix] += 1
            if not test.is_over:
                self._waiting.setdefault((path, suffix), []).append(occurrence)

    def tests(self) -> Iterator[FoldedTest]:
        """Yield every test that was collected, in the order of collection."""
        yield from self._tests.values()

    def open_tests(self) -> Iterator[FoldedTest]:
        """Yield every test that is not over: no process has ended it."""
        return (test for test in self._tests.values() if not test.is_over)

    def knows_file(self, path: str) -> bool:
        """Return whether any process collected the file, or says why not."""
        return path in self.files or path in self.uncollectable or path in self.crashed_files

    def has_failures(self) -> bool:
        """Return whether a test failed, a file could not be collected, or a process died of either."""
        failed = PhaseOutcome.FAILED
        return (
            bool(self.crashed_files)
            or any(record.outcome is failed for record in self.uncollectable.values())
            or any(test.has_failed for test in self._tests.values())
        )

    def add(self, path: str, test: CollectedTest, number: int, category: str) -> FoldedTest:
        """Return the test that a process collected as the ``number``-th of its namesakes, from 0.

        It is the same one for each process that knows the test.
        """
        occurrence = number
        if self._known:
            waiting = self._waiting.get((path, test.suffix), [])
            known = self._known.get((path, test.suffix), 0)
            occurrence = waiting[number] if number < len(waiting) else known + number - len(waiting)
        key = (path, test.suffix, occurrence)
        folded = self._tests.get(key)
        if folded is None:
            folded = self._tests[key] = FoldedTest(path, test, category)
            self._by_node_id = None
        return folded

    def take_uncollectable(self, record: Uncollectable) -> None:
        """Take in a file or class that could not be collected, or that skipped itself as a whole."""
        before = self.uncollectable.get(record.node_id)
        if before is None or before.outcome is not PhaseOutcome.FAILED:
            self.uncollectable[record.node_id] = record

    def take_crash(self, crashed: Crashed) -> FoldedTest | None:
        """Take in the death of a process at a test or a file; return the test, if it was one."""
        if self._by_node_id is None:
            self._by_node_id = {}
            for test in self._tests.values():
                self._by_node_id.setdefault(test.node_id, []).append(test)
        for test in self._by_node_id.get(crashed.node_id, ()):
            if test.is_at_work or test in self._died:
                test.die(crashed)
                self._died.add(test)
                return test
        if "::" not in crashed.node_id or crashed.node_id == crashed.path:
            self.crashed_files[crashed.node_id] = crashed
        return None

    def note(self, kind: ProblemKind, message: str) -> None:
        """Note what is wrong with the records."""
        self.problems.append(Problem(kind=kind, message=message, shard=self.shard))
