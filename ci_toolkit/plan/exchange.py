"""What two shards can exchange: whole files or their parts, single tests of cut files, ends of a file's run."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from ci_toolkit.plan.atoms import Atom
from ci_toolkit.plan.chop import cut_near
from ci_toolkit.plan.deal import Deal

LEAST_GAIN = 2e-4
"""A step that gains less than this share of the slowest shard is not worth its while; it also ends the search."""
_SINGLES = 100
"""How many single tests of a shard are considered."""
_PARTNERS = 32
"""With how many others a shard exchanges: the least loaded, who have most room."""
_SINGLES_PARTNERS = 8
_CUT_FILES = 6
"""How many files of the slowest shard are considered for a cut in one step."""
_CUT_TARGETS = 8
"""To how many shards without the file an end of it may go."""


class Aim(NamedTuple):
    """What levelling is after."""

    goal: float
    """Seconds that every shard should stay within."""
    moves_little: bool = False
    """Whether few moved tests count for more than few cuts: for plans that stay close to an earlier one."""
    pinned: frozenset[int] = frozenset()
    """Files that stay where they are."""


class Parcel(NamedTuple):
    """Something of one file that can go from its shard to another."""

    leaves: float
    """What its shard is relieved of."""
    file: int
    atoms: tuple[int, ...]
    """Which atoms; none are all that the shard has of the file."""
    seconds: float
    tests: int


class Step(NamedTuple):
    """An exchange between the slowest shard and another."""

    after: float
    """The larger load of the two afterwards."""
    other: float
    """The smaller one."""
    target: int
    give: Parcel
    take: Parcel | None
    pieces: int
    """How many (file, shard) pairs it adds."""

    @property
    def tests(self) -> int:
        """How many atoms it moves."""
        return self.give.tests + (self.take.tests if self.take else 0)


class Exchanges:
    """Finds the steps that relieve one shard; remembers what each shard has to offer until it changes."""

    def __init__(self, deal: Deal, aim: Aim) -> None:
        self._deal = deal
        self._aim = aim
        self._wholes: dict[int, list[Parcel]] = {}
        self._singles: dict[int, list[Parcel]] = {}
        self._order: list[int] = []

    def forget(self, *shards: int) -> None:
        """Look at ``shards`` anew: something came or went."""
        self._order = []
        for shard in shards:
            self._wholes.pop(shard, None)
            self._singles.pop(shard, None)

    def of_wholes(self, source: int) -> Iterator[Step]:
        """Yield exchanges of all that a shard has of a file."""
        return self._exchanges(source, self._whole_parcels, _PARTNERS)

    def of_singles(self, source: int) -> Iterator[Step]:
        """Yield exchanges of single tests of files that are cut already."""
        return self._exchanges(source, self._single_parcels, _SINGLES_PARTNERS)

    def _whole_parcels(self, shard: int) -> list[Parcel]:
        if shard not in self._wholes:
            deal = self._deal
            self._wholes[shard] = sorted(
                Parcel(seconds + deal.work.landings[file], file, (), seconds, deal.count_on(file, shard))
                for file, seconds in deal.parts[shard].items()
                if file not in self._aim.pinned
            )
        return self._wholes[shard]

    def _single_parcels(self, shard: int) -> list[Parcel]:
        if shard not in self._singles:
            deal = self._deal
            found = []
            for file in deal.parts[shard]:
                if file not in deal.owners or file in self._aim.pinned:
                    continue
                every, here = deal.work.atoms(file), deal.atoms_on(file, shard)
                if len(here) > 1:
                    found += [Parcel(every[atom].seconds, file, (atom,), every[atom].seconds, 1) for atom in here]
            found.sort()
            self._singles[shard] = found[:: len(found) // _SINGLES + 1]
        return self._singles[shard]

    def _exchanges(self, source: int, parcels: Callable[[int], list[Parcel]], partners: int) -> Iterator[Step]:
        """Yield what ``source`` can give to other shards, alone or for something smaller, as long as it gets better."""
        mine = parcels(source)
        load = self._deal.loads[source]
        best = load * (1.0 - LEAST_GAIN)
        for target in self._others(source)[:partners]:
            for step in self._with(source, target, mine, parcels(target), best):
                yield step
                if not self._aim.moves_little:
                    best = min(best, max(step.after, self._aim.goal))

    def _with(
        self, source: int, target: int, mine: Sequence[Parcel], theirs: Sequence[Parcel], best: float
    ) -> Iterator[Step]:
        """Yield the exchanges of two shards after which neither takes more than ``best``."""
        deal = self._deal
        load, room = deal.loads[source], deal.loads[target]
        leaves = [parcel.leaves for parcel in theirs]
        for give in mine:
            enters = give.seconds + deal.charge(give.file, target)
            if load + room + enters - give.leaves > 2.0 * best:
                continue  # even shared out evenly, the two would take longer
            other, after = sorted((load - give.leaves, room + enters))
            if after <= best:
                yield Step(after, other, target, give, None, self._new_pieces(give, target))
            wanted = (room + enters - load + give.leaves) / 2.0
            if wanted <= 0.0:
                continue
            at = bisect_left(leaves, wanted)
            for take in theirs[max(0, at - 1) : at + 1]:
                if take.file == give.file and not (take.atoms and give.atoms):
                    continue
                back = take.seconds + deal.charge(take.file, source)
                other, after = sorted((load - give.leaves + back, room + enters - take.leaves))
                if after <= best:
                    pieces = self._new_pieces(give, target) + self._new_pieces(take, source)
                    yield Step(after, other, target, give, take, pieces)

    def of_ends(self, source: int) -> Iterator[Step]:
        """Yield steps that move one end of a file's run on ``source`` to another shard: cuts, or cuts moved."""
        deal = self._deal
        parts = deal.parts[source]
        candidates = sorted(
            (file for file in parts if file not in self._aim.pinned and deal.count_on(file, source) > 1),
            key=lambda file: (file not in deal.owners, -parts[file], file),
        )
        for file in candidates[:_CUT_FILES]:
            here = deal.atoms_on(file, source)
            run = [deal.work.atoms(file)[atom] for atom in here]
            ends = list(accumulate(atom.seconds for atom in run))
            for target in self._targets_of(file, source):
                for at, is_start in self._places(source, target, file, run, ends):
                    atoms = tuple(here[:at] if is_start else here[at:])
                    moved = ends[at - 1] if is_start else ends[-1] - ends[at - 1]
                    room = deal.loads[target] + deal.charge(file, target)
                    other, after = sorted((deal.loads[source] - moved, room + moved))
                    if after <= deal.loads[source] * (1.0 - LEAST_GAIN):
                        give = Parcel(moved, file, atoms, moved, len(atoms))
                        yield Step(after, other, target, give, None, self._new_pieces(give, target))

    def _targets_of(self, file: int, source: int) -> list[int]:
        """Return the shards that may get an end of ``file``: those with some of it, and the least loaded."""
        others = self._others(source)
        owners = set(self._deal.owners.get(file, ()))
        return [*others[:_CUT_TARGETS], *(shard for shard in others[_CUT_TARGETS:] if shard in owners)]

    def _places(
        self, source: int, target: int, file: int, run: Sequence[Atom], ends: Sequence[float]
    ) -> Iterator[tuple[int, bool]]:
        """Yield before which atom of ``run`` to cut, and whether the start or the end goes."""
        goal, load = self._aim.goal, self._deal.loads[source]
        room = self._deal.loads[target] + self._deal.charge(file, target)
        middle = (load - room) / 2.0
        if middle <= 0.0:
            return
        play = max(0.0, min(middle - max(0.0, load - goal), goal - room - middle))
        for seconds, is_start in ((middle, True), (ends[-1] - middle, False)):
            at = cut_near(run, ends, seconds, play)
            if 0 < at < len(run):
                yield at, is_start

    def _others(self, source: int) -> list[int]:
        """Return the shards with less than ``source``, the least loaded first."""
        loads = self._deal.loads
        if not self._order:
            self._order = sorted(range(len(loads)), key=loads.__getitem__)
        return self._order[: bisect_left(self._order, loads[source], key=loads.__getitem__)]

    def _new_pieces(self, parcel: Parcel, target: int) -> int:
        return (0 if parcel.file in self._deal.parts[target] else 1) - (0 if parcel.atoms else 1)
