"""Levels a deal: moves, swaps and small cuts between the slowest shard and the others until it is good enough."""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from ci_toolkit.plan.atoms import Atom
from ci_toolkit.plan.chop import cut_near
from ci_toolkit.plan.deal import Deal

_LEAST_GAIN = 1e-4
"""A step that gains less than this share of the makespan is not worth its while; it also ends the search."""
_STEPS_A_SHARD = 12
_CUT_CANDIDATES = 6
"""How many files of the slowest shard are considered for a new cut at each step."""
_PARCELS = 150
"""How many single tests of a shard are considered for an exchange."""
_PAIRS = 3_000
"""About how many exchanges are looked at in one step; large shards are compared with fewer others."""


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


_Kind = Callable[[Deal, int, Aim], list[Parcel]]


class Step(NamedTuple):
    """An exchange between the slowest shard and another."""

    after: float
    """The larger load of the two afterwards."""
    target: int
    give: Parcel
    take: Parcel | None
    pieces: int
    """How many (file, shard) pairs it adds."""

    @property
    def tests(self) -> int:
        """How many atoms it moves."""
        return self.give.tests + (self.take.tests if self.take else 0)


def level(deal: Deal, aim: Aim) -> Deal:
    """Bring the slowest shards of ``deal`` within the goal, or as near to it as steps of this kind lead. Returns it."""
    stuck: set[int] = set()
    shards = range(len(deal.loads))
    for _ in range(_STEPS_A_SHARD * len(shards) + 50):
        slowest = max((s for s in shards if s not in stuck), key=lambda s: (deal.loads[s], -s), default=None)
        if slowest is None or deal.loads[slowest] <= aim.goal:
            break
        step = _best_step(deal, slowest, aim)
        if step is None:
            stuck.add(slowest)
            continue
        _take_step(deal, slowest, step)
    return deal.settle()


def _take_step(deal: Deal, source: int, step: Step) -> None:
    for parcel, here, there in ((step.give, source, step.target), (step.take, step.target, source)):
        if parcel is None:
            continue
        if parcel.atoms:
            deal.move_atoms(parcel.file, parcel.atoms, here, there)
        else:
            deal.move(parcel.file, here, there)


def _best_step(deal: Deal, source: int, aim: Aim) -> Step | None:
    load = deal.loads[source]

    def rank(step: Step) -> tuple[float, float, float, int]:
        over = max(0.0, step.after - aim.goal)
        if aim.moves_little:
            return (
                (step.tests + max(0, step.pieces)) / (load - max(step.after, aim.goal)),
                over,
                step.after,
                step.target,
            )
        coarse = math.ceil(over / aim.goal * 1000.0) if aim.goal > 0.0 else over
        return (coarse, step.pieces, step.after, step.target)

    whole = min((step for step in _exchanges(deal, source, aim, _whole_parcels)), key=rank, default=None)
    if whole is not None and whole.after <= aim.goal and whole.pieces <= 0 and not aim.moves_little:
        return whole
    steps = [*_cuts(deal, source, aim), *([] if whole is None else [whole])]
    best = min(steps, key=rank, default=None)
    if best is None or best.after > aim.goal or aim.moves_little:
        steps += _exchanges(deal, source, aim, _single_parcels)
        best = min(steps, key=rank, default=None)
    return best


