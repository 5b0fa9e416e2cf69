"""How large the pieces of each file may be: what fits a shard, and less where a file strays far."""

import heapq
import math

from ci_toolkit.plan.workload import Workload

MORE_PIECES = 0.1
"""How many (file, shard) pairs more than needed a plan may have for it, as a share of those."""

MORE_LANDINGS = 0.002
"""What their landings may take together, as a share of everything."""

NOTABLE = 0.02
"""A file that strays by less than this share of a shard is left alone."""

WORTH_A_PIECE = 0.005
"""A further piece that lowers what strays together by less than this share of a shard is not worth its cut: that is a
file which fills many shards by itself."""

_ROUNDING = 1.0 + 1e-9


def caps_of(work: Workload, cap: float, shards: int) -> list[float]:
    """Return for each file the most seconds, landing included, of a piece: ``cap``, or less where it strays.

    A file that is slower than expected makes its shard late, by as much of it as is there. So the files that stray
    most are divided among more shards than their seconds need, as far as next to nothing pays for it: each further
    piece goes where it lowers the largest part that strays together.
    """
    counts = [count_pieces(landing, seconds, cap) for landing, seconds in zip(work.landings, work.seconds, strict=True)]
    pieces = round(sum(counts) * MORE_PIECES)
    everything = work.even_share(1)
    landings = everything * MORE_LANDINGS
    notable = everything / shards * NOTABLE
    worth = everything / shards * WORTH_A_PIECE
    heap = [
        (-spread / counts[file], file)
        for file, spread in enumerate(work.spreads)
        if spread / counts[file] > notable and work.can_be_cut(file)
    ]
    heapq.heapify(heap)
    caps = [cap] * len(counts)
    while heap and pieces > 0:
        file = heap[0][1]
        before = work.spreads[file] / counts[file]
        counts[file] += 1
        after = work.spreads[file] / counts[file]
        is_possible = work.landings[file] <= landings and counts[file] <= min(shards, work.atom_count(file))
        if is_possible and before - after > worth:
            pieces -= 1
            landings -= work.landings[file]
            caps[file] = work.landings[file] + work.seconds[file] / counts[file] * _ROUNDING
            if after > notable:
                heapq.heapreplace(heap, (-after, file))
                continue
        heapq.heappop(heap)
    return caps


def count_pieces(landing: float, seconds: float, cap: float) -> int:
    """Return into how many pieces of at most ``cap`` seconds, each with its landing, a file is to be cut."""
    if landing + seconds <= cap:
        return 1
    return max(1, math.ceil(seconds / room_of(landing, cap)))


def room_of(landing: float, cap: float) -> float:
    """Return how many seconds of tests a piece of ``cap`` seconds holds; an eighth at least, whatever the landing."""
    return max(cap - landing, cap / 8.0, 5e-324)
