"""Stages: categories that run one after the other, each planned by itself, joined into one plan."""

from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from ci_toolkit.model.category import MISSION_CRITICAL, Categories, Category
from ci_toolkit.model.plan import Plan, PlannedShard, PlanNote
from ci_toolkit.model.record import Record
from ci_toolkit.model.suite import SuiteFile


class StagedPlan(Record, frozen=True, kw_only=True):
    """A plan, and which of its shards run before which."""

    plan: Plan
    stages: tuple[tuple[int, ...], ...]
    """Indexes of shards; a stage begins when the one before it has ended."""


def stages_of(
    files: Sequence[SuiteFile], categories: Categories, selected: Collection[str], *, critical_first: bool
) -> list[tuple[SuiteFile, ...]]:
    """Return ``files`` in stages: the mission-critical ones, then each category after those it depends on.

    A file without a category of its own stands with the last category that its text speaks of. With
    ``critical_first`` a file that can hold a mission-critical test is in the first stage, whatever else it holds.
    """
    rank = _ranks(categories.by_name)
    stages: dict[int, list[SuiteFile]] = {}
    for file in files:
        speaks_of = max((rank(name) for name in file.mentions), default=rank(""))
        is_here_for_critical = bool(selected) and file.category not in selected
        if file.may_hold((MISSION_CRITICAL,)) and (critical_first or is_here_for_critical):
            number = rank(MISSION_CRITICAL)
        else:
            number = rank(file.category) if file.category else speaks_of
        stages.setdefault(number, []).append(file)
    return [tuple(stages[number]) for number in sorted(stages)]


def _ranks(by_name: Mapping[str, Category]) -> Callable[[str], int]:
    known = {"": 1, MISSION_CRITICAL: 0}

    def rank(name: str) -> int:
        if name not in known:
            earlier = by_name[name].after if name in by_name else ()
            known[name] = 1 + max((rank(before) for before in earlier), default=0)
        return known[name]

    return rank


def join(plans: Sequence[Plan], notes: Sequence[PlanNote] = ()) -> StagedPlan:
    """Return one sealed plan of the stages' ``plans``, without shards that have nothing to do."""
    shards: list[PlannedShard] = []
    stages = []
    for plan in plans:
        busy = [shard for shard in plan.shards if shard.units]
        first = len(shards) + 1
        shards += [msgspec.structs.replace(shard, index=index) for index, shard in enumerate(busy, start=first)]
        stages.append(tuple(range(first, len(shards) + 1)))
    slowest = max(plans, key=lambda plan: plan.makespan_seconds)
    joined = msgspec.structs.replace(
        plans[0],
        places=tuple(place for plan in plans for place in plan.places),
        critical_files=tuple(path for plan in plans for path in plan.critical_files),
        shards=tuple(shards),
        cuts=tuple(cut for plan in plans for cut in plan.cuts),
        lower_bound_seconds=sum(plan.lower_bound_seconds for plan in plans),
        makespan_seconds=sum(plan.makespan_seconds for plan in plans),
        limited_by=slowest.limited_by,
        has_times=any(plan.has_times for plan in plans),
        notes=(*dict.fromkeys(note for plan in plans for note in plan.notes), *notes),
    )
    return StagedPlan(plan=joined.sealed(), stages=tuple(stages))
