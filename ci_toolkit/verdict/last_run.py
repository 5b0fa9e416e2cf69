"""What is to be remembered of a run for whoever runs its failures again."""

from collections.abc import Collection, Iterable

from ci_toolkit.model.last_run import LastRun, Steps
from ci_toolkit.model.node_id import names_above
from ci_toolkit.model.plan import Plan
from ci_toolkit.model.verdict import Verdict


def remember(before: LastRun, plan: Plan, verdict: Verdict, steps: Steps | None = None) -> LastRun:
    """Return what did not pass in the run, and what did not pass ``before`` and was not run again.

    Only a stepwise run, which has ``steps``, changes what is ahead of the next one.
    """
    failed = {failure.node_id for failure in verdict.failures}
    unsure = {test.node_id for test in verdict.lost} | {test.node_id for test in verdict.flaky}
    left_out = {test.node_id for test in verdict.left_out}
    paths = {unit.path for shard in plan.shards for unit in shard.units}
    only = frozenset(plan.only)

    def was_run(node_id: str) -> bool:
        above = {*names_above(node_id)}
        return not above.isdisjoint(paths) and above.isdisjoint(left_out) and not (only and above.isdisjoint(only))

    return LastRun(
        failed=_sorted(failed, (name for name in before.failed if not was_run(name))),
        unsure=_sorted(unsure, (name for name in before.unsure if not was_run(name))),
        ahead=_ahead(plan, verdict, steps.passed_over) if steps else before.ahead,
        ahead_of=steps.suite if steps else before.ahead_of,
    )


def _ahead(plan: Plan, verdict: Verdict, passed_over: Collection[str]) -> tuple[str, ...]:
    """Return what is to run after a stepwise run: of a file that it did not come to, what was to run of it."""
    failed = {failure.node_id for failure in verdict.failures}.difference(passed_over)
    not_run = {test.node_id for test in (*verdict.lost, *verdict.left_out)}
    planned = {name for name in plan.only if not not_run.isdisjoint(names_above(name))}
    covered = {above for name in planned for above in names_above(name)}
    return tuple(sorted(failed | planned | (not_run - covered)))


def _sorted(now: set[str], before: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*now, *before}))
