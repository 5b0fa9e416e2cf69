"""Reads the journals of one bundle into the fold, and tells what became of each test and file."""

from collections.abc import Iterator

from ci_toolkit.merge.bundles import Bundle
from ci_toolkit.merge.journals import SUPERVISOR, JournalFile, journals_of, opening_problem
from ci_toolkit.model.fold import JournalFold, ProcessFold
from ci_toolkit.model.journal import Crashed, Failure, Opened, PhaseOutcome, Uncollectable, When
from ci_toolkit.model.problem import Problem, ProblemKind
from ci_toolkit.model.result import Outcome, PhaseFailure, TestResult
from ci_toolkit.model.verdict import LostTest


def read_journal(fold: JournalFold, file: JournalFile, bundle: Bundle) -> ProcessFold | None:
    """Take the records of ``file`` into ``fold``, and note there what is wrong with them.

    Returns the fold of the process alone, or None where the file is no journal of ``bundle``.
    """
    process = _read(fold, file, bundle)
    for message in file.problems:
        fold.note(ProblemKind.JOURNAL_DAMAGED, message)
    return process


def _read(fold: JournalFold, file: JournalFile, bundle: Bundle) -> ProcessFold | None:
    records = iter(file)
    first = next(records, None)
    if first is None:
        fold.note(ProblemKind.JOURNAL_DAMAGED, f"{file.place} is empty")
        return None
    wrong = opening_problem(first, file, bundle)
    if wrong is not None:
        fold.problems.append(wrong)
        return None
    if not (isinstance(first, Opened) or file.worker == SUPERVISOR or file.problems):
        fold.note(ProblemKind.JOURNAL_DAMAGED, f"{file.place} does not begin as a journal does")
    process = fold.process(file.place)
    take = process.take
    take(first)
    for record in records:
        take(record)
    process.close()
    return process


class BundleReading:
    """Everything that one bundle's journals say."""

    def __init__(self, bundle: Bundle) -> None:
        self.fold = JournalFold(bundle.card.index)
        self.problems: list[Problem] = self.fold.problems
        self._read(bundle)

    def _read(self, bundle: Bundle) -> None:
        attempt = 0
        for file in journals_of(bundle, self.problems):
            if file.attempt != attempt:
                attempt = file.attempt
                self.fold.begin_attempt()
            read_journal(self.fold, file, bundle)

    def results(self) -> Iterator[TestResult]:
        """Yield the result of every test that has one."""
        for test in self.fold.tests():
            if test.has_outcome:
                yield test.result()

    def results_of_files(self) -> Iterator[TestResult]:
        """Yield the result of every file or class that could not be collected, or that skipped itself."""
        for record in self.fold.uncollectable.values():
            yield _result_of_file(record)
        for path, crashed in self.fold.crashed_files.items():
            yield _result_of_crash(path, crashed)

    def without_outcome(self, why: str) -> Iterator[LostTest]:
        """Yield every selected test without an outcome. ``why`` is what is known of the shard's end."""
        for test in self.fold.tests():
            if test.has_outcome:
                continue
            if test.is_over:
                reason = "was set up and torn down, and its call never ran"
            elif test.was_started:
                reason = f"was running when its process ended ({why})"
            else:
                reason = f"never ran ({why})"
            yield LostTest(node_id=test.node_id, shard=self.fold.shard, reason=reason, is_critical=test.is_critical)


def _result_of_file(record: Uncollectable) -> TestResult:
    is_skipped = record.outcome is PhaseOutcome.SKIPPED
    return TestResult(
        node_id=record.node_id,
        path=record.path,
        line=0,
        category="",
        outcome=Outcome.SKIPPED if is_skipped else Outcome.ERROR,
        is_critical=is_skipped and record.is_critical,
        reason=record.failure.message if is_skipped else "",
        failures=() if is_skipped else (PhaseFailure(when=When.SETUP, failure=record.failure),),
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
