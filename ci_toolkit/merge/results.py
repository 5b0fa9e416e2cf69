"""Puts journal records together into one result a test, and tells which tests have none."""

from collections import Counter
from collections.abc import Iterator

from ci_toolkit.merge.bundles import Bundle
from ci_toolkit.merge.cases import Case
from ci_toolkit.merge.journals import JournalFile, journals_of, opening_problem
from ci_toolkit.model.journal import (
    Closed,
    CollectedTest,
    Crashed,
    Failure,
    FileCollected,
    FileOpened,
    JournalRecord,
    Opened,
    Phase,
    PhaseOutcome,
    Selected,
    Started,
    Uncollectable,
    When,
)
from ci_toolkit.model.merged import Problem
from ci_toolkit.model.result import Outcome, PhaseFailure, TestResult
from ci_toolkit.model.verdict import LostTest

_Name = tuple[str, str]


class BundleReading:
    """Everything that one bundle's journals say."""

    def __init__(self, bundle: Bundle) -> None:
        self.index = bundle.card.index
        self.problems: list[Problem] = []
        self.files: dict[str, FileCollected] = {}
        """The first account of each collected file: later attempts select only what was left."""
        self.uncollectable: dict[str, Uncollectable] = {}
        self.crashed_files: dict[str, Crashed] = {}
        self.stops: list[str] = []
        """Why pytest stopped before its last test."""
        self.started_at = 0.0
        self.running_seconds = 0.0
        """From the start of each process's first test to the end of its last: tests, and what pytest does between."""
        self._cases: dict[tuple[str, str, int], Case] = {}
        self._done: Counter[_Name] = Counter()
        self._read(bundle)

    # --- reading ----------------------------------------------------------------------------------

    def _read(self, bundle: Bundle) -> None:
        attempt = 0
        for file in journals_of(bundle, self.problems):
            if file.attempt != attempt:
                attempt = file.attempt
                self._done = Counter((case.path, case.suffix) for case in self._cases.values() if case.is_over)
            self._read_file(file, bundle)
            for message in file.problems:
                self._problem("journal-damaged", message)

    def _read_file(self, file: JournalFile, bundle: Bundle) -> None:
        records = iter(file)
        first = next(records, None)
        if first is None:
            self._problem("journal-damaged", f"{file.place} is empty")
            return
        wrong = opening_problem(first, file, bundle)
        if wrong:
            self._problem("journal-of-another-plan" if "plan" in wrong else "journal-damaged", wrong)
            return
        _Process(self, file, self._done).read(first, records)

    def _problem(self, kind: str, message: str) -> None:
        self.problems.append(Problem(kind=kind, message=message, shard=self.index))

    def take_twice(self, case: Case) -> None:
        """Note a test that ran a second time after it was over."""
        self._problem("ran-twice", f"{case.node_id} ran twice in shard {self.index}")

    def case(self, path: str, test: CollectedTest, occurrence: int, category: str) -> Case:
        """Return the case of a collected test; the same one for each process that knows the test."""
        key = (path, test.suffix, occurrence)
        case = self._cases.get(key)
        if case is None:
            case = self._cases[key] = Case(path, test, category)
        return case

    def take_uncollectable(self, record: Uncollectable) -> None:
        """Take in a file or class that could not be collected: a failure, where another worker only skipped it."""
        before = self.uncollectable.get(record.node_id)
        if before is None or before.outcome is not PhaseOutcome.FAILED:
            self.uncollectable[record.node_id] = record

    def crash(self, crashed: Crashed) -> None:
        """Take in the death of a process at a test or a file."""
        for case in self._cases.values():
            if case.may_have_died and case.node_id == crashed.node_id:
                case.die(crashed)
                return
        if "::" not in crashed.node_id or crashed.node_id == crashed.path:
            self.crashed_files[crashed.node_id] = crashed

    # --- what came of it --------------------------------------------------------------------------

    def results(self) -> Iterator[TestResult]:
        """Yield the result of every test that has one."""
        for case in self._cases.values():
            if case.has_outcome:
                yield case.result()

    def results_of_files(self) -> Iterator[TestResult]:
        """Yield the result of every file or class that could not be collected, or that skipped itself."""
        for record in self.uncollectable.values():
            yield _result_of_file(record)
        for path, crashed in self.crashed_files.items():
            yield _result_of_crash(path, crashed)

    def cases(self) -> Iterator[tuple[str, Case]]:
        """Yield the path and the case of every test that was collected."""
        for (path, _, _), case in self._cases.items():
            yield path, case

    def lost(self, why: str) -> Iterator[LostTest]:
        """Yield every selected test without an outcome. ``why`` is what is known of the shard's end."""
        for case in self._cases.values():
            if not case.has_outcome:
                reason = f"was running when its process ended ({why})" if case.was_started else f"never ran ({why})"
                yield LostTest(node_id=case.node_id, shard=self.index, reason=reason, is_critical=case.is_critical)


