"""The fold of one process's journal, within that of its shard: which test a record is about, and what it changes."""

from collections.abc import Iterable

from ci_toolkit.model.fold import JournalFold
from ci_toolkit.model.folded_test import LONGEST_SECONDS, FoldedAgain, FoldedTest
from ci_toolkit.model.journal import (
    AgainEnded,
    AgainStarted,
    Attached,
    Crashed,
    FileCollected,
    FileOpened,
    Interrupted,
    JournalRecord,
    Opened,
    Phase,
    Selected,
    Started,
    Uncollectable,
    When,
)
from ci_toolkit.model.journal_end import Closed, Executed, Snapshots, Summary
from ci_toolkit.model.problem import ProblemKind

_END_OF_TIME = 1e11
"""In epoch seconds: the year 5138."""
_TEARDOWN = When.TEARDOWN


class ProcessFold:
    """What the journal of one process says."""

    def __init__(self, fold: JournalFold, place: str) -> None:
        self.opened: Opened | None = None
        self.closed: Closed | None = None
        self.tests: dict[int, FoldedTest] = {}
        """By number."""
        self.is_collected = False
        self.importing = ""
        """The file whose import has begun and not ended, or ``""``."""
        self.running: FoldedTest | None = None
        """The test that has started and is not over."""
        self.trying: FoldedAgain | None = None
        """The further try of a test that has begun and not ended."""
        self.died: list[FoldedTest] = []
        """Tests of which this process says that another died."""
        self._fold = fold
        self._place = place
        self._namesakes: dict[str, dict[str, int]] = {}
        """How many tests were collected so far, by path and suffix."""
        self._unknown: set[int] = set()
        self._sequence: list[FoldedTest] = []
        fold.sequences.append(self._sequence)
        self._again_seconds = 0.0
        self._first_start: float | None = None
        self._last_start: Started | None = None

    @property
    def has_begun_a_test(self) -> bool:
        """Whether it says that a test began."""
        return self._last_start is not None

    def take(self, record: JournalRecord) -> FoldedTest | None:
        """Take in ``record`` and return the test that it is about, if it is about one."""
        # Phases are most of a journal, so they come first and cost least.
        if type(record) is Phase:
            test = self.tests.get(record.i)
            if test is None:
                self._note_unknown(record.i)
                return None
            test.end_phase(record)
            if record.w is _TEARDOWN and test.is_over and test is self.running:
                self.running = None
            return test
        if isinstance(record, Started):
            return self._start(record)
        if isinstance(record, AgainStarted | AgainEnded):
            return self._take_again(record)
        return self._take_other(record)

    def take_all(self, records: Iterable[JournalRecord]) -> None:
        """Take in ``records``, one after the other."""
        # A million tests have three million phases: for these, not even ``take`` is called.
        tests = self.tests
        for record in records:
            if type(record) is Phase and (test := tests.get(record.i)) is not None:
                test.end_phase(record)
                if record.w is _TEARDOWN and test.is_over and test is self.running:
                    self.running = None
            else:
                self.take(record)

    def close(self) -> None:
        """Note that no record follows: how long the process ran tests is known now."""
        last = self._last_start
        if last is not None and self._first_start is not None:
            took = self.tests[last.i].seconds if last.i in self.tests else 0.0
            between = last.at - self._first_start
            between = between if 0.0 <= between < _END_OF_TIME else 0.0
            self._fold.running_seconds += took + max(0.0, between - self._again_seconds)

    def _start(self, record: Started) -> FoldedTest | None:
        if not 0.0 <= record.at < _END_OF_TIME:
            self._note_no_time(record.at)
        elif self._first_start is None:
            self._first_start = record.at
        self._last_start = record
        test = self.tests.get(record.i)
        if test is None:
            self._note_unknown(record.i)
            return None
        if test.is_over:
            self._fold.note(ProblemKind.RAN_TWICE, f"{test.node_id} ran twice in shard {self._fold.shard}")
        test.start()
        self._sequence.append(test)
        self.running = test
        return test

    def _take_again(self, record: AgainStarted | AgainEnded) -> FoldedTest | None:
        test = self.tests.get(record.i)
        if test is None:
            self._note_unknown(record.i)
        elif isinstance(record, AgainStarted):
            self.trying = FoldedAgain(test)
            self._fold.agains.append(self.trying)
        elif self.trying is not None and self.trying.test is test:
            self.trying.ended = record
            self.trying = None
            self._again_seconds += record.s if 0.0 <= record.s <= LONGEST_SECONDS else 0.0
        return test

    def _take_other(self, record: JournalRecord) -> FoldedTest | None:
        match record:
            case Opened():
                self.opened = self.opened or record
                self._fold.environment = self._fold.environment or record.environment
                self._open(record.at)
            case Interrupted():
                return self.tests.get(record.i)
            case Attached():
                self._attach(record)
            case Crashed():
                return self._take_crash(record)
            case Executed() | Snapshots() | Summary() | Closed():
                self._take_end(record)
            case _:
                self._take_collection(record)
        return None

    def _take_end(self, record: Executed | Snapshots | Summary | Closed) -> None:
        match record:
            case Executed():
                for path, digest in record.files:
                    self._fold.sources.setdefault(path, digest)
            case Snapshots():
                self._fold.snapshots.append(record)
            case Summary():
                self._fold.summaries.append(record)
            case Closed():
                self.closed = record
                if record.reason:
                    self._fold.stops.append(record.reason)

    def _take_collection(self, record: JournalRecord) -> None:
        match record:
            case FileOpened():
                self.importing = record.path
            case FileCollected():
                self._collect(record)
            case Uncollectable():
                self.importing = ""
                self._fold.take_uncollectable(record)
            case Selected():
                self.is_collected, self.importing = True, ""
                self._fold.unplanned.update(dict.fromkeys(record.unplanned))
            case _:
                raise AssertionError(f"the fold does not know the record {type(record).__name__}")

    def _open(self, at: float) -> None:
        if 0.0 <= at < _END_OF_TIME:
            self._fold.started_at = min(self._fold.started_at or at, at)
        else:
            self._note_no_time(at)

    def _note_no_time(self, at: float) -> None:
        message = f"{self._place} tells of something that began at {at!r}, which is no time"
        self._fold.note(ProblemKind.JOURNAL_DAMAGED, message)

    def _collect(self, record: FileCollected) -> None:
        self._fold.files.setdefault(record.path, record)
        path, category = record.path, record.category
        namesakes = self._namesakes.setdefault(path, {})
        for number, test in enumerate(record.tests, start=record.first):
            before = namesakes.get(test.suffix, 0)
            namesakes[test.suffix] = before + 1
            self.tests[number] = self._fold.add(path, test, before, category)
        for which in record.critical:
            if 0 <= which < len(record.tests):
                self.tests[record.first + which].is_critical = True

    def _take_crash(self, record: Crashed) -> FoldedTest | None:
        test = self._fold.take_crash(record)
        if test is not None:
            self.died.append(test)
        return test

    def _attach(self, record: Attached) -> None:
        test = self.tests.get(record.i)
        if test is None:
            self._note_unknown(record.i)
        else:
            self._fold.attachments.setdefault(test.node_id, []).append(record.attachment)

    def _note_unknown(self, number: int) -> None:
        if number not in self._unknown:
            self._unknown.add(number)
            message = f"{self._place} tells of test number {number}, which it never named"
            self._fold.note(ProblemKind.JOURNAL_DAMAGED, message)
