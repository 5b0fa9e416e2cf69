"""Assigns files to shards so that they finish together."""

import heapq
from collections.abc import Sequence

from ci_toolkit.plan.assignment import Assignment
from ci_toolkit.plan.caps import caps_of, room_of
from ci_toolkit.plan.cuts import cut_evenly
from ci_toolkit.plan.rebalance import rebalance
from ci_toolkit.plan.workload import Item, Workload

_SHARES = (1.0, 0.5, 0.25)
"""Caps to try, as shares of the goal: a file above the cap is cut. Coarse first, which makes the fewest pieces."""

_GOOD_ENOUGH = 1.002
"""No search for more: durations vary by far more from run to run."""

_BETTER = 0.998
"""A finer cap must gain this much to be taken, for it makes more pieces."""


def balance(work: Workload, shards: int) -> Assignment:
    """Return the assignment with the smallest makespan found, and among near equals the one that cuts least."""
    bound = work.bound(shards)
    goal = work.fair_share(shards) * _GOOD_ENOUGH
    best: Assignment | None = None
    for share in _SHARES:
        caps = caps_of(work, goal * share, shards)
        found = rebalance(assign_largest_first(work, shards, caps), goal, pinned=pinned_files(work))
        if best is not None and found.makespan >= best.makespan * _BETTER:
            break
        best = found
        if best.makespan <= bound * _GOOD_ENOUGH:
            break
    assert best is not None
    return best


def assign_largest_first(work: Workload, shards: int, caps: Sequence[float]) -> Assignment:
    """Assign every file, the largest first, each to the shard with the least so far; cut what is above its cap."""
    assignment = Assignment(work, shards)
    heap = [(0.0, 0, shard) for shard in range(shards)]
    for _, item in sorted((-work.item_seconds(item), item) for item in items_of(work, caps)):
        _, count, shard = heap[0]
        assignment.assign_item(item, shard)
        heapq.heapreplace(heap, (assignment.loads[shard], count + 1, shard))
    return assignment


def items_of(work: Workload, caps: Sequence[float]) -> list[Item]:
    """Return everything as items, of each file at most its seconds of ``caps``, as far as tests and rules allow."""
    items = list(work.cross_file_groups)
    taken: dict[int, set[int]] = {}
    for item in items:
        for file, fragments in item:
            taken.setdefault(file, set()).update(fragments)
    for file, (setup, seconds, cap) in enumerate(zip(work.setups, work.seconds, caps, strict=True)):
        if file not in taken and setup + seconds <= cap:
            items.append(((file, ()),))
            continue
        free = [number for number in range(len(work.fragments(file))) if number not in taken.get(file, ())]
        pieces = cut_evenly([work.fragments(file)[number] for number in free], room_of(setup, cap)) if free else []
        if len(pieces) <= 1 and file not in taken:  # a file without a test has no piece
            items.append(((file, ()),))
        else:
            items += [((file, tuple(free[number] for number in piece)),) for piece in pieces]
    return items


def pinned_files(work: Workload) -> frozenset[int]:
    """Return the files whose tests belong together with those of other files: rebalancing leaves them."""
    return frozenset(file for item in work.cross_file_groups for file, _ in item)
