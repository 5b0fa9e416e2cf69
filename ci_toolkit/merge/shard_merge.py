"""Merges one bundle: counts, failures, what is lost, and the fragment of JUnit. Runs in a process of its own."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from ci_toolkit.merge.agains import agains_of
from ci_toolkit.merge.asked import asked_of
from ci_toolkit.merge.attachments import located
from ci_toolkit.merge.bundles import Bundle, service_logs
from ci_toolkit.merge.junit import write_fragment
from ci_toolkit.merge.learned import between_seconds_of, files_learned, import_seconds_of, job_learned
from ci_toolkit.merge.outcomes_learned import outcomes_learned
from ci_toolkit.merge.results import BundleReading
from ci_toolkit.merge.shard_files import FileAccount, accounts_of, beyond_the_plan, empty_files, uncollected
from ci_toolkit.merge.tally import Tally, add_counts, add_llm_use, by_reason
from ci_toolkit.merge.trials import TrialsOfBundle
from ci_toolkit.model.bundle import ShardState, StopKind
from ci_toolkit.model.fold import JournalFold
from ci_toolkit.model.history import FileRun, JobRun
from ci_toolkit.model.journal_end import Snapshots, Summary
from ci_toolkit.model.llm_use import LlmUse
from ci_toolkit.model.merged import AskedTest, CategoryClash, CriticalTest, MergedShard, TrialEvidence
from ci_toolkit.model.node_id import node_id_of
from ci_toolkit.model.outcomes import TryOutcomes
from ci_toolkit.model.plan import PlannedShard
from ci_toolkit.model.problem import Problem
from ci_toolkit.model.reasoned import ReasonedTests
from ci_toolkit.model.record import Record
from ci_toolkit.model.result import Outcome, TestResult
from ci_toolkit.model.trial import Where
from ci_toolkit.model.verdict import Counts, LostTest, SlowTest, TestFailure


class ShardMerge(Record, frozen=True, kw_only=True):
    """What one bundle amounts to."""

    shard: MergedShard
    counts: Counts
    lost: tuple[LostTest, ...]
    left_out: tuple[LostTest, ...]
    critical: tuple[CriticalTest, ...]
    clashes: tuple[CategoryClash, ...]
    asked: tuple[AskedTest, ...] = ()
    failures: tuple[TestFailure, ...]
    flaky: tuple[TestFailure, ...]
    skipped: tuple[ReasonedTests, ...] = ()
    xfailed: tuple[ReasonedTests, ...] = ()
    xpassed: tuple[ReasonedTests, ...] = ()
    slowest: tuple[SlowTest, ...]
    problems: tuple[Problem, ...]
    empty_files: tuple[str, ...]
    """Files that were collected whole and hold no test."""
    files: tuple[FileAccount, ...]
    without_tests: tuple[TestResult, ...]
    """Files and classes that failed, or skipped themselves, as a whole; counted and written by the caller, for each
    shard with a piece of such a file says so."""
    offers: frozenset[str] = frozenset()
    """Names under which its tests can be depended on."""
    needs: tuple[tuple[str, str], ...] = ()
    """(node id, name) of tests that depend on what did not run in this shard."""
    snapshots: tuple[Snapshots, ...] = ()
    summaries: tuple[Summary, ...] = ()
    skipped_files: int = 0
    """Of these, how many skipped themselves and are counted here."""
    deselected: int
    removed: int
    fragment: str
    seconds: float
    started_at: float
    stops: tuple[str, ...]
    sources: dict[str, str]
    """The project's own files that it executed: path to digest."""
    job: JobRun | None = None
    llm: LlmUse | None = None
    trials: tuple[TrialEvidence, ...] = ()
    """What the trials of its failures showed."""
    trials_ended: str = ""
    learned: tuple[FileRun, ...] = ()
    """What history learns: nothing from a bundle that anything is wrong with."""
    outcomes: TryOutcomes | None = None


