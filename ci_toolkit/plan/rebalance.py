"""Local search: moves and swaps parts of files between the slowest shard and the others until a goal is met."""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ci_toolkit.plan.assignment import Assignment

LEAST_GAIN = 2e-4
"""A step must gain this share of the slowest shard; if none does, the search ends."""

_STEPS_A_SHARD = 8
_STEPS_AT_LEAST = 50
_PARTNERS = 32
"""With how many others a shard exchanges whole files: the least loaded, which have most room."""
_FRAGMENT_PARTNERS = 8
_FRAGMENTS = 100
"""How many single fragments of a shard are considered."""
_ENOUGH = 0.5
"""If whole files take away this share of what is above the goal, no file is cut for more: that saves pieces."""
_ROUNDING = 1e-9
"""Less than this share of a shard is a matter of rounding."""


class Part(NamedTuple):
    """What can leave a shard: all that it runs of one file, or one fragment of it."""

    relief: float
    """The seconds that its shard saves."""
    file: int
    fragments: tuple[int, ...]
    """Which fragments; none are all that the shard has of the file."""
    seconds: float
    tests: int


class Exchange(NamedTuple):
    """A part that leaves the slowest shard, and the part that comes back for it, if any."""

    slower: float
    """The larger load of the two shards afterwards."""
    faster: float
    target: int
    give: Part
    take: Part | None
    pieces: int
    """How many (file, shard) pairs it adds."""

    @property
    def tests(self) -> int:
        """How many tests it moves."""
        return self.give.tests + (self.take.tests if self.take else 0)


Rank = Callable[[Exchange], tuple[float, ...]]


def rebalance(
    assignment: Assignment, goal: float, *, pinned: frozenset[int] = frozenset(), moves_few_tests: bool = False
) -> Assignment:
    """Bring the slowest shards within ``goal`` seconds, or as near to it as exchanges lead. Returns ``assignment``.

    Files in ``pinned`` stay where they are. Few cuts count most, or, with ``moves_few_tests``, few moved tests.
    """
    search = _Search(assignment, goal, pinned, moves_few_tests=moves_few_tests)
    loads = assignment.loads
    for _ in range(_STEPS_A_SHARD * len(loads) + _STEPS_AT_LEAST):
        slowest = loads.index(max(loads))
        exchange = search.best(slowest) if loads[slowest] > goal else None
        if exchange is None:
            break
        search.apply(exchange, slowest)
    return assignment.consolidate()


