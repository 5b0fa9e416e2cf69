"""What would make the next run shorter, judged by what this one took."""

import statistics
from collections.abc import Sequence
from enum import StrEnum

from ci_toolkit.model.bundle import ShardState
from ci_toolkit.model.merged import MergedShard
from ci_toolkit.model.record import Record
from ci_toolkit.model.verdict import SlowTest

SHORT_SECONDS = 10.0
"""A run that nobody waits for."""
_CAPS = 0.75
"""A test that takes this share of the run is what the run waits for."""
_UNEVEN = 1.25
"""The slowest shard over what an even share, or the longest test, allows."""
_WORTH_SAYING = 0.9


class Remedy(StrEnum):
    """What would help most."""

    UNKNOWN = ""
    NOTHING = "nothing"
    CUT_TEST = "cut this test"
    BALANCE = "balance"
    MORE_SHARDS = "more shards"


class Advice(Record, frozen=True, kw_only=True):
    """What would help most, in a sentence."""

    remedy: Remedy
    message: str = ""


def advise(shards: Sequence[MergedShard], slowest: Sequence[SlowTest]) -> Advice:
    """Return what would help most; UNKNOWN where a shard did not finish, for then its time says nothing."""
    if not shards or any(shard.state is not ShardState.FINISHED for shard in shards):
        return Advice(remedy=Remedy.UNKNOWN)
    achieved = max(shard.actual_seconds for shard in shards)
    if achieved < SHORT_SECONDS:
        return Advice(remedy=Remedy.NOTHING, message="nothing to do: the run is short")
    overhead = overhead_of(shards)
    even = sum(shard.actual_seconds for shard in shards) / len(shards)
    longest = slowest[0] if slowest else SlowTest(node_id="", seconds=0.0)
    floor = longest.seconds + overhead
    if floor >= _CAPS * achieved and longest.seconds >= overhead:
        return Advice(
            remedy=Remedy.CUT_TEST,
            message=f"cut this test: {longest.node_id} takes {longest.seconds:.1f} s of the {achieved:.1f} s, "
            "and no number of shards goes below that",
        )
    if achieved > _UNEVEN * max(even, floor):
        slow = max(shards, key=lambda shard: shard.actual_seconds)
        return Advice(
            remedy=Remedy.BALANCE,
            message=f"balance the shards: shard {slow.index} took {achieved:.1f} s where an even share is "
            f"{even:.1f} s; a plan from this run's times evens it out",
        )
    return _more_shards(len(shards), achieved, even, floor, overhead)


def overhead_of(shards: Sequence[MergedShard]) -> float:
    """Return what a shard typically takes besides its tests and imports; 0 where they ran side by side (xdist)."""
    begun = [shard for shard in shards if shard.tests] or shards  # one that was stopped before it began shows nothing
    typical = statistics.median(shard.actual_seconds - shard.tests_seconds for shard in begun) if begun else 0.0
    return max(0.0, typical)


def _more_shards(count: int, achieved: float, even: float, floor: float, overhead: float) -> Advice:
    doubled = max((even - overhead) / 2 + overhead, floor)
    if doubled > _WORTH_SAYING * achieved:
        why = f"{overhead:.1f} of {achieved:.1f} s is what each shard needs before its tests"
        return Advice(remedy=Remedy.NOTHING, message=f"nothing to do: {why}")
    message = f"more shards: with {2 * count}, each on a machine of its own, the run would take about {doubled:.1f} s"
    return Advice(remedy=Remedy.MORE_SHARDS, message=message)
