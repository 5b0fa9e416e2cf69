"""pytest-split's two algorithms, called from its own library: they assign tests, so any file may be cut."""

import math
from typing import Any

from pytest_split.algorithms import Algorithms

from ci_toolkit.model.node_id import node_id_of
from ci_toolkit.model.record import Record
from ci_toolkit.plan.assignment import Assignment
from ci_toolkit.plan.request import Algorithm
from ci_toolkit.plan.workload import Workload


class SplitItem(Record, frozen=True, kw_only=True):
    """A test as pytest-split sees it: something with a ``nodeid``. Here, tests that are kept together are one."""

    nodeid: str
    file: int
    fragment: int
    seconds: float


def assign_by_pytest_split(work: Workload, shards: int, algorithm: Algorithm) -> Assignment:
    """Return what pytest-split's ``algorithm`` makes of the tests, in the order of the suite and of each source.

    It knows nothing of setup; the loads include it all the same, as each shard will pay it.
    """
    items = [
        SplitItem(
            nodeid=node_id_of(estimate.path, fragment.suffixes[0]), file=file, fragment=number, seconds=fragment.seconds
        )
        for file, estimate in enumerate(work.files)
        for number, fragment in enumerate(work.fragments(file))
    ]
    split: Any = items[: len(items) - _idle_at_the_end(items)]
    groups = Algorithms[algorithm.value].value(shards, split, {item.nodeid: item.seconds for item in items})
    assignment = Assignment(work, shards)
    last = 0
    for shard, group in enumerate(groups):
        for item in group.selected:
            assert isinstance(item, SplitItem)
            assignment.assign_fragments(item.file, (item.fragment,), shard)
            last = shard
    for item in items[len(split) :]:
        assignment.assign_fragments(item.file, (item.fragment,), last)
    return assignment.consolidate()


def _idle_at_the_end(items: list[SplitItem]) -> int:
    """Return how many items at the end take no time: pytest-split 0.11 has no group for them (IndexError)."""
    negligible = math.fsum(item.seconds for item in items) * 1e-9
    idle, seconds = 0, 0.0
    for item in reversed(items[1:]):
        seconds += item.seconds
        if seconds > negligible:
            break
        idle += 1
    return idle
