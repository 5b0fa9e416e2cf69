"""Levels a deal: moves, swaps and small cuts between the slowest shard and the others until it is good enough."""

import math
from collections.abc import Iterable, Sequence

from ci_toolkit.plan.deal import Deal
from ci_toolkit.plan.exchange import Aim, Exchanges, Step

_STEPS_A_SHARD = 8
_PATIENCE = 50
_PROGRESS = 0.999
"""Levelling ends if as many steps as there are shards, 50 at least, gain less than this."""
_WELL_RELIEVED = 0.5
"""A step that takes away this share of what is above the goal is taken without looking at dearer kinds."""
_COARSE = 1000.0
"""What is above the goal counts in thousandths of it: less is not worth another cut."""

_NOTHING = 1e-9
"""Less than this share of a shard is a matter of rounding."""


def level(deal: Deal, aim: Aim) -> Deal:
    """Bring the slowest shards of ``deal`` within the goal, or as near to it as steps of this kind lead. Returns it."""
    exchanges = Exchanges(deal, aim)
    stuck: set[int] = set()
    shards = range(len(deal.loads))
    patience = max(_PATIENCE, len(shards))
    earlier = math.inf
    for number in range(_STEPS_A_SHARD * len(shards) + _PATIENCE):
        slowest = max((s for s in shards if s not in stuck), key=lambda s: (deal.loads[s], -s), default=None)
        if slowest is None or deal.loads[slowest] <= aim.goal:
            break
        if number % patience == 0:
            if deal.loads[slowest] > earlier * _PROGRESS:
                break
            earlier = deal.loads[slowest]
        step = _best_step(exchanges, deal.loads, slowest, aim)
        if step is None:
            stuck.add(slowest)
            continue
        _take(step, deal, slowest)
        exchanges.forget(slowest, step.target)
    return deal.settle()


def _take(step: Step, deal: Deal, source: int) -> None:
    for parcel, here, there in ((step.give, source, step.target), (step.take, step.target, source)):
        if parcel is None:
            continue
        if parcel.atoms:
            deal.move_atoms(parcel.file, parcel.atoms, here, there)
        else:
            deal.move(parcel.file, here, there)


def _best_step(exchanges: Exchanges, loads: Sequence[float], source: int, aim: Aim) -> Step | None:
    """Return the step that relieves ``source`` best; looks for dearer kinds only where cheap ones do not do."""
    load = loads[source]

    def above(seconds: float) -> float:
        return max(0.0, seconds - aim.goal)

    def rank(step: Step) -> tuple[float, float, float, int]:
        over = above(step.after)
        if aim.moves_little:
            # What only makes another shard late would be moved again.
            gained = above(load) + above(loads[step.target]) - over - above(step.other)
            price = (step.tests + max(0, step.pieces)) / gained if gained > load * _NOTHING else math.inf
            return (price, over, step.after, step.target)
        coarse = math.ceil(over / aim.goal * _COARSE) if aim.goal > 0.0 else over
        return (coarse, step.pieces, step.after, step.target)

    found: list[Step] = []
    for kind in (exchanges.of_wholes, exchanges.of_ends, exchanges.of_singles):
        found += _until_ideal(kind(source), aim)
        best = min(found, key=rank, default=None)
        if best is not None and load - best.after >= (load - aim.goal) * _WELL_RELIEVED and not aim.moves_little:
            return best
    return min(found, key=rank, default=None)


def _until_ideal(steps: Iterable[Step], aim: Aim) -> Iterable[Step]:
    for step in steps:
        yield step
        if step.after <= aim.goal and step.pieces <= 0 and not aim.moves_little:
            return
