"""Judges over all shards which snapshots no test uses, as syrupy does over a whole run."""

from collections.abc import Sequence

from ci_toolkit.merge.bundles import Bundle
from ci_toolkit.merge.shard_merge import ShardMerge
from ci_toolkit.model.bundle import ShardState
from ci_toolkit.model.merged import UnusedSnapshots
from ci_toolkit.model.plan import Plan


def unused_snapshots(plan: Plan, bundles: Sequence[Bundle], merges: Sequence[ShardMerge]) -> UnusedSnapshots | None:
    """Return the snapshots that some process found unused and none used, or None where there are none.

    A process that says of a snapshot that its test was skipped or not selected keeps it, as in a whole run. Where a
    shard did not come to its end in one process, what it used is unknown, and so is what is unused.
    """
    cards = [bundle.card for bundle in bundles]
    if len(cards) < len(plan.shards) or any(c.attempts > 1 or c.state is not ShardState.FINISHED for c in cards):
        return None
    told = [record for merge in merges for record in merge.snapshots]
    unused = {name for record in told for name in record.unused}.difference(*(record.kept for record in told))
    if not unused:
        return None
    names = tuple(f"{place}: {name}" if name else place for place, name in sorted(unused))
    return UnusedSnapshots(names=names, is_demanded=any(record.is_demanded for record in told))
