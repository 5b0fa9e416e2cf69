"""Reads the journals of one bundle into the fold, and tells what became of each test and file."""

from collections.abc import Collection, Iterator, Sequence

from ci_toolkit.merge.bundles import Bundle
from ci_toolkit.merge.journals import SUPERVISOR, JournalFile, journals_of, opening_problem
from ci_toolkit.model.bundle import ShardState
from ci_toolkit.model.fold import JournalFold
from ci_toolkit.model.folded_test import FoldedTest
from ci_toolkit.model.journal import Crashed, Failure, Opened, PhaseOutcome, Uncollectable, When
from ci_toolkit.model.node_id import split_node_id
from ci_toolkit.model.problem import Problem, ProblemKind
from ci_toolkit.model.process_fold import ProcessFold
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
        # A rule of the run can stop a shard before it begins: then what was planned for it is left out, by name.
        if not (file.was_left_empty and bundle.card.state is ShardState.STOPPED):
            fold.note(ProblemKind.JOURNAL_DAMAGED, f"{file.place} is empty")
        return None
    wrong = opening_problem(first, file, bundle)
    if wrong is not None:
        fold.problems.append(wrong)
        return None
    if not (isinstance(first, Opened) or file.worker == SUPERVISOR or file.problems):
        fold.note(ProblemKind.JOURNAL_DAMAGED, f"{file.place} does not begin as a journal does")
    process = ProcessFold(fold, file.place)
    process.take(first)
    process.take_all(records)
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
        return _results_of_files(self.fold)

    def order_until(self, node_id: str, others: Collection[str] = ()) -> tuple[str, ...]:
        """Return what ran before a test in its process, and the test itself; nothing if it did not run.

        Where one of ``others`` ran after it in that process, the order goes on to the last of them.
        """
        for sequence in reversed(self.fold.sequences):  # what was run again counts as it ran last
            ran = [test.node_id for test in sequence]
            if node_id in ran:
                last = max((number for number, name in enumerate(ran) if name in others), default=0)
                return tuple(dict.fromkeys(ran[: max(last, ran.index(node_id)) + 1]))
        return ()

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


class ResultsByName:
    """How tests ended, of a fold that takes in no more, asked by their node ids."""

    def __init__(self, fold: JournalFold) -> None:
        self._tests: dict[str, list[FoldedTest]] = {}
        for test in fold.tests():
            if test.has_outcome:
                self._tests.setdefault(test.node_id, []).append(test)
        self._files: dict[str, list[TestResult]] = {}
        for result in _results_of_files(fold):
            self._files.setdefault(result.path, []).append(result)

    def of(self, node_id: str) -> Sequence[TestResult]:
        """Return the result of each test of the name; where none has one, those of its file that it cannot come to."""
        tests = self._tests.get(node_id)
        return [test.result() for test in tests] if tests else self._files.get(split_node_id(node_id)[0], ())


def _results_of_files(fold: JournalFold) -> Iterator[TestResult]:
    for record in fold.uncollectable.values():
        yield _result_of_file(record)
    for path, crashed in fold.crashed_files.items():
        yield _result_of_crash(path, crashed)


def skipped_folder(folder: str, reason: str) -> TestResult:
    """Return the one result that stands for a folder which skips itself."""
    return TestResult(node_id=folder, path=folder, line=0, category="", outcome=Outcome.SKIPPED, reason=reason)


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
