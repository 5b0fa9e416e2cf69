"""Who runs what while a plan is being made: files and parts of files on shards, and what each shard then takes."""

import math
from collections.abc import Callable, Sequence

from ci_toolkit.plan.atoms import Atom

Atoms = Callable[[int], Sequence[Atom]]
"""Gives the atoms of a file by its number; asked only for files that may be cut."""

NOWHERE = -1


class Deal:
    """Files, by number, dealt out to shards, counted from 0. The one thing in planning that changes in place.

    A shard pays a file's landing seconds once, however many of its tests it runs.
    """

    def __init__(self, landings: Sequence[float], seconds: Sequence[float], atoms: Atoms, shards: int) -> None:
        self.landings = landings
        self.seconds = seconds
        self.atoms = atoms
        self.parts: list[dict[int, float]] = [{} for _ in range(shards)]
        """For each shard: file to the seconds of its tests there."""
        self.loads = [0.0] * shards
        self.owners: dict[int, list[int]] = {}
        """For each file that is cut: the shard of each atom."""

    def place(self, file: int, shard: int) -> None:
        """Put the whole of ``file``, which is nowhere yet, on ``shard``."""
        self._add(file, shard, self.seconds[file])

    def place_atoms(self, file: int, atoms: Sequence[int], shard: int) -> None:
        """Put some atoms of ``file``, which are nowhere yet, on ``shard``."""
        every = self.atoms(file)
        owners = self.owners.setdefault(file, [NOWHERE] * len(every))
        for atom in atoms:
            owners[atom] = shard
        self._add(file, shard, math.fsum([every[atom].seconds for atom in atoms]))

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
        """Move some atoms of ``file``, but not all that it has on ``source``, to ``target``."""
        every = self.atoms(file)
        owners = self.owners.setdefault(file, [source] * len(every))
        for atom in atoms:
            owners[atom] = target
        self._take(file, source)
        here = [atom.seconds for atom, owner in zip(every, owners, strict=True) if owner == source]
        self._add(file, source, math.fsum(here))
        self._add(file, target, math.fsum([every[atom].seconds for atom in atoms]))

    def atoms_on(self, file: int, shard: int) -> list[int]:
        """Return which atoms of ``file`` are on ``shard``, in order."""
        if file not in self.owners:
            return list(range(len(self.atoms(file))))
        return [atom for atom, owner in enumerate(self.owners[file]) if owner == shard]

    def charge(self, file: int, shard: int) -> float:
        """Return what ``shard`` would pay for the landing of ``file``: nothing where it already runs some of it."""
        return 0.0 if file in self.parts[shard] else self.landings[file]

    @property
    def makespan(self) -> float:
        """The seconds of the slowest shard."""
        return max(self.loads)

    @property
    def pieces(self) -> int:
        """How many (file, shard) pairs there are."""
        return sum(len(parts) for parts in self.parts)

    def settle(self) -> "Deal":
        """Sum the loads anew, so that they do not depend on the path that led here. Returns itself."""
        for shard, parts in enumerate(self.parts):
            landings = [self.landings[file] for file in parts]
            self.loads[shard] = math.fsum([*landings, *parts.values()])
        return self

    def _add(self, file: int, shard: int, seconds: float) -> None:
        parts = self.parts[shard]
        if file in parts:
            parts[file] += seconds
            self.loads[shard] += seconds
        else:
            parts[file] = seconds
            self.loads[shard] += seconds + self.landings[file]

    def _take(self, file: int, shard: int) -> float:
        seconds = self.parts[shard].pop(file)
        self.loads[shard] -= seconds + self.landings[file]
        return seconds
