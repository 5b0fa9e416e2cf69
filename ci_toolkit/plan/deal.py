"""Who runs what while a plan is being made: files and parts of files on shards, and what each shard then takes."""

import math
from collections.abc import Sequence
from typing import Self

from ci_toolkit.plan.workload import Bundle, Workload

NOWHERE = -1


class Deal:
    """Files, by number, dealt out to shards, counted from 0. The one thing in planning that changes in place.

    A shard pays a file's landing seconds once, however many of its tests it runs.
    """

    def __init__(self, work: Workload, shards: int) -> None:
        self.work = work
        self.parts: list[dict[int, float]] = [{} for _ in range(shards)]
        """For each shard: file to the seconds of its tests there."""
        self.loads = [0.0] * shards
        self.owners: dict[int, list[int]] = {}
        """For each file that is cut: the shard of each atom."""

    def place(self, file: int, shard: int) -> None:
        """Put the whole of ``file``, which is nowhere yet, on ``shard``."""
        self._add(file, shard, self.work.seconds[file])

    def place_atoms(self, file: int, atoms: Sequence[int], shard: int) -> None:
        """Put some atoms of ``file``, which are nowhere yet, on ``shard``."""
        owners = self.owners.setdefault(file, [NOWHERE] * len(self.work.atoms(file)))
        for atom in atoms:
            owners[atom] = shard
        self._add(file, shard, self.work.part_seconds(file, atoms))

    def place_bundle(self, bundle: Bundle, shard: int) -> None:
        """Put all of ``bundle``, which is nowhere yet, on ``shard``."""
        for file, atoms in bundle:
            if atoms:
                self.place_atoms(file, atoms, shard)
            else:
                self.place(file, shard)

    def move(self, file: int, source: int, target: int) -> None:
        """Move all of ``file`` that is on ``source`` to ``target``."""
        moved = self._take(file, source)
        self._add(file, target, moved)
        if file in self.owners:
            owners = [target if owner == source else owner for owner in self.owners[file]]
            self.owners[file] = owners
            if all(owner == target for owner in owners):
                del self.owners[file]

    def move_atoms(self, file: int, atoms: Sequence[int], source: int, target: int) -> None:
        """Move some atoms of ``file`` from ``source`` to ``target``: all that it has there, if they are all."""
        here = self.atoms_on(file, source)
        if len(atoms) == len(here):
            self.move(file, source, target)
            return
        every = self.work.atoms(file)
        owners = self.owners.setdefault(file, [source] * len(every))
        for atom in atoms:
            owners[atom] = target
        self._take(file, source)
        staying = [every[atom].seconds for atom in here if owners[atom] == source]
        self._add(file, source, math.fsum(staying))
        self._add(file, target, math.fsum([every[atom].seconds for atom in atoms]))

    def atoms_on(self, file: int, shard: int) -> list[int]:
        """Return which atoms of ``file`` are on ``shard``, in order."""
        if file not in self.owners:
            return list(range(len(self.work.atoms(file))))
        return [atom for atom, owner in enumerate(self.owners[file]) if owner == shard]

    def count_on(self, file: int, shard: int) -> int:
        """Return how many atoms of ``file`` are on ``shard``."""
        return self.owners[file].count(shard) if file in self.owners else self.work.atom_count(file)

    def charge(self, file: int, shard: int) -> float:
        """Return what ``shard`` would pay for the landing of ``file``: nothing where it already runs some of it."""
        return 0.0 if file in self.parts[shard] else self.work.landings[file]

    def spread(self, shard: int) -> float:
        """Return how far the load of ``shard`` may stray: each file by itself, its tests there together."""
        work = self.work
        strays = [
            work.spreads[file] * (took / work.seconds[file] if work.seconds[file] > 0.0 else 1.0)
            for file, took in sorted(self.parts[shard].items())
        ]
        return math.hypot(*strays)

    @property
    def makespan(self) -> float:
        """The seconds of the slowest shard."""
        return max(self.loads)

    @property
    def pieces(self) -> int:
        """How many (file, shard) pairs there are."""
        return sum(map(len, self.parts))

    def with_shards_at(self, places: Sequence[int]) -> "Deal":
        """Return the same deal with each shard at its place among ``places``."""
        deal = Deal(self.work, len(places))
        for shard, place in enumerate(places):
            deal.parts[place] = self.parts[shard]
            deal.loads[place] = self.loads[shard]
        deal.owners = {file: [places[owner] for owner in owners] for file, owners in self.owners.items()}
        return deal

    def settle(self) -> Self:
        """Forget cuts that came together again, and sum the loads independently of the path here. Returns itself."""
        self.owners = {file: owners for file, owners in self.owners.items() if len(set(owners)) > 1}
        landings = self.work.landings
        for shard, parts in enumerate(self.parts):
            self.loads[shard] = math.fsum([*(landings[file] for file in parts), *parts.values()])
        return self

    def _add(self, file: int, shard: int, seconds: float) -> None:
        parts = self.parts[shard]
        if file in parts:
            parts[file] += seconds
            self.loads[shard] += seconds
        else:
            parts[file] = seconds
            self.loads[shard] += seconds + self.work.landings[file]

    def _take(self, file: int, shard: int) -> float:
        seconds = self.parts[shard].pop(file)
        self.loads[shard] -= seconds + self.work.landings[file]
        return seconds
