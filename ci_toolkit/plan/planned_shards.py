"""The shards and cuts of a plan, made from an assignment."""

from collections.abc import Iterable

from ci_toolkit.model.plan import Cut, PlannedShard, Unit
from ci_toolkit.plan.assignment import Assignment
from ci_toolkit.plan.cuts import cut_of

CategoryServices = tuple[tuple[str, tuple[str, ...]], ...]
"""The services that each category needs."""


def planned_shards(
    assignment: Assignment, services: CategoryServices = ()
) -> tuple[tuple[PlannedShard, ...], tuple[Cut, ...]]:
    """Return the shards and cuts of ``assignment``, in the order of the suite."""
    units: list[list[Unit]] = [[] for _ in assignment.loads]
    cuts = []
    shard_of = {file: shard for shard, parts in enumerate(assignment.parts) for file in parts}
    for number, file in enumerate(assignment.work.files):
        if number not in assignment.owners:
            units[shard_of[number]].append(
                Unit(path=file.path, estimated_seconds=file.weight, tests=len(file.suffixes) if file.is_known else 0)
            )
            continue
        cut, pieces = _cut(assignment, number)
        cuts.append(cut)
        for shard, unit in pieces:
            units[shard].append(unit)
    files = [[assignment.work.files[file] for file in parts] for parts in assignment.parts]
    categories = [{file.category for file in own} for own in files]
    planned = tuple(
        PlannedShard(
            index=shard + 1,
            estimated_seconds=assignment.loads[shard],
            spread_seconds=assignment.spread(shard),
            units=tuple(units[shard]),
            category=next(iter(own)) if len(own) == 1 else "",
            services=_services_of(own.union(*(file.mentions for file in files[shard])), services),
        )
        for shard, own in enumerate(categories)
    )
    return planned, tuple(cuts)


def _cut(assignment: Assignment, file: int) -> tuple[Cut, list[tuple[int, Unit]]]:
    """Return the cut of ``file`` and the shard of each of its pieces."""
    owners, every = assignment.owners[file], assignment.work.fragments(file)
    path, is_known = assignment.work.files[file].path, assignment.work.files[file].is_known
    shards = list(dict.fromkeys(owners))
    suffixes: dict[int, list[str]] = {shard: [] for shard in shards}
    for fragment, owner in zip(every, owners, strict=True):
        suffixes[owner] += fragment.suffixes
    units = [
        (
            shard,
            Unit(
                path=path,
                estimated_seconds=took,
                piece=piece,
                pieces=len(shards),
                tests=len(suffixes[shard]) if is_known else 0,
            ),
        )
        for piece, shard in enumerate(shards, start=1)
        for took in (assignment.work.setups[file] + assignment.parts[shard][file],)
    ]
    return cut_of(path, [suffixes[shard] for shard in shards]), units


def _services_of(categories: Iterable[str], services: CategoryServices) -> tuple[str, ...]:
    needed = dict(services)
    return tuple(sorted({service for category in categories for service in needed.get(category, ())}))
