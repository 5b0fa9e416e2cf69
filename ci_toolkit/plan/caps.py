"""Caps: how large the pieces of each file may be. What fits a shard, and less where its time varies much."""

import heapq
import math

from ci_toolkit.plan.workload import Workload

MORE_PIECES = 0.1
"""How many (file, shard) pairs more than needed a plan may have for it, as a share of those."""

MORE_SETUP = 0.002
"""What their setup may take together, as a share of everything."""

NOTABLE = 0.02
"""A file whose spread is less than this share of a shard is left alone."""

WORTH_A_PIECE = 0.005
"""A further piece must lower the spread of each piece by this share of a shard. A file that fills many shards by itself
gets none."""

_ROUNDING = 1.0 + 1e-9


def caps_of(work: Workload, cap: float, shards: int) -> list[float]:
    """Return for each file the most seconds, setup included, of a piece: ``cap``, or less where its spread is large.

    A file that is slower than expected makes its shard late, by as much of it as is there. So the files with the
    largest spread are divided among more shards than their seconds need, as far as that costs next to nothing: each
    further piece goes to the file whose pieces have the largest spread.
    """
    counts = [count_pieces(setup, seconds, cap) for setup, seconds in zip(work.setups, work.seconds, strict=True)]
    piece_budget = round(sum(counts) * MORE_PIECES)
    everything = work.even_share(1)
    setup_budget = everything * MORE_SETUP
    notable = everything / shards * NOTABLE
    worth = everything / shards * WORTH_A_PIECE
    heap = [
        (-spread / counts[file], file)
        for file, spread in enumerate(work.spreads)
        if spread / counts[file] > notable and work.can_be_cut(file)
    ]
    heapq.heapify(heap)
    caps = [cap] * len(counts)
    while heap and piece_budget > 0:
        file = heap[0][1]
        before = work.spreads[file] / counts[file]
        counts[file] += 1
        after = work.spreads[file] / counts[file]
        is_possible = work.setups[file] <= setup_budget and counts[file] <= min(shards, work.fragment_count(file))
        if is_possible and before - after > worth:
            piece_budget -= 1
            setup_budget -= work.setups[file]
            caps[file] = work.setups[file] + work.seconds[file] / counts[file] * _ROUNDING
            if after > notable:
                heapq.heapreplace(heap, (-after, file))
                continue
        heapq.heappop(heap)
    return caps


def count_pieces(setup: float, seconds: float, cap: float) -> int:
    """Return into how many pieces of at most ``cap`` seconds, each with its setup, a file is cut."""
    if setup + seconds <= cap:
        return 1
    return max(1, math.ceil(seconds / room_of(setup, cap)))


def room_of(setup: float, cap: float) -> float:
    """Return how many seconds of tests a piece of ``cap`` seconds holds: an eighth of it at least."""
    return max(cap - setup, cap / 8.0, 5e-324)
