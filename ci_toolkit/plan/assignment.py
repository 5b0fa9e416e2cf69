"""The assignment of files and parts of files to shards while a plan is being made, and what each shard then takes."""

import math
from collections.abc import Sequence
from typing import Self

from ci_toolkit.plan.workload import Item, Workload

UNASSIGNED = -1
"""Stands for the shard of a fragment that has none yet."""


class Assignment:
    """Files, by number, assigned to shards, counted from 0. The one value in planning that changes in place.

    A shard pays a file's setup seconds once, however many of its tests it runs.
    """

    def __init__(self, work: Workload, shards: int) -> None:
        self.work = work
        self.parts: list[dict[int, float]] = [{} for _ in range(shards)]
        """For each shard: file to the seconds of its tests there."""
        self.loads = [0.0] * shards
        self.owners: dict[int, list[int]] = {}
        """For each file that is cut: the shard of each fragment."""

    def assign(self, file: int, shard: int) -> None:
        """Assign the whole of ``file``, which has no shard yet, to ``shard``."""
        self._add(file, shard, self.work.seconds[file])

    def assign_fragments(self, file: int, fragments: Sequence[int], shard: int) -> None:
        """Assign some fragments of ``file``, which have no shard yet, to ``shard``."""
        owners = self.owners.setdefault(file, [UNASSIGNED] * len(self.work.fragments(file)))
        for fragment in fragments:
            owners[fragment] = shard
        self._add(file, shard, self.work.part_seconds(file, fragments))

    def assign_item(self, item: Item, shard: int) -> None:
        """Assign all of ``item``, which has no shard yet, to ``shard``."""
        for file, fragments in item:
            if fragments:
                self.assign_fragments(file, fragments, shard)
            else:
                self.assign(file, shard)

    def move(self, file: int, source: int, target: int) -> None:
        """Move all of ``file`` that is on ``source`` to ``target``."""
        moved = self._take(file, source)
        self._add(file, target, moved)
        if file in self.owners:
            owners = [target if owner == source else owner for owner in self.owners[file]]
            self.owners[file] = owners
            if all(owner == target for owner in owners):
                del self.owners[file]

    def move_fragments(self, file: int, fragments: Sequence[int], source: int, target: int) -> None:
        """Move some fragments of ``file`` from ``source`` to ``target``: all that it has there, if they are all."""
        here = self.fragments_on(file, source)
        if len(fragments) == len(here):
            self.move(file, source, target)
            return
        every = self.work.fragments(file)
        owners = self.owners.setdefault(file, [source] * len(every))
        for fragment in fragments:
            owners[fragment] = target
        self._take(file, source)
        staying = [every[fragment].seconds for fragment in here if owners[fragment] == source]
        self._add(file, source, math.fsum(staying))
        self._add(file, target, math.fsum([every[fragment].seconds for fragment in fragments]))

    def fragments_on(self, file: int, shard: int) -> list[int]:
        """Return which fragments of ``file`` are on ``shard``, in order."""
        if file not in self.owners:
            return list(range(len(self.work.fragments(file))))
        return [fragment for fragment, owner in enumerate(self.owners[file]) if owner == shard]

    def count_on(self, file: int, shard: int) -> int:
        """Return how many fragments of ``file`` are on ``shard``."""
        return self.owners[file].count(shard) if file in self.owners else self.work.fragment_count(file)

    def setup_due(self, file: int, shard: int) -> float:
        """Return what ``shard`` would pay for the setup of ``file``: nothing where it already runs some of it."""
        return 0.0 if file in self.parts[shard] else self.work.setups[file]

    def spread(self, shard: int) -> float:
        """Return the spread of the load of ``shard``: files vary each by itself, the tests of one file together."""
        work = self.work
        spreads = [
            work.spreads[file] * (took / work.seconds[file] if work.seconds[file] > 0.0 else 1.0)
            for file, took in sorted(self.parts[shard].items())
        ]
        return math.hypot(*spreads)

    @property
    def makespan(self) -> float:
        """The seconds of the slowest shard."""
        return max(self.loads)

    @property
    def pieces(self) -> int:
        """How many (file, shard) pairs there are."""
        return sum(map(len, self.parts))

    def consolidate(self) -> Self:
        """Forget cuts that came together again, and sum the loads independently of the path here. Returns itself."""
        self.owners = {file: owners for file, owners in self.owners.items() if len(set(owners)) > 1}
        setups = self.work.setups
        for shard, parts in enumerate(self.parts):
            self.loads[shard] = math.fsum([*(setups[file] for file in parts), *parts.values()])
        return self

    def _add(self, file: int, shard: int, seconds: float) -> None:
        parts = self.parts[shard]
        if file in parts:
            parts[file] += seconds
            self.loads[shard] += seconds
        else:
            parts[file] = seconds
            self.loads[shard] += seconds + self.work.setups[file]

    def _take(self, file: int, shard: int) -> float:
        seconds = self.parts[shard].pop(file)
        self.loads[shard] -= seconds + self.work.setups[file]
        return seconds
