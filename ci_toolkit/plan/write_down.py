"""Writes a deal down as the shards and cuts of a plan."""

from collections.abc import Iterable

from ci_toolkit.model.plan import Cut, PlannedShard, Unit
from ci_toolkit.plan.cuts import cut_of
from ci_toolkit.plan.deal import Deal

CategoryServices = tuple[tuple[str, tuple[str, ...]], ...]
"""The services that each category needs."""


def write_down(deal: Deal, services: CategoryServices = ()) -> tuple[tuple[PlannedShard, ...], tuple[Cut, ...]]:
    """Return the shards and cuts of ``deal``, in the order of the suite."""
    units: list[list[Unit]] = [[] for _ in deal.loads]
    cuts = []
    homes = {file: shard for shard, parts in enumerate(deal.parts) for file in parts}
    for number, file in enumerate(deal.work.files):
        if number not in deal.owners:
            units[homes[number]].append(Unit(path=file.path, estimated_seconds=file.weight))
            continue
        cut, pieces = _cut(deal, number)
        cuts.append(cut)
        for shard, unit in pieces:
            units[shard].append(unit)
    categories = [{deal.work.files[file].category for file in parts} for parts in deal.parts]
    planned = tuple(
        PlannedShard(
            index=shard + 1,
            estimated_seconds=deal.loads[shard],
            spread_seconds=deal.spread(shard),
            units=tuple(units[shard]),
            category=next(iter(own)) if len(own) == 1 else "",
            services=_services_of(own, services),
        )
        for shard, own in enumerate(categories)
    )
    return planned, tuple(cuts)


def _cut(deal: Deal, file: int) -> tuple[Cut, list[tuple[int, Unit]]]:
    """Return the cut of ``file`` and the shard of each of its pieces."""
    owners, every = deal.owners[file], deal.work.atoms(file)
    path = deal.work.files[file].path
    shards = list(dict.fromkeys(owners))
    suffixes: dict[int, list[str]] = {shard: [] for shard in shards}
    for atom, owner in zip(every, owners, strict=True):
        suffixes[owner] += atom.suffixes
    units = [
        (shard, Unit(path=path, estimated_seconds=took, piece=piece, pieces=len(shards)))
        for piece, shard in enumerate(shards, start=1)
        for took in (deal.work.landings[file] + deal.parts[shard][file],)
    ]
    return cut_of(path, [suffixes[shard] for shard in shards]), units


def _services_of(categories: Iterable[str], services: CategoryServices) -> tuple[str, ...]:
    needed = dict(services)
    return tuple(sorted({service for category in categories for service in needed.get(category, ())}))
