"""What a bundle teaches history: the seconds of each test and how it ended, as columns a file."""

import hashlib
from collections.abc import Iterator

import msgspec

from ci_toolkit.model.bundle import ShardCard, ShardState
from ci_toolkit.model.ended import Ended
from ci_toolkit.model.fold import JournalFold
from ci_toolkit.model.folded_test import FoldedTest
from ci_toolkit.model.history import FileRun, JobRun, environment_name
from ci_toolkit.model.journal import FileCollected, PhaseOutcome
from ci_toolkit.model.node_id import function_of
from ci_toolkit.model.record import encode
from ci_toolkit.model.result import Outcome
from ci_toolkit.plan.sanitize import is_valid

_ENDED = {
    Outcome.PASSED: Ended.PASSED,
    Outcome.FAILED: Ended.FAILED,
    Outcome.ERROR: Ended.ERROR,
    Outcome.SKIPPED: Ended.SKIPPED,
    Outcome.XFAILED: Ended.XFAILED,
    Outcome.XPASSED: Ended.XPASSED,
}
_UNKNOWN = str(Ended.UNKNOWN)
PASSED = str(Ended.PASSED)
_Row = tuple[str, float, float, float, str]
"""Suffix, seconds, setup, teardown, and how it ended."""


def files_learned(fold: JournalFold, card: ShardCard) -> tuple[FileRun, ...]:
    """Return what the tests of each collected file took. Tests without a single outcome teach nothing."""
    key = key_of(card, fold.started_at)
    found = []
    for path, rows in _rows(fold).items():
        record = fold.files.get(path)
        columns = _Columns(rows)
        if record is not None and columns.has_outcome:
            found.append(columns.file_run(record, key, fold.started_at))
    found += [_without_tests(path, took, key, fold.started_at) for path, took in _testless(fold)]
    return tuple(found)


def _testless(fold: JournalFold) -> Iterator[tuple[str, float]]:
    """Yield path and import seconds of each file that was collected and holds no test, or that skipped itself."""
    for collected in fold.files.values():
        if not (collected.tests or collected.deselected or collected.removed or collected.piece):
            yield collected.path, collected.import_seconds
    for file in fold.uncollectable.values():
        if file.node_id == file.path and file.outcome is PhaseOutcome.SKIPPED and file.path not in fold.files:
            yield file.path, file.seconds


def _without_tests(path: str, imported: float, key: str, at: float) -> FileRun:
    return FileRun(
        path=path,
        key=key,
        at=at,
        tests=0,
        total=0,
        import_seconds=imported if is_valid(imported) else None,
        suffixes=b"[]",
        seconds=b"[]",
        setup=b"[]",
        teardown=b"[]",
    )


def _rows(fold: JournalFold) -> dict[str, list[_Row]]:
    # Goes over every test of the bundle: plain code, one tuple a test.
    rows: dict[str, list[_Row]] = {}
    for test in fold.tests():
        seconds = round(test.seconds * 1e6) / 1e6  # round(…, 6) takes four times as long
        letter = PASSED if test.is_plain and test.has_outcome else _letter(test)
        rows.setdefault(test.path, []).append((test.suffix, seconds, test.setup_seconds, test.teardown_seconds, letter))
    return rows


def import_seconds_of(fold: JournalFold) -> float:
    """Return what importing the shard's files took."""
    return sum(record.import_seconds for record in fold.files.values() if is_valid(record.import_seconds))


def between_seconds_of(fold: JournalFold, seconds: float) -> float:
    """Return what pytest took between the phases of tests that took ``seconds``: with many small tests, most of it."""
    between = fold.running_seconds - seconds
    return between if is_valid(between) else 0.0


def job_learned(fold: JournalFold, card: ShardCard, tests: int, tests_seconds: float, between: float) -> JobRun:
    """Return what the shard took as a whole."""
    return JobRun(
        key=key_of(card, fold.started_at),
        plan_id=card.plan_id,
        shard=card.index,
        at=fold.started_at,
        environment=environment_of(card, fold),
        is_finished=card.state is ShardState.FINISHED,
        tests=tests,
        actual_seconds=card.actual_seconds,
        tests_seconds=tests_seconds,
        between_seconds=round(between, 6),
    )


