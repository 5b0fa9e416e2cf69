"""Follows the journals of one attempt while they grow: what is selected, finished, in flight."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from ci_toolkit.model.journal import (
    Closed,
    Crashed,
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
    decoder,
)
from ci_toolkit.model.node_id import node_id_of
from ci_toolkit.model.record import Record


class TestKey(NamedTuple):
    """Which test of a suite; names may stand in it more than once."""

    path: str
    suffix: str
    occurrence: int
    """Which of its namesakes, from 0."""

    @property
    def node_id(self) -> str:
        """Pytest's name of the test."""
        return node_id_of(self.path, self.suffix)


class InFlight(Record, frozen=True, kw_only=True):
    """A test that has started and not ended."""

    key: TestKey
    since: float
    """Seconds since the epoch."""
    worker: str
    pid: int
    category: str = ""


class JournalTail:
    """Reads the new whole lines of a growing journal file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> Iterator[JournalRecord]:
        """Yield the records that were added since the last call; a torn line waits for its rest."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        whole, newline, _ = data.rpartition(b"\n")
        self._offset += len(whole) + len(newline)
        for line in whole.splitlines():
            try:
                yield decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue  # the merge reports it, with its place


class WorkerProgress:
    """What one process of the attempt has told so far."""

    def __init__(self, path: Path, finished_before: Mapping[tuple[str, str], int]) -> None:
        self._tail = JournalTail(path)
        self.name = ""
        self.pid = 0
        self.opened: Opened | None = None
        self.closed: Closed | None = None
        self.tests: dict[int, TestKey] = {}
        """By number."""
        self.critical: set[TestKey] = set()
        self._categories: dict[int, str] = {}
        """Of the tests that have one, by number."""
        self.selected = False
        self.importing = ""
        self.running: InFlight | None = None
        self._rerun = False
        self._names = Counter(finished_before)

    def advance(self) -> Iterator[tuple[JournalRecord, TestKey | None]]:
        """Take in new records and yield each with the test that it is about."""
        for record in self._tail.read():
            yield record, self._take(record)

    def _take(self, record: JournalRecord) -> TestKey | None:
        match record:
            case Opened():
                self.opened, self.name, self.pid = record, record.worker, record.pid
            case FileOpened():
                self.importing = record.path
            case Uncollectable():
                self.importing = ""
            case FileCollected():
                self._number(record)
            case Selected():
                self.selected, self.importing = True, ""
            case Started():
                key = self.tests[record.i]
                self._rerun = False
                category = self._categories.get(record.i, "")
                self.running = InFlight(key=key, since=record.at, worker=self.name, pid=self.pid, category=category)
                return key
            case Phase():
                self._end_phase(record)
                return self.tests[record.i]
            case Closed():
                self.closed = record
            case Crashed():
                pass
        return None

    def _number(self, record: FileCollected) -> None:
        for number, test in enumerate(record.tests, start=record.first):
            name = (record.path, test.suffix)
            self.tests[number] = TestKey(*name, self._names[name])
            self._names[name] += 1
            if category := test.category or record.category:
                self._categories[number] = category
        self.critical.update(self.tests[record.first + which] for which in record.critical)

    def _end_phase(self, phase: Phase) -> None:
        if phase.o is PhaseOutcome.RERUN:
            self._rerun = True
        elif phase.w is When.SETUP:
            self._rerun = False
        elif phase.w is When.TEARDOWN and not self._rerun:
            self.running = None


class AttemptProgress:
    """All processes of one attempt together: pytest itself, or xdist's controller and workers."""

    def __init__(self, journal: Path, attempt: int, finished_before: Mapping[tuple[str, str], int]) -> None:
        self._journal = journal
        self._attempt = attempt
        self._finished_before = finished_before
        self.workers: dict[str, WorkerProgress] = {}
        self.finished: set[TestKey] = set()
        self.failed: set[TestKey] = set()
        self.uncollectable: set[str] = set()
        self.crashed: dict[str, Crashed] = {}
        """By node id, as xdist's controller tells."""

    def advance(self) -> Iterator[tuple[JournalRecord, TestKey | None]]:
        """Take in what is new and yield it."""
        for path in sorted(self._journal.glob(f"{self._attempt}-[mg]*.jsonl")):
            worker = self.workers.setdefault(path.name, WorkerProgress(path, self._finished_before))
            for record, key in worker.advance():
                self._take(record, key, worker)
                yield record, key

    def _take(self, record: JournalRecord, key: TestKey | None, worker: WorkerProgress) -> None:
        if isinstance(record, Crashed):
            self.crashed[record.node_id] = record
        if isinstance(record, Uncollectable) and record.outcome is PhaseOutcome.FAILED:
            self.uncollectable.add(record.node_id)
        if not isinstance(record, Phase) or key is None:
            return
        if record.o is PhaseOutcome.FAILED:
            self.failed.add(key)
        if record.w is When.TEARDOWN and worker.running is None:
            self.finished.add(key)

    @property
    def main(self) -> WorkerProgress | None:
        """The process that ci-toolkit started."""
        return self.workers.get(f"{self._attempt}-main.jsonl")

    @property
    def selected(self) -> Collection[TestKey]:
        """Every test of the attempt, once collection is over; xdist's workers all hold the same."""
        return next((worker.tests.values() for worker in self.workers.values() if worker.selected), ())

    @property
    def critical(self) -> Collection[TestKey]:
        """The mission-critical tests of the attempt."""
        return next((worker.critical for worker in self.workers.values() if worker.selected), ())

    @property
    def is_collected(self) -> bool:
        """Whether collection is over."""
        return any(worker.selected for worker in self.workers.values())

    @property
    def in_flight(self) -> list[InFlight]:
        """The tests that have started and not ended, at most one a worker."""
        return [worker.running for worker in self.workers.values() if worker.running is not None]

    @property
    def importing(self) -> str:
        """The file at whose import collection stands, or ``""``."""
        return next((worker.importing for worker in self.workers.values() if worker.importing), "")
