"""Runs one shard: supervises pytest processes until every test of the shard has an outcome."""

import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ci_toolkit.model.bundle import (
    ATTACHMENTS_FOLDER,
    JOURNAL_FOLDER,
    OUTPUT_FOLDER,
    PARTS_FOLDER,
    SERVICES_FOLDER,
    BrokenBy,
    JournalSeal,
    ShardCard,
    ShardState,
    StopKind,
)
from ci_toolkit.model.fold import JournalFold
from ci_toolkit.model.journal import Opened, PhaseOutcome
from ci_toolkit.model.journal_end import Stop
from ci_toolkit.model.plan import Plan, PlannedShard
from ci_toolkit.model.progress import ShardEnded, ShardEvent
from ci_toolkit.model.task import FinishedTest, ShardTask
from ci_toolkit.suite.attempt import Attempt
from ci_toolkit.suite.bundle import close_bundle, open_bundle, service_logs, write_card
from ci_toolkit.suite.coverage_sources import keep_sources, measured_names, sources_gone
from ci_toolkit.suite.ending import AttemptEnd, How
from ci_toolkit.suite.machine import machine_name
from ci_toolkit.suite.options import ShardOptions, StopRequest
from ci_toolkit.suite.part_reports import written_parts
from ci_toolkit.suite.task_variable import COVERAGE_FILE, HASH_SEED

ATTEMPTS_WITHOUT_PROGRESS = 2
"""A process that dies twice before any test ran will do so again."""


def run_shard(
    plan: Plan,
    index: int,
    results: Path,
    options: ShardOptions,
    *,
    observe: Callable[[ShardEvent], None],
    stop: StopRequest,
    save_logs: Callable[[Path], object] = lambda _: None,
) -> ShardCard:
    """Run shard ``index`` of ``plan``, leave its bundle in ``results/shard-INDEX`` and return the card.

    A test that kills its process, or runs over its time limit, is an error of that test, and the rest goes on
    in a new process. ``save_logs`` puts the logs of the services into the folder that it is given. Raises
    BundleError if the bundle's folder is in the way.
    """
    shard = _Shard(plan, plan.shard(index), open_bundle(results, index), options, observe, stop)
    return shard.run(save_logs)


@dataclass(frozen=True, slots=True)
class _Ending:
    """How the shard ended."""

    state: ShardState
    reason: str = ""
    stopped_by: StopKind = StopKind.NOBODY
    broken_by: BrokenBy = BrokenBy.NOTHING
    unexplained_exit: str = ""


