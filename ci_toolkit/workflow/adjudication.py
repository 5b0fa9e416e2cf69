"""Judges the failures of shards that have ended by trials on this machine, so that the merge finds the evidence."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from ci_toolkit.config.flaky import read_flaky
from ci_toolkit.errors import ToolkitError
from ci_toolkit.merge.bundles import open_delivery
from ci_toolkit.model.again import AgainRule
from ci_toolkit.model.bundle import ShardState, StopKind
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.quarantine import QuarantineInForce
from ci_toolkit.model.record import Record
from ci_toolkit.model.traced_lines import TracedFile
from ci_toolkit.model.verdict import TestFailure
from ci_toolkit.model.wording import number_of
from ci_toolkit.suite.changes import Base, UnknownChangesError, changes_since
from ci_toolkit.suite.checkout import commit_of, is_part_of_main
from ci_toolkit.suite.git import has_commit
from ci_toolkit.suite.options import ShardOptions, StopRequest
from ci_toolkit.suite.traced_lines import traced_files
from ci_toolkit.verdict.adjudication import (
    Court,
    again_rule,
    hear,
    is_heard,
    is_made_in_the_shard,
    once,
    order_of,
    prices_of,
    ruled,
    rules_of,
    unsure_rule,
    untouched_by_the_change,
)
from ci_toolkit.verdict.court.court import Judgement
from ci_toolkit.verdict.court.memory import Memory
from ci_toolkit.verdict.court.trials import BudgetSpentError
from ci_toolkit.verdict.quarantine import excuses
from ci_toolkit.workflow.court_memory import recalled
from ci_toolkit.workflow.lineage import here
from ci_toolkit.workflow.observer import Observer
from ci_toolkit.workflow.shards import ShardWork
from ci_toolkit.workflow.signals import stop_on_signals
from ci_toolkit.workflow.stop_rules import StopRuleWatcher
from ci_toolkit.workflow.trial_runner import TrialRunner, TriedShard, ended_words
from ci_toolkit.workflow.trial_trees import TrackedFiles, TrialTrees, tracked_now


class Past(Record, frozen=True, kw_only=True):
    """Which part of which history counts for a run."""

    history: str
    """Where it is; ``""`` is nowhere."""
    environment: str
    commit: str
    before: float
    """When the run began, in seconds since the epoch."""


class AdjudicationEnd(Record, frozen=True, kw_only=True):
    """How the trials of the failures of shards ended."""

    red: int
    """Failures that nothing excuses."""
    is_interrupted: bool = False


def court_of(root: Path, folder: Path, environment: Mapping[str, str] = os.environ) -> Court | None:
    """Return the court that judges what is checked out in ``folder``; None where the settings in ``root`` ask for none.

    ``environment`` is that of the job. Raises ConfigurationError for settings that cannot be used.
    """
    settings = read_flaky(root)
    if settings is None:
        return None
    lineage = here(folder, environment)
    # The change is what is not committed yet. In CI that is no change: a job before may have made it.
    changed = not lineage.tree and not environment.get("CI") and (lineage.is_main or is_part_of_main(folder))
    base = commit_of(folder) if changed else lineage.base
    return Court(
        rules=rules_of(settings), excuses=settings.excuses, is_main=lineage.is_main, tree=lineage.tree, base=base
    )


def again_of(court: Court | None, plan: Plan, quarantine: QuarantineInForce | None, folder: Path) -> AgainRule | None:
    """Return how each shard of ``plan`` tries its failed tests in ``folder`` again; None where no court would ask."""
    if court is None:
        return None
    longest = max((shard.estimated_seconds for shard in plan.shards), default=0.0)
    # What is in quarantine is never excused for what trials tell.
    never = [entry.test for entry in quarantine.file.entries] if quarantine else ()
    return again_rule(court.rules, longest, never=never, change=_change_of(court, folder))


def _change_of(court: Court, folder: Path) -> tuple[TracedFile, ...] | None:
    # In CI what git does not know is no part of the change, and nothing is fetched for tests that may all pass.
    if not court.base or not has_commit(folder, court.base):
        return None
    try:
        base = Base(ref=court.base, is_exact=True)
        return traced_files(changes_since(base, folder, has_untracked=not os.environ.get("CI")), folder)
    except UnknownChangesError:
        return None


def remembering(
    court: Court,
    past: Past,
    failures: Iterable[TestFailure],
    orders: Iterable[tuple[int, str]],
    say: Callable[[str], None],
) -> Court:
    """Return ``court`` with what the history tells of ``failures``; one that cannot be used is said, and tells nothing.

    Without a history, earlier runs have saved nothing of their budgets.
    ``orders`` are (shard, digest of the order in which it ran its tests).
    """
    orders = tuple(orders)
    of_shard = dict(orders)
    court = msgspec.structs.replace(court, order=order_of(orders))
    tests = {failure.node_id: of_shard.get(failure.shard, "") for failure in once(failures) if is_heard(failure)}
    if not (past.history and tests):
        return msgspec.structs.replace(court, memory=Memory(saved_seconds=0.0))
    rules, tree = court.rules, court.tree
    try:
        found = recalled(
            *(past.history, past.environment),
            rules=rules,
            tree=tree,
            base=court.base,
            tests=tests,
            before=past.before,
        )
    except ToolkitError as error:
        say(f"failures are judged without the past: {error.message}")
        return msgspec.structs.replace(court, memory=Memory(saved_seconds=0.0))
    number = found.number_of(past.commit, is_main=court.is_main)
    return msgspec.structs.replace(court, memory=found.memory, commit=number, commits=found.commits)


def informed(
    court: Court,
    shards: Sequence[TriedShard],
    failures: Iterable[TestFailure],
    history: str,
    commit: str,
    say: Callable[[str], None],
) -> Court:
    """Return ``court`` with what ``history`` tells of ``failures``, and tries at once of what the change touches."""
    past = Past(
        history=history,
        environment=shards[0].environment,
        commit=commit,
        before=min(shard.bundle.card.began_at for shard in shards),
    )
    court = remembering(court, past, failures, [(shard.bundle.card.index, shard.order) for shard in shards], say)
    untouched = untouched_by_the_change(made for shard in shards for made in shard.agains)
    return msgspec.structs.replace(court, untouched=untouched)


def tracked_for(court: Court | None, folder: Path) -> TrackedFiles:
    """Return what git tracks around ``folder`` now, before the tests begin; where no court asks, nobody looks."""
    return TrackedFiles() if court is None else tracked_now(folder, in_ci=bool(os.environ.get("CI")))


def adjudicate_shards(
    work: ShardWork, court: Court, tracked: TrackedFiles, observer: Observer, *, history: str = ""
) -> AdjudicationEnd:
    """Try the failed tests of the shards of ``work`` again, and write what was seen into their bundles.

    ``tracked`` is what git tracked when their tests began.

    Of a shard that did not come to its end nobody knows what would have failed, so it stays as it is.
    """
    plan, options = work.plan, work.options
    shards = [shard for shard in _shards_of(work) if shard.bundle.card.state is ShardState.FINISHED]
    failures = failures_of(shards, work.rules.quarantine)
    others = sum(shard.others for shard in shards)
    heard = sum(map(is_heard, failures))
    if not heard:
        return AdjudicationEnd(red=len(failures) + others)
    court = informed(court, shards, failures, history, options.commit, observer.say)
    observer.say(f"judging {number_of(heard, 'failure')} by trials")
    stop = StopRequest()
    with (
        stop_on_signals(stop),
        StopRuleWatcher(work.rules, stop),
        trees_for(shards, options, court, tracked) as trees,
    ):
        runner = TrialRunner(plan, shards, options, trees, observer.say, stop, unsure=unsure_rule(court.rules))
        prices = prices_of(failures, [_startup(shard) for shard in shards], [shard.seconds for shard in shards])
        judgement = None
        try:
            seconds = sum(shard.seconds for shard in shards)
            judgement = hear(failures, court, runner, prices, seconds, is_made=is_made_in_the_shard)
        finally:
            for shard in shards:
                shard.close(_why_ended(stop, judgement))
    red = red_after(judgement, court, failures, observer)
    return AdjudicationEnd(red=red + others, is_interrupted=stop.kind is StopKind.SIGNAL)


def trees_for(shards: Iterable[TriedShard], options: ShardOptions, court: Court, tracked: TrackedFiles) -> TrialTrees:
    """Return the work trees in which failures of ``shards`` are tried."""
    began_at = min(shard.bundle.card.began_at for shard in shards)
    return TrialTrees(Path(options.folder), court.base, tracked, began_at=began_at)


def has_counted_failures(work: ShardWork) -> bool:
    """Return whether shards of ``work`` have failures that the quarantine does not excuse, as far as they came."""
    if work.rules.quarantine is None:
        return True
    shards = _shards_of(work)
    return any(shard.others for shard in shards) or bool(failures_of(shards, work.rules.quarantine))


def _shards_of(work: ShardWork) -> Sequence[TriedShard]:
    ours = _indexes_of(work)
    bundles = open_delivery(work.results, work.plan).bundles
    return [TriedShard(bundle) for index, bundle in bundles.items() if index in ours]


def failures_of(shards: Iterable[TriedShard], quarantine: QuarantineInForce | None) -> Sequence[TestFailure]:
    """Return the failures of the shards of ``shards`` that the quarantine does not excuse."""
    every = (failure for shard in shards for failure in shard.failures)
    return [failure for failure in every if not excuses(quarantine, failure)]


def red_after(judgement: Judgement, court: Court, failures: Sequence[TestFailure], observer: Observer) -> int:
    """Return how many of ``failures`` nothing excuses, and say so."""
    red = sum(not failure.is_excused for failure in ruled(failures, judgement, court))
    observer.say(f"trials excuse {len(failures) - red} of {number_of(len(failures), 'failure')}")
    return red


def _why_ended(stop: StopRequest, judgement: Judgement | None) -> str:
    """Return why not every trial was made that was asked for; ``""`` where each was."""
    if stop.is_asked:
        return ended_words(stop)
    return str(BudgetSpentError()) if judgement is not None and judgement.is_budget_spent else ""


def _indexes_of(work: ShardWork) -> frozenset[int]:
    return frozenset(index for indexes in work.stages for index in indexes)


def _startup(shard: TriedShard) -> float:
    card = shard.bundle.card
    return card.actual_seconds / max(1, card.attempts) - shard.seconds
