"""What a bundle teaches history: the seconds of each test and how it ended, as columns a file."""

import hashlib

import msgspec

from ci_toolkit.merge.cases import Case
from ci_toolkit.merge.results import BundleReading
from ci_toolkit.model.bundle import ShardCard, ShardState
from ci_toolkit.model.history import Ended, FileRun, JobRun, environment_name
from ci_toolkit.model.journal import FileCollected, When
from ci_toolkit.model.record import encode
from ci_toolkit.model.result import Outcome
from ci_toolkit.plan.sound import is_sound

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


def files_learned(reading: BundleReading, card: ShardCard) -> tuple[FileRun, ...]:
    """Return what the tests of each collected file took. A file without a single outcome teaches nothing."""
    columns: dict[str, _Columns] = {}
    for path, suffix, occurrence, case in reading.cases():
        column = columns.get(path)
        if column is None:
            column = columns[path] = _Columns()
        column.add(suffix, case, is_namesake=occurrence > 0)
    key = _key(card, reading.started_at)
    return tuple(
        column.file_run(reading.files[path], key, reading.started_at)
        for path, column in columns.items()
        if path in reading.files and column.has_outcome
    )


def import_seconds_of(reading: BundleReading) -> float:
    """Return what importing the shard's files took."""
    return sum(record.import_seconds for record in reading.files.values() if is_sound(record.import_seconds))


def job_learned(reading: BundleReading, card: ShardCard, tests: int, seconds: float) -> JobRun:
    """Return what the shard took as a whole; ``seconds`` is what its tests and imports took."""
    return JobRun(
        key=_key(card, reading.started_at),
        plan_id=card.plan_id,
        shard=card.index,
        at=reading.started_at,
        environment=environment_of(card),
        is_finished=card.state is ShardState.FINISHED,
        tests=tests,
        actual_seconds=card.actual_seconds,
        tests_seconds=seconds,
    )


def environment_of(card: ShardCard) -> str:
    """Return the name of what ran the shard, or ``""`` where the card does not say."""
    ran = card.environment
    return environment_name(ran.implementation, ran.python, ran.platform) if ran else ""


def _key(card: ShardCard, started_at: float) -> str:
    return digest_of(f"{card.plan_id}/{card.index}/{started_at!r}")


def digest_of(text: str) -> str:
    """Return a short name for ``text``."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]


class _Columns:
    """One file's tests in the order of their collection."""

    __slots__ = ("_namesakes", "outcomes", "seconds", "setup", "suffixes", "teardown")

    def __init__(self) -> None:
        self.suffixes: list[str] = []
        self.seconds: list[float] = []
        self.setup: list[float] = []
        self.teardown: list[float] = []
        self.outcomes: list[str] = []
        self._namesakes = 0

    def add(self, suffix: str, case: Case, *, is_namesake: bool) -> None:
        took = case.seconds
        setup, teardown = took.get(When.SETUP, 0.0), took.get(When.TEARDOWN, 0.0)
        seconds = setup + took.get(When.CALL, 0.0) + teardown
        letter = _letter(case)
        if not (0.0 <= setup <= seconds and 0.0 <= teardown <= seconds and is_sound(seconds)):
            setup, teardown, seconds, letter = 0.0, 0.0, 0.0, _UNKNOWN  # a journal can say anything
        if is_namesake:
            self._add_to(self.suffixes.index(suffix), seconds, letter)
            return
        self.suffixes.append(suffix)
        self.seconds.append(round(seconds, 6))
        self.setup.append(round(setup, 6))
        self.teardown.append(round(teardown, 6))
        self.outcomes.append(letter)

    def _add_to(self, place: int, seconds: float, letter: str) -> None:
        # Tests of the same name are one to every plan: it cannot tell them apart.
        self._namesakes += 1
        self.seconds[place] = round(self.seconds[place] + seconds, 6)
        if letter != PASSED:
            self.outcomes[place] = letter

    @property
    def has_outcome(self) -> bool:
        return any(letter != _UNKNOWN for letter in self.outcomes)

    def file_run(self, record: FileCollected, key: str, at: float) -> FileRun:
        tests = len(self.suffixes)
        everything = record.total - self._namesakes if record.piece else tests + record.deselected
        outcomes = "".join(self.outcomes)
        imported = record.import_seconds
        return FileRun(
            path=record.path,
            key=key,
            at=at,
            tests=tests,
            total=everything,
            category=record.category,
            import_seconds=imported if is_sound(imported) else None,
            suffixes=encode(self.suffixes),
            seconds=msgspec.json.encode(self.seconds),
            setup=msgspec.json.encode(self.setup),
            teardown=msgspec.json.encode(self.teardown),
            outcomes="" if outcomes.strip(PASSED) == "" else outcomes,
        )


def _letter(case: Case) -> str:
    if not case.is_over:
        return _UNKNOWN
    if case.is_plain:
        return PASSED
    outcome = case.outcome
    return str(Ended.FLAKY if outcome is Outcome.PASSED and case.was_rerun else _ENDED[outcome])
