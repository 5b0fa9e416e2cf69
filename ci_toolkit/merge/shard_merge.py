"""Merges one bundle: counts, failures, what is lost, and the fragment of JUnit. Runs in a process of its own."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from ci_toolkit.merge.bundles import Bundle, service_logs
from ci_toolkit.merge.junit import write_fragment
from ci_toolkit.merge.learned import between_seconds_of, files_learned, import_seconds_of, job_learned
from ci_toolkit.merge.results import BundleReading
from ci_toolkit.merge.tally import Tally, add_counts, add_llm_use
from ci_toolkit.model.bundle import ShardState, StopKind
from ci_toolkit.model.history import FileRun, JobRun
from ci_toolkit.model.journal import FileCollected
from ci_toolkit.model.merged import CategoryClash, CriticalTest, MergedShard, Problem
from ci_toolkit.model.node_id import node_id_of
from ci_toolkit.model.plan import PlannedShard, Unit
from ci_toolkit.model.record import Record
from ci_toolkit.model.result import TestResult
from ci_toolkit.model.verdict import Counts, LlmUse, LostTest, SlowTest, TestFailure


class FileAccount(Record, frozen=True, kw_only=True):
    """What a shard says of one of its files."""

    path: str
    piece: int
    tests: int
    total: int
    total_digest: str
    is_collected: bool


class ShardMerge(Record, frozen=True, kw_only=True):
    """What one bundle amounts to."""

    shard: MergedShard
    counts: Counts
    lost: tuple[LostTest, ...]
    left_out: tuple[LostTest, ...]
    critical: tuple[CriticalTest, ...]
    clashes: tuple[CategoryClash, ...]
    failures: tuple[TestFailure, ...]
    flaky: tuple[TestFailure, ...]
    slowest: tuple[SlowTest, ...]
    problems: tuple[Problem, ...]
    files: tuple[FileAccount, ...]
    without_tests: tuple[TestResult, ...]
    """Files and classes that failed, or skipped themselves, as a whole; counted and written by the caller, for each
    shard with a piece of such a file says so."""
    deselected: int
    fragment: str
    seconds: float
    started_at: float
    stops: tuple[str, ...]
    job: JobRun | None = None
    llm: LlmUse | None = None
    learned: tuple[FileRun, ...] = ()
    """What history learns: nothing from a bundle that anything is wrong with."""


def merge_shard(
    bundle: Bundle,
    planned: PlannedShard,
    fragment: Path,
    critical_files: frozenset[str],
    learns: bool,  # noqa: FBT001
) -> ShardMerge:
    """Read the bundle of ``planned`` and write its test cases to ``fragment``. It ``learns`` where history is kept."""
    reading = BundleReading(bundle)
    tally = Tally(planned.index)
    seconds = write_fragment(fragment, tally.watch(reading.results()))
    card = bundle.card
    why = _why(card.state, card.reason)
    unrun = (*reading.lost(why), *_uncollected(reading, planned, why, critical_files))
    by_rule = card.state is ShardState.STOPPED and card.stopped_by.is_by_rule
    counts = tally.counts(lost=0 if by_rule else len(unrun), left_out=len(unrun) if by_rule else 0)
    tested = counts.total - len(unrun)
    problems = (*reading.problems, *_strangers(reading, planned))
    learns = learns and not problems
    between = between_seconds_of(reading, seconds)
    tests_seconds = round(seconds + between + import_seconds_of(reading), 6)
    return ShardMerge(
        shard=MergedShard(
            index=planned.index,
            state=card.state,
            reason=card.reason,
            tests=counts.total,
            actual_seconds=card.actual_seconds,
            tests_seconds=tests_seconds,
            unexplained_exit=card.unexplained_exit,
            stopped_by=card.stopped_by if by_rule else StopKind.NOBODY,
            service_logs=service_logs(bundle),
        ),
        counts=counts,
        lost=() if by_rule else unrun,
        left_out=unrun if by_rule else (),
        critical=(*tally.critical, *_deselected(reading)),
        clashes=tuple(_clashes(reading)),
        failures=tuple(tally.failures),
        flaky=tuple(tally.flaky),
        slowest=tuple(tally.slowest()),
        problems=problems,
        files=tuple(_account(reading.files.get(unit.path), unit) for unit in planned.units),
        without_tests=tuple(reading.results_of_files()),
        deselected=sum(record.deselected for record in reading.files.values()),
        fragment=str(fragment),
        seconds=seconds,
        started_at=reading.started_at,
        stops=tuple(reading.stops),
        llm=add_llm_use(tally.llm),
        job=job_learned(reading, card, tested, tests_seconds, between) if learns else None,
        learned=files_learned(reading, card) if learns else (),
    )


def add_files(merge: ShardMerge, files: Sequence[TestResult]) -> ShardMerge:
    """Return ``merge`` with the results of files and classes that could not be collected, in its fragment too."""
    tally = Tally(merge.shard.index)
    seconds = write_fragment(Path(merge.fragment), tally.watch(files))
    counts = add_counts([merge.counts, tally.counts()])
    return msgspec.structs.replace(
        merge,
        shard=msgspec.structs.replace(merge.shard, tests=counts.total),
        counts=counts,
        failures=(*tally.failures, *merge.failures),
        critical=(*tally.critical, *merge.critical),
        seconds=merge.seconds + seconds,
    )


def _why(state: ShardState, reason: str) -> str:
    match state:
        case ShardState.FINISHED:
            return "the journal is cut short: the shard itself says that it finished"
        case ShardState.RUNNING:
            return "the shard was killed"
        case _:
            return f"the shard {state}: {reason}"


def _account(record: FileCollected | None, unit: Unit) -> FileAccount:
    return FileAccount(
        path=unit.path,
        piece=unit.piece,
        tests=len(record.tests) + record.deselected if record else 0,
        total=record.total if record else 0,
        total_digest=record.total_digest if record else "",
        is_collected=record is not None,
    )


def _uncollected(
    reading: BundleReading, planned: PlannedShard, why: str, critical_files: frozenset[str]
) -> Iterator[LostTest]:
    known = reading.files.keys() | reading.uncollectable.keys() | reading.crashed_files.keys()
    for unit in planned.units:
        if unit.path not in known:
            reason = f"planned for shard {planned.index} and never collected ({why})"
            is_critical = unit.path in critical_files
            yield LostTest(node_id=unit.path, shard=planned.index, reason=reason, is_critical=is_critical)


def _deselected(reading: BundleReading) -> Iterator[CriticalTest]:
    for path, record in reading.files.items():
        for suffix in record.critical_left_out:
            yield CriticalTest(node_id=node_id_of(path, suffix), how="deselected")


def _clashes(reading: BundleReading) -> Iterator[CategoryClash]:
    for path, record in reading.files.items():
        for which, what in record.clashes:
            if 0 <= which < len(record.tests):
                yield CategoryClash(node_id=node_id_of(path, record.tests[which].suffix), what=what)


def _strangers(reading: BundleReading, planned: PlannedShard) -> Iterator[Problem]:
    ours = {unit.path: unit.piece for unit in planned.units}
    for path, record in reading.files.items():
        if ours.get(path) != record.piece:
            message = f"shard {planned.index} ran {path!r}, which the plan does not give it"
            yield Problem(kind="ran-unplanned", message=message, shard=planned.index)