def environment_of(card: ShardCard, fold: JournalFold) -> str:
    """Return the name of what ran the shard, or ``""`` where neither its card nor its journals say."""
    ran = card.environment or fold.environment
    return environment_name(ran.implementation, ran.python, ran.platform) if ran else ""


def key_of(card: ShardCard, started_at: float) -> str:
    """Return what names the work of a bundle, whenever it is merged."""
    return short_digest(f"{card.plan_id}/{card.index}/{started_at!r}")


def short_digest(text: str) -> str:
    """Return a short name for ``text``."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]


class _Columns:
    """One file's tests in the order of their collection."""

    def __init__(self, rows: list[_Row]) -> None:
        if len({row[0] for row in rows}) < len(rows):
            rows = _without_namesakes(rows)
        suffixes, seconds, setup, teardown, letters = zip(*rows, strict=True)
        if not (min(setup) >= 0.0 and min(teardown) >= 0.0 and min(seconds) >= 0.0 and is_valid(max(seconds))):
            rows = list(map(_doubted, rows))  # a journal can say anything
            suffixes, seconds, setup, teardown, letters = zip(*rows, strict=True)
        self.suffixes, self.seconds, self.setup, self.teardown = suffixes, seconds, setup, teardown
        self.outcomes = "".join(letters)

    @property
    def has_outcome(self) -> bool:
        return bool(self.outcomes.strip(_UNKNOWN))

    def file_run(self, record: FileCollected, key: str, at: float) -> FileRun:
        tests = len(self.suffixes)
        imported = record.import_seconds
        return FileRun(
            path=record.path,
            key=key,
            at=at,
            tests=tests,
            total=tests + record.deselected + record.removed,
            category=record.category,
            import_seconds=imported if is_valid(imported) else None,
            suffixes=encode(self.suffixes),
            seconds=msgspec.json.encode(self.seconds),
            setup=msgspec.json.encode(self.setup),
            teardown=msgspec.json.encode(self.teardown),
            outcomes=self.outcomes if self.outcomes.strip(PASSED) else "",
        )


def _without_namesakes(rows: list[_Row]) -> list[_Row]:
    # Tests of the same name are one to every plan: it cannot tell them apart.
    one: dict[str, _Row] = {}
    for suffix, seconds, setup, teardown, letter in rows:
        before = one.get(suffix, (suffix, 0.0, 0.0, 0.0, PASSED))
        together = (round(before[1] + seconds, 6), round(before[2] + setup, 6), round(before[3] + teardown, 6))
        one[suffix] = (suffix, *together, letter if before[4] == PASSED else before[4])
    return list(one.values())


def by_function(run: FileRun) -> FileRun:
    """Return ``run`` with the tests of each function put together to one, under the name of the function."""
    suffixes = [function_of(suffix) for suffix in msgspec.json.decode(run.suffixes, type=list[str])]
    columns = [msgspec.json.decode(column, type=list[float]) for column in (run.seconds, run.setup, run.teardown)]
    letters = run.outcomes or PASSED * len(suffixes)
    rows = _without_namesakes(list(zip(suffixes, *columns, letters, strict=True)))
    names, seconds, setup, teardown, outcomes = zip(*rows, strict=True)
    return msgspec.structs.replace(
        run,
        tests=len(rows),
        total=run.total - run.tests + len(rows),
        suffixes=encode(names),
        seconds=msgspec.json.encode(seconds),
        setup=msgspec.json.encode(setup),
        teardown=msgspec.json.encode(teardown),
        outcomes="" if run.outcomes == "" else "".join(outcomes),
    )


def _doubted(row: _Row) -> _Row:
    suffix, seconds, setup, teardown, letter = row
    if all(map(is_valid, (seconds, setup, teardown))):
        return suffix, seconds, setup, teardown, letter
    return suffix, 0.0, 0.0, 0.0, _UNKNOWN


def _letter(test: FoldedTest) -> str:
    if not (test.is_over and test.has_outcome):
        return _UNKNOWN
    outcome = test.outcome
    return str(Ended.FLAKY if outcome is Outcome.PASSED and test.was_rerun else ended_of(outcome))


def ended_of(outcome: Outcome) -> Ended:
    """Return how history writes ``outcome``."""
    return _ENDED[outcome]
