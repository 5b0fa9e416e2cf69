"""Deals files out to shards so that they finish together."""

import heapq
import math
from collections.abc import Sequence

from ci_toolkit.plan.atoms import Atom
from ci_toolkit.plan.deal import Atoms, Deal

_SHARES = (1.0, 0.5, 0.25, 0.125)
"""Caps to try, as shares of the bound: a file above the cap is cut. Coarse first, for coarse plans scatter least."""

_GOOD_ENOUGH = 1.003


def bound_of(landings: Sequence[float], seconds: Sequence[float], longest: float, shards: int) -> float:
    """Return what no plan can beat: the larger of an even share and the longest indivisible test."""
    return max(math.fsum((*landings, *seconds)) / shards, longest)


def balance(landings: Sequence[float], seconds: Sequence[float], atoms: Atoms, shards: int, longest: float) -> Deal:
    """Return the deal with the smallest makespan that was found, and among near equals the one that cuts least."""
    bound = bound_of(landings, seconds, longest, shards)
    best: Deal | None = None
    for share in _SHARES:
        deal = deal_out(Deal(landings, seconds, atoms, shards), bound * share)
        if best is None or deal.makespan < best.makespan * 0.998:
            best = deal
        if best.makespan <= bound * _GOOD_ENOUGH:
            break
    assert best is not None
    return best


def deal_out(deal: Deal, cap: float) -> Deal:
    """Deal out every file, the largest first, each to the shard with the least so far; cut what is above ``cap``."""
    items: list[tuple[float, int, tuple[int, ...]]] = []
    for file, (landing, seconds) in enumerate(zip(deal.landings, deal.seconds, strict=True)):
        if landing + seconds <= cap:
            items.append((-(landing + seconds), file, ()))
            continue
        atoms = deal.atoms(file)
        pieces = chop(atoms, max(cap - landing, cap / 8))
        items += [(-landing - math.fsum(atoms[atom].seconds for atom in piece), file, piece) for piece in pieces]
    items.sort()
    heap = [(0.0, 0, shard) for shard in range(len(deal.loads))]
    for _, file, piece in items:
        _, count, shard = heap[0]
        if piece:
            deal.place_atoms(file, piece, shard)
        else:
            deal.place(file, shard)
        heapq.heapreplace(heap, (deal.loads[shard], count + 1, shard))
    return deal.settle()


def chop(atoms: Sequence[Atom], room: float) -> list[tuple[int, ...]]:
    """Cut a file into runs of atoms of about equal seconds, each at most ``room`` as far as its atoms allow."""
    total = math.fsum(atom.seconds for atom in atoms)
    count = max(1, math.ceil(total / room)) if room > 0.0 else len(atoms)
    pieces: list[list[int]] = [[] for _ in range(count)]
    done = 0.0
    for number, atom in enumerate(atoms):
        middle = done + atom.seconds / 2
        pieces[min(count - 1, int(middle / total * count)) if total > 0.0 else 0].append(number)
        done += atom.seconds
    return [tuple(piece) for piece in pieces if piece]
