"""Runs shards for ``shard`` and ``run``: side by side, shown live, stopped by signals."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ci_toolkit.cli.display import Display
from ci_toolkit.cli.signals import stop_on_signals
from ci_toolkit.errors import ExitCode, PlanMismatchError
from ci_toolkit.model.bundle import ShardCard, ShardState
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
        self.stopped_by = ""

    @property
    def exit_code(self) -> ExitCode:
        """The worst of the shards' ends."""
        states = {card.state for card in self.cards}
        if self.stopped_by:
            return ExitCode.INTERRUPTED
        if any("journal could not be written" in card.reason for card in self.cards):
            return ExitCode.INFRASTRUCTURE
        if self.has_failures:
            return ExitCode.FAILED
        return ExitCode.PASSED if states <= {ShardState.FINISHED} else ExitCode.INCOMPLETE


def run_shards(plan: Plan, indexes: Sequence[int], results: Path, options: ShardOptions, jobs: int) -> ShardsRun:
    """Run the shards ``indexes`` of ``plan``, ``jobs`` at a time."""
    stop = StopRequest()
    outcome = ShardsRun()
    with Display(plan) as display, stop_on_signals(stop):

        def observe(event: ShardEvent) -> None:
            if isinstance(event, ShardEnded) and event.has_failures:
                outcome.has_failures = True
            display.observe(event)

        def run(index: int) -> ShardCard | None:
            if stop.is_asked:
                return None
            return run_shard(plan, index, results, options, observe=observe, stop=stop)

        with ThreadPoolExecutor(max(1, jobs)) as pool:
            outcome.cards = [card for card in pool.map(run, indexes) if card is not None]
    outcome.stopped_by = stop.reason
    return outcome
