"""Runs shards for ``shard`` and ``run``: side by side, shown live, stopped by signals."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ci_toolkit.cli.display import Display
from ci_toolkit.cli.rules import RuleKeeper, RunRules
from ci_toolkit.cli.signals import stop_on_signals
from ci_toolkit.errors import ExitCode, PlanMismatchError
from ci_toolkit.model.bundle import ShardCard, ShardState, StopKind
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.progress import ShardEnded, ShardEvent
from ci_toolkit.suite.checkout import commit_of
from ci_toolkit.suite.options import ShardOptions, StopRequest
from ci_toolkit.suite.shard import run_shard


def check_commit(plan: Plan, folder: Path) -> None:
    """Raise PlanMismatchError if ``folder`` has another commit checked out than the plan was made for."""
    here = commit_of(folder)
    if plan.commit and here and here != plan.commit:
        raise PlanMismatchError(
            f"the plan is for commit {plan.commit[:12]}, and {here[:12]} is checked out here",
            advice="Check out the planned commit in every job, or plan again.",
        )


class ShardsRun:
    """What came of running some shards."""

    def __init__(self) -> None:
        self.cards: list[ShardCard] = []
        self.has_failures = False
        self.stop = StopRequest()

    @property
    def is_interrupted(self) -> bool:
        """Whether Ctrl-C or SIGTERM ended it."""
        return self.stop.kind is StopKind.SIGNAL

    @property
    def exit_code(self) -> ExitCode:
        """The worst of the shards' ends."""
        if self.is_interrupted:
            return ExitCode.INTERRUPTED
        if any("journal could not be written" in card.reason for card in self.cards):
            return ExitCode.INFRASTRUCTURE
        if self.has_failures:
            return ExitCode.FAILED
        is_whole = all(card.state is ShardState.FINISHED or card.stopped_by.is_by_rule for card in self.cards)
        return ExitCode.PASSED if is_whole else ExitCode.INCOMPLETE


def run_shards(
    plan: Plan,
    stages: Sequence[Sequence[int]],
    results: Path,
    options: ShardOptions,
    jobs: int,
    rules: RunRules | None = None,
    *,
    save_logs: Callable[[Path], object] = lambda _: None,
) -> ShardsRun:
    """Run the shards of ``plan`` stage after stage, ``jobs`` at a time, until they end or ``rules`` end them.

    Each shard leaves a bundle, the ones that never began as well: what they were to run has a name. ``save_logs``
    puts the logs of the services into a folder.
    """
    outcome = ShardsRun()
    stop = outcome.stop
    with (
        Display(plan) as display,
        stop_on_signals(stop),
        RuleKeeper(rules or RunRules(), stop) as keeper,
        ThreadPoolExecutor(max(1, jobs)) as pool,
    ):

        def observe(event: ShardEvent) -> None:
            if isinstance(event, ShardEnded) and event.has_failures:
                outcome.has_failures = True
            display.observe(event)
            keeper.observe(event)

        def run(index: int) -> ShardCard:
            keeper.begin(index)
            return run_shard(plan, index, results, options, observe=observe, stop=stop, save_logs=save_logs)

        for indexes in stages:
            outcome.cards += pool.map(run, indexes)
            keeper.end_stage()
    return outcome
