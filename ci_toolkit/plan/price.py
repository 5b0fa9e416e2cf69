"""What a run costs where each job is billed by the minute begun, and what more or fewer shards would."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from ci_toolkit.model.plan import PlanNote
from ci_toolkit.model.wording import number_of
from ci_toolkit.plan.assignment import Assignment
from ci_toolkit.plan.request import PlanRequest
from ci_toolkit.plan.sizing import Assign
from ci_toolkit.plan.text import money_text, seconds_text
from ci_toolkit.plan.workload import Workload


class Bill(NamedTuple):
    """What one count of shards takes and costs."""

    minutes: int
    seconds: float
    shards: int


def cost_note(
    work: Workload, assignment: Assignment, request: PlanRequest, overhead: float, assign: Assign
) -> PlanNote:
    """Return what the run costs as planned, and beside it what some other counts of shards would take and cost."""
    price = request.price_per_minute
    bill = bill_of(assignment, overhead)
    others = [bill_of(assign(count), overhead) for count in _other_counts(work, bill.shards, request, overhead)]
    others_text = [
        f"{number_of(other.shards, 'job')} would take {seconds_text(other.seconds)} "
        f"for {money_text(other.minutes * price)}"
        for other in others
    ]
    planned = (
        f"{number_of(bill.shards, 'job')} of at most {seconds_text(bill.seconds)} are billed {bill.minutes} minutes, "
        f"each rounded up: {money_text(bill.minutes * price)} at {price:g} a minute"
    )
    return PlanNote(kind="cost", message="; ".join([planned, *others_text]))


def bill_of(assignment: Assignment, overhead: float) -> Bill:
    """Return what ``assignment`` is billed, as GitHub does: each job by itself, by the minute begun."""
    minutes = sum(max(1, math.ceil((load + overhead) / 60.0)) for load in assignment.loads)
    return Bill(minutes, assignment.makespan + overhead, len(assignment.loads))


def _other_counts(work: Workload, shards: int, request: PlanRequest, overhead: float) -> Sequence[int]:
    """Return half and twice as many, and the count between them that should cost least; ``shards`` is none of them.

    Rounding up makes the price jump: six jobs of 55 s cost less than five of 65 s, and end earlier.
    """
    everything = work.even_share(1)  # once: this goes over all files
    fewer, more = max(1, shards // 2), max(shards, min(2 * shards, request.max_shards))

    def likely(count: int) -> Bill:
        seconds = max(work.longest, everything / count) + overhead
        return Bill(count * max(1, math.ceil(seconds / 60.0)), seconds, count)

    cheapest = min(map(likely, range(fewer, more + 1)))
    return sorted({fewer, more, cheapest.shards} - {shards})
