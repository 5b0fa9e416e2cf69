"""Workloads and assignments for tests of balancing, made of seconds."""

from collections.abc import Mapping, Sequence

from ci_toolkit.plan.assignment import Assignment
from ci_toolkit.plan.estimates import FileEstimate
from ci_toolkit.plan.request import Keep
from ci_toolkit.plan.workload import Workload


def file_of(
    name: str,
    *seconds: float,
    setup: float = 0.0,
    spread: float = 0.0,
    groups: tuple[tuple[str, str], ...] = (),
    category: str = "",
) -> FileEstimate:
    """Return a file whose tests ``test_0``, ``test_1`` take these seconds."""
    suffixes = tuple(f"test_{number}" for number in range(len(seconds)))
    return FileEstimate(
        path=f"{name}.py",
        category=category,
        setup_seconds=setup,
        seconds=sum(seconds),
        spread=spread,
        suffixes=suffixes,
        each=seconds,
        anchors=suffixes,
        groups=groups,
    )


def work_of(*files: Sequence[float], setup: float = 0.0, keep: Keep = Keep.NOTHING) -> Workload:
    """Return the workload of files whose tests take these seconds."""
    return Workload([file_of(f"test_{number}", *each, setup=setup) for number, each in enumerate(files)], keep)


def assigned(work: Workload, *shards: Sequence[int | tuple[int, Sequence[int]]]) -> Assignment:
    """Return the assignment of files, or of ``(file, fragments)``, to shards."""
    assignment = Assignment(work, len(shards))
    for shard, parts in enumerate(shards):
        for part in parts:
            if isinstance(part, int):
                assignment.assign(part, shard)
            else:
                assignment.assign_fragments(part[0], part[1], shard)
    return assignment


def contents(assignment: Assignment) -> list[Mapping[int, list[int]]]:
    """Return for each shard the fragments of each of its files."""
    return [
        {file: assignment.fragments_on(file, shard) for file in sorted(parts)}
        for shard, parts in enumerate(assignment.parts)
    ]
