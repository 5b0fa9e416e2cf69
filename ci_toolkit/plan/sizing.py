"""How many shards: the smallest count that meets the target, and what stands in the way if none does."""

import math
from collections.abc import Callable, Iterator

from ci_toolkit.model.plan import PlanNote
from ci_toolkit.model.wording import number_of
from ci_toolkit.plan.assignment import Assignment
from ci_toolkit.plan.request import PlanRequest
from ci_toolkit.plan.sanitize import DEFAULT_TEST_SECONDS
from ci_toolkit.plan.text import seconds_text
from ci_toolkit.plan.workload import Workload

AT_THE_FLOOR = 1.02
"""A makespan this near to the longest test is not worth more shards."""

FIRST_SHARDS = 16
"""The most that are taken before anything is known of what tests take: a guess is no reason for hundreds of jobs."""

_NOTHING_KNOWN = (
    f"no test has a recorded time yet, so this plan starts with {{count}} and counts each test as "
    f"{DEFAULT_TEST_SECONDS:g} s; the next plan finds how many shards meet the target"
)

Assign = Callable[[int], Assignment]
"""Returns the assignment to a count of shards; cheap when asked again."""


def count_shards(
    work: Workload, request: PlanRequest, overhead: float, assign: Assign
) -> tuple[int, tuple[PlanNote, ...]]:
    """Return the smallest count of shards whose makespan and overhead stay within the target, and what to say of it.

    Where none does, that is the smallest count which is about as fast as any up to the ceiling. Where no test has a
    time yet, it is a guess, and few.
    """
    room = request.target_seconds - overhead
    if not work.is_known:
        count = _smallest(work, min(request.max_shards, FIRST_SHARDS), room, assign)
        return count, (PlanNote(kind="unknown-times", message=_NOTHING_KNOWN.format(count=number_of(count, "shard"))),)
    if room >= work.longest:
        found = _smallest(work, request.max_shards, room, assign)
        if assign(found).makespan <= room:
            return found, ()
    floor = max(work.longest * AT_THE_FLOOR, assign(request.max_shards).makespan)
    count = _smallest(work, request.max_shards, floor, assign)
    return count, (PlanNote(kind="target-missed", message=_why_missed(work, request, overhead, assign(count))),)


def _smallest(work: Workload, ceiling: int, seconds: float, assign: Assign) -> int:
    """Return the smallest count up to ``ceiling`` whose makespan is at most ``seconds``, or ``ceiling``."""
    fewest = min(ceiling, max(1, math.ceil(work.even_share(1) / seconds))) if seconds > 0.0 else 1
    low = high = fewest
    for high in _counts_up(fewest, ceiling):
        if assign(high).makespan <= seconds:
            break
        low = high + 1
    while low < high:
        middle = (low + high) // 2
        if assign(middle).makespan <= seconds:
            high = middle
        else:
            low = middle + 1
    return high


def _counts_up(fewest: int, ceiling: int) -> Iterator[int]:
    """Yield counts from ``fewest`` to ``ceiling`` in steps that grow with the distance."""
    count = fewest
    while count < ceiling:
        yield count
        count += max(1, (count - fewest) // 2)
    yield ceiling


def _why_missed(work: Workload, request: PlanRequest, overhead: float, assignment: Assignment) -> str:
    target = f"the target of {seconds_text(request.target_seconds)}"
    taken = seconds_text(assignment.makespan + overhead)
    with_overhead = f", besides {seconds_text(overhead)} of overhead in each job" if overhead else ""
    if overhead >= request.target_seconds:
        why = f"the overhead of a job alone takes {seconds_text(overhead)}"
    elif overhead + work.longest > request.target_seconds:
        why = f"capped by {work.longest_name}, {seconds_text(work.longest)}{with_overhead}"
    else:
        why = f"the tests take {seconds_text(work.even_share(1))} in all{with_overhead}"
    count = len(assignment.loads)
    take = "take" if count > 1 else "takes"
    best = f"{number_of(count, 'shard')} {take} {taken}"
    return f"no number of shards up to {request.max_shards} meets {target}: {why}; {best}"
