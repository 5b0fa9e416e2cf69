"""What a shard says of its files: what became of those that the plan gives it, and which others it met."""

from collections.abc import Iterator
from enum import StrEnum

from ci_toolkit.model.fold import JournalFold
from ci_toolkit.model.journal import PhaseOutcome
from ci_toolkit.model.node_id import split_node_id
from ci_toolkit.model.plan import PlannedShard, Unit
from ci_toolkit.model.problem import Problem, ProblemKind
from ci_toolkit.model.record import Record
from ci_toolkit.model.verdict import LostTest


class FileState(StrEnum):
    """What became of a file that a shard was to collect."""

    COLLECTED = "collected"
    SKIPPED = "skipped"
    """It skipped itself as a whole."""
    FAILED = "failed"
    """It could not be imported, or killed its process at import."""
    UNSEEN = "unseen"
    """No process says anything of it: its tests are lost."""


class FileAccount(Record, frozen=True, kw_only=True):
    """What a shard says of one of its files."""

    path: str
    piece: int
    state: FileState
    tests: int = 0
    piece_total: int = 0
    claims_digest: str = ""
    ids_digest: str = ""


def accounts_of(fold: JournalFold, planned: PlannedShard) -> Iterator[FileAccount]:
    """Yield what the shard says of each file that the plan gives it."""
    return (_account(fold, unit) for unit in planned.units)


def _account(fold: JournalFold, unit: Unit) -> FileAccount:
    record, state = fold.files.get(unit.path), _state_of(fold, unit.path)
    if record is None:
        return FileAccount(path=unit.path, piece=unit.piece, state=state)
    return FileAccount(
        path=unit.path,
        piece=unit.piece,
        state=state,
        tests=record.holds,
        piece_total=record.piece_total,
        claims_digest=record.claims_digest,
        ids_digest=record.ids_digest,
    )


def _state_of(fold: JournalFold, path: str) -> FileState:
    if path in fold.files:
        return FileState.COLLECTED
    if path in fold.crashed_files:
        return FileState.FAILED
    record = fold.uncollectable.get(path)
    if record is None:
        return FileState.UNSEEN
    return FileState.SKIPPED if record.outcome is PhaseOutcome.SKIPPED else FileState.FAILED


def uncollected(
    fold: JournalFold, planned: PlannedShard, why: str, critical_files: frozenset[str]
) -> Iterator[LostTest]:
    """Yield the files of which no process says anything, which lost their tests for the reason ``why``."""
    for unit in planned.units:
        if _state_of(fold, unit.path) is FileState.UNSEEN:
            reason = f"planned for shard {planned.index} and never collected ({why})"
            is_critical = unit.path in critical_files
            yield LostTest(
                node_id=unit.path, shard=planned.index, reason=reason, is_critical=is_critical, tests=unit.tests
            )


def empty_files(fold: JournalFold) -> Iterator[str]:
    """Yield the files that were collected whole and hold no test."""
    broken = {split_node_id(node_id)[0] for node_id in fold.uncollectable}
    for path, record in fold.files.items():
        left = len(record.tests) + record.deselected + record.removed
        if not (left or record.piece or path in broken):
            yield path


def beyond_the_plan(fold: JournalFold, planned: PlannedShard) -> Iterator[Problem]:
    """Yield a problem for each file that the shard ran and the plan does not give it, and for those of no shard."""
    ours = {unit.path: unit.piece for unit in planned.units}
    for path, record in fold.files.items():
        if ours.get(path) != record.piece:
            message = f"shard {planned.index} ran {path!r}, which the plan does not give it"
            yield Problem(kind=ProblemKind.RAN_UNPLANNED, message=message, shard=planned.index)
    for path in fold.unplanned:
        message = f"{path!r} is in no shard: it came after the plan was made; plan again with it in place"
        yield Problem(kind=ProblemKind.FILE_UNPLANNED, message=message, shard=planned.index)
