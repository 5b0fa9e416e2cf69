"""How far a run is, while its shards end: what its check run shows before there is a verdict."""

from collections.abc import Collection, Iterator

from ci_toolkit.model.plan import Plan
from ci_toolkit.model.record import Record
from ci_toolkit.model.wording import number_of, some_of
from ci_toolkit.report.text import span

MOST_NAMED = 100
"""Shards that a line names."""


class Progress(Record, frozen=True, kw_only=True):
    """What a check run that is not completed says."""

    title: str
    summary: str


def render_progress(plan: Plan, ended: Collection[int], attempt: int) -> Progress:
    """Return what to say while the shards ``ended`` of ``plan`` have left their bundles in this ``attempt``.

    In a later attempt only some shards run again, and nobody says which: how many are to end is then not told.
    """
    shards = [shard.index for shard in plan.shards]
    known = sorted(set(ended) & set(shards))
    of = f"{len(known)} of {number_of(len(shards), 'shard')}" if attempt == 1 else number_of(len(known), "shard")
    verb = "has" if len(known) == 1 else "have"
    where = "" if attempt == 1 else f" in attempt {attempt}"
    return Progress(
        title=f"{of} {verb} ended{where}",
        summary="".join(f"{line}\n" for line in _lines(plan, shards, known, attempt)),
    )


def _lines(plan: Plan, shards: list[int], ended: list[int], attempt: int) -> Iterator[str]:
    yield f"Ended: {_named(ended)}."
    if attempt == 1:
        yield f"Still to end: {_named([index for index in shards if index not in set(ended)])}."
    if plan.has_times:
        yield f"Tests and imports are expected to take {span(plan.makespan_seconds)} on the slowest shard."
    yield "The verdict follows when all of them have ended; what a shard found is in its own job."


def _named(shards: list[int]) -> str:
    return some_of([str(index) for index in shards], MOST_NAMED) or "none"
