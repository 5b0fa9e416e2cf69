"""Runs shards side by side, stage after stage; signals and the rules of the run stop them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ci_toolkit.model.bundle import ShardCard, StopKind
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.progress import ShardEnded, ShardEvent, ShardStarted
from ci_toolkit.model.record import Record
from ci_toolkit.suite.options import ShardOptions, StopRequest
from ci_toolkit.suite.shard import run_shard
from ci_toolkit.workflow.observer import Observer
from ci_toolkit.workflow.signals import stop_on_signals
from ci_toolkit.workflow.stop_rules import StopRules, StopRuleWatcher


class ShardsEnd(Record, frozen=True, kw_only=True):
    """What became of shards that ran."""

    cards: tuple[ShardCard, ...]
    has_failures: bool
    is_interrupted: bool
    """Whether Ctrl-C or SIGTERM ended them."""


class ShardWork(Record, frozen=True, kw_only=True):
    """Which shards of a plan run, how, and where they leave their bundles."""

    plan: Plan
    stages: tuple[tuple[int, ...], ...]
    """Indexes of shards; a stage begins when the one before it has ended."""
    results: Path
    options: ShardOptions
    jobs: int = 1
    """How many shards run at a time."""
    rules: StopRules


def run_shards(work: ShardWork, observer: Observer, *, save_logs: Callable[[Path], object]) -> ShardsEnd:
    """Run the shards until they end or the rules end them.

    Each shard leaves a bundle, the ones that never began as well: what they were to run has a name. ``save_logs``
    puts the logs of the services into a folder.
    """
    stop = StopRequest()
    cards: list[ShardCard] = []
    failed: set[int] = set()
    with (
        observer.watch(work.plan) as show,
        stop_on_signals(stop),
        StopRuleWatcher(work.rules, stop) as watcher,
        ThreadPoolExecutor(max(1, work.jobs)) as pool,
    ):

        def observe(event: ShardEvent) -> None:
            if isinstance(event, ShardEnded) and event.has_failures:
                failed.add(event.shard)
            show(event)
            watcher.observe(event)

        def run(index: int) -> ShardCard:
            watcher.begin(index)
            show(ShardStarted(shard=index))
            return run_shard(
                work.plan, index, work.results, work.options, observe=observe, stop=stop, save_logs=save_logs
            )

        for indexes in work.stages:
            cards += pool.map(run, indexes)
            watcher.end_stage()
    return ShardsEnd(cards=tuple(cards), has_failures=bool(failed), is_interrupted=stop.kind is StopKind.SIGNAL)
