"""Deals files out to shards so that they finish together."""

import heapq
from collections.abc import Sequence

from ci_toolkit.plan.caps import caps_of, room_of
from ci_toolkit.plan.chop import chop
from ci_toolkit.plan.deal import Deal
from ci_toolkit.plan.exchange import Aim
from ci_toolkit.plan.level import level
from ci_toolkit.plan.workload import Bundle, Workload

_SHARES = (1.0, 0.5, 0.25)
"""Caps to try, as shares of the goal: a file above the cap is cut. Coarse first, for coarse plans scatter least."""

_GOOD_ENOUGH = 1.002
"""No search for more: durations vary by far more from run to run."""

_BETTER = 0.998
"""A finer cap must gain this much to be taken, for it scatters more."""


def balance(work: Workload, shards: int) -> Deal:
    """Return the deal with the smallest makespan that was found, and among near equals the one that cuts least."""
    bound = work.bound(shards)
    goal = work.fair_share(shards) * _GOOD_ENOUGH  # also where one test sets the bound: what is late then has room
    best: Deal | None = None
    for share in _SHARES:
        caps = caps_of(work, goal * share, shards)
        deal = level(deal_out(Deal(work, shards), caps), Aim(goal, pinned=pinned_files(work)))
        if best is not None and deal.makespan >= best.makespan * _BETTER:
            break
        best = deal
        if best.makespan <= bound * _GOOD_ENOUGH:
            break
    assert best is not None
    return best


def deal_out(deal: Deal, caps: Sequence[float]) -> Deal:
    """Deal out every file, the largest first, each to the shard with the least so far; cut what is above its cap."""
    items = [(-deal.work.bundle_seconds(bundle), bundle) for bundle in bundles_of(deal.work, caps)]
    items.sort()
    heap = [(load, 0, shard) for shard, load in enumerate(deal.loads)]
    heapq.heapify(heap)
    for _, bundle in items:
        _, count, shard = heap[0]
        deal.place_bundle(bundle, shard)
        heapq.heapreplace(heap, (deal.loads[shard], count + 1, shard))
    return deal


def bundles_of(work: Workload, caps: Sequence[float]) -> list[Bundle]:
    """Return everything as bundles, of each file at most its seconds of ``caps``, as far as tests and rules allow."""
    bundles = list(work.bundles)
    taken: dict[int, set[int]] = {}
    for bundle in bundles:
        for file, atoms in bundle:
            taken.setdefault(file, set()).update(atoms)
    for file, (landing, seconds, cap) in enumerate(zip(work.landings, work.seconds, caps, strict=True)):
        if file not in taken and landing + seconds <= cap:
            bundles.append(((file, ()),))
            continue
        room = room_of(landing, cap)
        free = [atom for atom in range(len(work.atoms(file))) if atom not in taken.get(file, ())]
        pieces = chop([work.atoms(file)[atom] for atom in free], room) if free else []
        if len(pieces) == 1 and file not in taken:
            bundles.append(((file, ()),))
        else:
            bundles += [((file, tuple(free[atom] for atom in piece)),) for piece in pieces]
    return bundles


def pinned_files(work: Workload) -> frozenset[int]:
    """Return the files whose tests belong together with those of other files: levelling leaves them."""
    return frozenset(file for bundle in work.bundles for file, _ in bundle)