def merge_shard(
    bundle: Bundle,
    planned: PlannedShard,
    fragment: Path,
    critical_files: frozenset[str],
    learns: bool,  # noqa: FBT001 (a process pool passes it by place)
    asked: tuple[str, ...] = (),
) -> ShardMerge:
    """Read the bundle of ``planned`` and write its test cases to ``fragment``. It ``learns`` where history is kept.

    ``asked`` are tests of which it says whether they are there.
    """
    reading = BundleReading(bundle)
    tally = Tally(planned.index, attachments=located(reading.fold.attachments, bundle))
    write_fragment(fragment, tally.watch(reading.results()))
    seconds = tally.seconds
    card = bundle.card
    why = _why(card.state, card.reason)
    unrun = (*reading.without_outcome(why), *uncollected(reading.fold, planned, why, critical_files))
    by_rule = card.state is ShardState.STOPPED and card.stopped_by.is_by_rule
    without = sum(test.counts_as for test in unrun)
    counts = tally.counts(lost=0 if by_rule else without, left_out=without if by_rule else 0)
    tested = counts.total - without
    trials = TrialsOfBundle(bundle, reading.fold.sources)
    failed = {failure.node_id for failure in tally.failures}
    made = (*agains_of(reading.fold, failed), *trials.of(failed))
    problems = (
        *reading.problems,
        *trials.problems,
        *beyond_the_plan(reading.fold, planned),
    )
    learns = learns and not problems
    between = between_seconds_of(reading.fold, seconds)
    tests_seconds = round(seconds + between + import_seconds_of(reading.fold), 6)
    broken = tuple(reading.results_of_files())
    learned = files_learned(reading.fold, card) if learns else ()
    return ShardMerge(
        shard=MergedShard(
            index=planned.index,
            state=card.state,
            reason=card.reason,
            tests=tested,
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
        asked=asked_of(reading.fold, asked),
        failures=tuple(tally.failures),
        flaky=tuple(tally.flaky),
        skipped=tally.reasoned(Outcome.SKIPPED),
        xfailed=tally.reasoned(Outcome.XFAILED),
        xpassed=tally.reasoned(Outcome.XPASSED),
        slowest=tuple(tally.slowest()),
        problems=problems,
        empty_files=tuple(empty_files(reading.fold)),
        files=tuple(accounts_of(reading.fold, planned)),
        without_tests=broken,
        offers=frozenset(name for record in reading.fold.files.values() for name in record.offers),
        needs=tuple(_needs(reading.fold)),
        snapshots=tuple(reading.fold.snapshots),
        summaries=tuple(reading.fold.summaries),
        deselected=sum(record.deselected for record in reading.fold.files.values()),
        removed=sum(record.removed for record in reading.fold.files.values()),
        fragment=str(fragment),
        seconds=seconds,
        started_at=reading.fold.started_at,
        stops=tuple(reading.fold.stops),
        sources=reading.fold.sources,
        llm=add_llm_use(tally.llm),
        trials=tuple(trial for trial in made if trial.trial.where is Where.SAME),
        trials_ended=card.trials_ended,
        job=job_learned(reading.fold, card, tested, tests_seconds, between) if learns else None,
        learned=learned,
        outcomes=outcomes_learned(reading.fold, card, learned, broken, made) if learns else None,
    )


def add_files(merge: ShardMerge, files: Sequence[TestResult]) -> ShardMerge:
    """Return ``merge`` with the results of files and classes that could not be collected, in its fragment too."""
    tally = Tally(merge.shard.index, are_files=True)
    write_fragment(Path(merge.fragment), tally.watch(files))
    of_files = tally.counts()
    counts = add_counts([merge.counts, of_files])
    return msgspec.structs.replace(
        merge,
        shard=msgspec.structs.replace(merge.shard, tests=merge.shard.tests + of_files.total),
        counts=counts,
        skipped_files=sum(1 for file in files if file.outcome is Outcome.SKIPPED),
        failures=(*tally.failures, *merge.failures),
        critical=(*tally.critical, *merge.critical),
        skipped=by_reason((*tally.reasoned(Outcome.SKIPPED), *merge.skipped)),
        seconds=merge.seconds + tally.seconds,
    )


def _why(state: ShardState, reason: str) -> str:
    match state:
        case ShardState.FINISHED:
            return "the journal is cut short: the shard itself says that it finished"
        case ShardState.RUNNING:
            return "the shard was killed"
        case _:
            return f"the shard {state}: {reason}"


def _deselected(reading: BundleReading) -> Iterator[CriticalTest]:
    for path, record in reading.fold.files.items():
        for suffix in record.critical_left_out:
            yield CriticalTest(node_id=node_id_of(path, suffix), how="deselected")


def _clashes(reading: BundleReading) -> Iterator[CategoryClash]:
    for path, record in reading.fold.files.items():
        for which, what in record.clashes:
            if 0 <= which < len(record.tests):
                yield CategoryClash(node_id=node_id_of(path, record.tests[which].suffix), what=what)


def _needs(fold: JournalFold) -> Iterator[tuple[str, str]]:
    for path, record in fold.files.items():
        for which, name in record.needs:
            if 0 <= which < len(record.tests):
                yield node_id_of(path, record.tests[which].suffix), name
