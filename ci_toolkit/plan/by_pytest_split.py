"""pytest-split's two algorithms, called from its own library: they deal out tests, so any file may be cut."""

import math
from typing import Any

from pytest_split.algorithms import Algorithms

from ci_toolkit.model.node_id import node_id_of
from ci_toolkit.model.record import Record
from ci_toolkit.plan.deal import Deal
from ci_toolkit.plan.request import Algorithm
from ci_toolkit.plan.workload import Workload


class Item(Record, frozen=True, kw_only=True):
    """A test as pytest-split sees it: something with a ``nodeid``. Here, tests that are kept together are one."""

    nodeid: str
    file: int
    atom: int
    seconds: float


def deal_by_pytest_split(work: Workload, shards: int, algorithm: Algorithm) -> Deal:
    """Return what pytest-split's ``algorithm`` makes of the tests, in the order of the suite and of each source.

    It knows nothing of landings; the deal's loads hold them all the same, as they will be paid.
    """
    items = [
        Item(nodeid=node_id_of(estimate.path, atom.suffixes[0]), file=file, atom=number, seconds=atom.seconds)
        for file, estimate in enumerate(work.files)
        for number, atom in enumerate(work.atoms(file))
    ]
    split: Any = items[: len(items) - _idle_at_the_end(items)]
    groups = Algorithms[algorithm.value].value(shards, split, {item.nodeid: item.seconds for item in items})
    deal = Deal(work, shards)
    last = 0
    for shard, group in enumerate(groups):
        for item in group.selected:
            assert isinstance(item, Item)
            deal.place_atoms(item.file, (item.atom,), shard)
            last = shard
    for item in items[len(split) :]:
        deal.place_atoms(item.file, (item.atom,), last)
    return deal.settle()


def _idle_at_the_end(items: list[Item]) -> int:
    """Return how many items at the end take no time: pytest-split 0.11 has no group for them (IndexError)."""
    negligible = math.fsum(item.seconds for item in items) * 1e-9
    idle, seconds = 0, 0.0
    for item in reversed(items[1:]):
        seconds += item.seconds
        if seconds > negligible:
            break
        idle += 1
    return idle
