"""Ends a run early by its rules: a budget of wall time, a fail-fast rule."""

import threading
import time
from types import TracebackType
from typing import Self

from ci_toolkit.model.bundle import StopKind
from ci_toolkit.model.mode import FailFast, FailFastRule, Mode
from ci_toolkit.model.progress import ProblemFound, ShardEnded, ShardEvent, TestEnded, TestsSelected
from ci_toolkit.model.quarantine import QuarantineInForce
from ci_toolkit.model.record import Record
from ci_toolkit.model.verdict import TestFailure
from ci_toolkit.suite.options import STOP_SECONDS, StopRequest
from ci_toolkit.verdict.fail_fast import RunTally, reason_to_start_no_stage, reason_to_stop
from ci_toolkit.verdict.quarantine import excuses

LEAST_GRACE_SECONDS = 0.5
MOST_RESERVE_SECONDS = 5.0
"""Budgets are for quick runs, and their merges are quick."""


class StopRules(Record, frozen=True, kw_only=True):
    """What ends a run before its last test."""

    fail_fast: FailFast = FailFast()
    budget_seconds: float = 0.0
    """Wall time; 0 is none."""
    begun_at: float = 0.0
    """When the budget began to run, on the monotonic clock."""
    quarantine: QuarantineInForce | None = None
    """Its failures end no run."""

    @property
    def may_end_early(self) -> bool:
        """Whether any rule can end the run before its last test."""
        return bool(self.budget_seconds) or self.fail_fast.rule is not FailFastRule.NEVER

    @property
    def grace_seconds(self) -> float:
        """What the tests get to tear down at the end of the budget: a tenth of it, and within it."""
        return max(LEAST_GRACE_SECONDS, min(STOP_SECONDS, self.budget_seconds / 10))

    @property
    def reserve_seconds(self) -> float:
        """What is kept of the budget for stopping services, the merge and the reports: a twentieth of it."""
        return min(MOST_RESERVE_SECONDS, self.budget_seconds / 20)

    @property
    def longest_test_seconds(self) -> float:
        """The most that one test may take, so that a hanging one leaves the others half the budget; 0 is no limit."""
        return self.budget_seconds / 2

    @property
    def seconds_left(self) -> float | None:
        """How long tests may still run; None is as long as they like."""
        if not self.budget_seconds:
            return None
        kept = self.grace_seconds + self.reserve_seconds
        return self.begun_at + self.budget_seconds - kept - time.monotonic()


def stop_rules(
    mode: Mode,
    fail_fast: FailFast | None,
    *,
    fast_fail: bool,
    maxfail: int | None = None,
    budget: float | None,
    begun_at: float,
    quarantine: QuarantineInForce | None = None,
) -> StopRules:
    """Return the rules of ``mode``, changed by what the command line says: ``maxfail`` before the others."""
    asked = FailFast(rule=FailFastRule.FIRST) if fast_fail else fail_fast
    if maxfail is not None:
        asked = FailFast(rule=FailFastRule.THRESHOLD, count=maxfail) if maxfail else FailFast()
    if maxfail == 1:
        asked = FailFast(rule=FailFastRule.FIRST)
    return StopRules(
        fail_fast=mode.fail_fast if asked is None else asked,
        budget_seconds=mode.budget_seconds if budget is None else budget,
        begun_at=begun_at,
        quarantine=quarantine,
    )


class StopRuleWatcher:
    """Watches a run and asks it to stop when a rule says so."""

    def __init__(self, rules: StopRules, stop: StopRequest) -> None:
        self._rules = rules
        self._stop = stop
        self._failed: set[str] = set()
        self._critical: set[str] = set()
        self._selected: dict[int, int] = {}
        self._collecting: set[int] = set()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Self:
        rules = self._rules
        seconds = rules.seconds_left
        if seconds is not None:
            self._timer = threading.Timer(max(0.0, seconds), self._end_budget)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def begin(self, shard: int) -> None:
        """Note that ``shard`` begins, and has not collected yet."""
        with self._lock:
            self._collecting.add(shard)

    def observe(self, event: ShardEvent) -> None:
        """Take in ``event``, from any thread."""
        if isinstance(event, TestEnded):
            return
        with self._lock:
            match event:
                case TestsSelected():
                    self._collecting.discard(event.shard)
                    self._selected.setdefault(event.shard, event.tests)
                case ShardEnded():
                    self._collecting.discard(event.shard)
                case ProblemFound() if not self._is_excused(event):
                    self._failed.add(event.node_id)
                    if event.is_critical:
                        self._critical.add(event.node_id)
            reason = reason_to_stop(self._rules.fail_fast, self._tally())
        self._ask(reason)

    def end_stage(self) -> None:
        """Let no further stage start if a rule forbids it."""
        self._ask(reason_to_start_no_stage(self._rules.fail_fast, self._tally()))

    def _is_excused(self, event: ProblemFound) -> bool:
        failure = TestFailure(
            node_id=event.node_id,
            file="",
            line=0,
            message=event.message,
            signature=event.signature,
            is_critical=event.is_critical,
        )
        return excuses(self._rules.quarantine, failure)

    def _tally(self) -> RunTally:
        selected = 0 if self._collecting else sum(self._selected.values())
        return RunTally(failures=len(self._failed), critical_failures=len(self._critical), selected=selected)

    def _ask(self, reason: str) -> None:
        if reason:
            self._stop.ask(f"fail-fast: {reason}", kind=StopKind.FAIL_FAST)

    def _end_budget(self) -> None:
        seconds = self._rules.budget_seconds
        self._stop.ask(
            f"the budget of {seconds:g} s ended", kind=StopKind.BUDGET, grace_seconds=self._rules.grace_seconds
        )
