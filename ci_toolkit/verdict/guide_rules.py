"""The guide's gates: one category a test, mission-critical tests always run, budgets kept."""

from collections.abc import Iterable, Iterator
from itertools import islice

from ci_toolkit.model.bundle import StopKind
from ci_toolkit.model.merged import MergedRun
from ci_toolkit.model.mode import Strictness
from ci_toolkit.model.verdict import Breach, Gate

MOST_NAMED = 100
"""Breaches of one gate that are written out; a wrong directory name can make thousands."""


def guide_breaches(run: MergedRun, strictness: Strictness) -> Iterator[Breach]:
    """Yield every breach of the guide's gates."""
    yield from _named(Gate.MISSION_CRITICAL, _critical(run), "mission-critical tests")
    clashes = (f"{clash.node_id} {clash.what}: a test has one category" for clash in run.clashes)
    yield from _named(Gate.CATEGORIES, clashes, "tests with more than one category")
    yield from _left_out(run, strictness)


def left_out_note(run: MergedRun) -> str:
    """Return what a reader should hear of tests that were left out, or ``""``."""
    if not run.left_out:
        return ""
    reasons = sorted({shard.reason for shard in run.shards if shard.stopped_by.is_by_rule})
    return f"{run.counts.left_out} left out, each named in verdict.json: {'; '.join(reasons)}"


def _critical(run: MergedRun) -> Iterator[str]:
    for test in run.critical:
        why = f" ({test.reason})" if test.reason else ""
        yield f"{test.node_id} is mission-critical and was {test.how}{why}: such a test always runs"
    for left in run.left_out:
        if left.is_critical:
            yield f"{left.node_id} is mission-critical and was left out: {left.reason}"


def _left_out(run: MergedRun, strictness: Strictness) -> Iterator[Breach]:
    kinds = {shard.stopped_by for shard in run.shards if shard.stopped_by.is_by_rule}
    message = left_out_note(run)
    nothing_ran = run.counts.total == run.counts.left_out
    if StopKind.BUDGET in kinds and run.left_out and (strictness is Strictness.STRICT or nothing_ran):
        yield Breach(gate=Gate.BUDGET, message=message)
    if StopKind.FAIL_FAST in kinds or (StopKind.MAXFAIL in kinds and run.left_out):
        yield Breach(gate=Gate.FAIL_FAST, message=message or "a fail-fast rule ended the run")


def _named(gate: Gate, messages: Iterable[str], what: str) -> Iterator[Breach]:
    messages = iter(messages)
    for message in islice(messages, MOST_NAMED):
        yield Breach(gate=gate, message=message)
    more = sum(1 for _ in messages)
    if more:
        yield Breach(gate=gate, message=f"{more} more {what}")