class _Search:
    """Finds the exchanges that relieve one shard; remembers the parts of each shard until it changes."""

    def __init__(self, assignment: Assignment, goal: float, pinned: frozenset[int], *, moves_few_tests: bool) -> None:
        self._assignment = assignment
        self._goal = goal
        self._pinned = pinned
        self._moves_few_tests = moves_few_tests
        self._files: dict[int, list[Part]] = {}
        self._fragments: dict[int, list[Part]] = {}

    def best(self, source: int) -> Exchange | None:
        """Return the exchange that relieves ``source`` best; cuts files only where whole ones do not do."""
        load = self._assignment.loads[source]
        enough = load - (load - self._goal) * _ENOUGH
        rank = self._price(load) if self._moves_few_tests else self._excess
        found = list(self._exchanges(source, self._whole_files, _PARTNERS))
        best = min(found, key=rank, default=None)
        if best is not None and best.slower <= enough and not self._moves_few_tests:
            return best
        found += self._exchanges(source, self._single_fragments, _FRAGMENT_PARTNERS)
        return min(found, key=rank, default=None)

    def apply(self, exchange: Exchange, source: int) -> None:
        """Carry out ``exchange`` between ``source`` and its target."""
        assignment, target = self._assignment, exchange.target
        for part, here, there in ((exchange.give, source, target), (exchange.take, target, source)):
            if part is not None and part.fragments:
                assignment.move_fragments(part.file, part.fragments, here, there)
            elif part is not None:
                assignment.move(part.file, here, there)
        for shard in (source, target):
            self._files.pop(shard, None)
            self._fragments.pop(shard, None)

    def _excess(self, exchange: Exchange) -> tuple[float, ...]:
        return self._above(exchange.slower), exchange.pieces, exchange.slower, exchange.target

    def _price(self, load: float) -> Rank:
        """Return the rank by moved tests and new pieces for each second gained.

        What only makes another shard late gains nothing: it would be moved again.
        """

        def price(exchange: Exchange) -> tuple[float, ...]:
            before = self._above(load) + self._above(self._assignment.loads[exchange.target])
            gained = before - self._above(exchange.slower) - self._above(exchange.faster)
            moved = exchange.tests + max(0, exchange.pieces)
            each = moved / gained if gained > load * _ROUNDING else math.inf
            return each, self._above(exchange.slower), exchange.slower, exchange.target

        return price

    def _above(self, seconds: float) -> float:
        return max(0.0, seconds - self._goal)

    def _whole_files(self, shard: int) -> list[Part]:
        if shard not in self._files:
            assignment = self._assignment
            self._files[shard] = sorted(
                Part(seconds + assignment.work.setups[file], file, (), seconds, assignment.count_on(file, shard))
                for file, seconds in assignment.parts[shard].items()
                if file not in self._pinned
            )
        return self._files[shard]

    def _single_fragments(self, shard: int) -> list[Part]:
        if shard not in self._fragments:
            assignment = self._assignment
            found = []
            for file in assignment.parts[shard]:
                if file not in self._pinned and assignment.count_on(file, shard) > 1:
                    every = assignment.work.fragments(file)
                    for number in assignment.fragments_on(file, shard):
                        seconds = every[number].seconds
                        found.append(Part(seconds, file, (number,), seconds, 1))
            found.sort()
            self._fragments[shard] = found[:: len(found) // _FRAGMENTS + 1]
        return self._fragments[shard]

    def _exchanges(self, source: int, parts_of: Callable[[int], list[Part]], partners: int) -> Iterator[Exchange]:
        """Yield what ``source`` can give to other shards, alone or for something smaller, as long as it gets better."""
        loads = self._assignment.loads
        others = sorted((shard for shard, load in enumerate(loads) if load < loads[source]), key=loads.__getitem__)
        most = loads[source] * (1.0 - LEAST_GAIN)
        for target in others[:partners]:
            for exchange in self._between(source, target, parts_of(source), parts_of(target), most):
                yield exchange
                if not self._moves_few_tests:
                    most = min(most, max(exchange.slower, self._goal))

    def _between(
        self, source: int, target: int, mine: Sequence[Part], theirs: Sequence[Part], most: float
    ) -> Iterator[Exchange]:
        """Yield the exchanges of two shards after which neither takes more than ``most`` seconds."""
        assignment = self._assignment
        load, room = assignment.loads[source], assignment.loads[target]
        reliefs = [part.relief for part in theirs]
        for give in mine:
            left, filled = load - give.relief, room + give.seconds + assignment.setup_due(give.file, target)
            if left + filled > 2.0 * most:
                continue  # even shared out evenly, the two would take longer
            near = bisect_left(reliefs, (filled - left) / 2.0)
            for take in (None, *theirs[max(0, near - 1) : near + 1]):
                if take is None:
                    back = relief = 0.0
                elif take.file != give.file or give.fragments:
                    back, relief = take.seconds + assignment.setup_due(take.file, source), take.relief
                else:
                    continue  # a file changes places with no part of itself
                faster, slower = sorted((left + back, filled - relief))
                if slower <= most:
                    pieces = self._new_pieces(give, target) + self._new_pieces(take, source)
                    yield Exchange(slower, faster, target, give, take, pieces)

    def _new_pieces(self, part: Part | None, target: int) -> int:
        return 0 if part is None else (part.file not in self._assignment.parts[target]) - (not part.fragments)