class _Shard:
    def __init__(
        self,
        plan: Plan,
        shard: PlannedShard,
        folder: Path,
        options: ShardOptions,
        observe: Callable[[ShardEvent], None],
        stop: StopRequest,
    ) -> None:
        self.plan = plan
        self.shard = shard
        self.folder = folder
        self.options = options
        self.observe = observe
        self.stop = stop
        self.attempts = 0
        self.fold = JournalFold(shard.index)
        self.is_collected = False
        self.losses: list[str] = []
        """Node ids of what killed a process."""
        self.opened: Opened | None = None
        """What the latest pytest process said when it began."""
        self.seals: list[JournalSeal] = []
        self._began_at = round(time.time(), 3)
        self._started = time.monotonic()

    def run(self, save_logs: Callable[[Path], object]) -> ShardCard:
        write_card(self.folder, self._card(_Ending(ShardState.RUNNING, "it is running, or was killed")))
        ending = self._work()
        card = self._card(ending)
        save_logs(self.folder / SERVICES_FOLDER)
        logs = service_logs(self.folder)
        files = close_bundle(self.folder)
        here = Path(self.options.folder)
        names = measured_names(self.folder / file.path for file in files)
        card = msgspec.structs.replace(
            card,
            files=files,
            sources_gone=sources_gone(names, here),
            sources_kept=keep_sources(names, here, self.folder),
            service_logs=logs,
        )
        write_card(self.folder, card)
        self.observe(
            ShardEnded(
                shard=self.shard.index,
                state=ending.state,
                reason=ending.reason,
                seconds=card.actual_seconds,
                tests=self._with_outcome(),
                has_failures=self.fold.has_failures() or bool(ending.unexplained_exit),
            )
        )
        return card

    def _card(self, ending: "_Ending") -> ShardCard:
        return ShardCard(
            plan_id=self.plan.plan_id,
            run_id=self.plan.run_id,
            index=self.shard.index,
            run_attempt=self.options.run_attempt,
            began_at=self._began_at,
            state=ending.state,
            reason=ending.reason,
            stopped_by=ending.stopped_by,
            broken_by=ending.broken_by,
            own_arguments=self.options.own_arguments,
            attempts=self.attempts,
            actual_seconds=round(time.monotonic() - self._started, 3),
            measures_coverage=self.options.measures_coverage,
            unexplained_exit=ending.unexplained_exit,
            coverage_losses=tuple(self.losses) if self.options.measures_coverage else (),
            environment=self.opened.environment if self.opened else None,
            seeds=self.opened.seeds if self.opened else (),
            coverage=self.opened.coverage if self.opened else None,
            own_reports=(*(self.opened.own_reports if self.opened else ()), *written_parts(self.folder / PARTS_FOLDER)),
            commit=self.options.commit,
            lineage=self.options.lineage,
            machine=machine_name(),
            folder=str(Path(self.options.folder).resolve()),
            journals=tuple(self.seals),
        )

    def _work(self) -> "_Ending":
        fruitless = 0
        died_between = ""
        while pieces := self._open_pieces():
            if self.stop.is_asked:  # before it began, or between two attempts
                return _Ending(ShardState.STOPPED, self.stop.reason, stopped_by=self.stop.kind)
            before = self._over()
            end = self._attempt(pieces)
            match end.how:
                case How.FINISHED:
                    return self._finished(end.unexplained_exit or died_between)
                case How.STOPPED:
                    return self._stopped(end)
                case How.BROKEN:
                    return _Ending(ShardState.BROKEN, end.reason, broken_by=end.broken_by)
                case How.DIED:
                    if not end.crashes:
                        died_between = f"{end.reason} between two tests; see {OUTPUT_FOLDER}/{self.attempts}.log"
                    fruitless = 0 if self._over() != before else fruitless + 1
                    if fruitless >= ATTEMPTS_WITHOUT_PROGRESS:
                        reason = f"pytest died {fruitless} times without a test: {end.reason}"
                        return _Ending(ShardState.BROKEN, reason, broken_by=BrokenBy.NO_PROGRESS)
        return self._finished(died_between)

    def _finished(self, unexplained_exit: str) -> "_Ending":
        unseen = [unit.path for unit in self.shard.units if not self.fold.knows_file(unit.path)]
        if not unseen:
            return _Ending(ShardState.FINISHED, unexplained_exit=unexplained_exit)
        reason = (
            f"pytest collected {len(self.shard.units) - len(unseen)} of {len(self.shard.units)} planned files, and not "
            f"{unseen[0]}; give each shard the options and the folder that the plan was made with"
        )
        return _Ending(ShardState.BROKEN, reason, broken_by=BrokenBy.UNCOLLECTED, unexplained_exit=unexplained_exit)

    def _attempt(self, pieces: dict[str, int]) -> AttemptEnd:
        self.attempts += 1
        attempt = Attempt(self._task(pieces), self.folder, self.options, self.observe, self.stop, self.fold)
        end = attempt.run()
        self.opened = attempt.opened or self.opened
        self.is_collected |= attempt.progress.is_collected
        self.losses += [crash.node_id for crash in end.crashes]
        self.seals += attempt.seals()
        return end

    def _stopped(self, end: AttemptEnd) -> "_Ending":
        if end.stop is Stop.FAILURES:
            return _Ending(ShardState.STOPPED, end.reason, stopped_by=StopKind.MAXFAIL)
        return _Ending(ShardState.STOPPED, end.reason, stopped_by=self.stop.kind)

    def _over(self) -> tuple[int, int]:
        """Return how many tests, and files that nobody need import again, are behind us."""
        return sum(1 for test in self.fold.tests() if test.is_over), len(self._dropped())

    def _with_outcome(self) -> int:
        files = len(self.fold.uncollectable) + len(self.fold.crashed_files)
        return files + sum(1 for test in self.fold.tests() if test.has_outcome)

    def _dropped(self) -> set[str]:
        # Files that killed their process at import, or cannot be imported.
        failed = {
            record.node_id for record in self.fold.uncollectable.values() if record.outcome is PhaseOutcome.FAILED
        }
        return self.fold.crashed_files.keys() | failed

    def _open_pieces(self) -> dict[str, int]:
        # After a death, files whose tests are all over need no second import.
        dropped = self._dropped()
        pieces = {unit.path: unit.piece for unit in self.shard.units if unit.path not in dropped}
        if not self.is_collected:
            return pieces
        unfinished = {test.path for test in self.fold.open_tests()}
        return {path: piece for path, piece in pieces.items() if path in unfinished}

    def _task(self, pieces: dict[str, int]) -> ShardTask:
        variables = {**os.environ, **dict(self.options.variables)}
        done = Counter((test.path, test.suffix) for test in self.fold.tests() if test.is_over)
        return ShardTask(
            plan_id=self.plan.plan_id,
            shard=self.shard.index,
            attempt=self.attempts,
            journal=str(self.folder / JOURNAL_FOLDER),
            marker=str(self.folder / "task" / f"{self.attempts}.recording"),
            parts=str(self.folder / PARTS_FOLDER / str(self.attempts)),
            attachments=str(self.folder / ATTACHMENTS_FOLDER),
            wall_seconds=time.time(),
            clock_seconds=time.perf_counter(),
            hash_seed="" if HASH_SEED in variables else hash_seed(self.plan.run_id),
            coverage_file=variables.get(COVERAGE_FILE, ""),
            supervisor=os.getpid(),
            root=self.options.root,
            pieces=pieces,
            planned=()
            if self.plan.categories or self.plan.only
            else self.plan.files(),  # others were left out on purpose
            places=tuple((path, place) for path, place in self.plan.places if path in pieces),
            cuts=tuple(cut for cut in self.plan.cuts if pieces.get(cut.path)),
            finished=tuple(FinishedTest(path=p, suffix=s, times=n) for (p, s), n in sorted(done.items())),
            categories=self.options.categories,
            selected=self.plan.categories,
            only=self.plan.only,
            first=self.plan.first,
            critical_first=self.options.critical_first,
            shares_services=self.options.shares_services,
            again=self.options.again,
            keeps_output=self.options.keeps_output,
            coverage_by_category=self.options.coverage_by_category,
            apart=self.options.apart,
            measures_coverage=self.options.measures_coverage,
        )


def hash_seed(run_id: str) -> str:
    """Return the PYTHONHASHSEED of each process of the run ``run_id``."""
    return str(int.from_bytes(hashlib.sha256(run_id.encode()).digest()[:4]))