class _Process:
    """Reads the journal of one process."""

    def __init__(self, reading: BundleReading, file: JournalFile, done: Counter[_Name]) -> None:
        self._reading = reading
        self._file = file
        self._names = Counter(done)
        self._cases: dict[int, Case] = {}

    def read(self, first: JournalRecord, records: Iterator[JournalRecord]) -> None:
        self._other(first)
        cases = self._cases
        began: Started | None = None
        last: Started | None = None
        for record in records:
            # Phases are most of a journal, so they come first and cost least.
            if type(record) is Phase:
                case = cases.get(record.i)
                if case is None:
                    self._unknown(record.i)
                else:
                    case.end_phase(record)
            elif type(record) is Started:
                began, last = began or record, record
                case = cases.get(record.i)
                if case is None:
                    self._unknown(record.i)
                else:
                    self._start(case)
            else:
                self._other(record)
        if began is not None and last is not None:
            self._reading.running_seconds += max(0.0, last.at - began.at) + self._seconds_of(last.i)

    def _seconds_of(self, number: int) -> float:
        return sum(self._cases[number].seconds.values()) if number in self._cases else 0.0

    def _start(self, case: Case) -> None:
        if case.is_over:
            self._reading.take_twice(case)
        case.start()

    def _other(self, record: JournalRecord) -> None:
        match record:
            case Opened():
                self._reading.started_at = min(self._reading.started_at or record.at, record.at)
            case FileCollected():
                self._collect(record)
            case Uncollectable():
                self._reading.take_uncollectable(record)
            case Crashed():
                self._reading.crash(record)
            case Closed() if record.reason:
                self._reading.stops.append(record.reason)
            case FileOpened() | Selected() | Closed() | Started() | Phase():
                pass

    def _collect(self, record: FileCollected) -> None:
        self._reading.files.setdefault(record.path, record)
        for number, test in enumerate(record.tests, start=record.first):
            name = (record.path, test.suffix)
            self._cases[number] = self._reading.case(record.path, test, self._names[name], record.category)
            self._names[name] += 1
        for which in record.critical:
            if 0 <= which < len(record.tests):
                self._cases[record.first + which].is_critical = True

    def _unknown(self, number: int) -> None:
        message = f"{self._file.place} tells of test number {number}, which it never named"
        if message not in self._file.problems:
            self._file.problems.append(message)


def _result_of_file(record: Uncollectable) -> TestResult:
    if record.outcome is PhaseOutcome.SKIPPED:
        return TestResult(
            node_id=record.node_id,
            path=record.path,
            line=0,
            category="",
            outcome=Outcome.SKIPPED,
            is_critical=record.is_critical,
            reason=record.failure.message,
            setup_seconds=record.seconds,
        )
    failures = (PhaseFailure(when=When.SETUP, failure=record.failure),)
    return TestResult(
        node_id=record.node_id,
        path=record.path,
        line=0,
        category="",
        outcome=Outcome.ERROR,
        failures=failures,
        setup_seconds=record.seconds,
    )


def _result_of_crash(path: str, crashed: Crashed) -> TestResult:
    failure = Failure(message=crashed.reason, detail=crashed.detail, path=path)
    return TestResult(
        node_id=path,
        path=path,
        line=0,
        category="",
        outcome=Outcome.ERROR,
        failures=(PhaseFailure(when=When.SETUP, failure=failure),),
    )
