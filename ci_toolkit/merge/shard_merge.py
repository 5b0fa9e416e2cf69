"""Merges one bundle: counts, failures, what is lost, and the fragment of JUnit. Runs in a process of its own."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from ci_toolkit.merge.bundles import Bundle
from ci_toolkit.merge.junit import write_fragment
from ci_toolkit.merge.results import BundleReading
from ci_toolkit.model.bundle import ShardState
from ci_toolkit.model.journal import FileCollected
from ci_toolkit.model.merged import MergedShard, Problem
from ci_toolkit.model.plan import PlannedShard, Unit
from ci_toolkit.model.record import Record
from ci_toolkit.model.result import Outcome, TestResult
from ci_toolkit.model.verdict import Counts, LostTest, SlowTest, TestFailure

SLOWEST = 20
LONGEST_DETAIL = 16_000
"""Characters of a traceback in the verdict; all of it stands in JUnit."""


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
    failures: tuple[TestFailure, ...]
    flaky: tuple[TestFailure, ...]
    slowest: tuple[SlowTest, ...]
    problems: tuple[Problem, ...]
    files: tuple[FileAccount, ...]
    without_tests: tuple[tuple[str, Outcome], ...]
    """Files and classes that failed, or skipped themselves, as a whole: (node id, outcome)."""
    fragment: str
    seconds: float
    started_at: float
    stops: tuple[str, ...]


def merge_shard(bundle: Bundle, planned: PlannedShard, fragment: Path) -> ShardMerge:
    """Read the bundle of ``planned`` and write its test cases to ``fragment``."""
    reading = BundleReading(bundle)
    tally = _Tally(planned.index)
    tally.without_tests = [(result.node_id, result.outcome) for result in reading.results_of_files()]
    seconds = write_fragment(fragment, tally.watch(reading.results()))
    card = bundle.card
    why = _why(card.state, card.reason)
    lost = [*reading.lost(why), *_uncollected(reading, planned, why)]
    counts = tally.counts(len(lost))
    return ShardMerge(
        shard=MergedShard(
            index=planned.index,
            state=card.state,
            reason=card.reason,
            tests=counts.total,
            actual_seconds=card.actual_seconds,
            unexplained_exit=card.unexplained_exit,
        ),
        counts=counts,
        lost=tuple(lost),
        failures=tuple(tally.failures),
        flaky=tuple(tally.flaky),
        slowest=tuple(tally.slowest()),
        problems=(*reading.problems, *_strangers(reading, planned)),
        files=tuple(_account(reading.files.get(unit.path), unit) for unit in planned.units),
        without_tests=tuple(tally.without_tests),
        fragment=str(fragment),
        seconds=seconds,
        started_at=reading.started_at,
        stops=tuple(reading.stops),
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


def _uncollected(reading: BundleReading, planned: PlannedShard, why: str) -> Iterator[LostTest]:
    known = reading.files.keys() | reading.uncollectable.keys() | reading.crashed_files.keys()
    for unit in planned.units:
        if unit.path not in known:
            reason = f"planned for shard {planned.index} and never collected ({why})"
            yield LostTest(node_id=unit.path, shard=planned.index, reason=reason)


def _strangers(reading: BundleReading, planned: PlannedShard) -> Iterator[Problem]:
    ours = {unit.path: unit.piece for unit in planned.units}
    for path, record in reading.files.items():
        if ours.get(path) != record.piece:
            message = f"shard {planned.index} ran {path!r}, which the plan does not give it"
            yield Problem(kind="ran-unplanned", message=message, shard=planned.index)


class _Tally:
    """Counts results as they pass by."""

    def __init__(self, shard: int) -> None:
        self._shard = shard
        self._outcomes: Counter[Outcome] = Counter()
        self.failures: list[TestFailure] = []
        self.flaky: list[TestFailure] = []
        self.without_tests: list[tuple[str, Outcome]] = []
        self._slowest: list[tuple[float, str]] = []

    def watch(self, results: Iterable[TestResult]) -> Iterator[TestResult]:
        outcomes, slowest = self._outcomes, self._slowest
        for result in results:
            outcomes[result.outcome] += 1
            entry = (result.seconds, result.node_id)
            if len(slowest) < SLOWEST:
                heapq.heappush(slowest, entry)
            elif entry > slowest[0]:
                heapq.heapreplace(slowest, entry)
            if result.outcome.is_failure:
                self.failures.append(self._failure(result))
            elif result.is_flaky:
                self.flaky.append(self._failure(result))
            yield result

    def _failure(self, result: TestResult) -> TestFailure:
        phases = result.failures or result.reruns
        failure = phases[0].failure
        has_place = bool(failure.path) and not failure.path.startswith("/") and failure.line > 0
        messages = [f"{p.subtest}: {p.failure.message}" if p.subtest else p.failure.message for p in phases]
        return TestFailure(
            node_id=result.node_id,
            file=failure.path if has_place else result.path,
            line=failure.line if has_place else result.line,
            message="; ".join(messages),
            shard=self._shard,
            outcome=str(result.outcome),
            detail=failure.detail[-LONGEST_DETAIL:],
        )

    def slowest(self) -> Iterator[SlowTest]:
        for seconds, node_id in sorted(self._slowest, key=lambda entry: (-entry[0], entry[1])):
            yield SlowTest(node_id=node_id, seconds=round(seconds, 6))

    def counts(self, lost: int) -> Counts:
        outcomes = self._outcomes
        return Counts(
            total=sum(outcomes.values()) + lost,
            passed=outcomes[Outcome.PASSED],
            failed=outcomes[Outcome.FAILED],
            errors=outcomes[Outcome.ERROR],
            skipped=outcomes[Outcome.SKIPPED],
            xfailed=outcomes[Outcome.XFAILED],
            xpassed=outcomes[Outcome.XPASSED],
            flaky=len(self.flaky),
            lost=lost,
        )
