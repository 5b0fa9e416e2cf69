"""Stays close to an earlier plan: each test where it was, and as few moved as the makespan allows."""

import math
from collections import Counter

from ci_toolkit.model.plan import Plan
from ci_toolkit.plan.balance import bundles_of, pinned_files
from ci_toolkit.plan.deal import Deal
from ci_toolkit.plan.exchange import Aim
from ci_toolkit.plan.homes import Homes
from ci_toolkit.plan.level import level
from ci_toolkit.plan.workload import Bundle, Workload

SLACK = 1.02
"""How much longer than a plan from scratch a plan may take to leave tests where they were."""


def stay_close(work: Workload, fresh: Deal, previous: Plan) -> Deal:
    """Return a deal within 2% of ``fresh`` that moves few tests; ``fresh``, its shards renamed, if there is none."""
    shards = len(fresh.loads)
    homes = Homes(previous)
    aim = Aim(fresh.makespan * SLACK, moves_little=True, pinned=pinned_files(work))
    kept = level(_as_before(work, shards, homes), aim)
    if kept.makespan <= fresh.makespan * SLACK:
        return kept
    return renamed(fresh, homes)


def _as_before(work: Workload, shards: int, homes: Homes) -> Deal:
    """Put everything where it was, and what is new on the shards with the least."""
    deal = Deal(work, shards)
    homeless: list[tuple[float, Bundle]] = []
    for bundle in bundles_of(work, [math.inf] * len(work.files)):
        for shard, part in _by_home(work, bundle, homes):
            if shard is None or shard >= shards:
                homeless.append((-work.bundle_seconds(part), part))
            else:
                deal.place_bundle(part, shard)
    for _, part in sorted(homeless):
        deal.place_bundle(part, min(range(shards), key=lambda shard: (deal.loads[shard], shard)))
    return deal


def _by_home(work: Workload, bundle: Bundle, homes: Homes) -> list[tuple[int | None, Bundle]]:
    """Divide ``bundle``, if it may be divided, by where its tests were."""
    file, some = bundle[0]
    path = work.files[file].path
    if len(bundle) > 1 or not homes.is_cut(path):
        first = work.atoms(file)[some[0]].suffixes[0] if some else ""
        return [(homes.shard_of(path, first), bundle)]
    parts: dict[int | None, list[int]] = {}
    for atom in some or range(len(work.atoms(file))):
        shards = Counter(homes.shard_of(path, suffix) for suffix in work.atoms(file)[atom].suffixes)
        parts.setdefault(max(shards, key=lambda shard: (shards[shard], -(shard or 0))), []).append(atom)
    if len(parts) == 1 and not some:
        return [(shard, ((file, ()),)) for shard in parts]
    return [(shard, ((file, tuple(atoms)),)) for shard, atoms in parts.items()]


def renamed(fresh: Deal, homes: Homes) -> Deal:
    """Return ``fresh`` with its shards in the order in which they share most tests with the earlier shards."""
    shared: Counter[tuple[int, int]] = Counter()
    work = fresh.work
    for shard, parts in enumerate(fresh.parts):
        for file in parts:
            estimate = work.files[file]
            if not homes.is_cut(estimate.path) and file not in fresh.owners:
                where = homes.shard_of(estimate.path, "")
                if where is not None:
                    shared[shard, where] += max(1, len(estimate.suffixes))
                continue
            for atom in fresh.atoms_on(file, shard):
                for suffix in work.atoms(file)[atom].suffixes:
                    where = homes.shard_of(estimate.path, suffix)
                    if where is not None:
                        shared[shard, where] += 1
    return fresh.with_shards_at(_matching(shared, len(fresh.loads)))


def _matching(shared: Counter[tuple[int, int]], shards: int) -> list[int]:
    """Return for each shard its new place: greedily where most is shared, the rest in order."""
    places: dict[int, int] = {}
    for (shard, place), _ in sorted(shared.items(), key=lambda pair: (-pair[1], pair[0])):
        if shard not in places and place not in places.values() and place < shards:
            places[shard] = place
    free = iter(place for place in range(shards) if place not in places.values())
    return [places[shard] if shard in places else next(free) for shard in range(shards)]
