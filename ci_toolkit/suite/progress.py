"""Follows the journals of one attempt while they grow, and folds them."""

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ci_toolkit.errors import FormatError
from ci_toolkit.files import open_regular
from ci_toolkit.model.bundle import JournalSeal
from ci_toolkit.model.fold import JournalFold
from ci_toolkit.model.folded_test import FoldedTest
from ci_toolkit.model.journal import (
    AgainEnded,
    AgainStarted,
    Interrupted,
    JournalRecord,
    Phase,
    PhaseOutcome,
    Started,
    Uncollectable,
    decoder,
)
from ci_toolkit.model.process_fold import ProcessFold
from ci_toolkit.model.record import Record


class InFlight(Record, frozen=True, kw_only=True):
    """A test that has started and is not over."""

    test: FoldedTest
    since: float
    """When we heard of its start, on our own monotonic clock, which no test can stop."""
    pid: int
    is_again: bool = False
    """Whether it is over, had failed, and is tried again."""


class JournalTail:
    """Reads the new whole lines of a growing journal file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = 0
        self._records = 0
        self._sha256 = hashlib.sha256()

    def read(self) -> Iterator[JournalRecord]:
        """Yield the records that were added since the last call; a torn line waits for its rest."""
        whole, newline, _ = self._new_bytes().rpartition(b"\n")
        if not newline:
            return
        self._size += len(whole) + len(newline)
        self._sha256.update(whole + newline)
        lines = whole.split(b"\n")
        self._records += len(lines)
        for line in lines:
            try:
                record = decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue  # the merge reports it, with its place
            yield _without_text(record)

    def seal(self) -> JournalSeal:
        """Return what was read, so that nobody can change it later unseen."""
        return JournalSeal(
            name=self._path.name, size=self._size, records=self._records, sha256=self._sha256.hexdigest()
        )

    def _new_bytes(self) -> bytes:
        try:
            file = open_regular(self._path)
        except (OSError, FormatError):
            return b""  # a test took it away; the merge reports that
        with file:
            file.seek(self._size)
            return file.read()


def _without_text(record: JournalRecord) -> JournalRecord:
    # Tracebacks and output can be large; the journal keeps them, and here nobody asks for them.
    if isinstance(record, Phase) and record.failure is not None:
        return msgspec.structs.replace(
            record, failure=msgspec.structs.replace(record.failure, detail="", sections=()), properties=()
        )
    if isinstance(record, AgainEnded):
        return msgspec.structs.replace(record, failures=())
    return record


class WorkerProgress:
    """What one process of the attempt has told so far."""

    def __init__(self, path: Path, fold: ProcessFold) -> None:
        self.fold = fold
        self._tail = JournalTail(path)
        self._since = 0.0
        self.interrupted: dict[FoldedTest, str] = {}
        """Where a test was when it was interrupted."""

    def advance(self) -> Iterator[tuple[JournalRecord, FoldedTest | None]]:
        """Take in new records and yield each with the test that it is about."""
        for record in self._tail.read():
            if isinstance(record, Started | AgainStarted):
                self._since = time.monotonic()
            test = self.fold.take(record)
            if isinstance(record, Interrupted) and test is not None:
                self.interrupted[test] = record.detail
            yield record, test

    def seal(self) -> JournalSeal:
        """Return the seal of the journal as far as it was followed."""
        return self._tail.seal()

    @property
    def in_flight(self) -> InFlight | None:
        """The test that is at work in this process."""
        test, opened, again = self.fold.running, self.fold.opened, self.fold.trying
        if opened is None:
            return None
        if again is not None:
            return InFlight(test=again.test, since=self._since, pid=opened.pid, is_again=True)
        return None if test is None or test.is_over else InFlight(test=test, since=self._since, pid=opened.pid)


class AttemptProgress:
    """All processes of one attempt together: pytest itself, or xdist's controller and workers."""

    def __init__(self, journal: Path, attempt: int, fold: JournalFold) -> None:
        self.fold = fold
        fold.begin_attempt()
        self._journal = journal
        self._attempt = attempt
        self._workers: dict[str, WorkerProgress] = {}
        self.has_failures = False
        """Whether a phase failed, or a file could not be collected."""

    def advance(self) -> Iterator[tuple[JournalRecord, FoldedTest | None]]:
        """Take in what is new and yield it."""
        for path in sorted(self._journal.glob(f"{self._attempt}-[mg]*.jsonl")):
            if path.name not in self._workers:
                self._workers[path.name] = WorkerProgress(path, ProcessFold(self.fold, path.name))
            for record, test in self._workers[path.name].advance():
                self.has_failures |= _is_failure(record)
                yield record, test

    def seals(self) -> list[JournalSeal]:
        """Return the seal of each journal of the attempt, of what was followed to its end."""
        return [worker.seal() for worker in self._workers.values()]

    @property
    def main(self) -> ProcessFold | None:
        """The process that ci-toolkit started."""
        worker = self._workers.get(f"{self._attempt}-main.jsonl")
        return worker.fold if worker is not None else None

    @property
    def is_collected(self) -> bool:
        """Whether collection is over."""
        return any(worker.fold.is_collected for worker in self._workers.values())

    @property
    def in_flight(self) -> list[InFlight]:
        """The tests that have started and are not over, at most one a worker."""
        return [test for worker in self._workers.values() if (test := worker.in_flight) is not None]

    def stacks_of(self, test: FoldedTest) -> str:
        """Return where ``test`` was when it was interrupted, or ``""``."""
        return next((told for w in self._workers.values() if (told := w.interrupted.get(test))), "")

    @property
    def died(self) -> list[FoldedTest]:
        """The tests of which xdist's controller says that they took their worker with them."""
        return [test for worker in self._workers.values() for test in worker.fold.died]

    @property
    def importing(self) -> str:
        """The file at whose import collection stands, or ``""``."""
        return next((worker.fold.importing for worker in self._workers.values() if worker.fold.importing), "")

    @property
    def has_begun_a_test(self) -> bool:
        """Whether any test of this attempt has begun."""
        return any(worker.fold.has_begun_a_test for worker in self._workers.values())


def _is_failure(record: JournalRecord) -> bool:
    return (isinstance(record, Phase) and record.o is PhaseOutcome.FAILED) or (
        isinstance(record, Uncollectable) and record.outcome is PhaseOutcome.FAILED
    )
