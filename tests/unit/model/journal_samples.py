"""Small journals: records as a shard writes them."""

from collections.abc import Iterable, Mapping, Sequence

from ci_toolkit.model.environment import Environment
from ci_toolkit.model.fold import JournalFold
from ci_toolkit.model.folded_test import FoldedTest
from ci_toolkit.model.journal import (
    JOURNAL_SCHEMA,
    CollectedTest,
    Crashed,
    Failure,
    FileCollected,
    JournalRecord,
    Opened,
    Phase,
    PhaseOutcome,
    Selected,
    Started,
    Uncollectable,
    When,
)
from ci_toolkit.model.journal_end import Closed, Stop
from ci_toolkit.model.process_fold import ProcessFold

PLAN_ID = "f" * 64
PYTHON = Environment(python="3.12.1", implementation="cpython", platform="linux", pytest="8.4.0")
PID = 2**22 + 7
"""Of a process that is not there: the kernel gives no number above 2**22."""

Journal = Sequence[JournalRecord]
Attempt = Mapping[str, Journal]
"""Journals by worker."""


def opened(
    *, shard: int = 1, attempt: int = 1, worker: str = "main", plan_id: str = PLAN_ID, at: float = 1000.0
) -> Opened:
    return Opened(
        schema=JOURNAL_SCHEMA,
        plan_id=plan_id,
        shard=shard,
        attempt=attempt,
        worker=worker,
        pid=PID,
        at=at,
        environment=PYTHON,
    )


def collected(path: str, *suffixes: str, first: int = 0, critical: tuple[int, ...] = ()) -> FileCollected:
    tests = tuple(CollectedTest(suffix=suffix) for suffix in suffixes)
    return FileCollected(path=path, first=first, tests=tests, critical=critical)


def piece_of(
    path: str, piece: int, suffixes: Sequence[str], whole: Sequence[str], *, first: int = 0, ids: str = ""
) -> FileCollected:
    """One piece of a cut file, as a shard sees it that finds the names ``whole`` in the file; ``ids`` stand for ids."""
    return FileCollected(
        path=path,
        first=first,
        tests=tuple(CollectedTest(suffix=suffix) for suffix in suffixes),
        piece=piece,
        piece_total=len(suffixes),
        claims_digest=f"digest of {sorted(whole)}",
        ids_digest=f"digest of {sorted(whole)} {ids}",
    )


def started(number: int, at: float = 1000.0) -> Started:
    return Started(i=number, at=at)


def phase(  # noqa: PLR0913  # the record has as many fields
    number: int,
    when: str,
    outcome: str = "passed",
    *,
    message: str = "",
    reason: str = "",
    subtest: str = "",
    seconds: float = 0.25,
    properties: tuple[tuple[str, str], ...] = (),
) -> Phase:
    failure = Failure(message=message, detail=f"traceback of {message}") if message else None
    return Phase(
        i=number,
        w=When(when),
        o=PhaseOutcome(outcome),
        s=seconds,
        reason=reason,
        subtest=subtest,
        failure=failure,
        properties=properties,
    )


def setup(number: int, outcome: str = "passed", **also: str) -> Phase:
    return phase(number, "setup", outcome, **also)  # type: ignore[arg-type]  # texts only


def call(number: int, outcome: str = "passed", **also: str) -> Phase:
    return phase(number, "call", outcome, **also)  # type: ignore[arg-type]  # texts only


def teardown(number: int, outcome: str = "passed", **also: str) -> Phase:
    return phase(number, "teardown", outcome, **also)  # type: ignore[arg-type]  # texts only


def passes(number: int, at: float = 1000.0) -> tuple[JournalRecord, ...]:
    return started(number, at), setup(number), call(number), teardown(number)


def fails(number: int, message: str = "assert 0") -> tuple[JournalRecord, ...]:
    return started(number), setup(number), call(number, "failed", message=message), teardown(number)


def is_rerun(number: int, message: str = "at first") -> tuple[JournalRecord, ...]:
    return setup(number), call(number, "rerun", message=message), teardown(number)


def crashed(node_id: str, reason: str = "killed by SIGKILL", *, path: str = "", detail: str = "") -> Crashed:
    return Crashed(node_id=node_id, path=path or node_id.partition("::")[0], reason=reason, detail=detail)


def uncollectable(
    node_id: str, outcome: str = "failed", message: str = "ImportError: no", *, is_critical: bool = False
) -> Uncollectable:
    return Uncollectable(
        node_id=node_id,
        path=node_id.partition("::")[0],
        outcome=PhaseOutcome(outcome),
        failure=Failure(message=message),
        seconds=0.5,
        is_critical=is_critical,
    )


def closed(status: int = 0, *, stop: Stop = Stop.NOBODY, reason: str = "") -> Closed:
    return Closed(at=1010.0, exit_status=status, reason=reason, stop=stop)


def whole_journal(*records: JournalRecord, **of: int | str) -> tuple[JournalRecord, ...]:
    """A journal from its first record to its last, around ``records``."""
    tests = sum(len(record.tests) for record in records if isinstance(record, FileCollected))
    files = [record for record in records if isinstance(record, FileCollected | Uncollectable)]
    rest = [record for record in records if not isinstance(record, FileCollected | Uncollectable)]
    return opened(**of), *files, Selected(tests=tests), *rest, closed()  # type: ignore[arg-type]  # names of fields


def fold_attempt(fold: JournalFold, attempt: Attempt) -> dict[str, ProcessFold]:
    """Fold the processes of an attempt one after the other, as the merge does."""
    fold.begin_attempt()
    processes = {}
    for worker, records in attempt.items():
        processes[worker] = process = ProcessFold(fold, f"journal/1-{worker}.jsonl")
        for record in records:
            process.take(record)
        process.close()
    return processes


def fold_of(*attempts: Attempt) -> JournalFold:
    fold = JournalFold(1)
    for attempt in attempts:
        fold_attempt(fold, attempt)
    return fold


def fold_one(records: Iterable[JournalRecord]) -> FoldedTest:
    """Fold ``records`` of the one test ``test_a.py::test_a``."""
    fold = fold_of({"main": [collected("test_a.py", "test_a"), *records]})
    (test,) = fold.tests()
    return test


def outcomes(fold: JournalFold) -> list[tuple[str, str]]:
    """Return each test's id and outcome, '' where it has none."""
    return [(test.node_id, str(test.outcome) if test.has_outcome else "") for test in fold.tests()]
