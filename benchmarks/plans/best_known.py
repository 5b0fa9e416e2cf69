"""The best plan known where each file costs setup on each shard: searches that share no code with the planner."""

import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from plans.suites import Times, by_file

CAPS = (1.0, 0.75, 0.6, 0.5, 0.4, 0.34, 0.25, 0.15)
STEPS = 150
ORDERS = 30
"""Random orders of the files in which shards are filled one after another."""


class Chunk(NamedTuple):
    """Consecutive tests of one file."""

    seconds: float
    file: int


def best_known(times: Times, shards: int, setup: float) -> float:
    """Return the smallest makespan found by several searches for ``shards`` shards."""
    files = [list(tests.values()) for tests in by_file(times).values()]
    rng = random.Random(len(times))
    found = [level_chunks(chunks, shards, setup) for chunks in cut_at_caps(files, shards, setup)]
    found += [fill_in_turn(order, shards, setup) for order in orders_of(files, rng)]
    return min(found)


def cut_at_caps(files: Sequence[Sequence[float]], shards: int, setup: float) -> Iterator[list[Chunk]]:
    """Yield the files cut into equal chunks where they are above a cap, for several caps."""
    total = math.fsum(math.fsum(tests) + setup for tests in files)
    longest = max(max(tests) for tests in files) + setup
    for cap in CAPS:
        room = max(total / shards, longest) * cap
        chunks = []
        for file, tests in enumerate(files):
            count = max(1, math.ceil((math.fsum(tests)) / max(room - setup, room / 10)))
            chunks += [Chunk(seconds, file) for seconds in equal_chunks(tests, count)]
        yield chunks


def equal_chunks(tests: Sequence[float], count: int) -> list[float]:
    total = math.fsum(tests)
    sums = [0.0] * count
    done = 0.0
    for seconds in tests:
        middle = done + seconds / 2
        sums[min(count - 1, int(middle / total * count)) if total else 0] += seconds
        done += seconds
    return [seconds for seconds in sums if seconds > 0.0]


class Held:
    """The chunks of one shard."""

    def __init__(self, setup: float) -> None:
        self.setup = setup
        self.chunks: list[Chunk] = []
        self.files: Counter[int] = Counter()
        self.load = 0.0

    def with_one(self, chunk: Chunk) -> float:
        """Return the load with ``chunk`` added."""
        return self.load + chunk.seconds + (0.0 if self.files[chunk.file] else self.setup)

    def without_one(self, chunk: Chunk) -> float:
        """Return the load with ``chunk`` taken away."""
        return self.load - chunk.seconds - (self.setup if self.files[chunk.file] == 1 else 0.0)

    def add(self, chunk: Chunk) -> None:
        self.load = self.with_one(chunk)
        self.chunks.append(chunk)
        self.files[chunk.file] += 1

    def remove(self, chunk: Chunk) -> None:
        self.load = self.without_one(chunk)
        self.chunks.remove(chunk)
        self.files[chunk.file] -= 1


def level_chunks(chunks: list[Chunk], shards: int, setup: float) -> float:
    """Longest first to the shard that ends first with it, then moves and swaps from the slowest while they help."""
    held = [Held(setup) for _ in range(shards)]
    for chunk in sorted(chunks, reverse=True):
        min(held, key=lambda shard: shard.with_one(chunk)).add(chunk)
    for _ in range(STEPS):
        slowest = max(held, key=lambda shard: shard.load)
        after, other, mine, theirs = best_exchange(slowest, held)
        if after >= slowest.load * (1 - 1e-6):
            break
        slowest.remove(mine)
        if theirs is not None:
            other.remove(theirs)
            slowest.add(theirs)
        other.add(mine)
    return max(shard.load for shard in held)


def best_exchange(slowest: Held, held: Sequence[Held]) -> tuple[float, Held, Chunk, Chunk | None]:
    """Return the exchange with another shard after which the slower of the two is fastest."""
    best: tuple[float, Held, Chunk, Chunk | None] = (slowest.load, slowest, slowest.chunks[0], None)
    for other in held:
        for mine in slowest.chunks if other is not slowest else ():
            given, taken = slowest.without_one(mine), other.with_one(mine)
            if max(given, taken) < best[0]:
                best = (max(given, taken), other, mine, None)
            for theirs in other.chunks:
                if theirs.file == mine.file or slowest.files[theirs.file] or other.files[mine.file]:
                    continue  # the setups of such exchanges are not the sum of two
                back, rest = seconds_there(theirs, slowest), seconds_there(theirs, other)
                after = max(given + back, taken - rest)
                if after < best[0]:
                    best = (after, other, mine, theirs)
    return best


def seconds_there(chunk: Chunk, shard: Held) -> float:
    """Return what ``chunk`` takes on ``shard``, with a setup where it is its file's only chunk there."""
    return chunk.seconds + (shard.setup if shard.files[chunk.file] <= 1 else 0.0)


def orders_of(files: Sequence[Sequence[float]], rng: random.Random) -> Iterator[list[Sequence[float]]]:
    yield list(files)
    yield sorted(files, key=math.fsum, reverse=True)
    for _ in range(ORDERS):
        order = list(files)
        rng.shuffle(order)
        yield order


def fill_in_turn(files: Sequence[Sequence[float]], shards: int, setup: float) -> float:
    """Fill shards one after another to the same level, cutting where it is reached; find the lowest level."""
    low = max(math.fsum(math.fsum(tests) + setup for tests in files) / shards, max(max(t) for t in files) + setup)
    high = low * 2 + setup
    for _ in range(30):
        level = (low + high) / 2
        if shards_filled(files, level, setup) <= shards:
            high = level
        else:
            low = level
    return high


def shards_filled(files: Sequence[Sequence[float]], level: float, setup: float) -> int:
    count, load = 1, 0.0
    for tests in files:
        is_landed = False
        for seconds in tests:
            needed = seconds + (0.0 if is_landed else setup)
            if load + needed > level:
                count, load = count + 1, 0.0
                needed = seconds + setup
            load += needed
            is_landed = True
    return count
