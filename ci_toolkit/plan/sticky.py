"""Sticky plans: each test stays on the shard of an earlier plan, and few move for a makespan near the best."""

import math
from collections import Counter

from ci_toolkit.model.plan import Plan
from ci_toolkit.plan.assignment import Assignment
from ci_toolkit.plan.balance import items_of, pinned_files
from ci_toolkit.plan.rebalance import rebalance
from ci_toolkit.plan.shard_of import ShardOf
from ci_toolkit.plan.workload import Item, Workload

SLACK = 1.02
"""How much longer than a plan from scratch a plan may take to leave tests where they were."""


def keep_in_place(work: Workload, fresh: Assignment, previous: Plan) -> Assignment:
    """Return an assignment that moves few tests since ``previous`` and takes 2% longer than ``fresh`` at most.

    That is ``fresh`` itself if no other was found.
    """
    goal = fresh.makespan * SLACK
    kept = _as_before(work, len(fresh.loads), ShardOf(previous))
    rebalance(kept, goal, pinned=pinned_files(work), moves_few_tests=True)
    return kept if kept.makespan <= goal else fresh


def _as_before(work: Workload, shards: int, shard_of: ShardOf) -> Assignment:
    """Assign everything to its earlier shard, and what is new to the shards with the least."""
    assignment = Assignment(work, shards)
    new: list[tuple[float, Item]] = []
    for item in items_of(work, [math.inf] * len(work.files)):
        for shard, part in _by_shard(work, item, shard_of):
            if shard is None or shard >= shards:
                new.append((-work.item_seconds(part), part))
            else:
                assignment.assign_item(part, shard)
    for _, part in sorted(new):
        assignment.assign_item(part, min(range(shards), key=lambda shard: (assignment.loads[shard], shard)))
    return assignment


def _by_shard(work: Workload, item: Item, shard_of: ShardOf) -> list[tuple[int | None, Item]]:
    """Divide ``item``, if it may be divided, by the earlier shards of its tests."""
    file, some = item[0]
    path = work.files[file].path
    if len(item) > 1 or not shard_of.is_cut(path):
        first = work.fragments(file)[some[0]].suffixes[0] if some else ""
        return [(shard_of(path, first), item)]
    parts: dict[int | None, list[int]] = {}
    for number in some or range(len(work.fragments(file))):
        shards = Counter(shard_of(path, suffix) for suffix in work.fragments(file)[number].suffixes)
        parts.setdefault(max(shards, key=lambda shard: (shards[shard], -(shard or 0))), []).append(number)
    if len(parts) == 1 and not some:
        return [(shard, ((file, ()),)) for shard in parts]
    return [(shard, ((file, tuple(numbers)),)) for shard, numbers in parts.items()]
