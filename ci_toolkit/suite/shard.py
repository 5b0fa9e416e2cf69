"""Runs one shard: supervises pytest processes until every test of the shard has an outcome."""

import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec

from ci_toolkit.model.bundle import JOURNAL_FOLDER, OUTPUT_FOLDER, SERVICES_FOLDER, ShardCard, ShardState, StopKind
from ci_toolkit.model.journal import Environment
from ci_toolkit.model.plan import Plan, PlannedShard
from ci_toolkit.model.progress import ShardEnded, ShardEvent
from ci_toolkit.model.task import FinishedTest, ShardTask
from ci_toolkit.suite.attempt import Attempt
from ci_toolkit.suite.bundle import close_bundle, open_bundle, service_logs, write_card
from ci_toolkit.suite.ending import AttemptEnd, Crash, How
from ci_toolkit.suite.options import ShardOptions, StopRequest
from ci_toolkit.suite.progress import TestKey

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
        self.finished: set[TestKey] = set()
        self.selected: set[TestKey] = set()
        self.dropped: set[str] = set()
        """Files that killed their process at import, or cannot be imported."""
        self.failures: set[str] = set()
        self.losses: list[str] = []
        self.environment: Environment | None = None
        self.stopped_by = StopKind.NOBODY
        self._started = time.monotonic()

    def run(self, save_logs: Callable[[Path], object]) -> ShardCard:
        write_card(self.folder, self._card(ShardState.RUNNING, "it is running, or was killed", ""))
        state, reason, unexplained = self._work()
        card = self._card(state, reason, unexplained)
        save_logs(self.folder / SERVICES_FOLDER)
        logs = service_logs(self.folder)
        card = msgspec.structs.replace(card, files=close_bundle(self.folder), service_logs=logs)
        write_card(self.folder, card)
        self.observe(
            ShardEnded(
                shard=self.shard.index,
                state=state,
                reason=reason,
                seconds=card.actual_seconds,
                has_failures=bool(self.failures or unexplained),
            )
        )
        return card

    def _card(self, state: ShardState, reason: str, unexplained: str) -> ShardCard:
        return ShardCard(
            plan_id=self.plan.plan_id,
            index=self.shard.index,
            state=state,
            reason=reason,
            stopped_by=self.stopped_by,
            own_arguments=self.options.own_arguments,
            attempts=self.attempts,
            actual_seconds=round(time.monotonic() - self._started, 3),
            measures_coverage=self.options.measures_coverage,
            unexplained_exit=unexplained,
            coverage_losses=tuple(self.losses) if self.options.measures_coverage else (),
            environment=self.environment,
        )

    def _work(self) -> tuple[ShardState, str, str]:
        fruitless = 0
        died_between = ""
        while pieces := self._open_pieces():
            if self.stop.is_asked:  # before it began, or between two attempts
                return self._stopped(self.stop.reason)
            self.attempts += 1
            before = (len(self.finished), len(self.dropped))
            end = Attempt(self._task(pieces), self.folder, self.options, self.observe, self.stop).run()
            self._take(end)
            match end.how:
                case How.FINISHED:
                    return ShardState.FINISHED, "", end.unexplained_exit or died_between
                case How.STOPPED:
                    return self._stopped(end.reason)
                case How.BROKEN:
                    return ShardState.BROKEN, end.reason, ""
                case How.DIED:
                    if not end.crashes:
                        died_between = f"{end.reason} between two tests; see {OUTPUT_FOLDER}/{self.attempts}.log"
                    fruitless = 0 if (len(self.finished), len(self.dropped)) != before else fruitless + 1
                    if fruitless >= ATTEMPTS_WITHOUT_PROGRESS:
                        return ShardState.BROKEN, f"pytest died {fruitless} times without a test: {end.reason}", ""
        return ShardState.FINISHED, "", died_between

    def _stopped(self, reason: str) -> tuple[ShardState, str, str]:
        self.stopped_by = self.stop.kind
        return ShardState.STOPPED, reason, ""

    def _open_pieces(self) -> dict[str, int]:
        # After a death, files whose tests are all finished need no second import.
        pieces = {unit.path: unit.piece for unit in self.shard.units if unit.path not in self.dropped}
        if not self.selected:
            return pieces
        unfinished = {path for path, _, _ in self.selected - self.finished}
        return {path: piece for path, piece in pieces.items() if path in unfinished}

    def _task(self, pieces: dict[str, int]) -> ShardTask:
        done = Counter((path, suffix) for path, suffix, _ in self.finished)
        return ShardTask(
            plan_id=self.plan.plan_id,
            shard=self.shard.index,
            attempt=self.attempts,
            journal=str(self.folder / JOURNAL_FOLDER),
            supervisor=os.getpid(),
            root=self.options.root,
            pieces=pieces,
            cuts=tuple(cut for cut in self.plan.cuts if pieces.get(cut.path)),
            finished=tuple(FinishedTest(path=p, suffix=s, times=n) for (p, s), n in sorted(done.items())),
            categories=self.options.categories,
            selected=self.plan.categories,
            critical_first=self.options.critical_first,
            coverage_by_category=self.options.coverage_by_category,
        )

    def _take(self, end: AttemptEnd) -> None:
        self.environment = end.environment or self.environment
        self.selected |= end.selected
        self.finished |= end.finished
        self.failures |= end.failures
        self.dropped |= end.uncollectable
        for crash in end.crashes:
            self._take_crash(crash)

    def _take_crash(self, crash: Crash) -> None:
        self.failures.add(crash.node_id)
        self.losses.append(crash.node_id)
        if crash.key is None:
            self.dropped.add(crash.path)
        else:
            self.finished.add(crash.key)