def _others(deal: Deal, source: int, parcels: int) -> list[int]:
    others = sorted(range(len(deal.loads)), key=lambda shard: (deal.loads[shard], shard))
    return [shard for shard in others if shard != source][: max(4, _PAIRS // (parcels + 1))]


def _whole_parcels(deal: Deal, shard: int, aim: Aim) -> list[Parcel]:
    return sorted(
        Parcel(seconds + deal.work.landings[file], file, (), seconds, deal.count_on(file, shard))
        for file, seconds in deal.parts[shard].items()
        if file not in aim.pinned
    )


def _single_parcels(deal: Deal, shard: int, aim: Aim) -> list[Parcel]:
    found = []
    for file in deal.parts[shard]:
        if file not in deal.owners or file in aim.pinned:
            continue
        every, here = deal.work.atoms(file), deal.atoms_on(file, shard)
        if len(here) > 1:
            found += [Parcel(every[atom].seconds, file, (atom,), every[atom].seconds, 1) for atom in here]
    found.sort()
    return found[:: len(found) // _PARCELS + 1]


def _exchanges(deal: Deal, source: int, aim: Aim, kind: _Kind) -> Iterator[Step]:
    """Yield what ``source`` can give to other shards, alone or for something smaller, as long as it gets better."""
    mine = kind(deal, source, aim)
    load = deal.loads[source]
    best = load * (1.0 - _LEAST_GAIN)
    for target in _others(deal, source, len(mine)):
        room = deal.loads[target]
        if room >= load:
            break
        theirs = kind(deal, target, aim)
        leaves = [parcel.leaves for parcel in theirs]
        for give in mine:
            enters = give.seconds + deal.charge(give.file, target)
            if load + room + enters - give.leaves > 2.0 * best:
                continue  # even shared out evenly, the two would take longer
            after = max(load - give.leaves, room + enters)
            if after <= best:
                best = best if aim.moves_little else max(after, aim.goal)
                yield Step(after, target, give, None, _new_pieces(deal, give, target))
            wanted = (room + enters - load + give.leaves) / 2.0
            if wanted <= 0.0:
                continue
            at = bisect_left(leaves, wanted)
            for take in theirs[max(0, at - 1) : at + 1]:
                if take.file == give.file and not (take.atoms and give.atoms):
                    continue
                back = take.seconds + deal.charge(take.file, source)
                after = max(load - give.leaves + back, room + enters - take.leaves)
                if after <= best:
                    best = best if aim.moves_little else max(after, aim.goal)
                    pieces = _new_pieces(deal, give, target) + _new_pieces(deal, take, source)
                    yield Step(after, target, give, take, pieces)


def _new_pieces(deal: Deal, parcel: Parcel, target: int) -> int:
    return (0 if parcel.file in deal.parts[target] else 1) - (0 if parcel.atoms else 1)


def _cuts(deal: Deal, source: int, aim: Aim) -> Iterator[Step]:
    """Yield steps that move one end of a file's run on ``source`` to another shard."""
    load = deal.loads[source]
    parts = deal.parts[source]
    files = sorted(
        (file for file in parts if file not in aim.pinned and deal.count_on(file, source) > 1),
        key=lambda file: (file not in deal.owners, -parts[file], file),
    )
    for file in files[:_CUT_CANDIDATES]:
        every = deal.work.atoms(file)
        here = deal.atoms_on(file, source)
        run = [every[atom] for atom in here]
        ends = list(accumulate(atom.seconds for atom in run))
        for target in _others(deal, source, len(here) // 8):
            charge = deal.charge(file, target)
            room = deal.loads[target] + charge
            if room >= load:
                if charge == 0.0:
                    break
                continue
            least, most = max(0.0, load - aim.goal), aim.goal - room
            middle = (load - room) / 2.0
            play = max(0.0, min(middle - least, most - middle))
            for at, atoms in _ends_of(run, ends, middle, play, here):
                moved = ends[at - 1] if atoms[0] == here[0] else ends[-1] - ends[at - 1]
                after = max(load - moved, room + moved)
                if after <= load * (1.0 - _LEAST_GAIN):
                    give = Parcel(moved, file, atoms, moved, len(atoms))
                    yield Step(after, target, give, None, _new_pieces(deal, give, target))


def _ends_of(
    run: Sequence[Atom], ends: Sequence[float], seconds: float, play: float, here: Sequence[int]
) -> Iterator[tuple[int, tuple[int, ...]]]:
    first = cut_near(run, ends, seconds, play)
    if 0 < first < len(run):
        yield first, tuple(here[:first])
    last = cut_near(run, ends, ends[-1] - seconds, play)
    if 0 < last < len(run):
        yield last, tuple(here[last:])
